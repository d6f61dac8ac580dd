"""What is known of somebody or something, as numbers: categories, several at once, and bins of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
import numpy.typing as npt

from onionskin.errors import OnionskinError
from onionskin.learn.domains import _interactions

if TYPE_CHECKING:
    import pandas as pd

#: A column of more different words tells apart rather than groups.
MOST: Final = 50

#: Into how many bins of as many examples each a number is put.
BINS: Final = 8

#: Where several categories stand in one cell, what is between them.
_BETWEEN: Final = ("|", ";", ",", " ")

#: What a name is called, for people.
_TITLES: Final = ("title", "movietitle", "name", "itemname", "booktitle", "productname")


@dataclass(frozen=True)
class Column:
    """How one column becomes numbers.

    Attributes:
        name: The column.
        kind: ``category``, ``several`` or ``number``.
        values: The categories, in order.
        between: What is between several.
        edges: Between the bins of a number.
    """

    name: str
    kind: str
    values: tuple[str, ...] = ()
    between: str = ""
    edges: tuple[float, ...] = ()

    @property
    def width(self) -> int:
        """How many numbers it becomes."""
        return len(self.edges) + 1 if self.kind == "number" else len(self.values)

    def numbers(self, value: Any) -> npt.NDArray[np.float32]:
        """Return one value as (width,) numbers of length 1; zeros where it is missing, or was never seen."""
        found = np.zeros(self.width, np.float32)
        if value is None:
            return found
        if self.kind == "number":
            try:
                found[int(np.searchsorted(self.edges, float(value)))] = 1
            except (TypeError, ValueError) as error:
                raise OnionskinError(f"{self.name}={value!r} is no number", fix="give one, or leave it out") from error
            return found
        for word in _words(value, self.between) if self.kind == "several" else [str(value)]:
            if word in self.values:
                found[self.values.index(word)] = 1
        return found / max(1.0, float(np.sqrt(found.sum())))

    def told(self, at: int) -> str:
        """Return what one of its numbers stands for."""
        if self.kind != "number":
            return f"{self.name} {self.values[at]}"
        low = f"from {self.edges[at - 1]:g}" if at else ""
        high = f"up to {self.edges[at]:g}" if at < len(self.edges) else ""
        return " ".join(part for part in (self.name, low, high) if part)


@dataclass(frozen=True)
class Known:
    """How everything that is known of users, or of items, becomes numbers. The first of them is always 1."""

    columns: tuple[Column, ...] = ()

    @property
    def width(self) -> int:
        """How many numbers."""
        return 1 + sum(column.width for column in self.columns)

    def numbers(self, row: Mapping[str, Any]) -> npt.NDArray[np.float32]:
        """Return one row as (width,) numbers."""
        first = np.ones(1, np.float32)
        return np.concatenate([first, *(column.numbers(row.get(column.name)) for column in self.columns)])

    def told(self, at: int) -> str:
        """Return what one of the numbers stands for; empty for the first."""
        at -= 1
        for column in self.columns:
            if 0 <= at < column.width:
                return column.told(at)
            at -= column.width
        return ""

    def to_json(self) -> list[dict[str, Any]]:
        """Return it as JSON."""
        return [
            asdict(column) | {"values": list(column.values), "edges": list(column.edges)} for column in self.columns
        ]

    @classmethod
    def of_json(cls, told: Sequence[Mapping[str, Any]]) -> Self:
        """Return what :meth:`to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        columns = []
        for each in told:
            if each["kind"] not in ("category", "several", "number"):
                raise ValueError(f"a column of the kind {each['kind']!r}")
            values = tuple(map(str, each["values"]))
            columns.append(Column(str(each["name"]), each["kind"], values, str(each["between"]),
                                  tuple(map(float, each["edges"]))))  # fmt: skip
            if columns[-1].kind == "several" and not columns[-1].between:
                raise ValueError(f"{columns[-1].name} has nothing between its values")
        return cls(tuple(columns))


@dataclass(frozen=True)
class Sheet:
    """A frame of users, or of items: one row each.

    Attributes:
        rows: By what they are called in the ratings.
        known: How they become numbers.
        titles: What they are called for people.
        notes: Which columns are not used, and why.
    """

    rows: Mapping[Any, Mapping[str, Any]]
    known: Known
    titles: Mapping[Any, str]
    notes: tuple[str, ...] = ()


def read(source: Any, kind: str) -> Sheet:
    """Return a frame of users, or of items, whose first column, or the one named after them, is who they are.

    Raises:
        OnionskinError: It cannot be read, or has somebody twice.
    """
    if source is None:
        return Sheet({}, Known(), {})
    frame = _interactions.read_frame(source, f"what is known of {kind}s")
    frame.columns = [str(name).split(":")[0] for name in frame.columns]
    key = _interactions.column(frame, kind, None, needed=False) or str(frame.columns[0])
    twice = frame[key].duplicated()
    if twice.any():
        raise OnionskinError(f"{int(twice.sum()):,} {kind}s stand twice in what is known of {kind}s: "
                             f"{frame[key][twice].iloc[0]!r}", fix=f"give one row for each {kind}")  # fmt: skip
    titles = next((str(name) for name in frame.columns if _interactions.bare(name) in _TITLES and name != key), None)
    columns, left_out = [], []
    for name in frame.columns:
        if name in (key, titles):
            continue
        found = column(frame[name])
        if found is None:
            left_out.append(str(name))
        else:
            columns.append(found)
    notes = (f"not used of {kind}s, too many different values: {', '.join(left_out)}",) if left_out else ()
    who = [_interactions.plain(name) for name in frame[key].tolist()]
    names = [each.name for each in columns]
    cells = [[cell(value) for value in frame[name].tolist()] for name in names]
    rows = {name: dict(zip(names, row, strict=True)) for name, row in zip(who, zip(*cells, strict=True), strict=True)}
    if not columns:
        rows = {name: {} for name in who}
    shown = dict(zip(who, frame[titles].astype(str), strict=True)) if titles else {}
    return Sheet(rows, Known(tuple(columns)), shown, notes)


def cell(value: Any) -> Any:
    """Return what is in a cell as JSON keeps it; None where there is nothing."""
    import pandas as pd

    if isinstance(value, list | tuple | np.ndarray):
        return [str(each) for each in value]
    if pd.isna(value):
        return None
    return value if isinstance(value, int | float | str) else str(value)


def _words(cell: Any, between: str) -> list[str]:
    """Return the categories in one cell: a list of them, or a text with something between them."""
    parts = cell if isinstance(cell, list) else str(cell).split(between)
    return [part for part in (str(part).strip() for part in parts) if part]


def column(values: pd.Series[Any]) -> Column | None:
    """Return how a column becomes numbers, by what is in it; None where it tells everybody apart."""
    import pandas as pd

    name, there = str(values.name), values.dropna()
    if len(there) and there.map(lambda cell: isinstance(cell, list | tuple | np.ndarray)).all():
        words = {str(word) for cell in there for word in cell}
        return Column(name, "several", tuple(sorted(words)), "|") if len(words) <= MOST else None
    numbers = pd.to_numeric(there, errors="coerce")
    different = there.astype(str).nunique()
    if len(there) and numbers.notna().mean() > 0.99 and different > BINS:
        edges = np.unique(numbers.quantile(np.arange(1, BINS) / BINS).to_numpy(float))
        return Column(name, "number", edges=tuple(edges.tolist()))
    if different <= MOST:
        return Column(name, "category", tuple(sorted(there.astype(str).unique())))
    for between in _BETWEEN:
        words = {word for cell in there.astype(str).unique() for word in _words(cell, between)}
        if len(words) <= MOST and len(words) < different:
            return Column(name, "several", tuple(sorted(words)), between)
    return None
