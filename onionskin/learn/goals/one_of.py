"""One of several classes: cross-entropy, measured as accuracy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, final

from torch import Tensor
from torch.nn.functional import cross_entropy

from onionskin.errors import OnionskinError, did_you_mean
from onionskin.learn.goals import Answer, Goal


@final
class OneOf(Goal):
    """Outputs are logits, (n, classes); targets are class numbers, (n,).

    Args:
        classes: A name for each class.
    """

    measure = "accuracy"
    higher = True

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = tuple(classes)
        self.outputs = len(self.classes)

    def losses(self, outputs: Any, targets: Any) -> Tensor:
        """Return the cross-entropy of each example, (n,), in nats."""
        return cross_entropy(outputs, targets, reduction="none")

    def loss(self, outputs: Any, targets: Any) -> Tensor:
        """Return the mean cross-entropy, in nats."""
        return cross_entropy(outputs, targets)

    def measured(self, outputs: Any, targets: Any) -> dict[str, float]:
        """Return accuracy (0 to 1) and loss."""
        accuracy = (outputs.argmax(1) == targets).float().mean().item()
        return {"accuracy": accuracy, "val_loss": self.loss(outputs, targets).item()}

    def answers(self, outputs: Any) -> list[Answer]:
        """Return the most probable class of each example."""
        found = []
        for row in outputs.softmax(1):
            best = int(row.argmax())
            scores = {name: float(p) for name, p in zip(self.classes, row, strict=True)}
            found.append(Answer(self.classes[best], self.classes[best], float(row[best]), scores))
        return found

    def number(self, name: str) -> int:
        """Return the number of a class by its name. Raises OnionskinError where there is none."""
        if name not in self.classes:
            fix = did_you_mean(name, self.classes, otherwise=f"the classes are: {', '.join(self.classes[:12])}")
            raise OnionskinError(f"there is no class '{name[:60]}'", fix=fix)
        return self.classes.index(name)

    def told(self, target: Any) -> str:
        """Return a class's name."""
        return self.classes[int(target)]

    def shown(self, measured: Mapping[str, float]) -> str:
        """Return accuracy in percent."""
        return f"accuracy {100 * measured['accuracy']:.1f} %"
