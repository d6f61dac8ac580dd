"""Any of several labels, none of them as well: a yes or no for each, measured as F1 over all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, final

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from onionskin.learn.goals import Answer, Goal


@final
class AnyOf(Goal):
    """Outputs are logits, (n, labels); targets are 0 or 1, (n, labels) float.

    Args:
        classes: A name for each label.
    """

    measure = "f1"
    higher = True
    peeled_loss = "bce_with_logits"

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = tuple(classes)
        self.outputs = len(self.classes)

    def losses(self, outputs: Any, targets: Any) -> Tensor:
        """Return the binary cross-entropy of each example, its mean over the labels, (n,), in nats."""
        return binary_cross_entropy_with_logits(outputs, targets, reduction="none").mean(1)

    def measured(self, outputs: Any, targets: Any) -> dict[str, float]:
        """Return F1 over all labels together ("micro"), the share of labels that are right, and loss."""
        said, true = outputs > 0, targets > 0.5
        both = (said & true).sum().item()
        f1 = 2 * both / max(1, (said.sum() + true.sum()).item())
        right = (said == true).float().mean().item()
        return {"f1": f1, "label_accuracy": right, "val_loss": self.loss(outputs, targets).item()}

    def answers(self, outputs: Any) -> list[Answer]:
        """Return the labels that are more probable than not."""
        found = []
        for row in torch.sigmoid(outputs):
            scores = {name: float(p) for name, p in zip(self.classes, row, strict=True)}
            names = [name for name, p in scores.items() if p > 0.5]
            found.append(Answer(" + ".join(names) or "none of them", names, None, scores))
        return found

    def told(self, target: Any) -> str:
        """Return the labels' names."""
        return " + ".join(name for name, on in zip(self.classes, target, strict=True) if on > 0.5) or "none of them"

    def shown(self, measured: Mapping[str, float]) -> str:
        """Return F1."""
        return f"F1 {measured['f1']:.3f}"
