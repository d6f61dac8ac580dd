"""Learning rate that warms up in a line, and falls as half a cosine does: what most transformers are trained with.

``floor`` is the share of it that is left after ``total`` steps.
"""

from __future__ import annotations

import math
from typing import Any

from onionskin.peel.trial import Pick

KIND = "schedule"
SENTENCE = "the learning rate rises in a line for some steps, then falls as half a cosine does"
FORMULA = (
    r"\eta_s = \eta\, \frac{s + 1}{w} \text{ for } s < w, \text{ then } "
    r"\eta \left(f + \tfrac{1 - f}{2} \left(1 + \cos \frac{\pi (s - w)}{T - w}\right)\right)"
)
SPELLINGS = ("torch.optim.lr_scheduler.LambdaLR",)


def factor(step: int, warmup: int, total: int, floor: float = 0.0) -> float:
    return (
        (step + 1) / warmup
        if step < warmup
        else floor + (1 - floor) * (1 + math.cos(math.pi * min(1.0, (step - warmup) / (total - warmup)))) / 2
    )


def trial(pick: Pick) -> dict[str, Any]:
    return {"warmup": pick(1, 10), "total": pick(20, 60), "floor": pick.choice([0.0, 0.125])}
