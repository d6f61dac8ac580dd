"""Learning rate in stairs: smaller by a factor every few steps."""

from __future__ import annotations

from typing import Any

from onionskin.peel.trial import Pick

KIND = "schedule"
SENTENCE = "the learning rate is smaller by a factor every few steps"
FORMULA = r"\eta_s = \eta\, \gamma^{\lfloor s / n \rfloor}"
SPELLINGS = ("torch.optim.lr_scheduler.StepLR",)


def factor(step: int, step_size: int, gamma: float = 0.1) -> float:
    return gamma ** (step // step_size)


def trial(pick: Pick) -> dict[str, Any]:
    return {"step_size": pick(1, 20), "gamma": pick.choice([0.1, 0.5])}
