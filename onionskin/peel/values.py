"""Reads the variables of a running program, line by line: what each line of its functions made, in every call."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

import numpy as np
import numpy.typing as npt

from onionskin.peel.assemble import Program
from onionskin.peel.writing import Tag

Arrays = dict[tuple[Tag, str], npt.NDArray[Any]]


@dataclass(frozen=True)
class _Line:
    """A line's array: a variable of the function, or an entry of a dict of the program's such as ``g``."""

    tag: Tag

    def read(self, frame: FrameType) -> Any:
        name, bracket, key = self.tag.variable.partition("[")
        if not bracket:
            return frame.f_locals.get(name)
        place = frame.f_locals.get("at", "")
        key = key.rstrip("]").removeprefix("f").strip("\"'").replace("{at}", place)
        held: Mapping[str, Any] = frame.f_globals.get(name, {})
        return held.get(key)


class Reader:
    """Reads the arrays of a program's lines while it runs.

    A line of a function that serves several modules has an array for each of them.
    """

    def __init__(self, program: Program, namespace: Mapping[str, Any]) -> None:
        self.arrays: Arrays = {}
        self._lines: dict[CodeType, list[_Line]] = {}
        for function in (thing for thing in namespace.values() if hasattr(thing, "__code__")):
            code: CodeType = function.__code__
            numbers = {number for *_, number in code.co_lines() if number is not None}
            if code.co_filename == namespace["__file__"]:
                found = dict.fromkeys(program.lines[n] for n in sorted(numbers & set(program.lines)))
                self._lines[code] = [_Line(tag) for tag in found if tag.variable]

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Read what is made while the ``with`` lasts; a profiler that was set before is put back."""
        before: Callable[..., Any] | None = sys.getprofile()
        sys.setprofile(self._look)
        try:
            yield
        finally:
            sys.setprofile(before)

    def _look(self, frame: FrameType, event: str, _: Any) -> None:
        if event != "return" or frame.f_code not in self._lines:
            return
        for line in self._lines[frame.f_code]:
            value = line.read(frame)
            if isinstance(value, (np.ndarray, np.generic, float)):
                place = frame.f_locals.get("at", line.tag.path)
                self.arrays[line.tag, place] = np.array(value, dtype=np.float32)
