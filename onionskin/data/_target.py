"""What a table has against being learned from: rows twice, a target that is missing, columns that give it away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from onionskin.data._columns import Columns
from onionskin.data._note import Note
from onionskin.errors import OnionskinError

if TYPE_CHECKING:
    import pandas as pd

#: From this share of classes named right, or of variance explained, a single column knows the target itself.
TOO_GOOD: Final = 0.99
_SAMPLE: Final = 10_000
_BINS: Final = 200


def notes(frame: pd.DataFrame, columns: Columns, target: str) -> list[Note]:
    """Return what a person should know of a table before its target is learned.

    Raises:
        OnionskinError: The target holds nothing or one value only.
    """
    return [
        *_notes_of_target(frame, columns, target),
        *notes_of_rows(frame, columns, target),
        *_leaks(frame, columns, target),
    ]


def is_classes(columns: Columns, frame: pd.DataFrame, target: str) -> bool:
    """Whether a target is a class (one of few values) rather than an amount: whole numbers up to twenty are classes."""
    column = columns[target]
    if column.kind != "number":
        return column.kind != "date"
    values = frame[target].dropna()
    return bool(column.distinct <= 20 and (values % 1 == 0).all() and column.distinct < 0.2 * len(values))


def _notes_of_target(frame: pd.DataFrame, columns: Columns, target: str) -> list[Note]:
    column = columns[target]
    values = frame[target].dropna()
    if not len(values):
        raise OnionskinError(f"the target '{target}' holds nothing", fix="name another column with target=")
    if values.nunique() == 1:
        raise OnionskinError(
            f"the target '{target}' has one value only, {values.iloc[0]!r}: there is nothing to learn",
            fix="name another column, or add rows with other values",
        )
    if column.kind in ("text", "identifier", "date"):
        raise OnionskinError(
            f"the target '{target}' is neither a class nor a number ({column.sentence})",
            fix=f"name another column; if it is a class all the same: kinds={{'{target}': 'category'}}",
        )
    found = []
    gone = len(frame) - len(values)
    if gone:
        found.append(Note(f"{gone:,} of {len(frame):,} rows have no '{target}': they are left out"))
    if is_classes(columns, frame, target):
        counts = values.map(_plain_value).value_counts()
        lonely = counts[counts == 1]
        if len(lonely):
            names = ", ".join(map(str, lonely.index[:3]))
            found.append(Note(f"{len(lonely):,} classes of '{target}' have one example ({names})", "join or drop them"))
        if counts.iloc[-1] * 10 < counts.iloc[0]:
            often, rarely = counts.index[0], counts.index[-1]
            always = 100 * counts.iloc[0] / len(values)
            found.append(
                Note(
                    f"classes are out of balance: '{often}' has {counts.iloc[0]:,} rows and '{rarely}' "
                    f"{counts.iloc[-1]:,}; always saying '{often}' is right {always:.1f} % of the time",
                    "look at each class's own figures, not at accuracy alone",
                )
            )
    return found


def _plain_value(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def notes_of_rows(frame: pd.DataFrame, columns: Columns, target: str | None) -> list[Note]:
    """Return notes on rows that are there twice, and on columns that say the same."""
    found = []
    inputs = [column.name for column in columns if column.kind != "identifier" and column.name != target]
    if not inputs:
        return []
    whole = [*inputs, target] if target else inputs
    twice = frame.duplicated(whole)
    if twice.any():
        rows = ", ".join(str(row + 1) for row in frame.index[twice][:3])
        found.append(
            Note(
                f"{int(twice.sum()):,} rows are there before, identifiers aside (rows {rows} …)",
                "if they are one thing entered twice, drop them: a copy on each side of the split is known by heart",
            )
        )
    if target:
        parted = int(frame[frame[target].notna()].groupby(inputs, dropna=False)[target].nunique().gt(1).sum())
        if parted:
            found.append(Note(f"{parted:,} times the same inputs have another '{target}': no model can know both"))
    seen: dict[bytes, str] = {}
    for column in columns.of("number", "category", "boolean"):
        if column.name == target:
            continue
        # Where nearly all values differ, so do the codes of all such columns, whatever they say: the values count.
        cells = frame[column.name]
        told = _codes(cells) if column.distinct < len(frame) / 2 else _hashes(cells)
        first = seen.setdefault(told.tobytes(), column.name)
        if first != column.name:
            text = f"'{column.name}' says the same as '{first}' in other words"
            found.append(Note(text, f"drop one: drop=['{column.name}']"))
    return found


def _codes(cells: pd.Series[Any]) -> npt.NDArray[np.int64]:
    """The values by the order in which they first come, so that a copy in other words has the same codes."""
    import pandas as pd

    codes, _ = pd.factorize(cells, use_na_sentinel=True)
    return np.asarray(codes, np.int64)


def _hashes(cells: pd.Series[Any]) -> npt.NDArray[np.uint64]:
    import pandas as pd

    return np.asarray(pd.util.hash_pandas_object(cells, index=False), np.uint64)


def _leaks(frame: pd.DataFrame, columns: Columns, target: str) -> list[Note]:
    """Each column alone is asked for the target: bins or values of one half of the rows answer for the other."""
    rows = frame[frame[target].notna()]
    if len(rows) < 40:
        return []
    rows = rows.sample(min(_SAMPLE, len(rows)), random_state=0)
    half = len(rows) // 2
    by_class = is_classes(columns, frame, target)
    y: npt.NDArray[Any] = _codes(rows[target]) if by_class else rows[target].to_numpy(np.float64)
    found = []
    for column in columns:
        if column.name == target or column.kind in ("constant", "empty", "text", "identifier"):
            continue
        share = _known_by(rows[column.name], y, half, by_class)
        if column.kind == "number" and not by_class:
            share = max(share, _known_by_line(rows[column.name].to_numpy(np.float64), y, half))
        if share >= TOO_GOOD:
            what = "names the class right" if by_class else "explains the variance"
            found.append(
                Note(
                    f"'{column.name}' alone {what} to {100 * share:.1f} %: it may be '{target}' in other words, "
                    "or something that is only known afterwards",
                    f"if it is not known when you predict: drop=['{column.name}']",
                )
            )
    return found


def _known_by(cells: pd.Series[Any], y: npt.NDArray[Any], half: int, by_class: bool) -> float:
    """How well one column alone knows the target: balanced accuracy, or the share of variance explained (0 to 1)."""
    x = _binned(cells, half)
    fit_x, fit_y, test_x, test_y = x[:half], y[:half], x[half:], y[half:]
    size = int(x.max()) + 1
    if by_class:
        counts = np.zeros((size, int(y.max()) + 1))
        np.add.at(counts, (fit_x, fit_y), 1)
        said = (counts + 1e-9 * counts.sum(0)).argmax(1)[test_x]
        return float(np.mean([(said[test_y == label] == label).mean() for label in np.unique(test_y)]))
    sums, often = np.bincount(fit_x, fit_y, size), np.bincount(fit_x, minlength=size)
    means = np.where(often > 0, sums / np.maximum(often, 1), fit_y.mean())
    spread = float(((test_y - test_y.mean()) ** 2).mean())
    return 1 - float(((test_y - means[test_x]) ** 2).mean()) / spread if spread else 0.0


def _known_by_line(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], half: int) -> float:
    """The share of variance explained by lines from point to point: high for a smooth function, not for a noisy one."""
    known = np.isfinite(x)
    fit, test = known[:half].nonzero()[0], known[half:].nonzero()[0] + half
    if len(fit) < 20 or len(test) < 20:
        return 0.0
    at, where = np.unique(x[fit], return_inverse=True)
    means = np.bincount(where, y[fit]) / np.bincount(where)
    error = y[test] - np.interp(x[test], at, means)
    spread = float(y[test].var())
    return 1 - float((error**2).mean()) / spread if spread else 0.0


def _binned(cells: pd.Series[Any], half: int) -> npt.NDArray[np.int64]:
    """A bin for each cell, 0 where it is missing; numbers are cut where the first half's are spread evenly."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(cells) or pd.api.types.is_datetime64_any_dtype(cells):
        values = cells.to_numpy(np.float64) if pd.api.types.is_numeric_dtype(cells) else _seconds(cells)
        known = values[:half][np.isfinite(values[:half])]
        bins = min(_BINS, max(2, half // 8))
        cuts = np.unique(np.quantile(known, np.linspace(0, 1, bins + 1)[1:-1])) if len(known) else np.zeros(0)
        return np.where(np.isfinite(values), np.searchsorted(cuts, values) + 1, 0).astype(np.int64)
    return _codes(cells) + 1


def _seconds(cells: pd.Series[Any]) -> npt.NDArray[np.float64]:
    seconds = (cells - cells.min()).dt.total_seconds()
    return np.asarray(seconds, np.float64)
