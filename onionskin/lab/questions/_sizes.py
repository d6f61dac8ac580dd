"""Networks that were trained at one size, and what they make of another: heads for images, readers of ragged texts."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from onionskin.lab.questions._trained_digits import digits, learned, trained
from onionskin.models import bag_of_ngrams, convnet, lenet, text_lstm, text_transformer, vit

#: The side at which images are learned, and the side of the transformer's patches.
SIDE: Final = 28
PATCH: Final = 4

#: Texts are learned with up to so many words.
WORDS: Final = 32

_TOPICS: Final = 4
_OWN: Final = 10  # words of each topic
_COMMON: Final = 80  # words of none
_ON_TOPIC: Final = 0.25


class Convolutional(nn.Module):
    """A LeNet whose dense layers are convolutions: on an image of 28 × 28 the same, on a larger one at many places.

    Paper: Long, Shelhamer & Darrell (2015), "Fully convolutional networks for semantic segmentation", arXiv 1411.4038,
    section 3.1. The answer is that of the place that is surest.
    """

    def __init__(self, dense: lenet.LeNet) -> None:
        super().__init__()
        self.conv1, self.conv2, self.pool = dense.conv1, dense.conv2, dense.pool
        channels, side = dense.conv2.out_channels, 4
        self.fc1 = nn.Conv2d(channels, dense.fc1.out_features, side)
        self.fc2 = nn.Conv2d(dense.fc1.out_features, dense.fc2.out_features, 1)
        for layer, old in ((self.fc1, dense.fc1), (self.fc2, dense.fc2)):
            layer.weight = nn.Parameter(old.weight.detach().view_as(layer.weight))
            layer.bias = nn.Parameter(old.bias.detach())

    def places(self, x: Tensor) -> Tensor:
        """Return logits at every place, (n, classes, h, w)."""
        x = self.pool(self.conv1(x)).relu()
        x = self.pool(self.conv2(x)).relu()
        logits: Tensor = self.fc2(self.fc1(x).relu())
        return logits

    def forward(self, x: Tensor) -> Tensor:
        """Return the largest logit of each class over all places, (n, classes)."""
        return self.places(x).amax((2, 3))


class Interpolated(nn.Module):
    """A vision transformer whose learned positions are stretched to the patches that come.

    Paper: Dosovitskiy et al. (2020), "An image is worth 16x16 words", arXiv 2010.11929, section 3.2: "2D interpolation
    of the pre-trained position embeddings".
    """

    def __init__(self, model: vit.ViT) -> None:
        super().__init__()
        self.model = copy.deepcopy(model)
        self._positions = model.positions.detach()

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits, (n, classes)."""
        height, width = x.shape[2] // PATCH, x.shape[3] // PATCH
        side = SIDE // PATCH
        grid = self._positions[:, 1:].transpose(1, 2).reshape(1, -1, side, side)  # (1, d, side, side)
        stretched = functional.interpolate(grid, (height, width), mode="bicubic", align_corners=False)
        places = torch.cat([self._positions[:, :1], stretched.flatten(2).transpose(1, 2)], 1)
        self.model.positions = nn.Parameter(places, requires_grad=False)
        logits: Tensor = self.model(x)
        return logits


class Resizing(nn.Module):
    """A network that is given images of the one size that it takes."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits, (n, classes)."""
        logits: Tensor = self.model(scaled(x, SIDE))
        return logits


def scaled(x: Tensor, side: int) -> Tensor:
    """Return images with another side, (n, 1, side, side)."""
    return functional.interpolate(x, (side, side), mode="bilinear", antialias=True, align_corners=False)


@cache
def reader(name: str, examples: int) -> nn.Module:
    """Return a network that has learned digits of 28 × 28.

    Args:
        name: One of :data:`READERS`.
        examples: How many digits it learns from.
    """
    return READERS[name](examples)


READERS: Final[Mapping[str, Callable[[int], nn.Module]]] = {
    "fixed head": lambda n: trained(lenet.build, 4, n),
    "fixed head, resized before": lambda n: Resizing(reader("fixed head", n)).eval(),
    "dense as convolution": lambda n: Convolutional(_as_lenet(reader("fixed head", n))).eval(),
    "global pooling": lambda n: trained(lambda: convnet.build(width=16), 2, n),
    "ViT, positions as learned": lambda n: trained(lambda: vit.build(side=SIDE, patch=PATCH), 5, n),
    "ViT, positions interpolated": lambda n: Interpolated(_as_vit(reader("ViT, positions as learned", n))).eval(),
}


def _as_lenet(model: nn.Module) -> lenet.LeNet:
    assert isinstance(model, lenet.LeNet)
    return model


def _as_vit(model: nn.Module) -> vit.ViT:
    assert isinstance(model, vit.ViT)
    return model


@cache
def asked(side: int, how: str) -> Tensor:
    """Return the digits held out on images of another side: ``scaled`` with them, or ``framed`` as they are."""
    x = digits()[2]
    if side == SIDE:
        return x
    if how == "framed":
        before = (side - SIDE) // 2
        after = side - SIDE - before
        return functional.pad(x, (before, after, before, after), value=float(x.min()))
    return scaled(x, side)


# ---------------------------------------------------------------------- texts


class Bag(nn.Module):
    """The mean of what words mean, in no order."""

    def __init__(self) -> None:
        super().__init__()
        self.bag = bag_of_ngrams.build(_vocabulary(), outputs=_TOPICS)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the logits, (n, topics)."""
        seen = (tokens != 0).float()
        logits: Tensor = self.bag(tokens, seen / seen.sum(1, keepdim=True))
        return logits


_TEXT_NETS: Final[Mapping[str, Callable[[], nn.Module]]] = {
    "bag of words": Bag,
    "LSTM": lambda: text_lstm.build(_vocabulary(), outputs=_TOPICS),
    "transformer": lambda: text_transformer.build(_vocabulary(), context=WORDS, outputs=_TOPICS),
}
TEXT_READERS: Final = tuple(_TEXT_NETS)


def _vocabulary() -> int:
    return 1 + _COMMON + _TOPICS * _OWN


def texts(count: int, words: tuple[int, int], seed: int) -> tuple[Tensor, Tensor]:
    """Return texts, (n, t) whole numbers filled up with 0, and their topics: a quarter of the words are of the topic.

    Args:
        count: How many.
        words: How many words at least and at most.
        seed: Of the draw.
    """
    draw = torch.Generator().manual_seed(seed)

    def numbers(below: int, *shape: int) -> Tensor:
        return torch.randint(0, below, shape, generator=draw)

    least, most = words
    topic = numbers(_TOPICS, count)
    own = 1 + _COMMON + _OWN * topic[:, None] + numbers(_OWN, count, most)
    is_own = torch.rand(count, most, generator=draw) < _ON_TOPIC
    tokens = torch.where(is_own, own, 1 + numbers(_COMMON, count, most))
    lengths = least + numbers(most - least + 1, count)
    return tokens.masked_fill(torch.arange(most) >= lengths[:, None], 0), topic


@cache
def text_reader(name: str, examples: int) -> nn.Module:
    """Return a network that has learned texts of 4 to 32 words."""
    x, y = texts(examples, (4, WORDS), seed=1)
    made: Any = _TEXT_NETS[name]
    return learned(made, x, y, epochs=6, rate=1e-2)
