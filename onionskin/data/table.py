"""Tables: a CSV, Parquet or Excel file or a DataFrame, with what its columns are and what is wrong with them.

    table = read("passengers.csv", target="survived")
    print(table.columns)          # a sentence a column
    for note in table.notes: ...  # broken lines, duplicates, columns that give the answer away

Nothing is repaired in silence: what is left out or converted is a note with a count and first examples. The file, and a
DataFrame that is given, are never changed.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from onionskin.data import _columns, _delimited, _target
from onionskin.data._columns import KINDS, Column, Columns, Kind
from onionskin.data._delimited import Broken
from onionskin.data._note import Note
from onionskin.errors import OnionskinError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

__all__ = ["KINDS", "Broken", "Column", "Columns", "Kind", "Note", "TypedTable", "convert", "read"]

TEXTS: Final = (".csv", ".tsv", ".txt", ".tab", ".data", ".psv")
SHEETS: Final = (".xlsx", ".xlsm", ".xls", ".ods")
PARQUETS: Final = (".parquet", ".pq")


@dataclass(frozen=True)
class TypedTable:
    """A table whose columns are known.

    Attributes:
        frame: Its rows, converted: numbers are float64, dates datetime64, everything else strings; NaN where there is
            nothing. The index counts from 0.
        columns: What each column is.
        source: Where it came from.
        target: The column that is to be predicted, if one was named.
        notes: What a person should know.
        broken: The rows of a text file that could not be read.
    """

    frame: pd.DataFrame
    columns: Columns
    source: str
    target: str | None = None
    notes: tuple[Note, ...] = ()
    broken: tuple[Broken, ...] = ()

    def __len__(self) -> int:
        return len(self.frame)

    def __str__(self) -> str:
        lines = [f"{self.source}: {len(self):,} rows, {len(self.columns)} columns", "", str(self.columns)]
        return "\n".join([*lines, *([""] if self.notes else []), *map(str, self.notes)])


def read(
    source: str | Path | pd.DataFrame | TypedTable,
    *,
    target: str | None = None,
    kinds: Mapping[str, Kind] | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    header: bool | None = None,
    sheet: str | int = 0,
    broken: Literal["skip", "refuse"] = "skip",
) -> TypedTable:
    """Read a table and find what its columns are.

    Args:
        source: A CSV (delimiter, encoding and decimal are found; ``.gz`` too), Parquet or Excel file, or a DataFrame.
        target: The column to be predicted: it is looked at for missing values, and for columns that give it away.
        kinds: What columns are, where what was found is wrong: ``{"zip": "category"}``.
        delimiter, encoding, decimal, header: Of a text file, instead of finding them.
        sheet: Of an Excel file: its name or number.
        broken: Whether rows that cannot be read are left out and noted, or are an error.

    Raises:
        OnionskinError: There is no such file, column or kind, it cannot be read as a table, it has no rows or two
            columns of one name, or it has broken rows that are to be refused.
    """
    import pandas as pd

    if isinstance(source, TypedTable):
        return _with_target(source, target) if target not in (None, source.target) else source
    notes: list[Note] = []
    bad: tuple[Broken, ...] = ()
    point = decimal or "."
    if isinstance(source, pd.DataFrame):
        cells, place = _plain(source), "the DataFrame"
    else:
        path = _existing(Path(source))
        place = path.name
        suffix = path.with_suffix("").suffix.lower() if path.suffix.lower() == ".gz" else path.suffix.lower()
        if suffix in PARQUETS:
            cells = _plain(_from_library(pd.read_parquet, path, "pyarrow"))
        elif suffix in SHEETS:
            cells = _plain(_from_library(pd.read_excel, path, "openpyxl", sheet_name=sheet))
        elif suffix in TEXTS or not suffix:
            options: dict[str, Any] = {"delimiter": delimiter, "encoding": encoding, "decimal": decimal}
            text = _delimited.parse(_bytes(path), place, **options, header=header)
            cells, bad, point = text.cells, text.broken, text.decimal
            notes += _notes_of_text(text, place, broken)
        else:
            raise OnionskinError(
                f"{path.name} is no table that can be read here",
                fix=f"give one of {', '.join((*TEXTS[:2], *PARQUETS[:1], *SHEETS[:1]))}, or a DataFrame",
            )
    if not len(cells) or not len(cells.columns):
        raise OnionskinError(f"{place} has no rows", fix="give a table with a header and at least one row")
    found = Columns(tuple(_columns.find(cells[name], name, decimal=point) for name in cells.columns))
    for name, kind in (kinds or {}).items():
        found = _told(found, cells, name, kind)
    frame = pd.DataFrame({column.name: convert(cells[column.name], column) for column in found})
    notes += [note for column in found for note in _notes_of_column(column, cells[column.name])]
    return _with_target(TypedTable(frame, found, place, None, tuple(notes), bad), target)


def convert(cells: pd.Series[Any], column: Column) -> pd.Series[Any]:
    """Return cells as what their column was found to be; a cell that is not of the kind is missing."""
    if column.kind == "number":
        return _columns.as_numbers(cells, column.decimal)
    if column.kind == "date":
        import pandas as pd

        if pd.api.types.is_datetime64_any_dtype(cells):
            return cells.dt.tz_convert("UTC").dt.tz_localize(None) if cells.dt.tz is not None else cells
        return _columns.as_dates(_columns.spelled(cells), column.format)
    return _columns.spelled(cells)


def _existing(path: Path) -> Path:
    if path.is_file():
        return path
    if path.is_dir():
        tables = sorted(p.name for p in path.iterdir() if p.suffix.lower() in (*TEXTS, *SHEETS, *PARQUETS))
        fix = (
            f"give one of the tables in it: {', '.join(tables[:5])}" if tables else "give a CSV, Parquet or Excel file"
        )
        raise OnionskinError(f"{path} is a folder, not a table", fix=fix)
    folder = path.parent
    if not folder.is_dir():
        raise OnionskinError(f"there is no folder {folder}, so no {path.name} in it", fix="check the path")
    near = sorted(p.name for p in folder.iterdir() if p.is_file())
    fix = did_you_mean(path.name, near, otherwise=f"check the path: it was looked for in {folder.resolve()}")
    raise OnionskinError(f"there is no file {path}", fix=fix)


def _bytes(path: Path) -> bytes:
    try:
        return gzip.decompress(path.read_bytes()) if path.suffix.lower() == ".gz" else path.read_bytes()
    except (OSError, EOFError) as error:
        raise OnionskinError(f"{path} cannot be read: {error}", fix="check that it is whole and readable") from error


def _from_library(read_it: Any, path: Path, library: str, **options: Any) -> pd.DataFrame:
    try:
        frame: pd.DataFrame = read_it(path, **options)
    except ImportError as error:
        raise OnionskinError(f"reading {path.name} needs {library}", fix=f"pip install {library}") from error
    except Exception as error:  # the libraries raise errors of their own kinds
        raise OnionskinError(f"{path.name} cannot be read: {error}", fix="check that it opens elsewhere") from error
    return frame


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with names that are strings, and rows that are counted; an index that says something is a column."""
    import pandas as pd

    names = [name for name in frame.index.names if name is not None]
    plain = frame.reset_index(drop=not names)
    plain.columns = pd.Index([" ".join(map(str, n)) if isinstance(n, tuple) else str(n) for n in plain.columns])
    twice = plain.columns[plain.columns.duplicated()]
    if len(twice):
        raise OnionskinError(f"two columns of the DataFrame are called '{twice[0]}'", fix="rename one of them")
    return plain


