"""How much somebody likes something: squared error on a standard scale, measured in the ratings' own unit."""

from __future__ import annotations

import math
from typing import Any, final

import torch
from torch import Tensor

from onionskin.learn.goals import Answer, Goal


@final
class Rating(Goal):
    """Outputs and targets are (n,) on a standard scale; measures and answers are between the lowest and highest rating.

    Args:
        mean, deviation: Of the training ratings.
        lowest, highest: The ends of the scale: no answer lies beyond.
    """

    measure = "rmse"
    higher = False
    peeled_loss = "mse"

    def __init__(self, mean: float, deviation: float, lowest: float, highest: float) -> None:
        self.mean, self.deviation = mean, deviation
        self.lowest, self.highest = lowest, highest
        self.outputs = 1

    def losses(self, outputs: Any, targets: Any) -> Tensor:
        """Return the squared error of each rating on the standard scale, (n,)."""
        error: Tensor = (outputs - targets) ** 2
        return error

    def measured(self, outputs: Any, targets: Any) -> dict[str, float]:
        """Return the root mean squared error and the mean absolute one, in the ratings' unit, and the loss."""
        errors = self.values(outputs) - (targets * self.deviation + self.mean)
        return {
            "rmse": math.sqrt((errors**2).mean().item()),
            "mae": errors.abs().mean().item(),
            "val_loss": self.loss(outputs, targets).item(),
        }

    def values(self, outputs: Any) -> Tensor:
        """Return ratings, (n,), from outputs."""
        return (torch.as_tensor(outputs) * self.deviation + self.mean).clamp(self.lowest, self.highest)

    def answers(self, outputs: Any) -> list[Answer]:
        """Return each rating."""
        return [Answer(f"{value:.2f}", value) for value in self.values(outputs).tolist()]

    def told(self, target: Any) -> str:
        """Return one rating as it was given."""
        return f"{float(target) * self.deviation + self.mean:.4g}"
