"""What the columns of a table are: numbers, categories, dates, texts … found from their values, and said in a sentence.

A column is then converted by what was found, at training and ever after: a table for a prediction is not judged anew.
"""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from onionskin.errors import OnionskinError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

Kind = Literal["number", "category", "boolean", "date", "text", "identifier", "constant", "empty"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

#: Cells that say that there is nothing, in any case.
NOTHING: Final = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "none", "<na>", "nat", "?", "-", "--"})

#: More categories than this are high cardinality: most have few examples each.
MANY: Final = 50

_PAIRS: Final = ({"true", "false"}, {"yes", "no"}, {"t", "f"}, {"y", "n"}, {"0", "1"})
_DATE_FORMATS: Final = (
    "ISO8601", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%y", "%m/%d/%y", "%d/%m/%y",
    "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y", "%d.%m.%Y %H:%M", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M",
    "%d.%m.%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S",
)  # fmt: skip
_ID_NAME: Final = re.compile(r"(?i:(^|[_\s.-])(id|uuid|guid|key|index|rownames?|row)$|^unnamed)|[a-z]I[dD]$")
_MOSTLY: Final = 0.95  # the share of cells that decides what a column is; the others are reported, and go missing
_EXTRAS: Final = re.compile(r"[\s\u00a0\u202f'’$€£¥%]")  # what stands in numbers beside digits


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        name: Its name in the table.
        kind: One of :data:`KINDS`.
        rows, missing, distinct: How many cells, how many of them hold nothing, and how many values the others have.
        sentence: What it is, for a person.
        examples: Its most frequent values, or the first ones where all differ.
        format: Of dates: how they are written (``ISO8601`` or as in ``strptime``).
        decimal: Of numbers: what stands before the decimals.
        odd: Cells that are not of the kind, which count as missing; ``odd_examples`` are the first.
    """

    name: str
    kind: Kind
    rows: int
    missing: int
    distinct: int
    sentence: str
    examples: tuple[str, ...] = ()
    format: str = ""
    decimal: str = "."
    odd: int = 0
    odd_examples: tuple[str, ...] = ()

    @property
    def missing_share(self) -> float:
        """0 to 1."""
        return self.missing / self.rows if self.rows else 0.0

    @property
    def is_high_cardinality(self) -> bool:
        """Whether it has more than :data:`MANY` categories."""
        return self.kind == "category" and self.distinct > MANY


@dataclass(frozen=True)
class Columns:
    """The columns of a table, in its order; found by name as in a dict, and printed as a list of sentences."""

    all: tuple[Column, ...]

    def __iter__(self) -> Iterator[Column]:
        return iter(self.all)

    def __len__(self) -> int:
        return len(self.all)

    def __contains__(self, name: object) -> bool:
        return any(column.name == name for column in self.all)

    def __getitem__(self, name: str) -> Column:
        for column in self.all:
            if column.name == name:
                return column
        raise OnionskinError(f"there is no column '{name}'", fix=self.nearest(name))

    def __str__(self) -> str:
        width = max((len(column.name) for column in self.all), default=0)
        return "\n".join(f"{column.name:<{width}}  {column.sentence}" for column in self.all)

    @property
    def names(self) -> list[str]:
        """Their names, in order."""
        return [column.name for column in self.all]

    def of(self, *kinds: Kind) -> list[Column]:
        """The columns of these kinds, in order."""
        return [column for column in self.all if column.kind in kinds]

    def nearest(self, name: str) -> str:
        """The remedy for a name that is not there; another case is the nearest of all."""
        for known in self.names:
            if known.casefold() == name.casefold():
                return f"did you mean '{known}'?"
        return did_you_mean(name, self.names, otherwise=f"choose one of: {', '.join(self.names[:20])}")

    def to_json(self) -> list[dict[str, Any]]:
        """As plain values, which :func:`columns_from_json` reads."""
        return [asdict(column) for column in self.all]


def columns_from_json(values: list[Mapping[str, Any]]) -> Columns:
    """Read what :meth:`Columns.to_json` wrote."""
    lists = ("examples", "odd_examples")
    read: list[dict[str, Any]] = [{k: tuple(v) if k in lists else v for k, v in one.items()} for one in values]
    return Columns(tuple(Column(**one) for one in read))


def find(cells: pd.Series[Any], name: str, *, decimal: str = ".") -> Column:
    """Find what a column is.

    Args:
        cells: Its values: strings as they were written, numbers, dates, truth values, or any mixture of them.
        name: What it is called.
        decimal: What stands before the decimals of numbers that are written as strings.
    """
    import pandas as pd

    values = spelled(cells)
    present = values.dropna()
    distinct = int(present.nunique())
    counted = present.value_counts()
    common = tuple(str(value)[:60] for value in counted.index[:3])
    facts: dict[str, Any] = {"rows": len(cells), "missing": len(cells) - len(present), "distinct": distinct}

    def is_a(kind: Kind, what: str, **more: Any) -> Column:
        sentence = what + _missing_words(more.pop("gone", 0) + facts["missing"], len(cells))
        return Column(name, kind, **facts, sentence=sentence, **{"examples": common} | more)

    if not len(present):
        return is_a("empty", "holds nothing")
    if distinct == 1:
        if not facts["missing"]:
            return is_a("constant", f"always {common[0]}")
        return is_a("boolean", f"{common[0]} or nothing")
    if pd.api.types.is_datetime64_any_dtype(cells):
        return is_a("date", f"dates from {present.min():.10} to {present.max():.10}", format="ISO8601")
    if pd.api.types.is_bool_dtype(cells) or {v.casefold() for v in counted.index[:3]} in _PAIRS:
        return is_a("boolean", f"yes or no: {' or '.join(sorted(common))}")
    if isinstance(cells.dtype, pd.CategoricalDtype):
        return is_a("category", _categories_words(counted))
    numbers = as_numbers(cells, decimal)
    odd = present[numbers[present.index].isna()]
    codes = not pd.api.types.is_numeric_dtype(cells) and present.str.fullmatch(r"0\d+").mean() > 0.01
    if len(odd) <= (1 - _MOSTLY) * len(present) and not codes:
        whole = bool((numbers.dropna() % 1 == 0).all())
        if whole and _is_identifier_of_numbers(numbers, name):
            return is_a("identifier", f"a number for each row ({common[0]}, {common[1]} …)")
        what = f"{'whole ' if whole else ''}numbers from {_short(numbers.min())} to {_short(numbers.max())}"
        firsts = tuple(dict.fromkeys(str(v)[:40] for v in odd.head(20)))[:3]
        if len(odd):
            what += f", and {len(odd):,} that {'are none' if len(odd) > 1 else 'is none'} ({', '.join(firsts)})"
        return is_a("number", what, decimal=decimal, odd=len(odd), odd_examples=firsts)
    written = date_format(present)
    if written:
        dates = as_dates(values, written)
        odd = present[dates[present.index].isna()]
        return is_a(
            "date", f"dates from {dates.min():%Y-%m-%d} to {dates.max():%Y-%m-%d}{_order_words(written, present)}",
            format=written, odd=len(odd), odd_examples=tuple(str(v)[:40] for v in odd.head(3)),
        )  # fmt: skip
    words = present.str.count(r"\s+") + 1
    if distinct > max(20, 0.5 * len(present)) and words.mean() >= 2.5:
        return is_a("text", f"texts of {words.mean():.0f} words, {distinct:,} different")
    if distinct > max(20, 0.95 * len(present)):
        return is_a("identifier", f"a name for each row ({common[0]}, {common[1]} …)")
    mixed = len(present) - len(odd)
    note = f", of which {mixed:,} are numbers" if 0.1 * len(present) < mixed and not codes else ""
    return is_a("category", _categories_words(counted) + note + (" (codes: zeros in front)" if codes else ""))


def spelled(cells: pd.Series[Any]) -> pd.Series[Any]:
    """Return cells as strings in one spelling (1.0 is "1", True is "True"), and what holds nothing as missing."""
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(cells):
        return cells.astype("str").where(cells.notna())
    if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
        return cells.map(_spell, na_action="ignore").astype("str")
    if not isinstance(cells.dtype, pd.StringDtype):
        cells = cells.astype(object).map(_spell, na_action="ignore").astype("str")
    stripped = cells.astype("str").str.strip()
    return stripped.mask(stripped.str.casefold().isin(NOTHING))


def _spell(value: object) -> str:
    import numpy as np

    if isinstance(value, float | np.floating) and math.isfinite(value) and value == int(value):
        return str(int(value))
    return str(value)


def as_numbers(cells: pd.Series[Any], decimal: str = ".") -> pd.Series[float]:
    """Return a column as float64: what is no number, and what is infinite, is NaN.

    Signs of money, per cent and between thousands are left out: ``1,234.50 $`` is 1234.5.
    """
    import numpy as np
    import pandas as pd

    if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_complex_dtype(cells):
        found = pd.Series(cells.to_numpy(dtype=np.float64, na_value=np.nan), index=cells.index)
    else:
        written = spelled(cells)
        found = pd.to_numeric(written, errors="coerce").astype(np.float64)
        if decimal == ",":  # 1.234 are a thousand
            found = found.mask(written.str.contains(".", regex=False, na=False))
        left = written[found.isna() & written.notna()]
        if len(left):
            plain = left.str.replace(_EXTRAS, "", regex=True)
            whole, point = (r"\d{1,3}(?:\.\d{3})+|\d+", ",") if decimal == "," else (r"\d{1,3}(?:,\d{3})+|\d+", r"\.")
            is_number = plain.str.fullmatch(rf"[+-]?(?:{whole})?(?:{point}\d*)?(?:[eE][+-]?\d+)?")
            plain = plain.str.replace("." if decimal == "," else ",", "", regex=False)
            plain = plain.str.replace(",", ".", regex=False) if decimal == "," else plain
            found[left.index] = pd.to_numeric(plain.where(is_number), errors="coerce").astype(np.float64)
    return found.where(np.isfinite(found))


def infinite(cells: pd.Series[Any]) -> int:
    """How many cells of a column are infinite, as numbers or as words."""
    import numpy as np
    import pandas as pd

    if pd.api.types.is_numeric_dtype(cells):
        return int(np.isinf(cells.to_numpy(dtype=np.float64, na_value=np.nan)).sum())
    return int(spelled(cells).str.casefold().isin({"inf", "-inf", "+inf", "infinity", "-infinity"}).sum())


def date_format(present: pd.Series[Any]) -> str:
    """Return how most of these strings are written as dates, or "" if they are none."""
    if not present.head(200).str.contains(r"\d\W+\w").mean() > _MOSTLY:
        return ""
    for written in _DATE_FORMATS:
        first = as_dates(present.head(50), written)  # a look at few, for most formats are far off
        if first.notna().mean() > 0.5 and as_dates(present, written).notna().mean() >= _MOSTLY:
            return written
    return ""


def as_dates(values: pd.Series[Any], written: str) -> pd.Series[pd.Timestamp]:
    """Return a column of strings or of dates as dates without a zone (in UTC); what is none is missing."""
    import pandas as pd

    found = pd.to_datetime(values, format=written, errors="coerce", utc=True)
    return found.dt.tz_localize(None)


def _is_identifier_of_numbers(numbers: pd.Series[float], name: str) -> bool:
    """All different, and either called so or one after the other."""
    present = numbers.dropna()
    if len(present) < 10 or present.duplicated().any():
        return False
    steps = present.diff().dropna()
    return bool(_ID_NAME.search(name)) or bool((steps == 1).all())


def _categories_words(counted: pd.Series[int]) -> str:
    names = [f"{str(value)[:30]} {count:,}" for value, count in counted.head(3).items()]
    many = "high cardinality, " if len(counted) > MANY else ""
    return f"{many}{len(counted):,} categories: {', '.join(names)}{' …' if len(counted) > 3 else ''}"


def _order_words(written: str, present: pd.Series[Any]) -> str:
    """What to know of dates that could be read in two ways."""
    twin = {"%m/%d": "%d/%m", "%d/%m": "%m/%d", "%d-%m": "%m-%d", "%m-%d": "%d-%m"}.get(written[:5])
    if not twin or as_dates(present, twin + written[5:]).isna().any():
        return ""
    return f", read as {'day' if written.startswith('%d') else 'month'} first"


def _missing_words(missing: int, rows: int) -> str:
    if not missing or missing == rows:
        return ""
    share = 100 * missing / rows
    return f"; {missing:,} missing ({share:.0f} %)" if share >= 1 else f"; {missing:,} missing"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) and abs(value) < 1e15 else f"{value:.4g}"
