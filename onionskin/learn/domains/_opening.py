"""Opens what a learner of a table is made from, and says which of its columns are learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from onionskin import data
from onionskin.data._note import Note
from onionskin.data.table import Column, Kind, TypedTable, read
from onionskin.errors import OnionskinError


def opened(source: Any, target: str | None, kinds: Mapping[str, Kind]) -> tuple[TypedTable, str]:
    """Return a source as a table, and the column to learn."""
    if data.is_named(source):
        told = data.about(source)
        if told.domain != "tabular":
            raise OnionskinError(f"'{source}' is no table but {told.title}", fix="give a table, or another domain")
        source = data.load(source)
    if isinstance(source, data.Table):
        source, target = source.frame, target or source.target
    if target is None:
        found = read(source, kinds=kinds)
        target = found.target
        if target is None:
            names = ", ".join(found.columns.names[:20])
            raise OnionskinError("which column is to be learned?", fix=f"give target=, one of: {names}")
    return read(source, target=target, kinds=kinds), target


def used_of(table: TypedTable, target: str, drop: Sequence[str], group: str) -> tuple[list[Column], list[Note]]:
    """Return the columns that are given to the network, and notes on those that are not."""
    for name in drop:
        table.columns[name]  # raises, where there is none
    silent = [c for c in table.columns.of("identifier", "constant", "empty") if c.name not in (target, *drop)]
    notes = []
    if silent:
        notes.append(Note("left out: " + "; ".join(f"'{c.name}' ({c.sentence})" for c in silent[:6])
                          + (f" and {len(silent) - 6} more" if len(silent) > 6 else "")))  # fmt: skip
    out = {target, group, *drop, *(column.name for column in silent)}
    return [column for column in table.columns if column.name not in out], notes
