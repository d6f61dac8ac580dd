"""The same jobs by fastai's own recommended recipe, on the same splits, where fastai installs.

Its vision needs torchvision, which has no build beside some of PyTorch's: then that job is named and left out. Recipes
are those of fastai's documentation: one cycle at the rate that its finder suggests for tables (tutorial.tabular), five
epochs at 5e-3 with a weight decay of 0.1 for ratings (tutorial.collab).
"""

from __future__ import annotations

import importlib.util
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from bench.learn_rows import Row
from onionskin import data
from onionskin.learn.domains.recommend import recommend
from onionskin.learn.domains.tabular import table
from onionskin.learn.learner import Learner

#: What a job gives: fastai's figure, ours, and the seconds of each.
Pair = tuple[float, float, float, float]


def measure(quick: bool) -> list[Row]:
    """Run what can be run. Without fastai there are no rows, and it is said."""
    if importlib.util.find_spec("fastai") is None:
        print("fastai is not installed: pip install fastai, and run this again")
        return []
    if importlib.util.find_spec("torchvision") is None:
        print("fastai's vision needs torchvision, which is not here: those jobs are left out")
    seeds = range(1 if quick else 3)
    jobs: list[tuple[str, str, Callable[[int], Pair]]] = [
        ("ml-100k, random 80/20", "RMSE", _ratings),
        ("Titanic", "% accuracy", _titanic),
        ("diamonds, log price", "RMSE", _diamonds),
    ]
    return [_row(name, unit, [job(seed) for seed in seeds]) for name, unit, job in jobs]


def _row(name: str, unit: str, pairs: list[Pair]) -> Row:
    theirs, ours, their_seconds, our_seconds = zip(*pairs, strict=True)
    note = f"fastai {np.mean(their_seconds):.1f} s, {np.mean(their_seconds) / np.mean(our_seconds):.1f} × our time"
    return Row(name, unit, "fastai, its own recipe", theirs, ours, "better, and in less time", our_seconds, note)


def _ours(learner: Learner, measure: str) -> tuple[float, float]:
    began = time.perf_counter()
    result = learner.fit(watch=False)
    return float(result.last[measure]), time.perf_counter() - began


def _ratings(seed: int) -> Pair:
    from fastai.collab import CollabDataLoaders, collab_learner
    from fastai.data.transforms import IndexSplitter
    from fastai.torch_core import set_seed

    ours = recommend("movielens", seed=seed)
    figure, seconds = _ours(ours, "rmse")
    ratings = data.load("movielens").ratings.reset_index(drop=True)
    began = time.perf_counter()
    set_seed(seed)
    user, item, rating = ratings.columns[:3]
    loaders = CollabDataLoaders.from_df(ratings, user_name=user, item_name=item, rating_name=rating, bs=64,
                                        splitter=IndexSplitter(list(ours.domain.valid)))  # fmt: skip
    learner = collab_learner(loaders, n_factors=50, y_range=(0, 5.5))
    with learner.no_bar(), learner.no_logging():
        learner.fit_one_cycle(5, 5e-3, wd=0.1)
    return math.sqrt(learner.validate()[0]), figure, time.perf_counter() - began, seconds


def _titanic(seed: int) -> Pair:
    ours = table("titanic", seed=seed)
    figure, seconds = _ours(ours, "accuracy")
    learner, took = _fastai_table(ours, seed, log=False)
    return 100 * float(learner.validate()[1]), 100 * figure, took, seconds


def _diamonds(seed: int) -> Pair:
    ours = table("diamonds", target="price", seed=seed)
    figure, seconds = _ours(ours, "rmse")
    learner, took = _fastai_table(ours, seed, log=True)
    return math.sqrt(learner.validate()[0]), figure, took, seconds


def _fastai_table(ours: Learner, seed: int, *, log: bool) -> tuple[Any, float]:
    """Train fastai's tabular learner on the very rows that ours trained on; return it and its seconds."""
    from fastai.metrics import accuracy
    from fastai.tabular.all import (
        Categorify,
        CategoryBlock,
        FillMissing,
        Normalize,
        RegressionBlock,
        TabularPandas,
        cont_cat_split,
        tabular_learner,
    )  # fmt: skip
    from fastai.torch_core import set_seed

    told = data.load(str(ours.domain.settings["source"]))
    frame, target = told.frame.reset_index(drop=True).copy(), told.target
    if log:
        frame[target] = np.log(frame[target].astype(float))
    began = time.perf_counter()
    set_seed(seed)
    numbers, names = cont_cat_split(frame, max_card=20, dep_var=target)
    splits = (list(ours.domain.train), list(ours.domain.valid))
    block = RegressionBlock() if log else CategoryBlock()
    loaders = TabularPandas(frame, [Categorify, FillMissing, Normalize], names, numbers, y_names=target, y_block=block,
                            splits=splits).dataloaders(bs=64)  # fmt: skip
    learner = tabular_learner(loaders, metrics=[] if log else [accuracy])
    with learner.no_bar(), learner.no_logging():
        rate = learner.lr_find(show_plot=False).valley
        learner.fit_one_cycle(5, rate)
    return learner, time.perf_counter() - began
