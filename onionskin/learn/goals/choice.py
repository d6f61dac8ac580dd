"""What somebody chooses next, among everything that they have not chosen yet: measured by its place in the ranking."""

from __future__ import annotations

import math
from typing import Any, Final, final

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from onionskin.learn.goals import Answer, Goal

#: How many of a ranking are looked at.
PLACES: Final = 10


@final
class Choice(Goal):
    """Outputs are scores, (n, 1 + c): of what was chosen, then of c others; −∞ for what is out of the question.

    Targets are 0: the first one. Over fewer others than there are, this is the sampled softmax without its correction,
    which a uniform sample needs the same for all: Jean et al. (2015), "On using very large target vocabulary for neural
    machine translation", arXiv 1412.2007.
    """

    measure = f"hits@{PLACES}"
    higher = True

    def __init__(self, items: int) -> None:
        self.outputs = 1 + items

    def losses(self, outputs: Any, targets: Any) -> Tensor:
        """Return the cross-entropy of each choice, (n,), in nats."""
        return cross_entropy(outputs, targets, reduction="none")

    def kept(self, outputs: Any, targets: Any) -> Tensor:
        """Return how many others score at least as high as what was chosen, and the loss, (n, 2)."""
        above = (outputs[:, 1:] >= outputs[:, :1]).sum(1)  # of equals the others come first: no luck in ties
        return torch.stack([above.float(), self.losses(outputs, targets)], 1)

    def measured(self, outputs: Any, targets: Any) -> dict[str, float]:
        """Return how often what was chosen is among the first ten, its mean reciprocal place, and the loss."""
        above = outputs[:, 0]
        return {
            self.measure: (above < PLACES).float().mean().item(),
            "reciprocal_rank": (1 / (1 + above)).mean().item(),
            "val_loss": outputs[:, 1].mean().item(),
        }

    def answers(self, outputs: Any) -> list[Answer]:
        """Return the score of each pair of a user and an item, (n,), as a number that ranks and means nothing more."""
        return [
            Answer(f"score {value:.3f}", value) for value in torch.as_tensor(outputs).tolist() if math.isfinite(value)
        ]

    def told(self, target: Any) -> str:
        """Return that it was chosen."""
        return "chosen"

    def shown(self, measured: Any) -> str:
        """Return how often it is among the first ten."""
        return f"among the first {PLACES}: {100 * measured[self.measure]:.1f} %"
