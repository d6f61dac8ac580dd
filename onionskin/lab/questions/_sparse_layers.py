"""Layers with few weights and few active units.

Paper: Ahmad & Scheinkman (2019), "How can we be so dense? The benefits of using highly sparse representations", arXiv
1903.11257, section 3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

#: At inference so many times as many units win as in training (the paper's section 3.2).
MORE_AT_INFERENCE: Final = 1.5

#: How strongly units that seldom win are favoured (equation 5), and over how many examples it is counted.
BOOST: Final = 1.5
MEMORY: Final = 1000


class Masked(nn.Linear):
    """A linear layer of which only some weights are there. Takes (n, inputs); gives (n, outputs)."""

    mask: Tensor

    def __init__(self, inputs: int, outputs: int, density: float) -> None:
        super().__init__(inputs, outputs)
        few = max(1, round(density * inputs))
        mask = torch.zeros(outputs, inputs)
        for row in mask:  # every unit has as many inputs as any other
            row[torch.randperm(inputs)[:few]] = 1
        self.register_buffer("mask", mask)
        with torch.no_grad():  # as large as PyTorch makes them for so many inputs
            self.weight.mul_(mask * math.sqrt(inputs / few))

    def forward(self, x: Tensor) -> Tensor:
        """Return the product with the weights that are there."""
        return functional.linear(x, self.weight * self.mask, self.bias)


class KWinners(nn.Module):
    """Keeps the k largest of all units of an example, and sets the others to 0. Takes and gives (n, units)."""

    duty: Tensor

    def __init__(self, units: int, share: float) -> None:
        super().__init__()
        self.units, self.share = units, share
        self.register_buffer("duty", torch.full((units,), share))

    def forward(self, x: Tensor) -> Tensor:
        """Return the winners' values; in training count who wins how often."""
        boosted = x * torch.exp(BOOST * (self.share - self.duty))
        k = max(1, round(self.share * self.units * (1 if self.training else MORE_AT_INFERENCE)))
        winners = torch.zeros_like(x).scatter_(1, boosted.topk(k, dim=1, sorted=False).indices, 1)
        if self.training:
            weight = min(1.0, len(x) / MEMORY)
            self.duty.lerp_(winners.mean(0), weight)
        return x * winners


class Sparse(nn.Module):
    """A network of which weights and active units may be few. Takes (n, 1, h, w) pictures; gives logits, (n, 10).

    Small pictures go through two hidden layers; with channels, through a convolution, a maximum over 2 × 2, and one
    hidden layer, after the paper's own for MNIST.

    Args:
        side: Of the pictures.
        channels: Of the convolution; 0 for none.
        hidden: Units of a hidden layer.
        density: The share of a hidden layer's weights that are there.
        active: The share of units that win; 1 for ReLU.
    """

    def __init__(self, side: int, channels: int, hidden: int, density: float = 1.0, active: float = 1.0) -> None:
        super().__init__()
        self.channels, self.density, self.active = channels, density, active
        self.conv = nn.Conv2d(1, channels, 5) if channels else None
        self.inner = (side - 4) // 2
        widths = [channels * self.inner**2, hidden] if channels else [side**2, hidden, hidden]
        self.hidden = nn.ModuleList(_linear(i, o, density) for i, o in pairwise(widths))
        self.acts = nn.ModuleList(_activation(units, active) for units in (widths if channels else widths[1:]))
        self.out = nn.Linear(hidden, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        acts = list(self.acts)
        if self.conv is not None:
            x = acts.pop(0)(functional.max_pool2d(self.conv(x), 2).flatten(1))
        x = x.flatten(1)
        for layer, act in zip(self.hidden, acts, strict=True):
            x = act(layer(x))
        logits: Tensor = self.out(x)
        return logits

    @property
    def parameters_left(self) -> int:
        """How many weights and biases there are."""
        return sum(_left(layer) for layer in self._layers())

    @property
    def multiplications(self) -> int:
        """How many multiplications one picture takes at inference, none of them with what is 0."""
        few = 1.0 if self.active == 1 else self.active * MORE_AT_INFERENCE
        conv = 25 * self.channels * (2 * self.inner) ** 2
        first, *others = self._linears()
        return round(conv + _weights(first) * (few if self.channels else 1) + few * sum(map(_weights, others)))

    def _linears(self) -> Sequence[nn.Linear]:
        return [layer for layer in (*self.hidden, self.out) if isinstance(layer, nn.Linear)]

    def _layers(self) -> Sequence[nn.Module]:
        return [*([self.conv] if self.conv is not None else []), *self._linears()]


def _linear(inputs: int, outputs: int, density: float) -> nn.Linear:
    return nn.Linear(inputs, outputs) if density == 1 else Masked(inputs, outputs, density)


def _activation(units: int, active: float) -> nn.Module:
    return nn.ReLU() if active == 1 else KWinners(units, active)


def _weights(layer: nn.Linear) -> int:
    return int(layer.mask.sum()) if isinstance(layer, Masked) else layer.weight.numel()


def _left(layer: nn.Module) -> int:
    if isinstance(layer, nn.Linear):
        return _weights(layer) + layer.out_features
    return sum(p.numel() for p in layer.parameters())
