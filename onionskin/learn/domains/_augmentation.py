"""Pictures changed at random while a network trains, so that it learns what does not matter. By kornia, on tensors.

What happens is drawn from PyTorch's own random numbers alone: the same seed gives the same pictures, and a training
that goes on from a checkpoint gives those that would have come.
"""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import Tensor, nn

from onionskin.errors import OnionskinError, did_you_mean

#: What each does to a picture, in words.
WAYS: Final = {
    "photos": "mirrored, cropped to between a half and all of it, lighter or darker, harder or softer",
    "things": "mirrored",
    "strokes": "turned by up to ten degrees, moved, and made larger or smaller by a tenth: never mirrored",
    "none": "left as they are",
}


class Augmentation:
    """One way to change pictures.

    Args:
        way: One of :data:`WAYS`.
        size: Height and width of the pictures.
        mean, std: By which pixels from 0 to 1 were standardised, for each channel.

    Raises:
        OnionskinError: There is no such way, or kornia is not installed.
    """

    def __init__(self, way: str, size: tuple[int, int], mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        if way not in WAYS:
            fix = did_you_mean(way, WAYS, otherwise=f"choose one of: {', '.join(WAYS)}")
            raise OnionskinError(f"no augmentation is called '{way}'", fix=fix)
        self.way = way
        self._mean, self._std = (torch.tensor(values)[:, None, None] for values in (mean, std))
        self._changes = _changes(way, size) if way != "none" else None

    def __call__(self, x: Tensor) -> Tensor:
        """Return pictures changed at random, each in another way, (n, channels, height, width) as they came."""
        if self._changes is None:
            return x
        with torch.no_grad():
            changed: Tensor = self._changes(x * self._std + self._mean)
        return (changed - self._mean) / self._std


def _changes(way: str, size: tuple[int, int]) -> nn.Sequential:
    try:
        from kornia import augmentation
    except ModuleNotFoundError as error:
        fix = "pip install 'onionskin[learn]', or leave pictures as they are: augment='none'"
        raise OnionskinError("pictures are augmented by kornia, which is not installed", fix=fix) from error
    a: Any = augmentation
    border = {"padding_mode": "border"}
    ways = {
        "photos": lambda: [
            a.RandomHorizontalFlip(),
            a.RandomResizedCrop(size, scale=(0.5, 1.0), ratio=(3 / 4, 4 / 3)),
            a.RandomBrightness((0.8, 1.2)),
            a.RandomContrast((0.8, 1.2)),
        ],
        "things": lambda: [a.RandomHorizontalFlip()],
        "strokes": lambda: [a.RandomAffine(10, translate=(0.08, 0.08), scale=(0.9, 1.1), p=1.0, **border)],
    }
    return nn.Sequential(*ways[way]())
