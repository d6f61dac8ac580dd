"""Points in memory with any goal, and a table about them: what practices are tried on where truth has to be known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from onionskin.learn.domain import Domain, Parts, Recipe, Rows, Shown, Understood
from onionskin.learn.goals import Goal
from onionskin.learn.learner import Learner
from onionskin.learn.loop import Batch


class Points(Domain):
    """Inputs (n, i), their targets, and a model that is given."""

    name = "points"

    def __init__(
        self,
        source: Any,
        *,
        goal: Goal,
        model: nn.Module,
        table: pd.DataFrame | None = None,
        held: int | None = None,
        seed: int = 0,
    ) -> None:
        self._x, self._y = source
        self.settings = {"source": None, "seed": seed}
        self.goal, self.model, self.trained = goal, model, model
        self.recipe = Recipe(4, 16, 2**-5, optimizer="sgd")
        held = held if held is not None else len(self._x) // 2
        self.train, self.valid = np.arange(held, len(self._x)), np.arange(held)
        self.understood = Understood(f"{len(self._x)} points")
        self._table = table
        self.made_of: Parts | None = None

    def batch(self, rows: Rows) -> Batch:
        return (self._x[rows],), self._y[rows]

    def raw(self, rows: Rows) -> tuple[Tensor, ...]:
        return (self._x[rows],)

    def inputs(self, things: Sequence[Any]) -> tuple[Tensor, ...]:
        return (torch.tensor(things, dtype=self._x.dtype),)

    def shown(self, row: int) -> Shown:
        return Shown(text=str(self._x[row].tolist()), where=f"row {row}", label=self.goal.told(self._y[row]))

    def columns(self, rows: Rows) -> pd.DataFrame | None:
        return None if self._table is None else self._table.iloc[rows].reset_index(drop=True)

    def parts(self, inputs: tuple[Tensor, ...]) -> Parts | None:
        return self.made_of

    def fitted(self) -> dict[str, Any]:
        return {}

    @classmethod
    def restored(cls, settings: Mapping[str, Any], fitted: Mapping[str, Any], *, whole: bool) -> Self:
        raise NotImplementedError


class Given(nn.Module):
    """Gives its inputs back: what a model says is then what a test says."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale


def learner(domain: Domain) -> Learner:
    """Return a learner that counts as trained."""
    made = Learner(domain)
    made.is_trained = True
    return made
