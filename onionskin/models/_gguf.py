"""Reads models in GGUF, the format of llama.cpp: settings, vocabulary and tensors in one file.

Nothing in such a file is run, and nothing is believed: every length is compared with what is left of the file before
it is followed, so that a hostile file costs no more time and memory than its own size.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (versions 2 and 3, little-endian).
"""

from __future__ import annotations

import math
import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from onionskin.errors import OnionskinError, did_you_mean
from onionskin.models._quantised import KINDS, Kind

#: What a number in the settings is, by its code: a format of ``struct``. 8 is a string, 9 an array.
NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9

#: The most dimensions that llama.cpp gives a tensor.
DIMENSIONS = 4


@dataclass(frozen=True)
class Stored:
    """Where a tensor lies in its file: its shape as PyTorch has it, how its values are coded, and its first byte."""

    shape: tuple[int, ...]
    kind: Kind
    start: int


@dataclass(frozen=True)
class GGUF:
    """An open file: ``settings`` by their names, and ``tensors`` that are read when they are asked for."""

    path: Path
    settings: dict[str, Any]
    tensors: dict[str, Stored]
    content: memoryview

    def __contains__(self, name: str) -> bool:
        """Whether there is a tensor of that name."""
        return name in self.tensors

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of a tensor, such as (outputs, inputs). Raises OnionskinError when there is none."""
        return self._stored(name).shape

    def values(self, name: str) -> npt.NDArray[np.float32]:
        """Return a tensor's values, decoded. Raises OnionskinError when there is none of that name."""
        stored = self._stored(name)
        count = math.prod(stored.shape)
        coded = self.content[stored.start : stored.start + stored.kind.bytes_for(count)]
        return stored.kind.decode(np.frombuffer(coded, np.uint8)).reshape(stored.shape)

    def text(self, name: str) -> str:
        """Return a setting that is a string. Raises OnionskinError when there is none, or it is none."""
        value = self._setting(name)
        if not isinstance(value, str):
            raise self._wrong(name, "no text")
        return value

    def texts(self, name: str) -> list[str]:
        """Return a setting that is a list of strings. Raises OnionskinError when there is none, or it is none."""
        value = self._setting(name)
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self._wrong(name, "no list of texts")
        return value

    def whole(self, name: str, *, most: int) -> int:
        """Return a setting between 1 and ``most``. Raises OnionskinError when there is none, or it is not."""
        value = self._setting(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
            raise self._wrong(name, f"no whole number from 1 to {most:,}")
        return value

    def number(self, name: str) -> float:
        """Return a setting that is a positive number. Raises OnionskinError when there is none, or it is not."""
        value = self._setting(name)
        if not isinstance(value, float) or not 0 < value < math.inf:
            raise self._wrong(name, "no positive number")
        return value

    def _stored(self, name: str) -> Stored:
        if name not in self.tensors:
            fix = did_you_mean(name, list(self.tensors), otherwise="give the file of another model")
            raise OnionskinError(f"{self.path} has no tensor '{name}'", fix=fix)
        return self.tensors[name]

    def _setting(self, name: str) -> Any:
        if name not in self.settings:
            raise OnionskinError(f"{self.path} does not say its {name}", fix="give the file of another model")
        return self.settings[name]

    def _wrong(self, name: str, what: str) -> OnionskinError:
        told = repr(self.settings[name])[:40]
        return OnionskinError(f"{self.path}: {name} is {what}: {told}", fix="give another file: this one is damaged")


def read_gguf(path: Path) -> GGUF:
    """Open a GGUF file, and read everything but its tensors' values.

    Raises:
        OnionskinError: There is no such file, it is no GGUF, or what it says of itself cannot be.
    """
    try:
        with path.open("rb") as file:
            content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError) as error:  # a file of no bytes cannot be mapped
        raise OnionskinError(f"cannot read {path}: {error}", fix="give a .gguf file") from error
    cursor = _Cursor(path, content)
    if bytes(content[:4]) != b"GGUF":
        raise OnionskinError(f"{path} is no GGUF: it begins with {bytes(content[:4])!r}", fix="give a .gguf file")
    cursor.at = 4
    version = cursor.number("I")
    if version not in (2, 3):
        raise OnionskinError(f"{path} is GGUF version {version}", fix="convert it to version 3, little-endian")
    tensors, settings = cursor.number("Q"), cursor.number("Q")
    told: dict[str, Any] = {}
    cursor.expect(settings, least=13)  # a name of no letters, its code, and a byte
    for _ in range(settings):
        name = cursor.string()
        if name in told:
            raise cursor.damaged(f"says {name!r} twice")
        told[name] = cursor.value(cursor.number("I"))
    return GGUF(path, told, _tensors(cursor, tensors, told.get("general.alignment", 32)), content)


