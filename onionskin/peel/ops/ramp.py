"""Linear learning rate: from one share of it to another, in equal steps."""

from __future__ import annotations

from typing import Any

from onionskin.peel.trial import Pick

KIND = "schedule"
SENTENCE = "the learning rate goes in a straight line from one share of it to another"
FORMULA = r"\eta_s = \eta \left(a + (b - a) \frac{\min(s, T)}{T}\right)"
SPELLINGS = ("torch.optim.lr_scheduler.LinearLR",)


def factor(step: int, start_factor: float = 1 / 3, end_factor: float = 1.0, total_iters: int = 5) -> float:
    return start_factor + (end_factor - start_factor) * min(step, total_iters) / total_iters


def trial(pick: Pick) -> dict[str, Any]:
    return {"start_factor": pick.choice([0.25, 1.0]), "end_factor": pick.choice([1.0, 0.5]), "total_iters": pick(1, 20)}
