"""Examples in groups: by a column, by what they are, by a person's own table; numbers in quarters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from onionskin.errors import OnionskinError, did_you_mean
from onionskin.learn.goals.any_of import AnyOf
from onionskin.learn.goals.number import Number
from onionskin.learn.goals.one_of import OneOf
from onionskin.learn.judged import Judged

if TYPE_CHECKING:
    import pandas as pd

#: A column's most frequent values; the others are one group.
_MOST_VALUES: Final = 20

#: A column of numbers with more values than this is cut into quarters.
_FEW_NUMBERS: Final = 8

#: Words are counted where each example is a text.
_WORDS: Final = "words"

#: The column of a table of a person's own that says which example a row is about.
WHERE: Final = "where"


@dataclass(frozen=True)
class Group:
    """Some examples: those with a value in a column.

    Attributes:
        column, value: Their names.
        inside: (n,) which they are.
    """

    column: str
    value: str
    inside: npt.NDArray[np.bool_]

    @property
    def name(self) -> str:
        """The group's name, for people."""
        return f"{self.column} = {self.value}"


def table_of(seen: Judged, by: Any = None) -> pd.DataFrame:
    """Return a table with a row for each example and the columns to group by.

    Args:
        seen: The examples.
        by: A column's name, or several; a path of a CSV file, a DataFrame or a Series of a person's own: with a column
            ``where`` that names the examples as ``worst`` shows them, or with as many rows as there are examples. By
            default all columns that the domain knows, what the examples are, and the lengths of texts.

    Raises:
        OnionskinError: There is no such column or file, or its rows cannot be told apart.
    """
    import pandas as pd

    if isinstance(by, (str, Path)) and Path(by).suffix.lower() in (".csv", ".tsv"):
        by = _read(Path(by))
    if isinstance(by, pd.Series):
        by = by.to_frame(by.name if by.name is not None else "group")
    if isinstance(by, pd.DataFrame):
        return _own(seen, by)
    known = _known(seen)
    if by is None:
        return known
    wanted = [by] if isinstance(by, str) else list(by)
    for name in wanted:
        if name not in known.columns:
            otherwise = (
                f"choose of: {', '.join(known.columns)}" if len(known.columns) else "give a CSV file or a Series"
            )
            raise OnionskinError(f"there is no column '{name}' to group by",
                                 fix=did_you_mean(str(name), map(str, known.columns), otherwise=otherwise))  # fmt: skip
    return known[wanted]


def _read(path: Path) -> pd.DataFrame:
    import pandas as pd

    if not path.is_file():
        near = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        fix = did_you_mean(path.name, near, otherwise="give the path of a CSV file")
        raise OnionskinError(f"there is no {path}", fix=fix)
    try:
        return pd.read_csv(path, sep="\t" if path.suffix.lower() == ".tsv" else ",")
    except (ValueError, OSError) as error:  # pandas' own errors are ValueErrors
        raise OnionskinError(f"{path} cannot be read: {error}", fix="save it as CSV in UTF-8") from error


def _own(seen: Judged, own: pd.DataFrame) -> pd.DataFrame:
    """Return a person's table in the order of the examples."""
    count = len(seen.rows)
    if WHERE in own.columns:
        places = [seen.domain.where(int(row)) for row in seen.rows]
        if (twice := own[WHERE][own[WHERE].duplicated()]).size:
            raise OnionskinError(f"'{twice.iloc[0]}' stands twice in the column '{WHERE}'",
                                 fix="leave one row for each example")  # fmt: skip
        found = own.set_index(own[WHERE].astype(str)).drop(columns=WHERE).reindex(places)
        if not own[WHERE].astype(str).isin(places).any():
            raise OnionskinError(f"no '{WHERE}' of the table names an example: '{own[WHERE].iloc[0]}'",
                                 fix=f"name them as worst() shows them, such as '{places[0]}'")  # fmt: skip
        return found.reset_index(drop=True)
    everything = 1 + int(max(seen.domain.train.max(), seen.domain.valid.max()))
    if len(own) == count:
        return own.reset_index(drop=True)
    if len(own) == everything:
        return own.iloc[seen.rows].reset_index(drop=True)
    raise OnionskinError(f"the table has {len(own):,} rows, and there are {count:,} {seen.part} examples of "
                         f"{everything:,}", fix=f"give as many rows, or a column '{WHERE}' that names the "
                                                "examples")  # fmt: skip


