"""Learning rate that is smaller by the same factor every step."""

from __future__ import annotations

from typing import Any

from onionskin.peel.trial import Pick

KIND = "schedule"
SENTENCE = "the learning rate is smaller by a factor every step"
FORMULA = r"\eta_s = \eta\, \gamma^s"
SPELLINGS = ("torch.optim.lr_scheduler.ExponentialLR",)


def factor(step: int, gamma: float) -> float:
    return gamma**step


def trial(pick: Pick) -> dict[str, Any]:
    return {"gamma": pick.choice([0.5, 0.99, 1.0])}
