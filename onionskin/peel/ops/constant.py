"""Constant learning rate, smaller in the first steps."""

from __future__ import annotations

from typing import Any

from onionskin.peel.trial import Pick

KIND = "schedule"
SENTENCE = "the learning rate is smaller for some steps, then whole"
FORMULA = r"\eta_s = f\, \eta \text{ for } s < T, \text{ then } \eta"
SPELLINGS = ("torch.optim.lr_scheduler.ConstantLR",)


def factor(step: int, factor: float = 1 / 3, total_iters: int = 5) -> float:
    return factor if step < total_iters else 1.0


def trial(pick: Pick) -> dict[str, Any]:
    return {"factor": pick.choice([0.5, 0.25]), "total_iters": pick(1, 20)}
