"""Which examples may be wrong, there twice, or unlike all others: a ranked list for a person to decide on.

Labels are judged by confident learning (Northcutt, Jiang & Chuang, 2021, "Confident Learning: Estimating Uncertainty in
Dataset Labels", arXiv:1911.00068) with cleanlab, on what models say of examples that they were not trained on
(``folds.py``). Outliers are far from their nearest neighbours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from onionskin.errors import OnionskinError
from onionskin.learn.domain import Domain, Rows
from onionskin.learn.folds import FOLDS, out_of_sample
from onionskin.learn.goals.one_of import OneOf

Floats = npt.NDArray[np.float64]
Told = Callable[[str, int, int], None]

#: What an example can be suspected of.
ISSUES: Final = ("label", "duplicate", "outlier")

#: An outlier is farther from its neighbours than the upper quartile of all by so many times the distance of the
#: quartiles (Tukey, 1977, "far out"), on a logarithmic scale; at most this share of the examples are.
FAR_OUT: Final = 3.0
MOST_OUTLIERS: Final = 0.02

#: Neighbours that count, and the most features that they are looked for in.
NEIGHBOURS: Final = 10
MOST_FEATURES: Final = 64


@dataclass(frozen=True)
class Suspect:
    """One example that may be wrong.

    Attributes:
        row: Its number in the domain.
        where: Its file or row.
        issue: One of :data:`ISSUES`.
        score: How suspicious it is, 0 to 1. Labels: how improbable the given label is (1 − the probability).
            Duplicates: 1. Outliers: how far out, as the share of examples that lie nearer to others.
        label: What it is said to be.
        suggested: For a label, what it probably is; else empty.
        other: For a duplicate, where the first of its kind is, and ``other_row`` its number.
        part: ``train`` or ``valid``.
    """

    row: int
    where: str
    issue: str
    score: float
    label: str
    suggested: str = ""
    other: str = ""
    part: str = "train"
    other_row: int = -1


@dataclass(frozen=True)
class Suspicions:
    """What was found.

    Attributes:
        suspects: Those to look at: labels by their score, then duplicates, then outliers by theirs.
        rows: All examples, in order.
        doubts: Of every example, (n,), how improbable its label is, 0 to 1; None where labels were not judged.
        notes: What was not done, and why.
    """

    suspects: tuple[Suspect, ...]
    rows: Rows
    doubts: Floats | None
    notes: tuple[str, ...] = ()

    @property
    def agreement(self) -> float | None:
        """Which share of labels is what a model that has not seen the example finds most probable, or nearly so."""
        return None if self.doubts is None else float((self.doubts < 0.5).mean())


def suspicions(
    domain: Domain, *, folds: int = FOLDS, epochs: int | None = None, seed: int = 0, told: Told | None = None
) -> Suspicions:
    """Look for examples that are wrong, there twice, or unlike all others.

    Args:
        domain: With its data; weights and split are left as they are.
        folds, epochs, seed: Of the cross-validation; see :func:`onionskin.learn.folds.out_of_sample`.
        told: Called with what is being done, how much of it is done, and how much there is.

    Raises:
        OnionskinError: There are no data, too few, or cleanlab is not installed.
    """
    rows = np.sort(np.concatenate([domain.train, domain.valid]))
    if len(rows) < 2 * folds:
        raise OnionskinError(
            f"{len(rows)} examples are too few to judge one by the others", fix="gather at least twenty"
        )
    held = set(domain.valid.tolist())

    def part(row: int) -> str:
        return "valid" if row in held else "train"

    found: list[Suspect] = []
    notes: list[str] = []
    doubts: Floats | None = None
    if isinstance(domain.goal, OneOf):
        doubts, wrong = _labels(domain, rows, folds, epochs, seed, told)
        for i, suggested in wrong:
            shown, row = domain.shown(int(rows[i])), int(rows[i])
            found.append(Suspect(row, shown.where, "label", float(doubts[i]), shown.label, suggested, "", part(row)))
    else:
        notes.append("labels were not judged: that takes one class an example")
    if told:
        told("near-duplicates", 0, 1)
    for first, *others in domain.alike():
        label, original = domain.shown(first), domain.where(first)
        for row in others:
            shown = domain.shown(row)
            differs = label.label if shown.label != label.label else ""
            found.append(Suspect(row, shown.where, "duplicate", 1.0, shown.label, differs, original, part(row), first))
    if told:
        told("near-duplicates", 1, 1)
        told("outliers", 0, 1)
    features = _features(domain, rows)
    if features is None:
        notes.append("outliers were not looked for: that takes numbers, and here are codes alone")
    for i, far in [] if features is None else _outliers(features):
        shown, row = domain.shown(int(rows[i])), int(rows[i])
        found.append(Suspect(row, shown.where, "outlier", far, shown.label, "", "", part(row)))
    if told:
        told("outliers", 1, 1)
    return Suspicions(tuple(found), rows, doubts, tuple(notes))


def _labels(
    domain: Domain, rows: Rows, folds: int, epochs: int | None, seed: int, told: Told | None
) -> tuple[Floats, list[tuple[int, str]]]:
    """Return how improbable each label is, and those that are probably wrong, the worst first, with a better one."""
    try:
        from cleanlab.filter import find_label_issues
    except ModuleNotFoundError as error:
        if error.name != "cleanlab":
            raise
        raise OnionskinError(
            "labels are judged with cleanlab, which is not installed", fix="pip install 'onionskin[learn]'"
        ) from error
    goal = domain.goal
    assert isinstance(goal, OneOf)
    outputs: Any = None
    for done in out_of_sample(domain, folds=folds, epochs=epochs, seed=seed):
        if isinstance(done, int):
            if told:
                told("labels", done, folds)
        else:
            outputs = done[1]
    probabilities: Floats = outputs.double().softmax(1).numpy()
    labels = np.asarray(domain.targets(rows), np.int64)
    present, inverse = np.unique(labels, return_inverse=True)  # cleanlab takes classes that are all there
    among = probabilities[:, present] / probabilities[:, present].sum(1, keepdims=True).clip(1e-30)
    doubts = 1 - among[np.arange(len(rows)), inverse]
    wrong: npt.NDArray[np.bool_] = np.zeros(len(rows), bool)
    if len(present) > 1:
        wrong = np.asarray(find_label_issues(inverse, among, filter_by="prune_by_noise_rate", n_jobs=1), bool)
    better = present[among.argmax(1)]
    order = [int(i) for i in np.argsort(-doubts, kind="stable") if wrong[i] and better[i] != labels[i]]
    return doubts, [(i, goal.classes[int(better[i])]) for i in order]


def _features(domain: Domain, rows: Rows) -> Floats | None:
    """Return what examples are compared by, (n, features): frozen features, or all inputs on their main axes.

    Codes, of tokens or of categories, have no distances; what has nothing else is not compared, and None comes back.
    """
    parts = []
    for start in range(0, len(rows), 256):
        inputs, _ = domain.batch(rows[start : start + 256])
        measured = [x.reshape(len(x), -1).float() for x in inputs if x.is_floating_point() and x.ndim > 1]
        if not measured:
            return None
        parts.append(torch.cat(measured, 1).numpy())
    if len({part.shape[1] for part in parts}) > 1:  # as long as the longest of each batch: no features
        return None
    x = np.nan_to_num(np.concatenate(parts).astype(np.float64))
    x = x - x.mean(0)
    if x.shape[1] > MOST_FEATURES:
        from sklearn.decomposition import PCA

        most = min(MOST_FEATURES, *x.shape)
        x = np.asarray(PCA(most, svd_solver="randomized", random_state=0).fit_transform(x), np.float64)
    return x


def _outliers(features: Floats) -> list[tuple[int, float]]:
    """Return which examples are far from their neighbours, the farthest first, and the share that lies nearer."""
    from sklearn.neighbors import NearestNeighbors

    count = min(NEIGHBOURS, len(features) - 1)
    distances, _ = NearestNeighbors(n_neighbors=count + 1).fit(features).kneighbors(features)
    mean = np.log(distances[:, 1:].mean(1).clip(1e-12))
    low, high = np.quantile(mean, [0.25, 0.75])
    far = np.flatnonzero(mean > high + FAR_OUT * max(high - low, 1e-9))
    order = far[np.argsort(-mean[far], kind="stable")][: max(1, int(MOST_OUTLIERS * len(features)))]
    return [(int(i), float((mean < mean[i]).mean())) for i in order]
