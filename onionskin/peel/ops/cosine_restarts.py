"""Cosine learning rate that begins anew: after ``T_0`` steps, then after ``T_mult`` times as many, and so on.

Source: Loshchilov & Hutter (2017), "SGDR: stochastic gradient descent with warm restarts". ``eta_min`` is a learning
rate itself, not a share: the base rate ``lr`` is asked for.
"""

from __future__ import annotations

import math
from typing import Any

from onionskin.peel.trial import Pick

KIND = "schedule"
SENTENCE = "the learning rate falls as half a cosine does, again and again"
FORMULA = r"\eta_s = \eta_{\min} + \tfrac12 (\eta - \eta_{\min}) \left(1 + \cos \frac{\pi (s - s_i)}{T_i}\right)"
SPELLINGS = ("torch.optim.lr_scheduler.CosineAnnealingWarmRestarts",)


def factor(step: int, lr: float, T_0: int, T_mult: int = 1, eta_min: float = 0.0) -> float:
    """eta_min / lr + (1 - eta_min / lr) (1 + cos(pi t / T)) / 2, t steps after a restart."""
    t, length = step, T_0
    while t >= length:
        t -= length
        length *= T_mult
    wave = (1 + math.cos(math.pi * t / length)) / 2
    if eta_min:
        return eta_min / lr + (1 - eta_min / lr) * wave
    return wave


def trial(pick: Pick) -> dict[str, Any]:
    return {"T_0": pick(1, 15), "T_mult": pick(1, 3), "eta_min": pick.choice([0.0, 0.0625])}
