"""Small pictures as tensors, parted anew for every seed, and the ways in which they are changed.

A shared part of questions: those who train on digits take them from here, so that their answers can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from onionskin import data


@dataclass(frozen=True)
class Parts:
    """Examples to train on, to choose by, and to test with; none is in two parts.

    Attributes:
        x, held_x, test_x: (n, 1, height, width), of mean 0 and deviation 1.
        y, held_y, test_y: (n,) class numbers.
    """

    x: Tensor
    y: Tensor
    held_x: Tensor
    held_y: Tensor
    test_x: Tensor
    test_y: Tensor


@cache
def everything(name: str) -> tuple[Tensor, Tensor]:
    """Return all pictures of a data set, (n, 1, height, width), and their classes, (n,). Raises OnionskinError."""
    images = data.load(name)
    x = np.concatenate([images.train_x, images.test_x])
    y = np.concatenate([images.train_y, images.test_y])
    return torch.from_numpy(x), torch.from_numpy(y)


def parts(name: str, seed: int, *, train: int, held: int, test: int) -> Parts:
    """Return three parts of a data set; the same seed gives the same, and a smaller ``train`` a part of a larger one.

    Args:
        name: Of :data:`onionskin.data`: ``digits``, ``mnist``, ``fashion_mnist``, ``mnist_full``.
        seed: Which order the examples are drawn in.
        train, held, test: How many. Together at most all.
    """
    x, y = everything(name)
    if train + held + test > len(x):
        raise ValueError(f"{train} + {held} + {test} of {len(x)} examples of {name}")
    order = torch.from_numpy(np.random.default_rng([seed, 1]).permutation(len(x)))
    tested, held_out, trained = order[:test], order[test : test + held], order[test + held :][:train]
    return Parts(x[trained], y[trained], x[held_out], y[held_out], x[tested], y[tested])


def moved(
    x: Tensor,
    *,
    degrees: Tensor | float = 0.0,
    zoom: Tensor | float = 1.0,
    right: Tensor | float = 0.0,
    down: Tensor | float = 0.0,
) -> Tensor:
    """Return pictures turned, made larger, then moved; what comes in from outside is background.

    Args:
        x: (n, 1, height, width); the darkest value is background.
        degrees: To turn by; a number for all, or (n,).
        zoom: 2 for twice as large.
        right, down: Pixels.
    """
    n, _, height, width = x.shape
    turn, size, along, below = (torch.as_tensor(v, dtype=x.dtype).expand(n) for v in (degrees, zoom, right, down))
    cos, sin = torch.cos(torch.deg2rad(turn)) / size, torch.sin(torch.deg2rad(turn)) / size
    # The grid says where each pixel of the result comes from, in halves of the picture: the inverse of the movement.
    a, b = -2 * along / width, -2 * below / height
    rows = [torch.stack([cos, sin, cos * a + sin * b], 1), torch.stack([-sin, cos, -sin * a + cos * b], 1)]
    grid = affine_grid(torch.stack(rows, 1), list(x.shape), align_corners=False)
    background = x.min()
    return grid_sample(x - background, grid, align_corners=False) + background


def shifted(x: Tensor, most: int, generator: torch.Generator) -> Tensor:
    """Return pictures each moved by whole pixels, at most ``most`` in both directions, and not left where it was."""
    n, _, height, width = x.shape
    by = torch.randint(-most, most + 1, (n, 2), generator=generator)
    by[(by == 0).all(1)] = most
    padded = torch.nn.functional.pad(x, (most,) * 4, value=float(x.min()))
    rows = torch.arange(height)[None] + most - by[:, :1]
    columns = torch.arange(width)[None] + most - by[:, 1:]
    return padded[torch.arange(n)[:, None, None], 0, rows[:, :, None], columns[:, None, :]][:, None]
