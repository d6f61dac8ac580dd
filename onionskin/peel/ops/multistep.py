"""Learning rate in stairs, with a step down at each milestone."""

from __future__ import annotations

from typing import Any

from onionskin.peel.trial import Pick

KIND = "schedule"
SENTENCE = "the learning rate is smaller by a factor from each milestone on"
FORMULA = r"\eta_s = \eta\, \gamma^{|\{m : m \le s\}|}"
SPELLINGS = ("torch.optim.lr_scheduler.MultiStepLR",)


def factor(step: int, milestones: tuple[int, ...], gamma: float = 0.1) -> float:
    return gamma ** sum(milestone <= step for milestone in milestones)


def trial(pick: Pick) -> dict[str, Any]:
    return {"milestones": pick.choice([(3, 7, 20), (1,), (10, 10)]), "gamma": pick.choice([0.1, 0.5])}
