"""The three bears: what a network that was trained on ImageNet sees in three pictures, and how to go on from there.

This is no training. The network and its thousand classes are ImageNet's, the pictures are the only bears that come in
any package, and three of them measure nothing. The lesson is a folder of one's own photos.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch

from onionskin.data import bears
from onionskin.data.photos import read_photo
from onionskin.fetch import Progress
from onionskin.models.efficientnet_lite0 import imagenet_classes, prepared, pretrained

#: What is to be said before and after the pictures.
WHAT_IT_IS: Final = (
    "This is a demo and no training: EfficientNet-Lite0 as trained on ImageNet, with ImageNet's own 1,000 classes, "
    "looks at three pictures. It measures nothing."
)
HOW_TO_GO_ON: Final = (
    "To train one of your own, gather photos in a folder for each kind, ten of each or more and as they will be later "
    "(bears/black/1.jpg, bears/grizzly/1.jpg, bears/teddy/1.jpg), and run: onionskin train bears/"
)

#: The side of the pictures that the network was trained on, in pixels.
SIDE: Final = 224


@dataclass(frozen=True)
class Sighting:
    """What the network sees in one picture.

    Attributes:
        file: The picture.
        label: What it is, by looking at it.
        names: ImageNet's classes, the likeliest first.
        probabilities: How likely each of them is to the network, from 0 to 1.
    """

    file: Path
    label: str
    names: tuple[str, ...]
    probabilities: tuple[float, ...]


def demo(*, top: int = 3, offline: bool | None = None, progress: Progress | None = None) -> list[Sighting]:
    """Show the three pictures to the network, whole, on white, 224 × 224 pixels.

    Args:
        top: How many classes to tell of each.
        offline, progress: As of :func:`onionskin.data.load`.

    Raises:
        OnionskinError: The pictures or the weights cannot be had, or Pillow is not installed.
    """
    photos = bears.load(offline, progress)
    network = pretrained(offline=offline, progress=progress).eval()
    pixels = torch.stack([torch.tensor(read_photo(file, SIDE, "pad")) for file in photos.files])
    with torch.no_grad():
        best = network(prepared(pixels)).softmax(1).topk(top)
    names = imagenet_classes()
    return [
        Sighting(file, photos.classes[label], tuple(names[number] for number in numbers), tuple(shares))
        for file, label, numbers, shares in zip(
            photos.files, photos.labels, best.indices.tolist(), best.values.tolist(), strict=True
        )
    ]
