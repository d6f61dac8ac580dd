"""The blocks of a report, as plain frozen data. What contradicts itself or is too large is refused when it is made.

Sequences become tuples and NumPy's numbers Python's own, so that a practice may pass arrays. What is not finite is a
value that is missing: JSON has no word for it.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

from onionskin.errors import OnionskinError

Cell = str | float | int | bool | None

#: No block has more than this.
MOST_LETTERS: Final = 20_000
MOST_ROWS: Final = 10_000
MOST_COLUMNS: Final = 64
MOST_ITEMS: Final = 1_000
MOST_CLASSES: Final = 120
MOST_SERIES: Final = 24
MOST_POINTS: Final = 20_000

#: Nor a picture longer sides (pixels): a small file may unfold into a large one.
MOST_PIXELS: Final = 2_048

_PNG: Final = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


def _set(block: object, **values: object) -> None:
    for name, value in values.items():
        object.__setattr__(block, name, value)


def _refuse(what: str, fix: str) -> OnionskinError:
    return OnionskinError(f"this report cannot be made: {what}", fix=fix)


def _text(value: object, where: str, most: int = MOST_LETTERS) -> str:
    text = str(value)
    if len(text) > most:
        raise _refuse(f"{where} has {len(text):,} letters", f"give at most {most:,}")
    return text


def _name(value: object) -> str | None:
    return None if value is None else _text(value, "a name", 1_000)


def _texts(values: Iterable[object], where: str, most: int) -> tuple[str, ...]:
    return tuple(_text(value, where, 1_000) for value in _few(values, where, most))


def _few(values: Iterable[Any], where: str, most: int) -> tuple[Any, ...]:
    kept = tuple(values)
    if len(kept) > most:
        raise _refuse(f"{where}: {len(kept):,} are more than {most:,}", "keep those that tell most, and say how many")
    return kept


def _plain(value: object) -> Cell:
    """Return a cell as JSON has it: NumPy's scalars as Python's own, None for NaN."""
    item = getattr(value, "item", None)
    if item is not None and not isinstance(value, (str, bytes)):
        value = item()
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return None if math.isnan(value) else value if math.isfinite(value) else "∞" if value > 0 else "−∞"
    return _text(value, "a cell", 2_000)


def _numbers(values: Iterable[object], where: str, most: int = MOST_POINTS) -> tuple[float | None, ...]:
    """Return numbers, None for what is not finite."""
    kept = [None if value is None else float(value) for value in _few(values, where, most)]
    return tuple(value if value is not None and math.isfinite(value) else None for value in kept)


@dataclass(frozen=True)
class Text:
    """Words. A blank line parts paragraphs."""

    kind: ClassVar = "text"
    text: str

    def __post_init__(self) -> None:
        _set(self, text=_text(self.text, "a text"))


@dataclass(frozen=True)
class Caution:
    """Something that the reader should mend or know before they trust the rest: what it is, and what to do."""

    kind: ClassVar = "warning"
    text: str
    fix: str = ""

    def __post_init__(self) -> None:
        _set(self, text=_text(self.text, "a warning"), fix=_text(self.fix, "a remedy"))


@dataclass(frozen=True)
class Table:
    """Columns by name, and rows of cells: text, numbers, yes or no, or None where there is nothing."""

    kind: ClassVar = "table"
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    caption: str = ""

    def __post_init__(self) -> None:
        columns = _texts(self.columns, "columns of a table", MOST_COLUMNS)
        rows = tuple(tuple(map(_plain, row)) for row in _few(self.rows, "rows of a table", MOST_ROWS))
        if wrong := next((row for row in rows if len(row) != len(columns)), None):
            raise _refuse(f"a row of {len(wrong)} cells in a table of {len(columns)} columns", "give a cell a column")
        _set(self, columns=columns, rows=rows, caption=_text(self.caption, "a caption"))


@dataclass(frozen=True)
class Item:
    """One example of a gallery.

    Attributes:
        png: Its picture as a PNG (:func:`png_of` makes one of an array); None where it is not one to look at.
        text: Its words; empty for a picture alone.
        caption: A few words below it.
        label: What it is said to be.
        predicted: What the model takes it for.
        where: Where it lies: a file's name, or a row of a table.
        score: What it is ranked by.
    """

    png: bytes | None = None
    text: str = ""
    caption: str = ""
    label: str | None = None
    predicted: str | None = None
    where: str | None = None
    score: float | None = None

    def __post_init__(self) -> None:
        if self.png is not None:
            _check_png(self.png)
        (score,) = _numbers([self.score], "a score")
        _set(self, text=_text(self.text, "a text"), caption=_text(self.caption, "a caption"), score=score)
        _set(self, label=_name(self.label), predicted=_name(self.predicted), where=_name(self.where))


def _check_png(content: bytes) -> None:
    if not content.startswith(_PNG) or len(content) < 33:
        raise _refuse("a picture of a gallery is no PNG", "make it of an array: png_of(pixels)")
    width, height = struct.unpack(">II", content[16:24])
    if not (0 < width <= MOST_PIXELS and 0 < height <= MOST_PIXELS):
        raise _refuse(f"a picture of {width} × {height} pixels", f"make its sides at most {MOST_PIXELS:,} pixels")


@dataclass(frozen=True)
class Gallery:
    """Examples to look at, the most telling first."""

    kind: ClassVar = "gallery"
    items: Sequence[Item]
    caption: str = ""

    def __post_init__(self) -> None:
        _set(self, items=_few(self.items, "a gallery", MOST_ITEMS), caption=_text(self.caption, "a caption"))


@dataclass(frozen=True)
class Matrix:
    """A shaded table, such as the classes that things are beside those that they are taken for.

    Attributes:
        rows, columns: Their names.
        values: A row of numbers for each row; None or NaN where there is none.
        caption: What a row is, and what a column is.
    """

    kind: ClassVar = "matrix"
    rows: Sequence[str]
    columns: Sequence[str]
    values: Sequence[Sequence[float | None]]
    caption: str = ""

    def __post_init__(self) -> None:
        rows = _texts(self.rows, "rows of a matrix", MOST_CLASSES)
        columns = _texts(self.columns, "columns of a matrix", MOST_CLASSES)
        values = tuple(_numbers(row, "a row of a matrix") for row in _few(self.values, "rows", MOST_CLASSES))
        if len(values) != len(rows) or any(len(row) != len(columns) for row in values):
            raise _refuse(
                f"a matrix of {len(values)} rows has {len(rows)} names for them, or a row other than {len(columns)}",
                "give a name to each row and column, and a value to each of their pairs",
            )
        _set(self, rows=rows, columns=columns, values=values, caption=_text(self.caption, "a caption"))


@dataclass(frozen=True)
class Axis:
    """An axis: what it measures, and whether equal steps along it are equal factors.

    Attributes:
        name: What it measures, with its unit.
        log: Whether it is logarithmic.
        ticks: Names of the places 0, 1, 2 …, for what is counted by name; empty for numbers.
    """

    name: str = ""
    log: bool = False
    ticks: Sequence[str] = ()

    def __post_init__(self) -> None:
        name, ticks = _text(self.name, "an axis's name", 200), _texts(self.ticks, "names on an axis", MOST_POINTS)
        _set(self, name=name, log=bool(self.log), ticks=ticks)


@dataclass(frozen=True)
class Series:
    """One line, set of points, or set of bars.

    Attributes:
        name: What it is.
        x, y: As many numbers; a ``y`` may be None where there is none.
        low, high: The ends of an interval around each ``y``; empty where none was taken.
        mark: ``line``, ``points`` or ``bars``.
    """

    name: str
    x: Sequence[float | None]
    y: Sequence[float | None]
    low: Sequence[float | None] = ()
    high: Sequence[float | None] = ()
    mark: Literal["line", "points", "bars"] = "line"

    def __post_init__(self) -> None:
        if self.mark not in ("line", "points", "bars"):
            raise _refuse(f"a series is drawn as '{str(self.mark)[:40]}'", "choose line, points or bars")
        parts = {part: _numbers(getattr(self, part), f"a series' {part}") for part in ("x", "y", "low", "high")}
        lengths = {len(values) for part, values in parts.items() if values or part in ("x", "y")}
        if len(lengths) != 1 or bool(parts["low"]) != bool(parts["high"]):
            said = ", ".join(f"{len(values)} {part}" for part, values in parts.items())
            raise _refuse(f"a series has {said}", "give as many of each; of low and high both or none")
        _set(self, name=_text(self.name, "a series' name", 200), **parts)


@dataclass(frozen=True)
class Mark:
    """Words at a place along the x axis."""

    x: float
    text: str

    def __post_init__(self) -> None:
        (x,) = _numbers([self.x], "a note's place")
        if x is None:
            raise _refuse("a note stands at no finite place", "give its x as a number")
        _set(self, x=x, text=_text(self.text, "a note", 200))


@dataclass(frozen=True)
class Chart:
    """Series over an axis, with notes along it."""

    kind: ClassVar = "chart"
    x: Axis
    y: Axis
    series: Sequence[Series]
    notes: Sequence[Mark] = ()
    caption: str = ""

    def __post_init__(self) -> None:
        series = _few(self.series, "series of a chart", MOST_SERIES)
        notes = _few(self.notes, "notes of a chart", 200)
        _set(self, series=series, notes=notes, caption=_text(self.caption, "a caption"))


Block = Text | Table | Gallery | Matrix | Chart | Caution
