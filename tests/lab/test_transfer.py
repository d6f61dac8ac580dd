"""What labels with transfer are worth in labels from scratch: read off curves that are known."""

from __future__ import annotations

import pytest
import torch

from onionskin.lab.question import Arm
from onionskin.lab.questions._transfer_small import balanced
from onionskin.lab.questions.transfer import MEASURES, worth_in_labels
from onionskin.lab.records import Trial
from onionskin.lab.results import Results

TASK = "digits 0-4 → 5-9"


def results_of(*rows: tuple[str, int, float, float]) -> Results:
    arms = [Arm(f"{TASK}, {way}, {each}", {"task": TASK, "way": way, "each": each}) for way, each, _, _ in rows]
    trials = [
        Trial(arm.name, 0, "here", "2026-01-01T00:00:00Z", 1.0, 1.0, 0.0, False, {"examples": n, "accuracy": right})
        for arm, (_, _, n, right) in zip(arms, rows, strict=True)
    ]
    return Results(arms, trials, {}, MEASURES, is_quick=True)


@pytest.mark.parametrize(
    ("reached", "labels", "bound"), [(0.7, 100, ""), (0.4, 10, "at most"), (0.95, 1000, "more than")]
)
def test_labels_are_read_off_the_curve_from_scratch(reached: float, labels: float, bound: str) -> None:
    results = results_of(
        ("from scratch", 2, 10, 0.5), ("from scratch", 20, 100, 0.7), ("from scratch", 200, 1000, 0.9),
        ("fine-tuned", 2, 10, reached),
    )  # fmt: skip
    worth, said = worth_in_labels(results, TASK, "fine-tuned", 2)
    assert worth.value == pytest.approx(labels)
    assert said == bound


def test_the_same_number_of_each_class_is_drawn_and_fewer_are_among_more() -> None:
    y = torch.arange(100) % 4
    few, many = balanced(y, 3, seed=1), balanced(y, 10, seed=1)
    assert torch.bincount(y[few]).tolist() == [3] * 4
    assert set(few.tolist()) <= set(many.tolist())
    assert len(balanced(y, 0, seed=1)) == 100
