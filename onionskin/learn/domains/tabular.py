"""Tables: a column from the others, a class or a number. In one line from a file, a DataFrame or a data set's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, final

import numpy as np
import torch
from torch import Tensor, nn

from onionskin import data
from onionskin.data import encoding, new_rows
from onionskin.data._target import is_classes
from onionskin.data.table import Column, Kind, TypedTable
from onionskin.errors import OnionskinError
from onionskin.learn.domain import Baseline, Domain, Json, Parts, Portable, Recipe, Rows, Shown, Understood
from onionskin.learn.domains._holding_out import held_out
from onionskin.learn.domains._opening import opened, used_of
from onionskin.learn.domains._table_goals import by_class, by_number
from onionskin.learn.domains._table_peers import Task, measured
from onionskin.learn.goals.number import Number
from onionskin.learn.goals.one_of import OneOf
from onionskin.learn.learner import Learner
from onionskin.learn.loop import Batch
from onionskin.models import tabular as network

if TYPE_CHECKING:
    import pandas as pd

#: The share of categories that a training batch forgets: it learns what to say of values that it will not know.
FORGOTTEN: Final = 1 / 128

#: By training rows, up to so many: pieces of a number's range, hidden units, dropout, and examples a step. Chosen on
#: training parts alone: of Titanic (1,050 rows, by cross-validation) and of diamonds (43,152 rows). Several heads on
#: one body (Gorishniy, Kotelnikov & Babenko 2024, TabM, arXiv 2410.24210) did not pay: eight reached .8105 on Titanic
#: for twice the time where one reached .8100; four of half the width an error of .0905 on diamonds, one alone .0876.
SIZES: Final = (
    (2_000, 8, 64, 0.125, 32),
    (8_000, 16, 128, 0.125, 64),
    (20_000, 32, 256, 0.0625, 128),
    (200_000, 48, 256, 0.0, 256),
    (10**12, 64, 256, 0.0, 1024),
)


def table(source: Any, *, target: str | None = None, seed: int = 0, **settings: Any) -> Learner:
    """Return a learner of one column of a table from the others.

    Args:
        source: A CSV, Parquet or Excel file, a DataFrame, what ``onionskin.data.table.read`` gave, or a name from
            ``onionskin data``.
        target: The column to learn: a class if it holds words or few whole numbers, else a number.
        seed: The same seed gives the same split and numbers.
        settings: As of :class:`Tabular`: ``valid``, ``split``, ``kinds``, ``drop``, ``log``, ``decisions``.

    Raises:
        OnionskinError: There is no such file or column, or nothing can be learned of it.
    """
    return Learner(Tabular(source, target=target, seed=seed, **settings), seed=seed)


@final
class Tabular(Domain):
    """Rows of a table, and one of their columns.

    Args:
        source, target, seed: As of :func:`table`.
        valid: The share of rows that is held out.
        split: How: ``random``; ``time:COLUMN`` holds the latest out; ``group:COLUMN`` parts no rows of one value.
        kinds: What columns are, where what was found is wrong: ``{"zip": "category"}``.
        drop: Columns that are left out.
        log: Whether the logarithm of a number is learned; by default where it is positive and skewed.
        decisions: What was decided of single rows, the file that ``onionskin clean`` writes.
    """

    name = "tabular"
    goal: OneOf | Number

    def __init__(
        self,
        source: Any,
        *,
        target: str | None = None,
        seed: int = 0,
        valid: float = 0.2,
        split: str = "random",
        kinds: Mapping[str, Kind] | None = None,
        drop: Sequence[str] = (),
        log: bool | None = None,
        decisions: str | Path | None = None,
    ) -> None:
        data.needed(_pandas, "pandas", "learn")
        table, target = opened(source, target, dict(kinds or {}))
        place = str(source) if isinstance(source, str | Path) else None
        self.settings = {
            "source": place, "target": target, "seed": seed, "valid": valid, "split": split, "kinds": dict(kinds or {}),
            "drop": list(drop), "log": log, "decisions": None if decisions is None else str(Path(decisions).absolute()),
        }  # fmt: skip
        self._has_target = table.frame[target].notna().to_numpy()
        frame = table.frame[self._has_target].reset_index(drop=True)
        self.train, self.valid, by = held_out(table, frame, split, valid, seed)
        used, notes = used_of(table, target, drop, by if split.startswith("group") else "")
        notes = [*table.notes, *notes]
        self._frame = frame
        if is_classes(table.columns, table.frame, target):
            self.goal, self._y = by_class(frame[target])
        else:
            self.goal, self._y = by_number(frame[target], self.train, log, notes)
        decided = self.decide(decisions)
        shape = _size(len(self.train))
        self.encoding = encoding.fit(frame.iloc[self.train][[column.name for column in used]], used, pieces=shape[0])
        if not self.encoding.numbers and not self.encoding.categories:
            raise OnionskinError(
                f"no column of {table.source} has anything to learn '{target}' from",
                fix="give columns of numbers, categories, dates or texts that are not the same in every row",
            )
        self._x = self._encoded(frame)
        self._build(shape, seed)
        self._seed = seed
        self.understood = Understood(self._what(table, used), (*(str(note) for note in notes), *decided), {
            "columns": table.columns.to_json(), "used": [column.name for column in used],
            "broken": [vars(row) for row in table.broken],
        })  # fmt: skip

    # ------------------------------------------------------------------ how it is made

    def _build(self, shape: tuple[int, int, float, int], seed: int) -> None:
        _, hidden, dropout, batch = shape
        torch.manual_seed(seed)
        edges = [one.edges for one in self.encoding.numbers] or [_NO_NUMBERS]
        self.model = self.trained = network.Tabular(
            edges, self.encoding.codes, len(self.encoding.categories), self.goal.outputs, hidden=hidden, dropout=dropout
        )  # fmt: skip
        self._shape = shape
        rows = max(1, len(self.train))
        steps = 1000 if rows < 5_000 else 2000 if rows < 20_000 else 3000
        epochs = min(60, max(5, round(steps / max(1, rows // batch))))
        self.recipe = Recipe(epochs, batch, 2**-8, 0.01, "adamw", "one_cycle", 1)
        # Each column's code for what was never seen, (categories,).
        self._unseen = torch.tensor(
            [one.first + encoding.UNSEEN for one in self.encoding.categories], dtype=torch.int64
        )

    def _encoded(self, frame: pd.DataFrame) -> tuple[Tensor, ...]:
        numbers = torch.from_numpy(self.encoding.standard(frame))
        if not self.encoding.numbers:  # the network always has one: how much of the row is not known
            missing = frame[self.encoding.columns.names].isna().mean(axis=1).to_numpy(np.float32)
            numbers = torch.from_numpy(missing[:, None])
        if not self.encoding.categories:
            return (numbers,)
        return numbers, torch.from_numpy(self.encoding.coded(frame))

    def _what(self, table: TypedTable, used: Sequence[Column]) -> str:
        target = self.settings["target"]
        if isinstance(self.goal, OneOf):
            what = f"'{target}', one of {len(self.goal.classes)} classes"
        else:
            what = f"the number '{target}'" + (", by its logarithm" if self.goal.log else "")
        return (
            f"{what}, from {len(used)} of {len(table.columns) - 1} columns; {len(self.train):,} rows to train on, "
            f"{len(self.valid):,} held out"
        )

    # ------------------------------------------------------------------ what the loop and a person ask

    def batch(self, rows: Rows) -> Batch:
        """Return standardised numbers and codes, and class numbers, (n,), or numbers on the goal's scale, (n, 1)."""
        return self.raw(rows), self._y[rows]

    def raw(self, rows: Rows) -> tuple[Tensor, ...]:
        """Return standardised numbers, (n, numbers), and codes of categories, (n, categories), if there are any."""
        return tuple(column[rows] for column in self._x)

    def inputs(self, things: Sequence[Any]) -> tuple[Tensor, ...]:
        """Return the same for new rows: dicts of column names and values. Raises OnionskinError."""
        return self._encoded(new_rows.typed(things, self.encoding))

    def augmented(self, batch: Batch) -> Batch:
        """Return a batch some of whose categories are forgotten."""
        inputs, targets = batch
        if len(inputs) == 1:
            return batch
        numbers, codes = inputs
        forgotten = torch.rand(codes.shape) < FORGOTTEN
        return (numbers, torch.where(forgotten, self._unseen, codes)), targets

    def shown(self, row: int) -> Shown:
        """Return a row as ``column: value`` pairs; it is called by its place in the table, counted from 1."""
        cells = self._frame.iloc[row]
        pairs = [f"{name}: {_said(cells[name])}" for name in self.encoding.columns.names]
        way, _, by = str(self.settings["split"]).partition(":")
        group = _said(cells[by]) if way == "group" else ""
        return Shown(" · ".join(pairs), where=self.where(row), label=self.goal.told(self._y[row]), group=group)

    def where(self, row: int) -> str:
        """Return its place in the table, counted from 1."""
        return f"row {int(np.flatnonzero(self._has_target)[row]) + 1}"

    def relabel(self, rows: Rows, labels: Sequence[str]) -> None:
        """Take other classes. Raises OnionskinError for what is none, and where a number is learned."""
        if not isinstance(self.goal, OneOf):
            super().relabel(rows, labels)
        else:
            self._y[rows] = torch.tensor([self.goal.number(label) for label in labels])

    def columns(self, rows: Rows) -> pd.DataFrame | None:
        """Return the columns that are used, as they are in the table."""
        return self._frame[self.encoding.columns.names].iloc[rows].reset_index(drop=True)

    def parts(self, inputs: tuple[Tensor, ...]) -> Parts:
        """Return the columns; one that is absent has the training mean, or a value that was never seen."""
        numbers, categories = self.encoding.numbers, self.encoding.categories
        names = list(dict.fromkeys([one.column for one in numbers] + [one.column for one in categories]))
        # Without numbers, the network's one number is how much of the row is known: it belongs to no column.
        columns = [[names.index(one.column) for one in numbers] or [-1]]
        if len(inputs) > 1:
            columns.append([names.index(one.column) for one in categories])
        groups = tuple(torch.tensor([each]) for each in columns)
        baseline = (torch.zeros_like(inputs[0]), self._unseen[None])[: len(inputs)]
        return Parts(tuple(names), groups, baseline)

    def baselines(self) -> list[Baseline]:
        """Return scikit-learn's boosted trees and linear model on the same split; nothing where it is not installed."""
        outputs, _ = self.answered(self.valid)
        numbers = self._x[0].numpy()
        codes = self._x[1].numpy() if len(self._x) > 1 else np.zeros((len(self._frame), 0), np.int64)
        plain = self.encoding.plain(self._frame) if self.encoding.numbers else numbers.astype(np.float64)
        targets = self._y.squeeze(1) if isinstance(self.goal, Number) else self._y
        task = Task(self.goal, plain, numbers, codes - self._unseen.numpy(), targets, self.train, self.valid, outputs)
        try:
            return measured(task)
        except ModuleNotFoundError:
            return []

    def portable(self) -> Portable:
        """Return the network from plain numbers and codes on: medians, means and deviations are in it."""
        e = self.encoding
        inputs = {"numbers": f"(n, {max(1, len(e.numbers))}) float64, NaN where not known: {', '.join(e.names()[0])}"
                  if e.numbers else "(n, 1) float64: the share of a row's cells that are not known"}  # fmt: skip
        if e.categories:
            inputs["codes"] = f"(n, {len(e.categories)}) int64, as page.categories says: {', '.join(e.names()[1])}"
        scale = [(one.median, one.mean, one.deviation) for one in e.numbers] or [(0.0, 0.0, 1.0)]
        return Portable(Plain(self.model, scale), inputs, self._plain, page={
            "kind": "form",
            "columns": [self._field(column) for column in e.columns],
            "numbers": [{"column": one.column, "part": one.part} for one in e.numbers],
            "categories": [vars(one) | {"values": list(one.values)} for one in e.categories],
        })  # fmt: skip

    def _plain(self, rows: Rows) -> tuple[Tensor, ...]:
        plain = (
            self.encoding.plain(self._frame.iloc[rows]) if self.encoding.numbers else self._x[0][rows].double().numpy()
        )
        return (torch.from_numpy(plain), *(codes[rows] for codes in self._x[1:]))

    def _field(self, column: Column) -> Json:
        """Return what a form has to know of a column: its kind, what to choose from, and the usual value."""
        cells = self._frame[column.name].iloc[self.train].dropna()
        field: dict[str, Json] = {"name": column.name, "kind": column.kind, "usual": None}
        values = next(
            (one.values for one in self.encoding.categories if one.column == column.name and not one.part), ()
        )
        if values:
            return field | {"kind": "category", "values": list(values), "usual": values[0]}
        if column.kind == "date":
            has_times = any(one.column == column.name and one.part == "hour" for one in self.encoding.numbers)
            return field | {"times": has_times, "usual": cells.median().isoformat() if len(cells) else None}
        if column.kind == "number":
            return field | {"usual": float(cells.median()) if len(cells) else None}
        return field

    # ------------------------------------------------------------------ keeping

    def fitted(self) -> dict[str, Json]:
        """Return the encoding, the goal, and the size of the network."""
        goal: dict[str, Json] = (
            {"classes": list(self.goal.classes)} if isinstance(self.goal, OneOf)
            else {"mean": self.goal.mean, "deviation": self.goal.deviation, "log": self.goal.log}
        )  # fmt: skip
        return {"encoding": self.encoding.to_json(), "goal": goal, "shape": list(self._shape)}

    @classmethod
    def restored(cls, settings: Mapping[str, Json], fitted: Mapping[str, Json], *, whole: bool) -> Self:
        """Return it without data."""
        data.needed(_pandas, "pandas", "learn")
        self = cls.__new__(cls)
        self.settings = dict(settings)
        self.train = self.valid = np.array([], np.int64)
        self.encoding = encoding.encoding_from_json(fitted["encoding"])
        goal = fitted["goal"]
        target = str(settings["target"])
        self.goal = (
            OneOf([str(name) for name in goal["classes"]]) if "classes" in goal
            else Number(target, float(goal["mean"]), float(goal["deviation"]), log=bool(goal["log"]))
        )  # fmt: skip
        pieces, hidden, dropout, batch = fitted["shape"]
        if not (0 < int(hidden) <= 4096 and int(batch) > 0) or self.encoding.codes > 10**6:
            raise ValueError(f"a network of {hidden} hidden units and {self.encoding.codes} codes")
        self._build((int(pieces), int(hidden), float(dropout), int(batch)), int(settings["seed"]))
        self.understood = Understood(f"'{target}' from {len(self.encoding.columns)} columns, without their rows")
        return self


