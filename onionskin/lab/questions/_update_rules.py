"""The update rules of optimizers, a function each, for weights of many networks that lie in one tensor.

A rule gets the gradient and its own memory, and returns the step in units of the learning rate. The tests compare each
with PyTorch's optimizer of the same name.

Papers: Polyak (1964), momentum; Sutskever and others (2013), Nesterov's form of it; Hinton (2012), RMSprop; Kingma & Ba
(2015), Adam, arXiv 1412.6980; Loshchilov & Hutter (2019), AdamW, arXiv 1711.05101; Chen and others (2023), Lion, arXiv
2302.06675.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

#: What a rule keeps of a weight: averages by name, and how many steps there were.
Memory = dict[str, Tensor]
Rule = Callable[[Tensor, Tensor, Memory, int], Tensor]

#: How much AdamW and Lion shrink weights, per unit of the learning rate (PyTorch's default of AdamW).
DECAY: Final = 0.01


def sgd(weight: Tensor, gradient: Tensor, memory: Memory, step: int) -> Tensor:
    """Downhill."""
    return gradient


def momentum(weight: Tensor, gradient: Tensor, memory: Memory, step: int) -> Tensor:
    """Downhill, with nine tenths of the last step's speed."""
    memory["speed"] = 0.9 * memory.get("speed", torch.zeros_like(gradient)) + gradient
    return memory["speed"]


def nesterov(weight: Tensor, gradient: Tensor, memory: Memory, step: int) -> Tensor:
    """Momentum that looks one step ahead."""
    return gradient + 0.9 * momentum(weight, gradient, memory, step)


def rmsprop(weight: Tensor, gradient: Tensor, memory: Memory, step: int) -> Tensor:
    """Each weight by the size that its gradient has of late."""
    memory["square"] = 0.99 * memory.get("square", torch.zeros_like(gradient)) + 0.01 * gradient**2
    return gradient / (memory["square"].sqrt() + 1e-8)


def adam(weight: Tensor, gradient: Tensor, memory: Memory, step: int) -> Tensor:
    """RMSprop of an average of gradients, both corrected for having begun at zero."""
    memory["mean"] = torch.lerp(memory.get("mean", torch.zeros_like(gradient)), gradient, 0.1)
    memory["square"] = 0.999 * memory.get("square", torch.zeros_like(gradient)) + 0.001 * gradient**2
    scale = (memory["square"] / (1 - 0.999**step)).sqrt() + 1e-8
    return memory["mean"] / (1 - 0.9**step) / scale


def adamw(weight: Tensor, gradient: Tensor, memory: Memory, step: int) -> Tensor:
    """Adam, and weights shrink by themselves."""
    return adam(weight, gradient, memory, step) + DECAY * weight


def lion(weight: Tensor, gradient: Tensor, memory: Memory, step: int) -> Tensor:
    """The sign alone, of an average of gradients; and weights shrink (algorithm 2 of the paper)."""
    mean = memory.get("mean", torch.zeros_like(gradient))
    memory["mean"] = 0.99 * mean + 0.01 * gradient
    return torch.sign(0.9 * mean + 0.1 * gradient) + DECAY * weight


RULES: Final[dict[str, Rule]] = {
    "SGD": sgd, "momentum": momentum, "Nesterov": nesterov, "RMSprop": rmsprop, "Adam": adam, "AdamW": adamw,
    "Lion": lion,
}  # fmt: skip
