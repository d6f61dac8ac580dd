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

from onionskin.models import (
    alexnet,
    convnext,
    densenet,
    efficientnet,
    efficientnet_lite0,
    googlenet,
    mlp_mixer,
    mnasnet,
    mobilenet,
    mobilenet_v2,
    mobilenet_v3,
    regnet,
    resnet,
    shufflenet_v2,
    squeezenet,
    vgg,
    vit,
)

resnet_of_photos = partial(resnet.build, classes=1000, stem="imagenet")

#: What builds each: with random weights, in training mode. Takes (n, 3, 224, 224); gives (n, 1000).
NETS: Final[Mapping[str, Callable[[], nn.Module]]] = MappingProxyType({
    "alexnet": alexnet.build,
    "vgg11": partial(vgg.build, 11),
    "vgg13": partial(vgg.build, 13),
    "vgg16": partial(vgg.build, 16),
    "vgg19": partial(vgg.build, 19),
    "googlenet": googlenet.build,
    "resnet18": partial(resnet_of_photos, 18),
    "resnet34": partial(resnet_of_photos, 34),
    "resnet50": partial(resnet_of_photos, 50),
    "resnet101": partial(resnet_of_photos, 101),
    "resnet152": partial(resnet_of_photos, 152),
    "resnext50_32x4d": partial(resnet_of_photos, 50, groups=32, widen=2),
    "wide_resnet50_2": partial(resnet_of_photos, 50, widen=2),
    "squeezenet1_1": squeezenet.build,
    "densenet121": partial(densenet.imagenet, 121),
    "densenet169": partial(densenet.imagenet, 169),
    "densenet201": partial(densenet.imagenet, 201),
    "mobilenet_v1": mobilenet.imagenet,
    "mobilenet_v2": mobilenet_v2.build,
    "mobilenet_v3_small": partial(mobilenet_v3.build, "small"),
    "mobilenet_v3_large": partial(mobilenet_v3.build, "large"),
    "shufflenet_v2_x1_0": shufflenet_v2.build,
    "mnasnet1_0": mnasnet.build,
    "efficientnet_b0": efficientnet.build,
    "efficientnet_lite0": efficientnet_lite0.build,
    "regnet_x_400mf": regnet.build,
    "regnet_y_400mf": partial(regnet.build, stages=regnet.Y_400MF, group=8, gated=True),
    "convnext_tiny": convnext.build,
    "vit_ti_16": partial(vit.imagenet, "Ti"),
    "vit_s_16": partial(vit.imagenet, "S"),
    "vit_b_16": partial(vit.imagenet, "B"),
    "mixer_s_16": partial(mlp_mixer.imagenet, "S"),
    "mixer_b_16": partial(mlp_mixer.imagenet, "B"),
})  # fmt: skip

#: Which share of the 50,000 photos of the validation set torchvision's first weights of each (``IMAGENET1K_V1``) name
#: rightly, in percent: a fact about those weights, with one crop of 224 × 224 (https://pytorch.org/vision/stable/models.html).
#: What torchvision does not have is left out.
TOP1: Final[Mapping[str, float]] = MappingProxyType({
    "alexnet": 56.522,
    "vgg11": 69.020,
    "vgg13": 69.928,
    "vgg16": 71.592,
    "vgg19": 72.376,
    "googlenet": 69.778,
    "resnet18": 69.758,
    "resnet34": 73.314,
    "resnet50": 76.130,
    "resnet101": 77.374,
    "resnet152": 78.312,
    "resnext50_32x4d": 77.618,
    "wide_resnet50_2": 78.468,
    "squeezenet1_1": 58.178,
    "densenet121": 74.434,
    "densenet169": 75.600,
    "densenet201": 76.896,
    "mobilenet_v2": 71.878,
    "mobilenet_v3_small": 67.668,
    "mobilenet_v3_large": 74.042,
    "shufflenet_v2_x1_0": 69.362,
    "mnasnet1_0": 73.456,
    "efficientnet_b0": 77.692,
    "regnet_x_400mf": 72.834,
    "regnet_y_400mf": 74.046,
    "convnext_tiny": 82.520,
    "vit_b_16": 81.072,
})  # fmt: skip
