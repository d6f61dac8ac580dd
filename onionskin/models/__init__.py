"""Architectures, one readable file each, with ``build() -> torch.nn.Module`` and ``example() -> Example``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn

#: What a model is given or judged by: one tensor, or several in the order of its ``forward``.
Tensors = Any


@dataclass(frozen=True)
class Phase:
    """One of several losses that are minimised in turn in every step, each by an optimizer of its own, as a GAN's are.

    Attributes:
        name: What it is called, such as ``discriminator``.
        loss: Called with (model, inputs, targets); gives a scalar.
        parameters: The prefix of the parameters that it moves, such as ``discriminator``; empty for all.
        optimizer: As in :class:`Example`.
    """

    name: str
    loss: Callable[[nn.Module, Tensors, Tensors], Tensor]
    parameters: str
    optimizer: str


@dataclass(frozen=True)
class Example:
    """A model with a batch that it can be trained on, small enough for every level of the peel.

    Attributes:
        model: The model, in training mode unless its example means otherwise.
        inputs: What ``model(*inputs)`` takes: a tensor, or a tuple of them. The first axis is the example.
        targets: What the loss compares with: a tensor, a tuple, or None where the inputs are the targets.
        loss: A loss's name (``cross_entropy``, ``mse``, ``bce_with_logits`` …), or a function of (outputs, targets).
        optimizer: A name and its settings, such as ``sgd:lr=0.125,momentum=0.5`` or ``adam:lr=0.0078125``. Learning
            rates are exact in binary, so that every level reads the same number.
        phases: For several losses with an optimizer each; then ``loss`` and ``optimizer`` say nothing.
    """

    model: nn.Module
    inputs: Tensors
    targets: Tensors = None
    loss: str | Callable[[Tensors, Tensors], Tensor] = "cross_entropy"
    optimizer: str = "sgd:lr=0.125"
    phases: tuple[Phase, ...] = ()
