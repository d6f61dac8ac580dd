"""Learning rate that falls to nothing, in a line or a curve."""

from __future__ import annotations

from typing import Any

from onionskin.peel.trial import Pick

KIND = "schedule"
SENTENCE = "the learning rate falls to nothing along a power"
FORMULA = r"\eta_s = \eta \left(1 - \frac{\min(s, T)}{T}\right)^p"
SPELLINGS = ("torch.optim.lr_scheduler.PolynomialLR",)


def factor(step: int, total_iters: int = 5, power: float = 1.0) -> Any:
    return (1 - min(step, total_iters) / total_iters) ** power


def trial(pick: Pick) -> dict[str, Any]:
    return {"total_iters": pick(1, 60), "power": pick.choice([1.0, 0.5, 2.0])}
