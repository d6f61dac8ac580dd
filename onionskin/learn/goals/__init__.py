"""What a training is for, one file each: its loss, its measures, and how outputs become answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from torch import Tensor


@dataclass(frozen=True)
class Answer:
    """What a model says of one thing.

    Attributes:
        text: What it is, for people: a class's name, a number.
        value: The same for programs: a class's name, a float, a list of names.
        confidence: How sure it is, 0 to 1; None where a model does not say.
        scores: For classes, the probability of each by name.
    """

    text: str
    value: Any
    confidence: float | None = None
    scores: Mapping[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text if self.confidence is None else f"{self.text} {100 * self.confidence:.0f} %"


class Goal(ABC):
    """What outputs are compared with, and how.

    Attributes:
        measure: The name of the measure that decides which weights are best, a key of what :meth:`measured` gives.
        higher: Whether a higher one is better.
        outputs: How many numbers the model gives for one example.
        peeled_loss: What the peel calls its loss: a name of ``onionskin/peel/ops``, such as ``cross_entropy``;
            or a function of outputs and targets.
    """

    measure: ClassVar[str]
    higher: ClassVar[bool]
    peeled_loss: ClassVar[Any] = "cross_entropy"
    outputs: int

    def loss(self, outputs: Any, targets: Any) -> Tensor:
        """Return the mean loss of a batch, a scalar."""
        return self.losses(outputs, targets).mean()

    @abstractmethod
    def losses(self, outputs: Any, targets: Any) -> Tensor:
        """Return the loss of each example, (n,)."""

    def kept(self, outputs: Any, targets: Any) -> Any:
        """Return what of a batch's outputs to keep for :meth:`measured`: a tensor or tuple, the first axis n."""
        return outputs

    @abstractmethod
    def measured(self, outputs: Any, targets: Any) -> dict[str, float]:
        """Return the measures over all examples that outputs were kept of; ``val_loss`` is among them."""

    @abstractmethod
    def answers(self, outputs: Any) -> list[Answer]:
        """Return what outputs say, one for each example."""

    @abstractmethod
    def told(self, target: Any) -> str:
        """Return what one target says, for people."""

    def shown(self, measured: Mapping[str, float]) -> str:
        """Return the measure that decides, for people: ``accuracy 97.2 %``."""
        value = measured[self.measure]
        return f"{self.measure} {value:.4g}"
