"""A report as JSON and back. What is read may come from a stranger: every field is checked before it is trusted."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from onionskin.errors import OnionskinError
from onionskin.learn.report.blocks import (
    Axis,
    Block,
    Caution,
    Cell,
    Chart,
    Gallery,
    Item,
    Mark,
    Matrix,
    Series,
    Table,
    Text,
)
from onionskin.recording.fields import Fields, broken

#: The format that this version writes, and the newest that it reads.
FORMAT_VERSION: Final = 1

#: A report is read in minutes, not in hours.
MOST_BLOCKS: Final = 100


def block_to_json(block: Block) -> dict[str, Any]:
    """Return a block as JSON has it, its ``kind`` first."""
    content: dict[str, Any] = {"kind": block.kind}
    match block:
        case Text(text):
            content |= {"text": text}
        case Caution(text, fix):
            content |= {"text": text, "fix": fix}
        case Table(columns, rows, caption):
            content |= {"columns": list(columns), "rows": [list(row) for row in rows], "caption": caption}
        case Gallery(items, caption):
            content |= {"items": [_item_to_json(item) for item in items], "caption": caption}
        case Matrix(names, columns, values, caption):
            of_rows = [list(row) for row in values]
            content |= {"rows": list(names), "columns": list(columns), "values": of_rows, "caption": caption}
        case Chart(x, y, series, notes, caption):
            content |= {
                "x": _axis_to_json(x),
                "y": _axis_to_json(y),
                "series": [_series_to_json(one) for one in series],
                "notes": [{"x": note.x, "text": note.text} for note in notes],
                "caption": caption,
            }
    return content


def _item_to_json(item: Item) -> dict[str, Any]:
    png = None if item.png is None else base64.b64encode(item.png).decode()
    return {**vars(item), "png": png}


def _axis_to_json(axis: Axis) -> dict[str, Any]:
    return {"name": axis.name, "log": axis.log} | ({"ticks": list(axis.ticks)} if axis.ticks else {})


def _series_to_json(series: Series) -> dict[str, Any]:
    content = {"name": series.name, "x": list(series.x), "y": list(series.y), "mark": series.mark}
    return content | ({"low": list(series.low), "high": list(series.high)} if series.low else {})


def block_from_json(f: Fields) -> Block:
    """Read a block. Raises OnionskinError when it is none."""
    kind = f.text("kind")
    if kind not in _READ:
        raise broken(f"a report has a block of the kind '{kind[:40]}'")
    return _READ[kind](f)


def content_from(text: str | bytes | Mapping[str, Any]) -> Fields:
    """Return the fields of a report's JSON. Raises OnionskinError for what is no report, or a newer one."""
    try:
        content = text if isinstance(text, Mapping) else json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise broken(f"a report in it is no JSON ({error})") from error
    f = Fields(content, "report")
    version = f.whole("format")
    if version != FORMAT_VERSION:
        raise OnionskinError(
            f"this report has format {version}; this Onionskin reads format {FORMAT_VERSION}",
            fix="update with 'pip install -U onionskin', or make the report again",
        )
    blocks = f.value("blocks")
    if not isinstance(blocks, list) or len(blocks) > MOST_BLOCKS:
        raise broken(f"the blocks of a report are no list of at most {MOST_BLOCKS}")
    return f


def _no_number(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


def _table(f: Fields) -> Table:
    rows = [[_cell(cell) for cell in row] for row in _lists(f, "rows")]
    return Table(f.texts("columns"), rows, f.text("caption", otherwise=""))


def _cell(value: object) -> Cell:
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    raise broken("a cell of a table is neither a text nor a number")


def _lists(f: Fields, name: str) -> list[list[object]]:
    value = f.value(name)
    if not isinstance(value, list) or not all(isinstance(row, list) for row in value):
        raise broken(f"the {name} of a report's block are no lists")
    return value


def _gallery(f: Fields) -> Gallery:
    return Gallery(f.items("items", _item), f.text("caption", otherwise=""))


def _item(f: Fields) -> Item:
    coded = f.optional("png", f.text)
    try:
        png = None if coded is None else base64.b64decode(coded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise broken("a picture of a gallery is no base64") from error
    return Item(
        png=png,
        text=f.text("text", otherwise=""),
        caption=f.text("caption", otherwise=""),
        label=f.optional("label", f.text),
        predicted=f.optional("predicted", f.text),
        where=f.optional("where", f.text),
        score=f.optional("score", f.number),
    )


def _matrix(f: Fields) -> Matrix:
    values = [_maybe_numbers(row) for row in _lists(f, "values")]
    return Matrix(f.texts("rows"), f.texts("columns"), values, f.text("caption", otherwise=""))


def _maybe_numbers(values: object) -> list[float | None]:
    if not isinstance(values, list) or any(
        isinstance(value, bool) or not isinstance(value, (int, float, type(None))) for value in values
    ):
        raise broken("numbers of a report's block are no list of numbers")
    try:
        return [None if value is None else float(value) for value in values]
    except OverflowError as error:  # an integer of four hundred digits
        raise broken("a number of a report's block is beyond all numbers") from error


def _chart(f: Fields) -> Chart:
    return Chart(
        _axis(f.inner("x")),
        _axis(f.inner("y")),
        f.items("series", _series),
        f.items("notes", lambda note: Mark(note.number("x"), note.text("text"))),
        f.text("caption", otherwise=""),
    )


def _axis(f: Fields) -> Axis:
    return Axis(f.text("name", otherwise=""), f.flag("log", otherwise=False), f.texts("ticks"))


def _series(f: Fields) -> Series:
    mark: Any = f.text("mark", otherwise="line")  # what is no mark, the series refuses
    x, y = _maybe_numbers(f.value("x")), _maybe_numbers(f.value("y"))
    low, high = (f.optional(name, lambda name: _maybe_numbers(f.value(name))) or () for name in ("low", "high"))
    return Series(f.text("name"), x, y, low, high, mark)


_READ: Final[dict[str, Callable[[Fields], Block]]] = {
    "text": lambda f: Text(f.text("text")),
    "warning": lambda f: Caution(f.text("text"), f.text("fix", otherwise="")),
    "table": _table,
    "gallery": _gallery,
    "matrix": _matrix,
    "chart": _chart,
}
