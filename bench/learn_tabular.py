"""Tables: Titanic and diamonds beside scikit-learn's boosted trees and linear models, on test rows that nobody saw.

A fifth is set aside for each seed. Ours is one line on the rest, of which it holds out a fifth again to choose its
epoch, so that it learns from fewer rows than the baselines, which get all of the rest. Both get the same columns in the
same encoding.
"""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OneHotEncoder
from threadpoolctl import threadpool_limits

import onionskin as osk
from bench.learn_rows import Row
from onionskin import data
from onionskin.data import encoding
from onionskin.data.table import convert, read
from onionskin.errors import OnionskinWarning


def measure(quick: bool) -> list[Row]:
    """Return the rows of Titanic, with and without names, and of diamonds."""
    seeds = range(2 if quick else 20)
    titanic = data.load("titanic").frame.drop(columns="SexCode")
    rows = [
        _titanic(titanic.drop(columns="Name"), "Titanic: class, age, sex", seeds),
        _titanic(titanic, "Titanic: class, age, sex, words of the name", seeds),
    ]
    diamonds = data.load("diamonds").frame
    return [*rows, _diamonds(diamonds.sample(8_000, random_state=0) if quick else diamonds, range(1 if quick else 3))]


def _titanic(frame: pd.DataFrame, name: str, seeds: range) -> Row:
    trees, linear, ours, seconds = [], [], [], []
    for seed in seeds:
        train, test = _split(frame, seed)
        y = train["Survived"].to_numpy(), test["Survived"].to_numpy()
        numbers, standard, codes = _encoded(train, test, "Survived", pieces=8)
        is_category = [False] * numbers[0].shape[1] + [True] * codes[0].shape[1]
        with threadpool_limits(1):
            grown = HistGradientBoostingClassifier(categorical_features=is_category, random_state=seed)
            grown.fit(np.hstack([numbers[0], codes[0]]), y[0])
            one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(codes[0])
            x = [np.hstack([part, one_hot.transform(code)]) for part, code in zip(standard, codes, strict=True)]
            model = LogisticRegression(max_iter=1000).fit(x[0], y[0])
        trees.append(100 * float(grown.score(np.hstack([numbers[1], codes[1]]), y[1])))
        linear.append(100 * float(model.score(x[1], y[1])))
        learner, took = _trained(train, "Survived", seed)
        said = [int(answer.value) for answer in _answers(learner, test)]
        ours.append(100 * float(np.mean(said == y[1])))
        seconds.append(took)
    better, baseline = max(
        ("logistic regression", linear), ("gradient boosting", trees), key=lambda one: np.mean(one[1])
    )
    return Row(
        name, "% accuracy", f"{better} (scikit-learn), the better of two", tuple(baseline), tuple(ours),
        f"≥ {np.mean(baseline) - 0.5:.1f}", tuple(seconds),
        f"logistic regression {np.mean(linear):.1f}, gradient boosting {np.mean(trees):.1f}",
    )  # fmt: skip


def _diamonds(frame: pd.DataFrame, seeds: range) -> Row:
    theirs, ours, seconds = [], [], []
    for seed in seeds:
        train, test = _split(frame, seed)
        y = np.log(train["price"].to_numpy()), np.log(test["price"].to_numpy())
        numbers, _, codes = _encoded(train, test, "price", pieces=8)
        is_category = [False] * numbers[0].shape[1] + [True] * codes[0].shape[1]
        with threadpool_limits(1):
            grown = HistGradientBoostingRegressor(categorical_features=is_category, random_state=seed)
            grown.fit(np.hstack([numbers[0], codes[0]]), y[0])
        theirs.append(_rmse(grown.predict(np.hstack([numbers[1], codes[1]])), y[1]))
        learner, took = _trained(train, "price", seed)
        ours.append(_rmse(np.log([answer.value for answer in _answers(learner, test)]), y[1]))
        seconds.append(took)
    return Row(
        "diamonds", "RMSE of log price", "histogram gradient boosting (scikit-learn)", tuple(theirs), tuple(ours),
        f"≤ {1.03 * np.mean(theirs):.4f}", tuple(seconds), f"ours / theirs {np.mean(ours) / np.mean(theirs):.3f}",
    )  # fmt: skip


def _split(frame: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    order = np.random.default_rng(1000 + seed).permutation(len(frame))
    held = len(frame) // 5
    return frame.iloc[order[held:]].reset_index(drop=True), frame.iloc[order[:held]].reset_index(drop=True)


def _encoded(train: pd.DataFrame, test: pd.DataFrame, target: str, *, pieces: int) -> tuple[Any, Any, Any]:
    """Return numbers, standardised numbers and codes, each of the training and of the test rows."""
    table = read(train)
    used = [column for column in table.columns if column.name != target]
    found = encoding.fit(table.frame, used, pieces=pieces)
    parts = table.frame, pd.DataFrame({c.name: convert(test[c.name], c) for c in used})
    first = [one.first for one in found.categories]
    return (
        [found.plain(part) for part in parts],
        [found.standard(part) for part in parts],
        [found.coded(part) - first for part in parts],
    )


def _trained(frame: pd.DataFrame, target: str, seed: int) -> tuple[Any, float]:
    began = time.perf_counter()
    learner = osk.table(frame, target=target, seed=seed)
    for _ in learner.training(watch=False):
        pass
    return learner, time.perf_counter() - began


def _answers(learner: Any, frame: pd.DataFrame) -> list[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OnionskinWarning)  # one passenger has no class
        found: list[Any] = learner.answers(frame.to_dict("records"))
    return found


def _rmse(said: npt.ArrayLike, true: npt.NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean((np.asarray(said) - true) ** 2)))