def _known(seen: Judged) -> pd.DataFrame:
    """Return what the domain knows, what the examples are, and how long texts are."""
    import pandas as pd

    columns: dict[str, Any] = {}
    goal = seen.domain.goal
    if isinstance(goal, OneOf):
        columns["class"] = [goal.classes[int(k)] for k in seen.targets]
    elif isinstance(goal, AnyOf):
        columns |= {f"label {name}": ["yes" if on > 0.5 else "no" for on in seen.targets[:, k]]
                    for k, name in enumerate(goal.classes[:_MOST_VALUES])}  # fmt: skip
    elif isinstance(goal, Number):
        columns[f"true {goal.name}"] = goal.values(seen.targets).double().numpy()
    told = seen.domain.columns(seen.rows)
    if told is not None:
        columns |= {str(name): told[name].to_numpy() for name in told.columns if str(name) not in columns}
    elif (first := seen.domain.shown(int(seen.rows[0]))).text and first.png is None:
        columns[_WORDS] = [len(seen.domain.shown(int(row)).text.split()) for row in seen.rows]
    return pd.DataFrame(columns, index=range(len(seen.rows)))


def groups(table: pd.DataFrame, *, fewest: int, cross: bool = False) -> Iterator[Group]:
    """Yield the groups of each column, with ``cross`` of each pair of columns too, that have enough examples."""
    named = {str(name): _values(table.iloc[:, k]) for k, name in enumerate(table.columns)}
    for name, values in named.items():
        yield from _groups(name, values, fewest)
    names = list(named)
    if cross:
        for i, one in enumerate(names):
            for other in names[i + 1 :]:
                both = np.array([f"{a}, {other} = {b}" for a, b in zip(named[one], named[other], strict=True)])
                yield from _groups(one, both, fewest)


def _groups(column: str, values: npt.NDArray[np.str_], fewest: int) -> Iterator[Group]:
    found = list(dict.fromkeys(values.tolist()))
    if len(found) < 2:
        return  # a group of everything has no rest to be compared with
    for value in sorted(found, key=_order):
        inside = values == value
        if inside.sum() >= fewest:
            yield Group(column, value, inside)


def _order(value: str) -> tuple[float, str]:
    head = value.split(" ")[0].replace("−", "-")
    try:
        return float(head), value
    except ValueError:
        return float("inf"), value


def _values(column: pd.Series) -> npt.NDArray[np.str_]:
    """Return a column's groups as words: its values, the quarters of many numbers, ``missing``."""
    import pandas as pd

    missing = column.isna().to_numpy()
    if pd.api.types.is_datetime64_any_dtype(column):
        column = column.dt.year
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        numbers = column.to_numpy(np.float64, na_value=np.nan)
        words = _quarters(numbers, missing) if len(np.unique(numbers[~missing])) > _FEW_NUMBERS else [
            f"{value:g}" for value in numbers
        ]  # fmt: skip
    else:
        words = [str(value)[:60] for value in column]
        counts = column.value_counts()
        if len(counts) > _MOST_VALUES:
            kept = {str(value)[:60] for value in counts.index[: _MOST_VALUES - 1]}
            words = [word if word in kept else f"one of {len(counts) - len(kept)} others" for word in words]
    return np.array(["missing" if gone else word for word, gone in zip(words, missing, strict=True)])


def _quarters(numbers: npt.NDArray[np.float64], missing: npt.NDArray[np.bool_]) -> Sequence[str]:
    ends = np.unique(np.quantile(numbers[~missing], [0, 0.25, 0.5, 0.75, 1]))
    places = np.clip(np.searchsorted(ends, numbers, side="right") - 1, 0, max(0, len(ends) - 2))
    return [f"{ends[k]:.4g} to {ends[min(k + 1, len(ends) - 1)]:.4g}" for k in places]