class _Cursor:
    """Reads a file from front to back, never behind its end."""

    def __init__(self, path: Path, content: memoryview) -> None:
        self.path = path
        self.content = content
        self.at = 0

    def damaged(self, what: str) -> OnionskinError:
        return OnionskinError(f"{self.path} {what}, at byte {self.at:,}", fix="give another file: this one is damaged")

    def expect(self, count: int, *, least: int) -> None:
        """Check that so many entries of so many bytes can be there."""
        if count * least > len(self.content) - self.at:
            raise self.damaged(f"promises {count:,} entries and ends before them")

    def take(self, size: int) -> memoryview:
        self.expect(size, least=1)
        self.at += size
        return self.content[self.at - size : self.at]

    def number(self, code: str) -> Any:
        return struct.unpack(f"<{code}", self.take(struct.calcsize(f"<{code}")))[0]

    def string(self) -> str:
        try:
            return str(self.take(self.number("Q")), "utf-8")
        except UnicodeDecodeError as error:
            raise self.damaged("has a text that is no UTF-8") from error

    def value(self, code: int) -> Any:
        """Read a value of a kind: a number, a string, or a list of either."""
        if code in NUMBERS:
            return self.number(NUMBERS[code])
        if code == STRING:
            return self.string()
        if code != ARRAY:
            raise self.damaged(f"has a value of the unknown kind {code}")
        inner, count = self.number("I"), self.number("Q")
        if inner == STRING:
            self.expect(count, least=8)
            return [self.string() for _ in range(count)]
        if inner not in NUMBERS:
            raise self.damaged(f"has a list of kind {inner}")
        size = struct.calcsize(f"<{NUMBERS[inner]}")
        self.expect(count, least=size)
        return list(struct.unpack(f"<{count}{NUMBERS[inner]}", self.take(count * size)))


def _tensors(cursor: _Cursor, count: int, alignment: Any) -> dict[str, Stored]:
    """Read where each tensor lies, and check that it does."""
    if not isinstance(alignment, int) or not 1 <= alignment <= 1 << 16:
        raise cursor.damaged(f"wants its tensors aligned to {alignment!r}")
    cursor.expect(count, least=24)
    found: dict[str, Stored] = {}
    for _ in range(count):
        name = cursor.string()
        dimensions = cursor.number("I")
        if name in found or not 1 <= dimensions <= DIMENSIONS:
            raise cursor.damaged(f"has a tensor {name!r} {'twice' if name in found else f'of {dimensions} dimensions'}")
        shape = tuple(reversed([int(cursor.number("Q")) for _ in range(dimensions)]))  # the innermost comes first there
        code, start = cursor.number("I"), cursor.number("Q")
        if code not in KINDS:
            known = ", ".join(kind.name for kind in KINDS.values())
            raise OnionskinError(
                f"{cursor.path} codes {name!r} in a way that is not read here ({code})",
                fix=f"convert the model to one of {known}",
            )
        found[name] = Stored(shape, KINDS[code], start)
    data = -(-cursor.at // alignment) * alignment
    for name, stored in found.items():
        cursor.at = data + stored.start
        if 0 in stored.shape or stored.shape[-1] % stored.kind.block:
            raise cursor.damaged(f"has a tensor {name!r} of shape {stored.shape}, in blocks of {stored.kind.block}")
        cursor.expect(stored.kind.bytes_for(math.prod(stored.shape)), least=1)
        found[name] = Stored(stored.shape, stored.kind, cursor.at)
    return found
