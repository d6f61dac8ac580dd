"""Films: SVD++ with features beside damped biases, and choices beside what most chose, on the same splits."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

import onionskin as osk
from bench.learn_rows import Row


def measure(quick: bool) -> list[Row]:
    """Return the rows of MovieLens 100K, a fifth held out at random: its last epoch counts, which nobody chose."""
    seeds = range(1 if quick else 3)
    return [
        _row(seeds, clicks=False, measure="rmse", name="ml-100k, ratings", unit="RMSE", bar="≤ 0.920",
             epochs=3 if quick else None),
        _row(seeds, clicks=True, measure="recall@10", name="ml-100k, who chose what", unit="recall@10, full ranking",
             bar="", epochs=1 if quick else None),
    ]  # fmt: skip


def _row(
    seeds: range, *, clicks: bool, measure: str, name: str, unit: str, bar: str, epochs: int | None
) -> Row:  # fmt: skip
    baseline, ours, seconds = [], [], []
    for seed in seeds:
        learner = osk.recommend("movielens", clicks=clicks, seed=seed)
        with tempfile.TemporaryDirectory() as folder:
            result = learner.fit(epochs, run=Path(folder) / "run")
            last = osk.open_run(Path(folder) / "run").scalars
            # RMSE of the last epoch: the best of twenty would be chosen on what it is measured on.
            ours.append(
                float(last[measure][~np.isnan(last[measure])][-1]) if measure in last else result.measured[measure]
            )
        baseline.append(result.baselines[0].measured[measure])
        seconds.append(result.seconds)
    by = "the most popular" if clicks else "biases alone, damped"
    return Row(name, unit, by, tuple(baseline), tuple(ours), bar, tuple(seconds), "random 80/20")
