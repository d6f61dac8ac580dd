"""What a column is learned as: one of its classes, or its number, by the logarithm where that is less skewed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from onionskin.data._note import Note
from onionskin.errors import OnionskinError
from onionskin.learn.domain import Rows
from onionskin.learn.goals.number import Number
from onionskin.learn.goals.one_of import OneOf

if TYPE_CHECKING:
    import pandas as pd

#: From this skewness of a positive target on, its logarithm is learned, if that is less than half as skewed.
SKEWED: Final = 1.0


def by_class(cells: pd.Series[Any]) -> tuple[OneOf, Tensor]:
    """Return the goal of a column of classes, and class numbers, (n,)."""
    named = [_class_name(value) for value in cells]
    try:
        classes = sorted(set(named), key=float)
    except ValueError:
        classes = sorted(set(named))
    codes = {name: i for i, name in enumerate(classes)}
    return OneOf(classes), torch.tensor([codes[name] for name in named])


def _class_name(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def by_number(cells: pd.Series[Any], train: Rows, log: bool | None, notes: list[Note]) -> tuple[Number, Tensor]:
    """Return the goal of a column of numbers, and the numbers on its standard scale, (n, 1) float32, as outputs are.

    Args:
        cells: The column, with a number in every row.
        train: The rows whose mean and deviation are the scale's.
        log: Whether the logarithm is learned; None to decide, and add to the notes if so.
        notes: What a person is told.

    Raises:
        OnionskinError: The training rows are all the same, or have no logarithm.
    """
    y, name = np.asarray(cells, np.float64), str(cells.name)
    log = _is_skewed(y, train, name, notes) if log is None else log
    if log and y.min() <= 0:
        raise OnionskinError(f"'{name}' has values without a logarithm, such as {y.min():g}", fix="log=False")
    y = np.log(y) if log else y
    mean, deviation = float(y[train].mean()), float(y[train].std())
    if not deviation:
        raise OnionskinError(
            f"'{name}' is the same in all training rows, {cells.iloc[train[0]]:g}", fix="give more rows"
        )
    return Number(name, mean, deviation, log=log), torch.from_numpy((y - mean) / deviation).float()[:, None]


def _is_skewed(y: npt.NDArray[np.float64], train: Rows, name: str, notes: list[Note]) -> bool:
    if y.min() <= 0 or len(np.unique(y[train])) < 10:
        return False
    plain, log = _skewness(y[train]), _skewness(np.log(y[train]))
    if plain < SKEWED or abs(log) > plain / 2:
        return False
    notes.append(
        Note(
            f"'{name}' is skewed ({plain:.1f}; its logarithm {log:.1f}): its logarithm is learned, and errors are "
            "those of the logarithm",
            "log=False learns it as it is",
        )
    )
    return True


def _skewness(y: npt.NDArray[np.float64]) -> float:
    return float((((y - y.mean()) / y.std()) ** 3).mean())
