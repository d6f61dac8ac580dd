"""A table as numbers for a network: what is learned from the training rows, kept, and applied to any row after.

Numbers are standardised, and what is missing becomes the median and a flag. Categories become codes: of a value that
was never seen, of nothing, and of each value that is frequent enough. Dates fall into parts, texts into frequent words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from onionskin.data._columns import Column, Columns, Kind, columns_from_json

if TYPE_CHECKING:
    import pandas as pd

Numbers = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

#: A category of fewer training rows is rare: it is taken as one that was never seen, and so teaches what to do then.
RARE: Final = 4

#: So many categories of a column have a code of their own, the most frequent ones; others are rare.
MOST_VALUES: Final = 500

#: So many words of a column of texts are looked for at most, and no more than one for so many rows; of those in at
#: least, and at most, these shares of the rows.
MOST_WORDS: Final = 24
_ROWS_A_WORD: Final = 100
_SHARES: Final = (0.02, 0.9)
_WORD: Final = re.compile(r"[^\W\d_]{2,}")

#: The codes that a column begins with.
UNSEEN: Final = 0
MISSING: Final = 1


@dataclass(frozen=True)
class NumberInput:
    """One number that the network is given.

    Attributes:
        column: The column it is made of.
        part: What of it: "" for itself, ``missing``, a part of a date, or ``word:`` and the word.
        median: Stands for what is missing.
        mean, deviation: Of the training rows.
        edges: Where the pieces of its range begin and end, standardised and rising.
    """

    column: str
    part: str
    median: float
    mean: float
    deviation: float
    edges: tuple[float, ...]


@dataclass(frozen=True)
class CategoryInput:
    """One category that the network is given, as codes from ``first`` on: unseen or rare, missing, then the values.

    Attributes:
        column, part: As of :class:`NumberInput`.
        values: The values with a code of their own, the most frequent first.
        first: Its first code.
    """

    column: str
    part: str
    values: tuple[str, ...]
    first: int

    @property
    def codes(self) -> int:
        """How many codes it has."""
        return 2 + len(self.values)


@dataclass(frozen=True)
class Encoding:
    """How rows become numbers, (n, numbers), and codes, (n, categories).

    Attributes:
        columns: The columns that are used.
        numbers, categories: What the network is given.
    """

    columns: Columns
    numbers: tuple[NumberInput, ...]
    categories: tuple[CategoryInput, ...]

    @property
    def codes(self) -> int:
        """How many codes there are, of all categories together."""
        return sum(category.codes for category in self.categories)

    def plain(self, frame: pd.DataFrame) -> Numbers:
        """Return the numbers as they are, (n, numbers), NaN where there is none: what trees take."""
        words = {one.column: _word_sets(frame[one.column]) for one in self.numbers if one.part.startswith("word:")}
        found = [
            _numbers(frame[one.column], self.columns[one.column].kind, one.part, words.get(one.column, []))
            for one in self.numbers
        ]
        return np.stack(found, 1) if found else np.zeros((len(frame), 0))

    def standard(self, frame: pd.DataFrame) -> npt.NDArray[np.float32]:
        """Return the numbers standardised, (n, numbers), with the median where there is none."""
        plain = self.plain(frame)
        for i, one in enumerate(self.numbers):
            column = plain[:, i]
            plain[:, i] = (np.where(np.isnan(column), one.median, column) - one.mean) / one.deviation
        return plain.astype(np.float32)

    def coded(self, frame: pd.DataFrame) -> Codes:
        """Return the codes of the categories, (n, categories)."""
        found = []
        for one in self.categories:
            known = {value: one.first + 2 + i for i, value in enumerate(one.values)}
            cells = _categories(frame, one.column, one.part)
            codes = cells.map(known).fillna(one.first + UNSEEN).astype(np.int64)
            found.append(np.where(cells.isna(), one.first + MISSING, codes))
        return np.stack(found, 1).astype(np.int64) if found else np.zeros((len(frame), 0), np.int64)

    def names(self) -> tuple[list[str], list[str]]:
        """Return what the numbers and the categories are called: ``Age``, ``Age missing``, ``sold month``."""
        one, other = self.numbers, self.categories
        return [_name(each) for each in one], [_name(each) for each in other]

    def to_json(self) -> dict[str, Any]:
        """As plain values, which :func:`encoding_from_json` reads."""
        return {
            "columns": self.columns.to_json(),
            "numbers": [asdict(one) | {"edges": list(one.edges)} for one in self.numbers],
            "categories": [asdict(one) | {"values": list(one.values)} for one in self.categories],
        }


def encoding_from_json(told: Mapping[str, Any]) -> Encoding:
    """Read what :meth:`Encoding.to_json` wrote. What does not fit together is a ValueError."""
    columns = columns_from_json(told["columns"])
    numbers = tuple(
        NumberInput(
            str(one["column"]), str(one["part"]), float(one["median"]), float(one["mean"]), float(one["deviation"]),
            tuple(map(float, one["edges"])),
        )
        for one in told["numbers"]
    )  # fmt: skip
    categories = []
    first = 0
    for one in told["categories"]:
        category = CategoryInput(str(one["column"]), str(one["part"]), tuple(map(str, one["values"])), first)
        first += category.codes
        categories.append(category)
    for name in [*(one.column for one in numbers), *(one.column for one in categories)]:
        if name not in columns:
            raise ValueError(f"'{name}' is encoded, and is no column")
    return Encoding(columns, numbers, tuple(categories))


def fit(frame: pd.DataFrame, columns: Sequence[Column], *, pieces: int) -> Encoding:
    """Learn an encoding from training rows.

    Args:
        frame: The training rows of a table, converted.
        columns: What its columns are; those that say nothing are left out.
        pieces: Into how many pieces of equally many rows a number's range is cut, at most.
    """
    used = Columns(tuple(columns))
    numbers: list[NumberInput] = []
    categories: list[CategoryInput] = []
    for column in columns:
        cells = frame[column.name]
        words = _word_sets(cells) if column.kind == "text" else []
        for part in _number_parts(cells, column.kind, words):
            one = _fitted_number(_numbers(cells, column.kind, part, words), column.name, part, pieces)
            numbers += [one] if one else []
        for part in _category_parts(frame, column):
            named = _categories(frame, column.name, part)
            counts = named.value_counts()
            values = tuple(str(value) for value in counts[counts >= RARE].index[:MOST_VALUES])
            if values and (len(counts) > 1 or named.isna().any()):
                first = sum(category.codes for category in categories)
                categories.append(CategoryInput(column.name, part, values, first))
    return Encoding(used, tuple(numbers), tuple(categories))


def _fitted_number(values: Numbers, column: str, part: str, pieces: int) -> NumberInput | None:
    """What one number is encoded by; None where all training rows say the same."""
    known = values[np.isfinite(values)]
    if not len(known) or known.min() == known.max():
        return None
    median = float(np.median(known))
    filled = np.where(np.isfinite(values), values, median)
    mean, deviation = float(filled.mean()), float(filled.std())
    cuts = np.unique((np.quantile(known, np.linspace(0, 1, pieces + 1)) - mean) / deviation)
    # As float32, which the network computes in, two cuts may be one; a piece has to have a length.
    edges = tuple(float(cut) for cut in np.unique(cuts.astype(np.float32)))
    return NumberInput(column, part, median, mean, deviation, edges) if len(edges) > 1 else None


def _number_parts(cells: pd.Series[Any], kind: Kind, words: Sequence[set[str]]) -> list[str]:
    flag = ["missing"] if cells.isna().any() else []
    if kind == "number":
        return ["", *flag]
    if kind == "date":
        has_times = bool((cells.dropna().dt.normalize() != cells.dropna()).any())
        return ["days", "day of the month", *(["hour"] if has_times else []), *flag]
    return [f"word:{word}" for word in _telling(words)] if kind == "text" else []


def _category_parts(frame: pd.DataFrame, column: Column) -> list[str]:
    if column.kind in ("category", "boolean"):
        return [""]
    return ["month", "weekday"] if column.kind == "date" else []


def _word_sets(cells: pd.Series[Any]) -> list[set[str]]:
    return [set(_WORD.findall(text.casefold())) if isinstance(text, str) else set() for text in cells]


def _telling(rows: Sequence[set[str]]) -> list[str]:
    """The most frequent words, of those that tell rows apart."""
    counts = Counter(word for words in rows for word in words)
    least, most = max(RARE, _SHARES[0] * len(rows)), _SHARES[1] * len(rows)
    found = [(word, count) for word, count in counts.items() if least <= count <= most]
    count = min(MOST_WORDS, len(rows) // _ROWS_A_WORD)
    return [word for word, _ in sorted(found, key=lambda one: (-one[1], one[0]))[:count]]


def _numbers(cells: pd.Series[Any], kind: Kind, part: str, words: Sequence[set[str]]) -> Numbers:
    """Return one number for each row, NaN where there is none."""
    found: Any
    if part == "missing":
        found = cells.isna()
    elif part.startswith("word:") and kind == "text":
        found = [part.removeprefix("word:") in row for row in words]
    elif part == "days" and kind == "date":
        found = (cells - _epoch()).dt.total_seconds() / 86_400
    elif part == "day of the month" and kind == "date":
        found = cells.dt.day
    elif part == "hour" and kind == "date":
        found = cells.dt.hour + cells.dt.minute / 60
    elif not part and kind == "number":
        found = cells
    else:
        raise ValueError(f"there is no number '{part}' of a {kind}")
    return np.asarray(found, np.float64)


def _epoch() -> pd.Timestamp:
    import pandas as pd

    return pd.Timestamp(0)


def _categories(frame: pd.DataFrame, name: str, part: str) -> pd.Series[Any]:
    """Return one category for each row as a string, missing where there is none."""
    cells = frame[name]
    if not part:
        return cells
    if part not in ("month", "weekday"):
        raise ValueError(f"a category cannot be '{part}' of '{name}'")
    named = cells.dt.month_name() if part == "month" else cells.dt.day_name()
    return named.astype("str").where(cells.notna())


def _name(one: NumberInput | CategoryInput) -> str:
    if one.part.startswith("word:"):
        return f"{one.column} has '{one.part.removeprefix('word:')}'"
    return f"{one.column} {one.part}".strip()
