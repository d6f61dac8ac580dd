"""Which rows of a table are held out: at random, the latest ones, or whole groups that must not be parted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from onionskin.data._columns import as_numbers
from onionskin.data.table import TypedTable
from onionskin.errors import OnionskinError, did_you_mean
from onionskin.learn.domain import Rows, split

if TYPE_CHECKING:
    import pandas as pd

WAYS: Final = ("random", "time", "group")


def held_out(table: TypedTable, frame: pd.DataFrame, how: str, share: float, seed: int) -> tuple[Rows, Rows, str]:
    """Return the rows to train on, those to measure on, and the column that they are split by ("" for none).

    Args:
        table: Whose columns ``how`` names.
        frame: Its rows that have a target.
        how: ``random``, ``time:COLUMN`` (the latest are held out) or ``group:COLUMN`` (all rows of one value stay
            together).
        share: Of the rows, about how many are held out.
        seed: Of what is left to chance.

    Raises:
        OnionskinError: There is no such way or column, or the rows cannot be parted by it.
    """
    if not 0 < share < 1:
        raise OnionskinError(f"valid={share}", fix="give the share of rows to hold out: 0.2 for a fifth")
    if len(frame) < 2:
        raise OnionskinError(f"{len(frame)} row with a target cannot be split", fix="give more rows")
    way, _, name = how.partition(":")
    if way not in WAYS:
        fix = did_you_mean(way, WAYS, otherwise="give 'random', 'time:COLUMN' or 'group:COLUMN'")
        raise OnionskinError(f"there is no split '{how}'", fix=fix)
    if way == "random":
        return *split(len(frame), share, seed), ""
    if name not in table.columns:
        raise OnionskinError(f"there is no column '{name}' to split by", fix=table.columns.nearest(name))
    train, valid = (_latest if way == "time" else _groups)(table, frame[name], share, seed)
    return train, valid, name


def _latest(table: TypedTable, cells: pd.Series[Any], share: float, seed: int) -> tuple[Rows, Rows]:
    column = table.columns[str(cells.name)]
    if column.kind not in ("date", "number", "identifier"):
        raise OnionskinError(f"'{column.name}' is no time: {column.sentence}", fix="name a column of dates or numbers")
    order = cells.reset_index(drop=True)
    if column.kind == "identifier":
        order = as_numbers(order)
    by_time = order.sort_values(na_position="first", kind="stable").index.to_numpy(np.int64)
    late = np.sort(by_time[-_count(len(cells), share) :])
    return np.setdiff1d(np.arange(len(cells)), late), late


def _groups(table: TypedTable, cells: pd.Series[Any], share: float, seed: int) -> tuple[Rows, Rows]:
    groups = cells.astype("str").fillna("").to_numpy(str)
    names, which = np.unique(groups, return_inverse=True)
    if len(names) < 2:
        raise OnionskinError(f"all rows are of one group, {names[0]!r}", fix="name a column with several values")
    sizes = np.bincount(which)
    order = np.random.default_rng(seed).permutation(len(names))
    # Groups are taken as they come until there are enough rows, and one is always left to train on.
    enough = int(np.searchsorted(np.cumsum(sizes[order]), _count(len(groups), share))) + 1
    chosen = np.isin(which, order[: min(enough, len(names) - 1)])
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


def _count(rows: int, share: float) -> int:
    return min(max(1, round(rows * share)), rows - 1)
