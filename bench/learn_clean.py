"""How well wrong labels are found: a fifth of MNIST's labels made wrong, ranked by how improbable they are.

The baseline is what cleanlab's own guide begins with: logistic regression on the pixels, cross-validated in five folds.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import cross_val_predict

import onionskin as osk
from bench.learn_rows import Row
from onionskin.learn.domain import Domain
from onionskin.learn.suspects import suspicions

#: The share of labels that are made wrong, each another class with the same probability.
WRONG = 0.2


def measure(quick: bool) -> list[Row]:
    """Return one row: average precision, which is 0.2 for a ranking by chance."""
    ours, baseline, seconds, precision, recall = [], [], [], [], []
    for seed in range(1 if quick else 3):
        domain = osk.vision("mnist", seed=seed).domain
        is_wrong = _make_wrong(domain, seed)
        began = time.perf_counter()
        found = suspicions(domain, seed=seed)
        seconds.append(time.perf_counter() - began)
        assert found.doubts is not None
        ours.append(float(average_precision_score(is_wrong[found.rows], found.doubts)))
        named = [s.row for s in found.suspects if s.issue == "label"]
        precision.append(float(is_wrong[named].mean()))
        recall.append(float(is_wrong[named].sum() / is_wrong.sum()))
        baseline.append(_by_logistic_regression(domain, found.rows, is_wrong))
    note = f"those it names: precision {np.mean(precision):.3f}, recall {np.mean(recall):.3f}"
    name = "wrong labels, 20 % of MNIST 5k"
    how = "logistic regression on pixels, five folds (scikit-learn)"
    return [Row(name, "average precision", how, tuple(baseline), tuple(ours), "≥ 0.85", tuple(seconds), note)]


def _make_wrong(domain: Any, seed: int) -> Any:
    """Make a fifth of the labels wrong where they lie, and return which."""
    labels = domain.pictures.labels
    rng = np.random.default_rng(seed)
    wrong = rng.permutation(len(labels))[: round(WRONG * len(labels))]
    labels[wrong] = (labels[wrong] + torch.from_numpy(rng.integers(1, 10, len(wrong)))) % 10
    is_wrong = np.zeros(len(labels), bool)
    is_wrong[wrong] = True
    return is_wrong


def _by_logistic_regression(domain: Domain, rows: Any, is_wrong: Any) -> float:
    x = domain.raw(rows)[0].flatten(1).numpy()
    labels = np.asarray(domain.targets(rows))
    said = cross_val_predict(LogisticRegression(max_iter=60), x, labels, cv=5, method="predict_proba")
    return float(average_precision_score(is_wrong[rows], 1 - said[np.arange(len(rows)), labels]))
