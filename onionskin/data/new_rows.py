"""Rows that come for a prediction: held against what the columns were in training, never judged anew."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from onionskin.data._columns import Column, spelled
from onionskin.data.encoding import Encoding
from onionskin.data.table import convert
from onionskin.errors import OnionskinError, OnionskinWarning, did_you_mean

if TYPE_CHECKING:
    import pandas as pd


def typed(rows: Sequence[Any], encoding: Encoding) -> pd.DataFrame:
    """Return rows as the frame that an encoding takes.

    Columns that the network was not given are left out without a word; None and NaN mean that it is not known. A
    category that training never saw is taken as one of the rare ones, with an :class:`OnionskinWarning`.

    Args:
        rows: Mappings from the names of columns to values, or rows of a DataFrame (``pandas.Series``).
        encoding: What they are for.

    Raises:
        OnionskinError: Something is no row, lacks a column, or holds a value of another kind.
    """
    import pandas as pd

    for number, row in enumerate(rows, 1):
        if not isinstance(row, Mapping | pd.Series):
            raise OnionskinError(
                f"{row!r:.60} is no row of a table",
                fix="give a dict of column names and values, or frame.to_dict('records') for several",
            )
        for name in encoding.columns.names:
            if name not in row:
                given = [str(key) for key in row.keys() if key not in encoding.columns]  # noqa: SIM118  a Series, too
                fix = did_you_mean(name, given, otherwise=f"give it, or None where it is not known: {{'{name}': None}}")
                known = f"rename it: {fix}" if fix.startswith("did you mean") else fix
                raise OnionskinError(f"row {number} has no '{name}'", fix=known)
    frame = {}
    for column in encoding.columns:
        cells = pd.Series([row[column.name] for row in rows])
        frame[column.name] = _converted(cells, column)
        _warn_of_unseen(frame[column.name], column, encoding)
    return pd.DataFrame(frame)


def _converted(cells: pd.Series[Any], column: Column) -> pd.Series[Any]:
    found = convert(cells, column)
    wrong = (found.isna() & spelled(cells).notna()).to_numpy().nonzero()[0]
    if len(wrong):
        row = int(wrong[0])
        kind = "date" if column.kind == "date" else "number"
        written = f", written as {column.format}" if column.kind == "date" else ""
        raise OnionskinError(
            f"'{column.name}' of row {row + 1} is {cells.iloc[row]!r}, which is no {kind}",
            fix=f"give a {kind}{written}, such as {column.examples[0]}, or None where it is not known",
        )
    return found


def _warn_of_unseen(cells: pd.Series[Any], column: Column, encoding: Encoding) -> None:
    for category in encoding.categories:
        if category.column != column.name or category.part:
            continue
        unseen = cells[cells.notna() & ~cells.isin(category.values)]
        if len(unseen):
            first = str(unseen.iloc[0])
            fix = did_you_mean(first, category.values, otherwise=f"known are {', '.join(category.values[:5])}")
            warnings.warn(
                f"'{column.name}' of {len(unseen)} of {len(cells)} rows was rare in training or not there: '{first}' "
                f"in row {int(unseen.index[0]) + 1}. It is taken as any other rare one\n  fix: {fix}",
                OnionskinWarning,
                stacklevel=2,
            )
