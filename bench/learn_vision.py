"""Pictures: what one line reaches on stamps, MNIST and Fashion-MNIST, beside baselines on the same splits.

``python -m bench.learn vision`` runs it: half an hour on two cores.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import onionskin as osk
from bench.learn_rows import Row
from onionskin.learn.domains.vision import Vision

#: What is said wherever the stamps are quoted.
OPTIMISTIC = "cut out on white, some nearly twice: better than on photos of the world"


def measure(quick: bool) -> list[Row]:
    """Return a row a job."""
    seeds = (0,) if quick else (0, 1, 2)
    jobs = (stamps, stamps_apart, stamps_from_scratch, mnist, fashion_mnist)
    return [row for job in jobs for row in job(seeds, quick)]


def domain_of(learner: osk.learn.learner.Learner) -> Vision:
    assert isinstance(learner.domain, Vision)
    return learner.domain


def timed(make: Callable[[], Any], epochs: int | None = None) -> tuple[Any, float, float]:
    """Return a trained learner, its accuracy in percent, and the seconds from the first line to the last."""
    began = time.perf_counter()
    learner = make()
    result = learner.fit(epochs, watch=False)
    return learner, 100 * result.last["accuracy"], time.perf_counter() - began


def logistic(domain: Vision) -> float:
    """Return the accuracy in percent of scikit-learn's logistic regression on what our last layer is given."""
    from sklearn.linear_model import LogisticRegression

    def numbers(rows: Any) -> tuple[Any, Any]:
        (x,), y = domain.batch(rows)
        return x.flatten(1).numpy(), y.numpy()

    fitted = LogisticRegression(max_iter=2000).fit(*numbers(domain.train))
    return 100 * float(fitted.score(*numbers(domain.valid)))


def stamps(seeds: Sequence[int], quick: bool) -> list[Row]:
    osk.vision("stamps")  # fetched, and its features kept, before anything is timed
    rows = []
    for name, cached, bar in (("photos decoded and looked at", False, "≥ 95"), ("features cached", True, "≥ 95")):
        baseline: list[float] = []
        ours: list[float] = []
        seconds: list[float] = []
        for seed in seeds:
            learner, accuracy, took = timed(partial(osk.vision, "stamps", valid=0.3, seed=seed, cache=cached))
            baseline.append(logistic(domain_of(learner)))
            ours.append(accuracy)
            seconds.append(took)
        limit = "≤ 10 s asked" if cached else "≤ 60 s asked"
        rows.append(
            Row(f"stamps, 5 classes, {name}", "% accuracy", "the same features, logistic regression (scikit-learn)",
                tuple(baseline), tuple(ours), bar, tuple(seconds), f"{limit}; {OPTIMISTIC}")
        )  # fmt: skip
    return rows


def stamps_apart(seeds: Sequence[int], quick: bool) -> list[Row]:
    """The random split beside one that keeps near-duplicates on one side: what part of the accuracy is memory."""
    both: dict[str, list[float]] = {"random": [], "apart": []}
    groups = 0
    for seed in seeds:
        for way, figures in both.items():
            learner, accuracy, _ = timed(partial(osk.vision, "stamps", valid=0.3, seed=seed, split=way))
            figures.append(accuracy)
            groups = len(domain_of(learner).understood.details.get("near_duplicates", ()))
    note = f"{groups} groups of near-duplicates among 197 photos"
    return [Row("stamps, near-duplicates on one side of the split", "% accuracy", "the random split",
                tuple(both["random"]), tuple(both["apart"]), "–", (), note)]  # fmt: skip


def stamps_from_scratch(seeds: Sequence[int], quick: bool) -> list[Row]:
    baseline: list[float] = []
    ours: list[float] = []
    seconds: list[float] = []
    for seed in seeds:
        make = partial(osk.vision, "stamps", valid=0.3, seed=seed, from_scratch=True)
        learner, accuracy, took = timed(make, 2 if quick else None)
        baseline.append(100 * learner.result.baselines[0].measured["accuracy"])
        ours.append(accuracy)
        seconds.append(took)
    return [Row("stamps, from scratch at 64 pixels", "% accuracy", "the most frequent class", tuple(baseline),
                tuple(ours), "–", tuple(seconds), OPTIMISTIC)]  # fmt: skip


def mnist(seeds: Sequence[int], quick: bool) -> list[Row]:
    baseline: list[float] = []
    ours: list[float] = []
    seconds: list[float] = []
    for seed in seeds:
        learner, accuracy, took = timed(partial(osk.vision, "mnist", seed=seed), 1 if quick else None)
        ours.append(accuracy)
        seconds.append(took)
        baseline.append(baseline[0] if baseline else logistic(domain_of(learner)))  # it has no seed
    return [Row("MNIST, 5,000 digits, from scratch", "% accuracy", "logistic regression of pixels (scikit-learn)",
                tuple(baseline), tuple(ours), "≥ 98", tuple(seconds), "≤ 90 s asked")]  # fmt: skip


def fashion_mnist(seeds: Sequence[int], quick: bool) -> list[Row]:
    baseline: list[float] = []
    ours: list[float] = []
    seconds: list[float] = []
    for seed in seeds:
        _, tiny, _ = timed(partial(osk.vision, "fashion_mnist", model="lenet", augment="none", seed=seed), 1)
        baseline.append(tiny)
        _, accuracy, took = timed(partial(osk.vision, "fashion_mnist", seed=seed), 1 if quick else None)
        ours.append(accuracy)
        seconds.append(took)
    return [Row("Fashion-MNIST, from scratch", "% accuracy", "LeNet, one epoch", tuple(baseline), tuple(ours), "≥ 91",
                tuple(seconds), "≤ 600 s asked")]  # fmt: skip
