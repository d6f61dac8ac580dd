"""Sparse and dense networks of equal parameters and of equal multiplications, asked about pictures with noise.

Paper: Ahmad & Scheinkman (2019), arXiv 1903.11257, section 4: a share of the pixels is set to white.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import torch
from torch import Tensor

from onionskin.lab.questions._fitting import Small, accuracy, fit, small
from onionskin.lab.questions._sparse_layers import Sparse
from onionskin.lab.trial import run_folder

#: Shares of the pixels that are white.
LEVELS: Final = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)

#: White, in deviations from the mean (the paper's value).
WHITE: Final = 2.0

#: Of the sparse network: the share of weights that are there, and of units that win.
DENSITY: Final = 0.3
ACTIVE: Final = 0.1

#: By data set: channels and hidden units of the sparse network, and how many pictures are used.
_WIDTHS: Final = {"digits": (0, 256), "mnist": (16, 100), "fashion_mnist": (16, 100)}
_PICTURES: Final = {"digits": (0, 0), "mnist": (0, 0), "fashion_mnist": (4000, 1000)}

KINDS: Final = ("sparse", "dense, equal parameters", "dense, equal multiplications")


def noise_name(level: float) -> str:
    """Return the measure of the accuracy at a level."""
    return f"accuracy_{round(100 * level)}"


def measured(data: str, kind: str, steps: int, seed: int) -> dict[str, float]:
    """Train a network, and return its accuracy at each level of noise, and what it takes."""
    pictures = pictures_of(data)
    torch.manual_seed(seed)
    model = network(data, kind)
    fit(model, pictures.train_x, pictures.train_y, steps=steps, run=run_folder() if seed == 0 else None)
    found = {
        noise_name(level): accuracy(model, with_white(pictures.test_x, level, seed), pictures.test_y)
        for level in LEVELS
    }
    noisy = [found[noise_name(level)] for level in LEVELS if level]
    return found | {
        "accuracy": found[noise_name(0.0)], "noisy": sum(noisy) / len(noisy),
        "parameters": model.parameters_left, "multiplications": model.multiplications,
    }  # fmt: skip


def pictures_of(data: str) -> Small:
    """Return the pictures of a data set, as many as are used."""
    return small(data, *_PICTURES[data])


def with_white(x: Tensor, level: float, seed: int) -> Tensor:
    """Return pictures, a share of whose pixels is white; the same pixels for every network of a seed."""
    where = torch.rand(x.shape, generator=torch.Generator().manual_seed(seed * 1000 + round(100 * level))) < level
    return torch.where(where, WHITE, x)


def network(data: str, kind: str) -> Sparse:
    """Return an untrained network of a kind."""
    side = pictures_of(data).train_x.shape[-1]
    channels, hidden = _WIDTHS[data]
    if kind == "sparse":
        return Sparse(side, channels, hidden, DENSITY, ACTIVE)
    return Sparse(side, *_equal(data, side, kind))


@cache
def _equal(data: str, side: int, kind: str) -> tuple[int, int]:
    """Return channels and hidden units with which a dense network is as large, or takes as much, as the sparse one."""
    channels, hidden = _WIDTHS[data]
    with torch.random.fork_rng(devices=[]):  # so that the first network of a process is like those after it
        aim = Sparse(side, channels, hidden, DENSITY, ACTIVE)
    most = aim.parameters_left
    by_size = min(range(4, hidden + 1), key=lambda h: abs(_shape(side, channels, h).parameters_left - most))
    if kind == "dense, equal parameters":
        found = channels, by_size
    elif channels:  # most of the work is the convolution's
        found = min(((c, by_size) for c in range(2, channels + 1)), key=lambda sizes: _off(side, sizes, aim))
    else:
        found = min(((0, h) for h in range(4, hidden + 1)), key=lambda sizes: _off(side, sizes, aim))
    return found


def _shape(side: int, channels: int, hidden: int) -> Sparse:
    """Return a dense network without values, to count with."""
    with torch.device("meta"):
        return Sparse(side, channels, hidden)


def _off(side: int, sizes: tuple[int, int], aim: Sparse) -> int:
    return abs(_shape(side, *sizes).multiplications - aim.multiplications)
