"""One line of what trainings reach beside their baseline."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One job, done by the baseline and by ours in one run.

    Attributes:
        name: The job, such as ``stamps, 5 classes``.
        unit: What the figures are, such as ``% accuracy`` or ``RMSE``.
        baseline_name: What the baseline is, with its library.
        baseline: Its figure for each seed.
        ours: Our figure for each seed.
        bar: What was asked of our mean, in words that begin with the comparison: ``≥ 95``, ``≤ 0.920``.
        seconds: What ours took, for each seed.
        note: What a reader has to know beside it.
    """

    name: str
    unit: str
    baseline_name: str
    baseline: tuple[float, ...]
    ours: tuple[float, ...]
    bar: str
    seconds: tuple[float, ...]
    note: str = ""
