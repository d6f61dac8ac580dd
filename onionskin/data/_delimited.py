"""Text with delimiters: what its bytes mean, which lines are broken, and a frame of the cells as they were written.

Python's ``csv`` reads it and not pandas: it counts lines as an editor does, and says strictly where a quote is never
closed. pandas fills rows that are too short without a word, and swallows the rest of a file behind an open quote.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from onionskin.errors import OnionskinError

if TYPE_CHECKING:
    import pandas as pd

#: In the order of preference where two are as regular: a comma is also a decimal, a semicolon hardly anything else.
DELIMITERS: Final = {"\t": "tab", ";": "semicolon", "|": "bar", ",": "comma"}

_BYTE_ORDER_MARKS: Final = (
    (b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"),
)  # fmt: skip

#: A number that can only be read one way: 3,5 and 1.234,5 have a decimal comma; 3.5 and 1,234.5 a decimal point.
_COMMA: Final = re.compile(r"[+-]?(\d+,(\d{1,2}|\d{4,})|\d{1,3}(\.\d{3})+,\d+)")
_POINT: Final = re.compile(r"[+-]?(\d+\.(\d{1,2}|\d{4,})|\d{1,3}(,\d{3})+\.\d+)")
_EITHER: Final = re.compile(r"[+-]?\d{1,3},\d{3}")

_SAMPLE: Final = 500  # records that decide the delimiter and the decimal
_MOST_BROKEN: Final = 0.1  # the share of broken rows from which on it is the delimiter that is wrong


@dataclass(frozen=True)
class Broken:
    """A row that could not be read: the line that it begins in (from 1, as editors count), what is wrong, its text."""

    line: int
    why: str
    text: str


@dataclass(frozen=True)
class Delimited:
    """A text file as cells.

    Attributes:
        cells: What was written, as strings; an empty cell is "".
        encoding, delimiter, decimal: What it was read by.
        named: Whether its first row was its header; if not, the columns are called ``column 1``, ``column 2`` …
        broken: The rows that were left out.
        renamed: New names of columns whose name was there already, or was empty.
    """

    cells: pd.DataFrame
    encoding: str
    delimiter: str
    decimal: str
    named: bool
    broken: tuple[Broken, ...]
    renamed: tuple[str, ...]


def parse(
    raw: bytes,
    place: str,
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    header: bool | None = None,
) -> Delimited:
    """Read the bytes of a delimited file. What is not given is found out.

    Raises:
        OnionskinError: It is empty, no text, or more than a tenth of its rows are broken.
    """
    encoding = encoding or _encoding(raw)
    try:
        text = raw.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise OnionskinError(
            f"{place} is not {encoding}: {error}", fix="leave encoding= out, or give another"
        ) from error
    if text.count("\0") > len(text) // 100:
        raise OnionskinError(f"{place} holds binary data", fix="give a CSV, a Parquet or an Excel file")
    lines = list(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    if not any(line.strip() for line in lines):
        raise OnionskinError(f"{place} is empty", fix="give a table with a header and at least one row")
    delimiter = delimiter or _delimiter(lines)
    rows, broken = _rows(lines, delimiter)
    sample = [cells for _, cells in rows[:_SAMPLE]]
    decimal = decimal or _decimal(sample, delimiter)
    named = _has_header(sample) if header is None else header
    first = rows[0][1]
    body = rows[1:] if named else rows
    width = Counter(len(cells) for _, cells in body).most_common(1)[0][0] if body else len(first)
    names = _fitted(first, width, body) if named else [f"column {i + 1}" for i in range(width)]
    good, wrong = [], list(broken)
    for line, cells in body:
        if len(cells) == len(names):
            good.append(cells)
        elif len(cells) == len(names) + 1 and not cells[-1]:  # a delimiter at the end of the line
            good.append(cells[:-1])
        else:
            why = f"{len(cells)} fields where the {'header' if named else 'first row'} has {len(names)}"
            wrong.append(Broken(line, why, delimiter.join(cells)[:80]))
    if len(wrong) > max(3, _MOST_BROKEN * len(body)):
        raise _too_broken(place, sorted(wrong, key=_line), len(body) + len(broken), delimiter)
    names, renamed = _distinct(names)
    return Delimited(
        _frame(good, names), encoding, delimiter, decimal, named, tuple(sorted(wrong, key=_line)), renamed
    )  # fmt: skip


def _line(row: Broken) -> int:
    return row.line


def _encoding(raw: bytes) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if raw.startswith(mark):
            return encoding
    try:
        raw.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        pass
    try:
        raw.decode("cp1252")
        return "cp1252"
    except UnicodeDecodeError:
        return "latin-1"  # every byte is a character in it


def _delimiter(lines: Sequence[str]) -> str:
    """The one that splits most records into as many fields as the header has, and into more than one."""
    scores = {}
    for delimiter in DELIMITERS:
        reader = csv.reader(lines[: _SAMPLE * 2], delimiter=delimiter, skipinitialspace=True)
        widths = _widths(reader)
        width, count = Counter(widths[1:] or widths).most_common(1)[0]
        as_header = 1.0 if widths[0] in (width, width - 1) and widths[0] > 1 else 0.5
        scores[delimiter] = as_header * count / max(1, len(widths) - 1) if width > 1 else 0.0
    best = max(DELIMITERS, key=lambda delimiter: scores[delimiter])
    return best if scores[best] else ","  # one column: no delimiter at all


def _widths(reader: Iterable[list[str]]) -> list[int]:
    widths = []
    try:
        for row in reader:
            if row:
                widths.append(len(row))
            if len(widths) == _SAMPLE:
                break
    except csv.Error:
        pass
    return widths or [1]


def _rows(lines: Sequence[str], delimiter: str) -> tuple[list[tuple[int, list[str]]], list[Broken]]:
    """Return the records with the line they begin in, and those whose quotes are not in order.

    Reading goes on behind the line that a broken record begins in: a quote that is never closed costs one row.
    """
    rows: list[tuple[int, list[str]]] = []
    broken: list[Broken] = []
    at = 0  # lines that are done
    while at < len(lines):
        reader = csv.reader(lines[at:], delimiter=delimiter, strict=True, skipinitialspace=True)
        began = at
        try:
            for cells in reader:
                if any(cells):
                    rows.append((began + 1, cells))
                began = at + reader.line_num
            return rows, broken
        except csv.Error as error:
            broken.append(Broken(began + 1, _why(error), lines[began].strip()[:80]))
            at = began + 1
            if len(broken) > 1000:
                return rows, broken  # of which the caller says that it is no such table
    return rows, broken


def _why(error: csv.Error) -> str:
    said = str(error)
    if "end of data" in said:
        return "a quote that is never closed"
    if "field limit" in said:
        return "a field of more than 131,072 characters, so probably a quote that is never closed"
    return "a quote inside a field, or one that is never closed" if "expected after" in said else said


def _decimal(sample: Sequence[Sequence[str]], delimiter: str) -> str:
    cells = [cell.strip() for row in sample for cell in row]
    comma, point = (sum(bool(sort.fullmatch(cell)) for cell in cells) for sort in (_COMMA, _POINT))
    if comma or point:
        return "," if comma > point else "."
    return "," if delimiter != "," and any(_EITHER.fullmatch(cell) for cell in cells) else "."


def _has_header(sample: Sequence[Sequence[str]]) -> bool:
    """No, if numbers stand in the first row, and nothing but a number stands where numbers follow."""
    first, rest = sample[0], sample[1:]
    if not rest:
        return True
    numbers = 0
    for i, cell in enumerate(first):
        below = [row[i] for row in rest if len(row) > i and row[i]]
        if not below or sum(map(_is_number, below)) < 0.9 * len(below):
            continue
        if cell and not _is_number(cell):
            return True
        numbers += bool(cell)
    return not numbers


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True


def _fitted(header: list[str], width: int, body: Sequence[tuple[int, list[str]]]) -> list[str]:
    """The header, as long as its rows: R does not name its row names, and some end each line in a delimiter."""
    if width == len(header) - 1 and not header[-1]:
        return header[:-1]
    if width == len(header) + 1 and any(cells[-1] for _, cells in body if len(cells) == width):
        return ["", *header]
    return header


def _distinct(names: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    found: list[str] = []
    renamed = []
    taken = {name.strip() for name in names}
    for i, name in enumerate(name.strip() for name in names):
        given = name or f"column {i + 1}"
        number = 2
        while given in found or (given != name and given in taken):
            given, number = f"{name or 'column'} {number}", number + 1
        if given != name:
            renamed.append(given)
        found.append(given)
    return found, tuple(renamed)


def _frame(rows: Sequence[Sequence[str]], names: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pd.DataFrame({name: pd.Series(list(cells), dtype="str") for name, cells in zip(names, columns, strict=True)})


def _too_broken(place: str, broken: Sequence[Broken], rows: int, delimiter: str) -> OnionskinError:
    first = "; ".join(f"line {row.line}: {row.why}" for row in broken[:3])
    return OnionskinError(
        f"{len(broken):,} of {rows:,} rows of {place} are broken, read with a {DELIMITERS.get(delimiter, delimiter)} "
        f"between fields ({first})",
        fix="if something else stands between them, give delimiter=; else mend these lines",
    )
