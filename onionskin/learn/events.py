"""What may happen in a training besides the training: each an event on the loop of ``loop.py``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, final

import torch
from torch import Tensor, nn

from onionskin.errors import OnionskinError
from onionskin.watch import Recorder

#: What was measured on the validation set, by name.
Measured = Mapping[str, float]


class Event:
    """Something on the loop. Each method does nothing, until it is overridden."""

    def recorded(self, run: Recorder | None) -> None:
        """Hear where the training is recorded, if it is, before the first step."""

    def forward(self) -> AbstractContextManager[Any, Any]:
        """Return what surrounds a forward."""
        return ExitStack()

    def scaled(self, loss: Tensor) -> Tensor:
        """Return what is differentiated."""
        return loss

    def is_step(self, batch: int) -> bool:
        """Return whether the optimizer steps after so many batches of an epoch."""
        return True

    def stepped(self, loss: Tensor) -> None:
        """Hear that a step was made, with the loss of its last batch."""

    def epoch_ended(self, epoch: int) -> None:
        """Hear that so many epochs are over."""

    def is_over(self) -> bool:
        """Return whether to stop before another epoch."""
        return False

    def state(self) -> dict[str, float]:
        """Return the numbers that a checkpoint keeps of it."""
        return {}

    def load(self, state: Mapping[str, float]) -> None:
        """Take up what :meth:`state` gave."""


@final
class Events(Event):
    """Several as one, in their order."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = tuple(events)

    @contextmanager
    def forward(self) -> Iterator[None]:
        """Enter what each of them puts around a forward."""
        with ExitStack() as stack:
            for event in self._events:
                stack.enter_context(event.forward())
            yield

    def scaled(self, loss: Tensor) -> Tensor:
        """Let each of them scale."""
        for event in self._events:
            loss = event.scaled(loss)
        return loss

    def is_step(self, batch: int) -> bool:
        """Ask all of them."""
        return all(event.is_step(batch) for event in self._events)

    def stepped(self, loss: Tensor) -> None:
        """Tell all of them."""
        for event in self._events:
            event.stepped(loss)

    def epoch_ended(self, epoch: int) -> None:
        """Tell all of them."""
        for event in self._events:
            event.epoch_ended(epoch)

    def is_over(self) -> bool:
        """Ask each of them."""
        return any(event.is_over() for event in self._events)


@final
class MixedPrecision(Event):
    """Forwards in bfloat16 where that is safe. Its exponent is float32's, so that no loss needs scaling.

    Paper: Micikevicius et al. (2017), "Mixed precision training", arXiv 1710.03740; Kalamkar et al. (2019), "A study of
    BFLOAT16 for deep learning training", arXiv 1905.12322.
    """

    def __init__(self, device: str = "cpu") -> None:
        self._device = device

    def forward(self) -> AbstractContextManager[Any, Any]:
        """Return PyTorch's autocast."""
        return torch.autocast(self._device, dtype=torch.bfloat16)


@final
class Accumulation(Event):
    """One step after several batches, with the mean of their gradients. The last of an epoch are let go where too few.

    Args:
        count: Batches a step.
        batches: Batches an epoch.
    """

    def __init__(self, count: int, batches: int) -> None:
        if not 1 <= count <= batches:
            raise OnionskinError(f"accumulate={count}, with {batches} batches an epoch", fix=f"give 1 to {batches}")
        self._count = count

    def scaled(self, loss: Tensor) -> Tensor:
        """Return a batch's share of the mean."""
        return loss / self._count

    def is_step(self, batch: int) -> bool:
        """Return whether enough batches have come."""
        return batch % self._count == 0


@final
class Measuring(Event):
    """Measures after every epoch, and before the first one; the last is in ``measured``.

    Args:
        measure: Gives what is measured.

    Attributes:
        run: Records it, and the losses.
        measured: The last of it.
    """

    def __init__(self, measure: Callable[[], Measured]) -> None:
        self._measure = measure
        self.run: Recorder | None = None
        self.measured: Measured = {}

    def stepped(self, loss: Tensor) -> None:
        """Record the loss."""
        if self.run:
            self.run.log(loss=loss)

    def epoch_ended(self, epoch: int) -> None:
        """Measure, and record it."""
        self.measured = self._measure()
        if self.run:
            self.run.log(**self.measured)

    def state(self) -> dict[str, float]:
        """Return what was measured last."""
        return dict(self.measured)

    def load(self, state: Mapping[str, float]) -> None:
        """Take it up."""
        self.measured = dict(state)


@final
class BestWeights(Event):
    """Keeps the weights with which a measure was best, and stops after so many epochs without a better one.

    Args:
        model: Whose weights and buffers are kept.
        measuring: Comes before it among the events.
        measure: The name of the measure.
        higher: Whether higher is better.
        patience: After how many epochs without a better one to stop; None for never.
    """

    def __init__(
        self, model: nn.Module, measuring: Measuring, measure: str, *, higher: bool, patience: int | None
    ) -> None:
        if patience is not None and patience < 1:
            raise OnionskinError(f"patience={patience}", fix="give 1 epoch or more, or leave it out")
        self._model, self._measuring, self._measure = model, measuring, measure
        self._sign = 1 if higher else -1
        self._patience = patience
        self._best, self.epoch, self._waited = float("-inf"), 0, 0
        self.weights: dict[str, Tensor] = {}

    def epoch_ended(self, epoch: int) -> None:
        """Keep the weights if they are the best so far: of equals the later ones, which were trained longer."""
        value = self._sign * self._measuring.measured[self._measure]
        if value >= self._best or not self.weights:
            better = value > self._best
            self._best, self.epoch = value, epoch
            self.weights = {name: tensor.detach().clone() for name, tensor in self._model.state_dict().items()}
            self._waited = 0 if better else self._waited + 1
        else:
            self._waited += 1

    def is_over(self) -> bool:
        """Return whether it was patient enough."""
        return self._patience is not None and self._waited >= self._patience

    def state(self) -> dict[str, float]:
        """Return what its weights are the best of."""
        return {"best": self._best, "epoch": self.epoch, "waited": self._waited}

    def load(self, state: Mapping[str, float]) -> None:
        """Take it up; the weights are loaded apart."""
        self._best, self.epoch, self._waited = state["best"], int(state["epoch"]), int(state["waited"])