class Plain(nn.Module):
    """The network behind what standardises its numbers, in float64 as ``onionskin/data/encoding.py`` does."""

    median: Tensor
    mean: Tensor
    deviation: Tensor

    def __init__(self, model: nn.Module, scale: Sequence[tuple[float, float, float]]) -> None:
        super().__init__()
        self.model = model
        for name, values in zip(("median", "mean", "deviation"), zip(*scale, strict=True), strict=True):
            self.register_buffer(name, torch.tensor(values, dtype=torch.float64))

    def forward(self, numbers: Tensor, codes: Tensor | None = None) -> Tensor:
        """Return what the network makes of plain numbers, (n, numbers), and codes, (n, categories)."""
        standard = (torch.where(torch.isnan(numbers), self.median, numbers) - self.mean) / self.deviation
        outputs: Tensor = self.model(standard.float()) if codes is None else self.model(standard.float(), codes)
        return outputs


#: The pieces of the share of cells that a row lacks, where no column is a number.
_NO_NUMBERS: Final = (0.0, 0.5, 1.0)


def _pandas() -> Any:
    import pandas

    return pandas


def _size(rows: int) -> tuple[int, int, float, int]:
    return next(rest for most, *rest in SIZES if rows <= most)  # type: ignore[return-value]


def _said(value: Any) -> str:
    if value is None or value != value:  # NaN is not itself
        return "–"
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value.date() if hasattr(value, "date") and value == value.normalize() else value)


DOMAIN: Final = Tabular
