"""The operations in C: the files of ``c/``, read into functions that a program is put together from.

``c/relu.c`` is the C of ``ops/relu.py``. What is written there is what stands in a program:

* ``relu`` is the forward (``tanh_of`` where the C library has that name), ``relu_d_x`` gives the gradient of the
  operand ``x``; for an optimizer, the one function moves a weight;
* parameters are taken by name: operands, ``y``, ``dy``, ``d_<operand>``, settings (``stride_h`` and ``stride_w`` are
  the two entries of ``stride``); any other array is memory that the forward and the backward of one use share;
* an array says its shape: ``real y[n * o]``. The sizes ``n`` and ``o`` are found from the arrays that a use has; an
  array with one size is taken as a row of numbers, whatever its shape;
* ``#if`` asks for settings and whether an operand is there, and is decided when a program is written; ``#error`` there
  says what the file does not cover; a setting in capitals (``MOMENTUM``) stands for its value;
* files that begin with ``_`` hold what others call.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from onionskin.errors import OnionskinError

FOLDER: Final = Path(__file__).with_name("c")

#: A line of C is at most this wide.
_WIDTH: Final = 110

_FUNCTION = re.compile(
    r"^(?:/\*(?:(?!\*/).)*\*/\n)?static (?:inline |INLINE |ONCE )?\w+ (\w+)\(([^{]*)\)[^\n{]*\n\{\n.*?^\}\n",
    re.DOTALL | re.MULTILINE,
)
_PARAMETER = re.compile(r"(const )?(\w+) (\w+)(?:\[([^\]]*)\])?")


@dataclass(frozen=True)
class Parameter:
    """A parameter of a function in C.

    Attributes:
        kind: ``int``, ``double``, ``real``, ``int64_t``.
        name: Its name.
        sizes: For an array, the names of its sizes.
        is_read: Whether it is an array that is only read.
    """

    kind: str
    name: str
    sizes: tuple[str, ...] | None
    is_read: bool


@dataclass(frozen=True)
class Kernel:
    """A function in C.

    Attributes:
        name: Its name.
        parameters: What it takes.
        text: The whole function, with the comment above it.
    """

    name: str
    parameters: tuple[Parameter, ...]
    text: str


def is_there(op: str) -> bool:
    """Whether an operation is written in C."""
    return (FOLDER / f"{op}.c").is_file()


def kernels(op: str, settings: Mapping[str, Any], operands: Mapping[str, bool]) -> dict[str, Kernel]:
    """Return the functions of an operation, by name.

    Args:
        op: Its name.
        settings: Its settings, with their values.
        operands: Whether each operand is there.

    Raises:
        OnionskinError: The file does not cover these settings.
    """
    source = (FOLDER / f"{op}.c").read_text()
    for name, value in settings.items():
        spelled = rf"{name}(_[hw01])?|{name.upper()}(_[01])?"
        if not re.search(rf"\b({spelled})\b", source):
            raise OnionskinError(f"with {name}={value!r} is not written in C", fix=f"read {name} in peel/c/{op}.c")
    text = decided(source, {**settings, **operands}, op)
    for name, value in settings.items():
        for end, single in (
            ("", value),
            *((f"_{i}", v) for i, v in enumerate(value if isinstance(value, tuple) else ())),
        ):
            text = re.sub(rf"\b{name.upper()}{end}\b", repr(single), text)
    return {each.name: each for each in functions(_joined(text))}


def _joined(text: str) -> str:
    """Close the gaps that an ``#if`` left among the parameters of functions."""

    def join(found: re.Match[str]) -> str:
        given = re.sub(r",\s*\)", ")", " ".join(found[2].split()) + ")")
        lines = [found[1]]
        for piece in re.split(r"(?<=,) ", given):
            if len(lines[-1]) + len(piece) > _WIDTH:
                lines.append(" " * len(found[1]))
            lines[-1] += piece + " "
        return "\n".join(line.rstrip() for line in lines)

    return re.sub(r"^(static [^\n(]*\()([^{]*?)\s*\)(?=\n\{)", join, text, flags=re.MULTILINE)


def functions(text: str) -> list[Kernel]:
    """Return the functions that a text in C defines, in order."""
    return [Kernel(m[1], tuple(_parameters(m[2])), m[0]) for m in _FUNCTION.finditer(text)]


def _parameters(text: str) -> Iterator[Parameter]:
    for piece in " ".join(text.split()).split(", "):
        if (found := _PARAMETER.fullmatch(piece)) is not None:
            sizes = None if found[4] is None else tuple(size.strip() for size in found[4].split("*"))
            yield Parameter(found[2], found[3], sizes, bool(found[1]))


def decided(text: str, known: Mapping[str, Any], op: str) -> str:
    """Return a text with every ``#if`` decided by what is known.

    Raises:
        OnionskinError: It leads to an ``#error``.
    """
    out: list[str] = []
    taken: list[bool] = []
    for line in text.splitlines(keepends=True):
        word, _, rest = line.strip().partition(" ")
        if word == "#if":
            taken.append(bool(eval(rest, {"__builtins__": {}}, dict(known))))
        elif word == "#else":
            taken[-1] = not taken[-1]
        elif word == "#endif":
            taken.pop()
        elif all(taken):
            if word == "#error":
                raise OnionskinError(
                    f"is not written in C so: there is {rest}", fix=f"add it to onionskin/peel/c/{op}.c"
                )
            out.append(line)
    return "".join(out)


@cache
def shared() -> Mapping[str, tuple[str, list[Kernel]]]:
    """Return the files that others call: what each begins with, and its functions."""
    found: dict[str, tuple[str, list[Kernel]]] = {}
    for file in sorted(FOLDER.glob("_*.c")):
        text = file.read_text()
        own = functions(text)
        found[file.stem] = (text[: text.index(own[0].text)].strip("\n"), own)
    return found


def called(texts: Iterable[str]) -> list[str]:
    """Return the texts of the shared functions that texts call, and those that these call, each before its callers."""
    everything = "\n".join(texts)
    wanted: set[str] = set()
    while True:
        bodies = everything + "\n".join(k.text for _, own in shared().values() for k in own if k.name in wanted)
        more = {k.name for _, own in shared().values() for k in own if re.search(rf"\b{k.name}\(", bodies)}
        if more == wanted:
            break
        wanted = more
    out: list[str] = []
    for start, own in sorted(shared().values(), key=lambda file: "give_up" not in file[1][0].text):
        used = [k.text for k in own if k.name in wanted]
        out += [*([start] if used and start else []), *used]
    return out
