"""What a network for tables has to be measured against: boosted trees, and a linear model, on the same split.

The network keeps the epoch that was best on the held-out rows. So the trees may keep the number of trees, and the
linear model the strength of its penalty, that is best on them: all three figures are too good, by about as little.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from onionskin.learn.domain import Baseline, Rows
from onionskin.learn.goals import Goal

#: How many trees are grown at most, for each class.
MOST_TREES: Final = 300

#: Strengths of the linear models' penalty that are tried.
_STRENGTHS: Final = (0.03, 0.3, 3.0, 30.0)

#: A tree splits a category by its values up to so many; the rarest others are one.
_MOST_VALUES: Final = 254

_RESAMPLES: Final = 500


@dataclass(frozen=True)
class Task:
    """What the peers are given.

    Attributes:
        goal: Its measures are theirs.
        plain: (n, numbers) float64 with NaN, for the trees.
        standard: (n, numbers), standardised, nothing missing.
        codes: (n, categories), counted from 0 in each column.
        targets: (n,) class numbers, or numbers on the goal's standard scale.
        train, valid: The split.
        outputs: What the network says of the held-out rows.
    """

    goal: Goal
    plain: npt.NDArray[np.float64]
    standard: npt.NDArray[np.float32]
    codes: npt.NDArray[np.int64]
    targets: Tensor
    train: Rows
    valid: Rows
    outputs: Tensor

    @property
    def by_class(self) -> bool:
        """Whether the targets are classes."""
        return not self.targets.is_floating_point()


def measured(task: Task) -> list[Baseline]:
    """Return boosted trees and a linear model, each with how far it is from the network."""
    from threadpoolctl import threadpool_limits

    found = []
    # More threads than free cores wait for each other a hundred times longer than one thread works.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as that a penalty which is not chosen did not converge
        linear = "logistic regression" if task.by_class else "ridge regression"
        for name, grow in (("gradient boosting", _trees), (linear, _linear)):
            began = time.perf_counter()
            outputs = max(grow(task), key=lambda one: _score(task, one))
            seconds = time.perf_counter() - began
            told = task.goal.measured(outputs, task.targets[task.valid])
            found.append(Baseline(f"{name} (scikit-learn)", told, seconds, compared(task, outputs, name)))
    return found


def _score(task: Task, outputs: Tensor) -> float:
    value = task.goal.measured(outputs, task.targets[task.valid])[task.goal.measure]
    return value if task.goal.higher else -value


def _trees(task: Task) -> Iterator[Tensor]:
    """Yield what scikit-learn's histogram gradient boosting says of the held-out rows after every tree."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    codes = np.where(task.codes > _MOST_VALUES, 0, task.codes)
    x = np.concatenate([task.plain, codes], 1)
    is_category = [False] * task.plain.shape[1] + [True] * codes.shape[1]
    y = task.targets.numpy()
    options: dict[str, Any] = {"categorical_features": is_category, "early_stopping": False, "random_state": 0}
    if task.by_class:
        classes = len(np.unique(y[task.train]))
        trees = HistGradientBoostingClassifier(max_iter=max(30, MOST_TREES // max(1, classes - 1)), **options)
        trees.fit(x[task.train], y[task.train])
        for shares in trees.staged_predict_proba(x[task.valid]):
            yield _as_logits(shares, trees.classes_, task.goal.outputs)
    else:
        trees = HistGradientBoostingRegressor(max_iter=MOST_TREES, **options).fit(x[task.train], y[task.train])
        for said in trees.staged_predict(x[task.valid]):
            yield torch.as_tensor(said)


def _linear(task: Task) -> Iterator[Tensor]:
    """Yield what logistic or ridge regression says of the held-out rows, for each strength of the penalty."""
    from scipy.sparse import csr_matrix, hstack
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.preprocessing import OneHotEncoder

    one_hot = OneHotEncoder(handle_unknown="ignore").fit(task.codes[task.train]) if task.codes.shape[1] else None
    parts = [csr_matrix(task.standard.astype(np.float64))] + ([one_hot.transform(task.codes)] if one_hot else [])
    x = hstack(parts).tocsr()
    y = task.targets.numpy()
    for strength in _STRENGTHS:
        if task.by_class:
            model = LogisticRegression(C=1 / strength, max_iter=300).fit(x[task.train], y[task.train])
            yield _as_logits(model.predict_proba(x[task.valid]), model.classes_, task.goal.outputs)
        else:
            yield torch.as_tensor(Ridge(alpha=strength).fit(x[task.train], y[task.train]).predict(x[task.valid]))


def _as_logits(shares: npt.NDArray[np.float64], classes: npt.NDArray[np.int64], count: int) -> Tensor:
    """Return log probabilities of all classes, (n, count): also of those that the training rows lack."""
    whole = np.full((len(shares), count), 1e-9)
    whole[:, classes] = np.maximum(shares, 1e-9)
    return torch.from_numpy(np.log(whole))


def compared(task: Task, outputs: Tensor, name: str) -> str:
    """Return who wins by how much, with a 95 % interval over resampled held-out rows, in one sentence.

    Classes are compared by points of accuracy; numbers by how much smaller the winner's root mean squared error is.
    """
    ours, theirs = (_each(task, one) for one in (task.outputs, outputs))
    if ours.mean() == theirs.mean():
        return "neither wins"
    is_ours = (ours.mean() > theirs.mean()) == task.by_class
    better, worse = (ours, theirs) if is_ours else (theirs, ours)
    won = float(_gap(better, worse, task.by_class))
    count = min(len(ours), 4000)
    picks = np.random.default_rng(0).integers(len(ours), size=(_RESAMPLES, count))
    ends = np.quantile(_gap(better[picks], worse[picks], task.by_class), (0.025, 0.975))
    low, high = won + (ends - won) * np.sqrt(count / len(ours))  # a resample of fewer rows strays further
    interval = f"95 % interval {low:.1f} to {high:.1f}" + (", so it may be chance" if low <= 0 else "")
    who = "the network" if is_ours else name
    if task.by_class:
        return f"{who} wins by {won:.1f} points ({interval})"
    return f"{who} wins: its error is {won:.1f} % smaller ({interval})"


def _gap(better: npt.NDArray[np.float64], worse: npt.NDArray[np.float64], by_class: bool) -> Any:
    if by_class:
        return 100 * (better.mean(-1) - worse.mean(-1))
    return 100 * (1 - np.sqrt(better.mean(-1) / worse.mean(-1)))


def _each(task: Task, outputs: Tensor) -> npt.NDArray[np.float64]:
    """Whether each answer is right, or its squared error."""
    targets = task.targets[task.valid]
    if task.by_class:
        return (outputs.argmax(1) == targets).double().numpy()
    return np.asarray(((outputs.reshape(-1).double() - targets.double()) ** 2).numpy())
