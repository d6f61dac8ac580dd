"""Reads the JSON of a run that may come from a stranger: every field is checked before anything trusts it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from onionskin.errors import OnionskinError

T = TypeVar("T")

#: No file of a run is larger than this (bytes): shards are about 2 MiB, a chunk at most 64.
LARGEST_FILE: Final = 80 * 2**20

#: More values than this in one tensor is not a model but a trap (2^53: exact in JSON and in JavaScript).
MOST: Final = 2**53


class Fields:
    """One JSON object and the place it was found at, for messages such as ``tensors[3].shape is [-1]``."""

    def __init__(self, content: object, place: str) -> None:
        if not isinstance(content, Mapping):
            raise broken(f"{place} is {_short(content)}, not an object")
        self._content: Mapping[str, Any] = content
        self._place = place

    def value(self, name: str) -> Any:
        """Return a field as it is. Raises OnionskinError when it is absent."""
        if name not in self._content:
            raise broken(f"{self._place} has no '{name}'")
        return self._content[name]

    def text(self, name: str, *, otherwise: str | None = None) -> str:
        """Return a string field."""
        return self._expect(name, str, "text", otherwise)

    def flag(self, name: str, *, otherwise: bool | None = None) -> bool:
        """Return a boolean field."""
        return self._expect(name, bool, "true or false", otherwise)

    def number(self, name: str, *, otherwise: float | None = None) -> float:
        """Return a finite number."""
        value = self._content.get(name, otherwise)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise self._bad(name, "a finite number")
        return float(value)

    def whole(self, name: str, *, otherwise: int | None = None) -> int:
        """Return a whole number, zero or more."""
        value = self._content.get(name, otherwise)
        if type(value) is not int or not 0 <= value <= MOST:  # a bool is an int, and no count
            raise self._bad(name, "a whole number, zero or more")
        return value

    def shape(self, name: str) -> tuple[int, ...]:
        """Return a shape: a list of whole numbers whose product is one too."""
        self.value(name)  # a shape is never left out
        sizes = self.wholes(name)
        if len(sizes) > 32 or math.prod(sizes) > MOST:
            raise self._bad(name, "a shape of at most 2^53 values")
        return sizes

    def wholes(self, name: str) -> tuple[int, ...]:
        """Return a list of whole numbers, zero or more; absent is empty."""
        value = self._content.get(name, [])
        if not isinstance(value, list) or any(type(item) is not int or not 0 <= item <= MOST for item in value):
            raise self._bad(name, "a list of whole numbers")
        return tuple(value)

    def numbers(self, name: str) -> tuple[float, ...]:
        """Return a list of finite numbers; absent is empty."""
        value = self._content.get(name, [])
        if not isinstance(value, list) or any(
            isinstance(item, bool) or not isinstance(item, (int, float)) or not math.isfinite(item) for item in value
        ):
            raise self._bad(name, "a list of finite numbers")
        return tuple(map(float, value))

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of strings; absent is empty."""
        value = self._content.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._bad(name, "a list of texts")
        return tuple(value)

    def optional(self, name: str, read: Callable[[str], T]) -> T | None:
        """Return a field read by ``read``, or None where it is absent or null."""
        return None if self._content.get(name) is None else read(name)

    def items(self, name: str, build: Callable[[Fields], T]) -> tuple[T, ...]:
        """Return a list of objects, each built from its own fields; absent is empty."""
        value = self._content.get(name, [])
        if not isinstance(value, list):
            raise self._bad(name, "a list")
        return tuple(build(Fields(item, f"{self._place}.{name}[{i}]")) for i, item in enumerate(value))

    def inner(self, name: str) -> Fields:
        """Return the fields of an inner object."""
        return Fields(self.value(name), f"{self._place}.{name}")

    def _expect(self, name: str, kind: type[T], words: str, otherwise: T | None) -> T:
        value = self._content.get(name, otherwise)
        if not isinstance(value, kind):
            raise self._bad(name, words)
        return value

    def _bad(self, name: str, expected: str) -> OnionskinError:
        return broken(f"{self._place}.{name} is {_short(self._content.get(name))}, not {expected}")


def broken(what: str) -> OnionskinError:
    """Return the error of a run whose content contradicts its format."""
    return OnionskinError(
        f"this run cannot be trusted: {what}",
        fix="it was damaged or not written by Onionskin; copy it again from where it was recorded",
    )


def too_large(name: str, size: int) -> OnionskinError:
    """Return the error of a file that would fill this machine's memory."""
    return broken(f"'{name}' has {size:,} bytes or more, and no file of a run has more than {LARGEST_FILE:,}")


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "…"
