"""The networks that have been compared on ImageNet: 1,000 classes of photos of 224 × 224 in colour, by name.

Nothing is built before it is asked for. A large one is made in no time, and without memory, on PyTorch's meta device:
``with torch.device("meta"): model = NETS["vgg16"]()``; ``model.to_empty(device="cpu")`` then asks for the memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from torch import nn

from onionskin.models import densenet, efficientnet_lite0, mobilenet, resnet, vit

resnet_of_photos = partial(resnet.build, classes=1000, stem="imagenet")

#: What builds each: with random weights, in training mode. Takes (n, 3, 224, 224); gives (n, 1000).
NETS: Final[Mapping[str, Callable[[], nn.Module]]] = MappingProxyType({
    "resnet18": partial(resnet_of_photos, 18),
    "resnet34": partial(resnet_of_photos, 34),
    "resnet50": partial(resnet_of_photos, 50),
    "resnet101": partial(resnet_of_photos, 101),
    "resnet152": partial(resnet_of_photos, 152),
    "resnext50_32x4d": partial(resnet_of_photos, 50, groups=32, widen=2),
    "wide_resnet50_2": partial(resnet_of_photos, 50, widen=2),
    "densenet121": partial(densenet.imagenet, 121),
    "densenet169": partial(densenet.imagenet, 169),
    "densenet201": partial(densenet.imagenet, 201),
    "mobilenet_v1": mobilenet.imagenet,
    "efficientnet_lite0": efficientnet_lite0.build,
    "vit_ti_16": partial(vit.imagenet, "Ti"),
    "vit_s_16": partial(vit.imagenet, "S"),
    "vit_b_16": partial(vit.imagenet, "B"),
})  # fmt: skip

#: Which share of the 50,000 photos of the validation set torchvision's first weights of each (``IMAGENET1K_V1``) name
#: rightly, in percent: a fact about those weights, with one crop of 224 × 224 (https://pytorch.org/vision/stable/models.html).
#: What torchvision does not have is left out.
TOP1: Final[Mapping[str, float]] = MappingProxyType({
    "resnet18": 69.758,
    "resnet34": 73.314,
    "resnet50": 76.130,
    "resnet101": 77.374,
    "resnet152": 78.312,
    "resnext50_32x4d": 77.618,
    "wide_resnet50_2": 78.468,
    "densenet121": 74.434,
    "densenet169": 75.600,
    "densenet201": 76.896,
    "vit_b_16": 81.072,
})  # fmt: skip
