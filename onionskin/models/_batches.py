"""Batches for the examples: small, the same for everybody, and with something in them to learn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor


@contextmanager
def seeded(seed: int = 0) -> Iterator[None]:
    """Draw the initial weights made inside from a stream of their own, and leave the caller's where it was."""
    with torch.random.fork_rng(devices=[]):
        # Not torch.manual_seed, which would also seed every GPU: fork_rng puts back the CPU's stream alone.
        torch.default_generator.manual_seed(seed)
        yield


def images(count: int, shape: tuple[int, ...], classes: int, *, noise: float = 0.5) -> tuple[Tensor, Tensor]:
    """Return images, (count, *shape), and their classes, (count,): a prototype of each class under normal noise.

    The classes come in turn, so that every batch holds as many of each.
    """
    stream = np.random.default_rng(0)
    prototypes = stream.standard_normal((classes, *shape))
    labels = np.arange(count) % classes
    x = prototypes[labels] + noise * stream.standard_normal((count, *shape))
    return torch.from_numpy(x).float(), torch.from_numpy(labels)


def bars(count: int, size: int) -> Tensor:
    """Return images of one bright bar each, (count, 1, size, size), between 0 and 1: upright and lying in turn."""
    stream = np.random.default_rng(0)
    x = np.zeros((count, 1, size, size))
    for image, lies in zip(x[:, 0], np.arange(count) % 2, strict=True):
        at = stream.integers(size - 1)
        (image if lies else image.T)[at : at + 2] = 1.0  # two pixels thick
    return torch.from_numpy(x).float()


def strings(count: int, length: int, letters: int) -> Tensor:
    """Return strings of letters as numbers, (count, length), none of them 0: that one is free to mean "start"."""
    stream = np.random.default_rng(0)
    return torch.from_numpy(stream.integers(1, letters, (count, length)))
