"""One cycle of the learning rate: up to ``max_lr``, and down to nearly nothing in ``total_steps`` steps.

Source: Smith & Topin (2019), "Super-convergence: very fast training of neural networks using large learning rates". As
in PyTorch, the optimizer's own rate ``lr`` counts for nothing. The momentum stays: ``cycle_momentum`` must be False.
"""

from __future__ import annotations

import math
from typing import Any

from onionskin.peel.trial import Pick

KIND = "schedule"
SENTENCE = "the learning rate goes up to its largest, and down to nearly nothing"
FORMULA = r"\eta_s = \eta_b + \tfrac12 (\eta_a - \eta_b) \left(1 + \cos \frac{\pi (s - s_a)}{s_b - s_a}\right)"
SPELLINGS = ("torch.optim.lr_scheduler.OneCycleLR",)


def factor(
    step: int,
    lr: float,
    max_lr: float,
    total_steps: int,
    pct_start: float = 0.3,
    anneal_strategy: str = "cos",
    cycle_momentum: bool = False,
    div_factor: float = 25.0,
    final_div_factor: float = 10000.0,
    three_phase: bool = False,
) -> float:
    """From max_lr / div_factor up to max_lr, and down; in each part a line or half a cosine."""
    top = pct_start * total_steps - 1
    low = max_lr / div_factor
    if three_phase:
        marks = [(0, low), (top, max_lr), (2 * top, low), (total_steps - 1, low / final_div_factor)]
    else:
        marks = [(0, low), (top, max_lr), (total_steps - 1, low / final_div_factor)]
    part = 0
    while part < len(marks) - 2 and step > marks[part + 1][0]:
        part += 1
    (begin, high), (end, rate) = marks[part], marks[part + 1]
    share = (step - begin) / (end - begin)
    if anneal_strategy == "cos":
        rate += (high - rate) * (1 + math.cos(math.pi * share)) / 2
    else:
        rate = high + (rate - high) * share
    return rate / lr


def trial(pick: Pick) -> dict[str, Any]:
    return {
        "max_lr": pick.choice([0.5, 1.0]),
        "total_steps": pick(50, 80),
        "pct_start": pick.choice([0.25, 0.5]),
        "anneal_strategy": pick.choice(["cos", "linear"]),
        "cycle_momentum": False,
        "div_factor": pick.choice([25.0, 4.0]),
        "final_div_factor": pick.choice([10000.0, 4.0]),
        "three_phase": pick.choice([False, True]),
    }
