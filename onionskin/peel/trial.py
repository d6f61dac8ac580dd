"""Draws what an operation is tried on: its file's ``trial(pick)`` returns a call as PyTorch spells it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from torch import Tensor

_T = TypeVar("_T")

#: What ``trial(pick)`` returns: a function or tensor method of PyTorch, its arguments, and those by name.
Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


class Pick(Protocol):
    """Chooses sizes, settings and values. The tests' own draws them with hypothesis, so that what fails gets small."""

    def __call__(self, low: int, high: int) -> int:
        """Return a whole number from ``low`` to ``high``, both included."""

    def choice(self, options: Sequence[_T]) -> _T:
        """Return one of several."""

    def normal(self, *shape: int) -> Tensor:
        """Return normal float64 values that want a gradient; no two are equal, none is within 0.01 of 0."""

    def positive(self, *shape: int) -> Tensor:
        """Return values between 0.1 and 2 that want a gradient."""

    def whole(self, high: int, *shape: int) -> Tensor:
        """Return int64 values from 0 to ``high - 1``."""
