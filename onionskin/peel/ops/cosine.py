"""Cosine learning rate: from all of it down to ``eta_min`` in ``T_max`` steps, as half a cosine goes; then up again.

Source: Loshchilov & Hutter (2017), "SGDR: stochastic gradient descent with warm restarts". ``eta_min`` is a learning
rate itself, not a share: the base rate ``lr`` is asked for.
"""

from __future__ import annotations

import math
from typing import Any

from onionskin.peel.trial import Pick

KIND = "schedule"
SENTENCE = "the learning rate falls as half a cosine does"
FORMULA = r"\eta_s = \eta_{\min} + \tfrac12 (\eta - \eta_{\min}) \left(1 + \cos \frac{\pi s}{T}\right)"
SPELLINGS = ("torch.optim.lr_scheduler.CosineAnnealingLR",)


def factor(step: int, lr: float, T_max: int, eta_min: float = 0.0) -> float:
    """eta_min / lr + (1 - eta_min / lr) (1 + cos(pi step / T_max)) / 2"""
    wave = (1 + math.cos(math.pi * step / T_max)) / 2
    if eta_min:
        return eta_min / lr + (1 - eta_min / lr) * wave
    return wave


def trial(pick: Pick) -> dict[str, Any]:
    return {"T_max": pick(1, 60), "eta_min": pick.choice([0.0, 0.0625])}