def _told(found: Columns, cells: pd.DataFrame, name: str, kind: Kind) -> Columns:
    """The columns, one of which a person says what it is."""
    if kind not in KINDS:
        raise OnionskinError(
            f"'{kind}' is no kind of column",
            fix=did_you_mean(kind, KINDS, otherwise=f"choose one of: {', '.join(KINDS)}"),
        )
    column = found[name]
    written = column.format
    if kind == "date" and not written:
        written = _columns.date_format(_columns.spelled(cells[name]).dropna())
        if not written:
            raise OnionskinError(f"'{name}' holds no dates that can be read", fix="write them as 2024-12-31")
    told = replace(column, kind=kind, format=written, odd=0, odd_examples=(), sentence=f"{kind}, as told")
    lost = convert(cells[name], told).isna() & _columns.spelled(cells[name]).notna()
    if lost.all():
        raise OnionskinError(f"nothing in '{name}' is a {kind}", fix="leave it out of kinds=")
    told = replace(told, odd=int(lost.sum()), odd_examples=tuple(cells[name][lost].astype(str).head(3)))
    return Columns(tuple(told if one.name == name else one for one in found))


def _with_target(table: TypedTable, target: str | None) -> TypedTable:
    if target is None:
        return replace(table, notes=(*table.notes, *_target.notes_of_rows(table.frame, table.columns, None)))
    if target not in table.columns:
        raise OnionskinError(f"there is no column '{target}' in {table.source}", fix=table.columns.nearest(target))
    notes = (*table.notes, *_target.notes(table.frame, table.columns, target))
    return replace(table, target=target, notes=notes)


def _notes_of_text(text: _delimited.Delimited, place: str, broken: str) -> Iterable[Note]:
    if text.broken:
        first = "; ".join(f"line {row.line} has {row.why}" for row in text.broken[:3])
        said = f"{len(text.broken):,} broken {'row' if len(text.broken) == 1 else 'rows'} in {place}: {first}"
        if broken == "refuse":
            raise OnionskinError(said, fix="mend these lines, or leave them out with broken='skip'")
        yield Note(f"{said}. {'It was' if len(text.broken) == 1 else 'They were'} left out", "mend these lines")
    if text.encoding in ("cp1252", "latin-1"):
        yield Note(f"{place} is not UTF-8; it was read as {text.encoding}", "if letters look wrong, give encoding=")
    if not text.named:
        yield Note(
            f"{place} has no header; its columns are called column 1, column 2 …", "add a line of names, or header=True"
        )
    if text.renamed:
        yield Note(
            f"columns without a name of their own are called {', '.join(text.renamed[:5])}", "name them in the header"
        )


def _notes_of_column(column: Column, cells: pd.Series[Any]) -> Iterable[Note]:
    if column.odd:
        many = _columns.infinite(cells)
        what = f"{many:,} infinite" if many == column.odd else f"no {column.kind}s"
        yield Note(
            f"'{column.name}' holds {column.odd:,} {'cell' if column.odd == 1 else 'cells'} that "
            f"{'is' if column.odd == 1 else 'are'} {what if many != column.odd else 'infinite'}"
            f" ({', '.join(column.odd_examples)}); they count as missing",
            f"mend them, or say that it is a category: kinds={{'{column.name}': 'category'}}",
        )
    elif column.kind == "category" and "are numbers" in column.sentence:
        yield Note(f"'{column.name}' mixes numbers and words ({', '.join(column.examples)})", "make two columns of it")
