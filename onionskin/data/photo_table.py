"""Found by a table: which column has the files' names, which the labels, which says what is held out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from onionskin.data._delimited import parse
from onionskin.data.folder import TEST, TRAIN, VALID, Found, Unreadable, counted, examples, is_photo, nearest, walk
from onionskin.errors import OnionskinError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

# What columns are often called, where more than one could be meant.
_LABELS: Final = ("label", "labels", "class", "classes", "category", "categories", "target", "tag", "tags", "y")
_PARTS: Final = ("split", "part", "subset", "set", "partition", "fold", "is_valid", "valid", "is_test", "held_out")
_SEPARATORS: Final = (";", "|")
_YES: Final = ("1", "true", "yes", "1.0")
_NO: Final = ("0", "false", "no", "0.0")


@dataclass(frozen=True)
class _Table:
    """A table as text, with where it lies, the column of files and the column that says what is held out."""

    cells: pd.DataFrame
    place: str
    folder: Path
    names: str
    part: str | None


def from_table(
    path: Path, *, target: str | Sequence[str] | None, folder: str | Path | None, separator: str | None
) -> Found:
    """Find the photos that a CSV or TSV file names. Raises OnionskinError as :func:`find_photos` does."""
    read = parse(path.read_bytes(), str(path))
    where = folder if folder is not None else path.parent
    photos = from_frame(read.cells, str(path), target=target, folder=where, separator=separator)
    if not read.broken:
        return photos
    shown = examples([f"line {row.line}: {row.why}" for row in read.broken])
    return replace(
        photos, warnings=(counted(len(read.broken), "row is", "rows are", f"broken: {shown}"), *photos.warnings)
    )


def from_frame(
    frame: pd.DataFrame,
    place: str,
    *,
    target: str | Sequence[str] | None = None,
    folder: str | Path | None = None,
    separator: str | None = None,
) -> Found:
    """Find the photos that a frame names. Raises OnionskinError as :func:`find_photos` does."""
    if not hasattr(frame, "columns"):
        raise OnionskinError(
            f"photos cannot be found in a {type(frame).__name__}", fix="give a folder, a table's path, or a DataFrame"
        )
    if not len(frame):
        raise OnionskinError(f"{place} has no rows", fix="give a table with a photo's name and label in each row")
    cells = frame.rename(columns=str).fillna("").astype(str).apply(lambda column: column.str.strip())
    base = Path(folder) if folder is not None else Path()
    if not base.is_dir():
        raise OnionskinError(f"there is no folder '{base}'", fix=nearest(base))
    index = _index(base)
    names = _column_of_files(cells, place, base, index)
    part = next((name for name in cells if name.lower() in _PARTS and _held_out(cells[name]) is not None), None)
    table = _Table(cells, place, base, names, part if part not in _asked(target) else None)
    return _found(table, _targets(table, target), separator, index)


def _asked(target: str | Sequence[str] | None) -> list[str]:
    return [] if target is None else [target] if isinstance(target, str) else list(target)


def _index(folder: Path) -> dict[str, list[str]]:
    """Return the photos below a folder by their path from there and by their name, both with and without the suffix."""
    found: dict[str, list[str]] = {}
    start = len(os.path.join(folder, ""))  # noqa: PTH118
    for entry in walk(folder):
        if is_photo(entry.name):
            below = entry.path[start:].replace(os.sep, "/")
            for key in {below, entry.name, os.path.splitext(below)[0], os.path.splitext(entry.name)[0]}:  # noqa: PTH122
                found.setdefault(key, []).append(entry.path)
    return found


def _file(cell: str, folder: Path, index: dict[str, list[str]]) -> str | None:
    """Return the one file that a cell names, or None."""
    if not cell:
        return None
    plain = cell.replace("\\", "/").removeprefix("./")
    if len(found := index.get(plain, [])) == 1:
        return found[0]
    there = folder / cell
    try:
        return str(there) if there.is_file() else None
    except (OSError, ValueError):  # too long for a name, or with a NUL in it
        return None


def _column_of_files(cells: pd.DataFrame, place: str, folder: Path, index: dict[str, list[str]]) -> str:
    """Return the column most of whose cells name a photo that is there, or at least are called like one."""
    sample = cells.iloc[:: max(1, len(cells) // 200)]
    there = {name: sum(_file(cell, folder, index) is not None for cell in sample[name]) for name in cells}
    called = {name: sum(is_photo(cell) for cell in sample[name]) for name in cells}
    best = max(cells, key=lambda name: (there[name], called[name]))
    if not there[best] and not called[best]:
        raise OnionskinError(
            f"no column of {place} names photos in '{folder}': {examples(list(cells), 6)}",
            fix="give folder=, where the names in the table begin",
        )
    return str(best)


def _targets(table: _Table, target: str | Sequence[str] | None) -> list[str]:
    """Return the columns of the labels."""
    others = [name for name in table.cells if name not in (table.names, table.part)]
    asked = _asked(target)
    for name in asked:
        if name not in table.cells:
            fix = did_you_mean(name, others, otherwise=f"choose one of: {', '.join(others)}")
            raise OnionskinError(f"{table.place} has no column '{name}'", fix=fix)
    if asked:
        return asked
    if not others:
        raise OnionskinError(f"{table.place} has no column besides '{table.names}'", fix="add a column of labels")
    usual = [name for name in others if name.lower() in _LABELS]
    if len(others) == 1 or len(usual) == 1:
        return usual or others
    if all(set(table.cells[name]) <= {*_YES, *_NO} for name in others):
        return others
    raise OnionskinError(
        f"{table.place} has several columns that could be labels: {examples(others, 6)}",
        fix=f"say which one: target={others[0]!r}, or a list for labels that a photo can have together",
    )


def _found(table: _Table, targets: list[str], separator: str | None, index: dict[str, list[str]]) -> Found:
    cells, warnings = table.cells, []
    files = [_file(cell, table.folder, index) for cell in cells[table.names]]
    lost = [Unreadable(cells[table.names].iloc[i] or f"row {i}", _why(cells[table.names].iloc[i], index))
            for i, file in enumerate(files) if file is None]  # fmt: skip
    classes, labels, unlabelled = _labels(cells[targets], separator)
    if len(unlabelled):
        shown = examples([cells[table.names].iloc[i] for i in unlabelled])
        warnings.append(counted(len(unlabelled), "photo has", "photos have", f"no label and is left out: {shown}"))
    first: dict[str, int] = {}
    again: list[str] = []
    contrary: list[str] = []
    without = set(unlabelled.tolist())
    for i, file in enumerate(files):
        if file is None or i in without:
            continue
        if file in first:
            (again if np.array_equal(labels[i], labels[first[file]]) else contrary).append(cells[table.names].iloc[i])
        else:
            first[file] = i
    if again:
        warnings.append(
            counted(len(again), "row names", "rows name", f"a photo that is there already: {examples(again)}")
        )
    if contrary:
        rest = f"a photo that has other labels in an earlier row, which counts: {examples(contrary)}"
        warnings.append(counted(len(contrary), "row names", "rows name", rest))
    rows = np.array(list(first.values()), np.int64)
    held = None if table.part is None else _held_out(cells[table.part])
    aside = None if table.part is None else cells[table.part].str.lower().isin(TEST).to_numpy()
    if held is not None and aside is not None and aside.any() and (held & ~aside).any():
        warnings.append(counted(int(aside.sum()), "photo is", "photos are", f"of the part '{TEST[0]}' and left alone"))
        rows = rows[~aside[rows]]
    used = sorted(set(labels[rows].tolist())) if labels.ndim == 1 else range(len(classes))
    number = {old: new for new, old in enumerate(used)}
    kept = np.array([number[i] for i in labels[rows]], np.int64) if labels.ndim == 1 else labels[rows]
    names = tuple(classes[i] for i in used)
    here = None if held is None or not held[rows].any() or held[rows].all() else held[rows]
    paths = tuple(str(files[i]) for i in rows)
    return Found(paths, kept, names, here, tuple(lost), tuple(warnings), table.place)


def _why(cell: str, index: dict[str, list[str]]) -> str:
    there = index.get(cell.replace("\\", "/").removeprefix("./"), [])
    if not cell:
        return "the row names no photo"
    return f"{len(there)} files have this name: {examples(there, 2)}" if len(there) > 1 else "there is no such file"


def _labels(
    columns: pd.DataFrame, separator: str | None
) -> tuple[tuple[str, ...], npt.NDArray[np.generic], npt.NDArray[np.int64]]:
    """Return the classes, the labels of each row, and the rows that have none."""
    if columns.shape[1] > 1:
        wrong = next((name for name in columns if not set(columns[name]) <= {*_YES, *_NO, ""}), None)
        if wrong is not None:
            odd = next(cell for cell in columns[wrong] if cell not in {*_YES, *_NO, ""})
            raise OnionskinError(
                f"column '{wrong}' of labels holds '{odd}'", fix="give 0 and 1, or one column of names"
            )
        return tuple(columns), columns.isin(_YES).to_numpy(), np.array([], np.int64)
    cells = columns.iloc[:, 0]
    between = separator if separator is not None else _separator(cells)
    if between is None:
        unlabelled = np.flatnonzero(cells == "")
        classes = tuple(sorted(set(cells) - {""}, key=_naturally))
        number = {name: i for i, name in enumerate(classes)}
        return classes, np.array([number.get(cell, -1) for cell in cells], np.int64), unlabelled
    several = [{word.strip() for word in (cell.split(between) if between.strip() else cell.split())} for cell in cells]
    classes = tuple(sorted(set().union(*several) - {""}, key=_naturally))
    return classes, np.array([[name in words for name in classes] for words in several], bool), np.array([], np.int64)


def _separator(cells: pd.Series[str]) -> str | None:
    """Return what stands between several labels in a cell; None if each cell is one label."""
    for mark in _SEPARATORS:
        if cells.str.contains(mark, regex=False).any():
            return mark
    different = [cell.split() for cell in cells.unique() if cell]
    words = {word for cell in different for word in cell}
    lengths = {len(cell) for cell in different}
    # "polar bear" and "brown bear" are two labels with a blank: their words do not come back in other numbers.
    is_several = len(lengths) > 1 and len(words) < len(different)
    return " " if is_several else None


def _naturally(name: str) -> tuple[bool, float, str]:
    """Return a key that sorts numbers by size, before words."""
    return (False, int(name), name) if name.isascii() and name.isdecimal() else (True, 0, name)


def _held_out(cells: pd.Series[str]) -> npt.NDArray[np.bool_] | None:
    """Return which rows are held out, if that is what a column says."""
    low = cells.str.lower()
    for out, known in (({*VALID, *TEST}, {*VALID, *TEST, *TRAIN}), (set(_YES), {*_YES, *_NO})):
        if set(low) <= known and not set(low) <= out and not set(low).isdisjoint(out):
            held: npt.NDArray[np.bool_] = low.isin(out).to_numpy()
            return held
    return None
