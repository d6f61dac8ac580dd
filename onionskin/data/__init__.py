"""Data sets that install with a package, one file each, with ``load() -> Images``. No download while training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Images:
    """Labelled images, split by a fixed seed into a part to train on and a part held out.

    Attributes:
        train_x, test_x: (n, 1, height, width) float32, roughly of mean 0 and deviation 1.
        train_y, test_y: (n,) int64 class numbers.
        classes: A name for each class.
        source: Where it comes from, and its licence.
    """

    train_x: npt.NDArray[np.float32]
    train_y: npt.NDArray[np.int64]
    test_x: npt.NDArray[np.float32]
    test_y: npt.NDArray[np.int64]
    classes: tuple[str, ...]
    source: str


def split_images(
    x: npt.NDArray[np.float32], y: npt.NDArray[np.int64], *, classes: tuple[str, ...], source: str
) -> Images:
    """Hold out a fifth, the same one every time, and scale by the mean and deviation of the rest.

    Args:
        x: (n, height, width) pixels.
        y: (n,) class numbers.
        classes: A name for each class.
        source: Where it comes from, and its licence.
    """
    order = np.random.default_rng(0).permutation(len(x))
    held_out, kept = order[: len(x) // 5], order[len(x) // 5 :]
    mean, std = x[kept].mean(), x[kept].std()
    scaled = ((x - mean) / std).astype(np.float32)[:, None]
    return Images(scaled[kept], y[kept], scaled[held_out], y[held_out], classes, source)
