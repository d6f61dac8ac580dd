"""A number: squared error on a standard scale, measured as the root mean squared error in the target's own unit."""

from __future__ import annotations

import math
from typing import Any, final

import torch
from torch import Tensor

from onionskin.learn.goals import Answer, Goal


@final
class Number(Goal):
    """Outputs and targets are (n,) or (n, 1) on a standard scale: mean 0, deviation 1, after a logarithm if asked.

    Args:
        name: What the number is, such as ``price``.
        mean, deviation: Of the training targets, after the logarithm.
        log: Whether it is log(number) that is learned: for skewed, positive targets. ``rmse`` is then of log(number).
    """

    measure = "rmse"
    higher = False
    peeled_loss = "mse"

    def __init__(self, name: str, mean: float, deviation: float, *, log: bool = False) -> None:
        self.name, self.mean, self.deviation, self.log = name, mean, deviation, log
        self.outputs = 1

    def losses(self, outputs: Any, targets: Any) -> Tensor:
        """Return the squared error of each example on the standard scale, (n,)."""
        error: Tensor = (outputs.reshape(len(targets)) - targets.reshape(-1)) ** 2
        return error

    def measured(self, outputs: Any, targets: Any) -> dict[str, float]:
        """Return the root mean squared error and the mean absolute one, R², and the loss."""
        errors = outputs.reshape(len(targets)) - targets.reshape(-1)
        squared = (errors**2).mean().item()
        spread = targets.var(correction=0).item()
        return {
            "rmse": math.sqrt(squared) * self.deviation,
            "mae": errors.abs().mean().item() * self.deviation,
            "r2": 1 - squared / spread if spread else math.nan,
            "val_loss": squared,
        }

    def answers(self, outputs: Any) -> list[Answer]:
        """Return each number in the target's own unit."""
        values = self.values(outputs).tolist()
        return [Answer(f"{value:.4g}", value) for value in values]

    def values(self, scaled: Any) -> Tensor:
        """Return (n,) numbers in the target's own unit."""
        plain = torch.as_tensor(scaled).reshape(-1) * self.deviation + self.mean
        return plain.exp() if self.log else plain

    def told(self, target: Any) -> str:
        """Return one target in its own unit."""
        return f"{self.values(target).item():.4g}"
