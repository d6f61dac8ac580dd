"""The words that programs are written in: statements with what they do, names, and settings as text."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from typing import Any

import torch

from onionskin.peel.rule import Library
from onionskin.peel.trace import Value

#: Names of a program that no variable may take.
_RESERVED = frozenset(
    [
        "np",
        "torch",
        "F",
        "math",
        "sys",
        "w",
        "g",
        "buffers",
        "constants",
        "rng",
        "at",
        "saved",
        "data",
        "train",
        "step",
        "steps",
        "name",
        "state",
        "Path",
        "lr",
    ]
)

#: A line of a program, with its comment, is at most this wide: what ``ruff format`` allows by default.
_WIDTH = 88


@dataclass(frozen=True)
class Dialect:
    """How a level writes arrays.

    Attributes:
        library: Whose functions it calls.
        has_backward: Whether every gradient is written out; otherwise autograd finds it.
    """

    library: Library
    has_backward: bool


@dataclass(frozen=True)
class Tag:
    """What a line of a program does, for whoever wants to find the same thing at another level.

    Attributes:
        op: The operation's name; empty for a call of a module's function.
        path: The module's path, or the function's first one.
        part: ``forward``, ``backward`` or ``update``; ``module`` where a module is made.
        variable: The array that the line makes.
    """

    op: str
    path: str
    part: str
    variable: str


@dataclass(frozen=True)
class Statement:
    """One statement of a program."""

    text: str
    comment: str = ""
    tag: Tag | None = None

    def __str__(self) -> str:
        if not self.comment:
            return self.text
        line = f"{self.text}  # {self.comment}"
        fits = len(line) + 4 <= _WIDTH and "\n" not in self.text
        return line if fits else f"# {self.comment}\n{self.text}"


def literal(value: Any) -> str:
    """Return a setting as a program writes it; an index is ``_s_[…]`` until it is known where it stands."""
    if isinstance(value, (tuple, list)) and any(isinstance(v, (slice, type(Ellipsis))) for v in value):
        return f"_s_[{', '.join(_piece(v) for v in value)}]"
    if isinstance(value, (slice, type(Ellipsis))):
        return f"_s_[{_piece(value)}]"
    if isinstance(value, (tuple, torch.Size)):
        inner = ", ".join(literal(v) for v in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return "-np.inf" if value < 0 else "np.inf"
    return repr(value)


def _piece(value: Any) -> str:
    if isinstance(value, slice):
        ends = ["" if end is None else repr(end) for end in (value.start, value.stop)]
        return ":".join(ends) + ("" if value.step is None else f":{value.step!r}")
    return "..." if value is Ellipsis else repr(value)


class Names:
    """The variables of one function: every value has one name, in the user's words where there are some."""

    def __init__(self, taken: frozenset[str]) -> None:
        self._taken = set(taken) | _RESERVED
        self._of: dict[Value, str] = {}

    def of(self, value: Value) -> str:
        """Return the variable of a value."""
        return self._of[value]

    def has(self, value: Value) -> bool:
        """Whether a value has a variable."""
        return value in self._of

    def give(self, value: Value, wish: str) -> str:
        """Name a value, as wished or nearly so."""
        self._of[value] = self.free(wish)
        return self._of[value]

    def is_free(self, name: str) -> bool:
        """Whether nothing has a name yet."""
        return name not in self._taken

    def hand_on(self, value: Value, name: str) -> None:
        """Give a value the variable of one that is no longer needed."""
        self._of[value] = name

    def free(self, wish: str) -> str:
        """Return a name that nothing has yet."""
        stem = re.sub(r"\W", "_", wish).strip("_") or "x"
        stem = "x" if stem == "input" else f"layer_{stem}" if stem[0].isdigit() else stem
        name, number = stem, 2
        while name in self._taken or keyword.iskeyword(name):
            name, number = (
                (f"{stem}_out", 2) if name == stem and stem in _RESERVED else (f"{stem}_{number}", number + 1)
            )
        self._taken.add(name)
        return name


def words_of(text: str) -> set[str]:
    """Return the names that a statement uses, also those within an f-string's braces."""
    plain = re.sub(r"""f(["'])(.*?)\1""", lambda m: " ".join(re.findall(r"\{(\w+)\}", m[2])), text)
    return set(re.findall(r"[A-Za-z_]\w*", re.sub(r"""(["']).*?\1""", "", plain)))


def with_comments_above(text: str) -> str:
    """Return code with those comments that do not fit behind their lines standing above them."""
    out = []
    for line in text.splitlines():
        code, mark, comment = line.partition("  # ")
        if mark and len(line) > _WIDTH and code.strip():
            out.append(f"{code[: len(code) - len(code.lstrip())]}# {comment}")
            line = code
        out.append(line)
    return "\n".join(out)
