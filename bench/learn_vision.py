"""Pictures: what one line reaches on stamps, MNIST and Fashion-MNIST, beside baselines on the same splits.

python -m bench.learn_vision          # all, three seeds: half an hour on two cores
python -m bench.learn_vision --quick  # one seed, few epochs: does it run at all?
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

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
            learner, accuracy, took = timed(lambda s=seed, c=cached: osk.vision("stamps", valid=0.3, seed=s, cache=c))  # type: ignore[misc]
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
            learner, accuracy, _ = timed(lambda s=seed, w=way: osk.vision("stamps", valid=0.3, seed=s, split=w))  # type: ignore[misc]
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
        make = lambda s=seed: osk.vision("stamps", valid=0.3, seed=s, from_scratch=True)  # noqa: E731
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
        learner, accuracy, took = timed(lambda s=seed: osk.vision("mnist", seed=s), 1 if quick else None)  # type: ignore[misc]
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
        _, tiny, _ = timed(lambda s=seed: osk.vision("fashion_mnist", model="lenet", augment="none", seed=s), 1)  # type: ignore[misc]
        baseline.append(tiny)
        _, accuracy, took = timed(lambda s=seed: osk.vision("fashion_mnist", seed=s), 1 if quick else None)  # type: ignore[misc]
        ours.append(accuracy)
        seconds.append(took)
    return [Row("Fashion-MNIST, from scratch", "% accuracy", "LeNet, one epoch", tuple(baseline), tuple(ours), "≥ 91",
                tuple(seconds), "≤ 600 s asked")]  # fmt: skip


if __name__ == "__main__":
    for row in measure("--quick" in sys.argv):
        mean = {name: float(np.mean(values)) for name, values in (("baseline", row.baseline), ("ours", row.ours))}
        took = f", {np.mean(row.seconds):.0f} s" if row.seconds else ""
        print(f"{row.name}: {mean['ours']:.1f} {row.unit} {list(np.round(row.ours, 1))}{took}; {row.baseline_name} "
              f"{mean['baseline']:.1f}; asked {row.bar}; {row.note}", flush=True)  # fmt: skip
    print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads")
