"""The one error of Onionskin: it says what happened, with the values, and what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

#: Which extra brings a library, by the name that it is imported by.
_EXTRAS: Final = {
    "torch": ("PyTorch", "torch"),
    "safetensors": ("safetensors", "torch,learn"),
    "pandas": ("pandas", "torch,learn"),
    "PIL": ("Pillow", "torch,learn"),
    "sklearn": ("scikit-learn", "torch,learn"),
    "tokenizers": ("tokenizers", "torch,learn"),
    "psutil": ("psutil", "lab"),
    "altair": ("Altair", "lab"),
    "scipy": ("SciPy", "lab"),
}


class OnionskinError(Exception):
    """Something that the user can mend.

    Args:
        what: What happened, with the value and the place.
        fix: What to do next. It is required: an error without a remedy does not type-check.
    """

    def __init__(self, what: str, *, fix: str) -> None:
        super().__init__(what, fix)
        self.what = what
        self.fix = fix

    def __reduce__(self) -> tuple[Callable[[str, str], OnionskinError], tuple[str, str]]:
        return _make_error, (self.what, self.fix)  # pickled, it crosses from a DataLoader's worker

    def __str__(self) -> str:
        return f"{self.what}\n  fix: {self.fix}"


def _make_error(what: str, fix: str) -> OnionskinError:
    return OnionskinError(what, fix=fix)


class OnionskinWarning(UserWarning):
    """Something went less well than asked, and the work goes on."""


def did_you_mean(name: str, known: Iterable[str], *, otherwise: str) -> str:
    """Return the remedy for an unknown name: the nearest known one, or what to do otherwise.

    Args:
        name: What the user wrote.
        known: The names that exist.
        otherwise: The remedy when nothing is near.
    """
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"did you mean '{near[0]}'?" if near else otherwise


@contextmanager
def without_its_library(what: str) -> Iterator[None]:
    """Turn the import of a library that is not installed into an error that says how to come by it.

    Args:
        what: What needs the library, such as ``this command``.

    Raises:
        OnionskinError: One of the libraries of an extra is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as missing:
        if missing.name not in _EXTRAS:
            raise
        library, extra = _EXTRAS[missing.name]
        raise OnionskinError(
            f"{what} needs {library}, which is not installed", fix=f"pip install 'onionskin[{extra}]'"
        ) from missing
