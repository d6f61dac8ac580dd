"""Lottery tickets: is a pruned network that trains well one by its first weights, or by its shape?

Paper: Frankle & Carbin (2018), "The lottery ticket hypothesis", arXiv 1803.03635: train, remove the smallest weights of
each layer, set what is left back to its first values, and again. LeNet-300-100 as there, the last layer pruned at half
the rate. A ticket is compared with the same shape under other first weights.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Final

import torch
from torch import Tensor, nn

from onionskin.lab.questions._fitting import accuracy, fit, small
from onionskin.lab.questions._sparse_layers import Masked

#: The share of weights that each round of pruning leaves: 90 % are gone after four, 95 % after five.
ROUNDS: Final = (0.1**0.25, 0.1**0.25, 0.1**0.25, 0.1**0.25, 0.5)
AFTER: Final = {"90": 4, "95": 5}

_WIDTHS: Final = (300, 100)

Masks = tuple[Tensor, ...]


def measured(data: str, pruned: str, first: str, steps: int, seed: int) -> float:
    """Return the accuracy of a network.

    Args:
        data: What it learns.
        pruned: ``0``, ``90`` or ``95`` percent.
        first: ``own`` weights that the ticket was found with, or ``other`` ones.
        steps: Of each training.
        seed: Of everything.
    """
    if pruned == "0":
        return _trained(data, None, steps, seed, 0)[1]
    return _trained(data, masks(data, AFTER[pruned], steps, seed), steps, seed, 0 if first == "own" else 1)[1]


def masks(data: str, rounds: int, steps: int, seed: int) -> Masks:
    """Return which weights of each layer are left after some rounds of training and pruning."""
    return _masks(data, rounds, steps, seed)


@cache
def _masks(data: str, rounds: int, steps: int, seed: int) -> Masks:
    if not rounds:
        return tuple(torch.ones_like(layer.mask) for layer in _layers(_network(data, seed, 0)))
    before = _masks(data, rounds - 1, steps, seed)
    weights, _ = _trained(data, before if rounds > 1 else None, steps, seed, 0)
    kept = ROUNDS[rounds - 1]
    shares = [kept] * (len(weights) - 1) + [(1 + kept) / 2]
    return tuple(_smallest_out(w, mask, share) for w, mask, share in zip(weights, before, shares, strict=True))


def _smallest_out(weight: Tensor, mask: Tensor, share: float) -> Tensor:
    """Return a mask with the largest share of the weights that are still there."""
    sizes = weight.abs()[mask == 1]
    least = sizes.sort(descending=True).values[max(0, round(share * len(sizes)) - 1)]
    return mask * (weight.abs() >= least)


_CACHE: dict[tuple[object, ...], tuple[Masks, float]] = {}


def _trained(data: str, shape: Masks | None, steps: int, seed: int, draw: int) -> tuple[Masks, float]:
    """Return trained weights and accuracy. Trainings are shared: that of a ticket is also a round of the search."""
    left = None if shape is None else int(sum(mask.sum() for mask in shape))
    key = (data, left, steps, seed, draw)
    if key not in _CACHE:
        model = _network(data, seed, draw)
        if shape is not None:
            for layer, mask in zip(_layers(model), shape, strict=True):
                layer.mask.copy_(mask)
        pictures = small(data)
        torch.manual_seed(seed)  # the batches are the same for all
        fit(model, pictures.train_x, pictures.train_y, steps=steps, lr=1.2e-3, weight_decay=0.0)
        weights = tuple(layer.weight.detach() for layer in _layers(model))
        _CACHE[key] = weights, accuracy(model, pictures.test_x, pictures.test_y)
    return _CACHE[key]


def _network(data: str, seed: int, draw: int) -> nn.Sequential:
    torch.manual_seed(seed * 10 + draw)
    inputs = small(data).train_x[0].numel()
    widths = [inputs, *_WIDTHS, 10]
    layers: list[nn.Module] = [nn.Flatten()]
    for i, o in pairwise(widths):
        layers += [Masked(i, o, 1.0), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def _layers(model: nn.Sequential) -> list[Masked]:
    return [layer for layer in model if isinstance(layer, Masked)]
