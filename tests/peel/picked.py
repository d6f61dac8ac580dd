"""What operations are tried on, as hypothesis draws it: sizes shrink to the smallest that fail, values have a seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor

_T = TypeVar("_T")


class Picked:
    """A :class:`onionskin.peel.trial.Pick` whose choices hypothesis makes."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data
        self.random = np.random.default_rng(data.draw(st.integers(0, 2**16), label="seed"))

    def __call__(self, low: int, high: int) -> int:
        return self._data.draw(st.integers(low, high))

    def choice(self, options: Sequence[_T]) -> _T:
        return self._data.draw(st.sampled_from(options))

    def normal(self, *shape: int) -> Tensor:
        while True:
            values = self.random.standard_normal(shape)
            values = values + np.sign(values) * 0.01
            if np.diff(np.sort(values, axis=None)).min(initial=1.0) > 1e-5:  # finite differences pass no other value
                return torch.from_numpy(np.asarray(values)).requires_grad_()

    def positive(self, *shape: int) -> Tensor:
        return torch.from_numpy(np.asarray(self.random.uniform(0.1, 2, shape))).requires_grad_()

    def whole(self, high: int, *shape: int) -> Tensor:
        return torch.from_numpy(np.asarray(self.random.integers(0, high, shape)))
