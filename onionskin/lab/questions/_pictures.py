"""Labelled pictures as tensors, loaded once a process: what most questions train on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from onionskin import data


@dataclass(frozen=True)
class Pictures:
    """A data set of ``onionskin.data``, split as it always is there.

    Attributes:
        x, y: (n, 1, height, width) float32 and (n,) int64, to train on.
        test_x, test_y: Those held out.
    """

    x: Tensor
    y: Tensor
    test_x: Tensor
    test_y: Tensor


@cache
def pictures(name: str) -> Pictures:
    """Return ``digits``, ``mnist``, … as tensors. Raises OnionskinError where it cannot be fetched."""
    images = data.load(name)
    arrays = (images.train_x, images.train_y, images.test_x, images.test_y)
    return Pictures(*(torch.from_numpy(array) for array in arrays))
