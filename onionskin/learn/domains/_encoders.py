"""What sees photos and reads texts: EfficientNet-Lite0 and MiniLM, frozen, or small networks from scratch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from onionskin import data
from onionskin.learn.domains._towers import Eyes, Reader
from onionskin.learn.text import features, tokenizer
from onionskin.learn.text.tokenizer import Tokens
from onionskin.models import convnet, efficientnet_lite0, minilm

#: The most tokens of a text; MiniLM was trained on 128.
MOST_TOKENS = 128

#: From scratch: the side of photos, how many tokens there are at most, and how wide both towers are.
SCRATCH_SIZE = 64
SCRATCH_TOKENS = 2048
SCRATCH_WIDTH = 128

#: What is seen in a photo, by which its features are kept.
MADE = "eyes 1 efficientnet_lite0 minilm"


@dataclass(frozen=True)
class Encoders:
    """Both encoders, and what they take.

    Attributes:
        eyes: From photos to (n, features + words).
        reader: From tokens to (n, width).
        tokens: From texts to tokens.
        size: The side of photos.
        features, words, width: How many numbers come out.
        prepared: From pixels from 0 to 255, (n, h, w, 3), to what the eyes take.
    """

    eyes: nn.Module
    reader: nn.Module
    tokens: Tokens
    size: int
    features: int
    words: int
    width: int
    prepared: Callable[[Tensor], Tensor]


def frozen(*, weights: bool, tokens: str | None = None) -> Encoders:
    """Return the pretrained ones, in eval mode; without their weights where these are about to be loaded.

    Args:
        weights: Whether to load them.
        tokens: The tokenizer as JSON, where it was kept.

    Raises:
        OnionskinError: Their packages cannot be had.
    """
    if weights:
        files = data.load("minilm")
        assert files.tokenizer is not None
        reader, net = minilm.pretrained(files.model), efficientnet_lite0.pretrained().eval()
        words = tokenizer.from_file(files.tokenizer, MOST_TOKENS)
        names = read(reader, words, [f"A {name}." for name in efficientnet_lite0.imagenet_classes()])
    else:
        assert tokens is not None
        reader, net = minilm.build().eval(), efficientnet_lite0.build().eval()
        words, names = tokenizer.from_json(tokens, MOST_TOKENS), torch.zeros(1000, 384)
    return Encoders(Eyes(net, names), reader, words, 224, 1280, names.shape[1], 384, efficientnet_lite0.prepared)


def from_scratch(texts: Sequence[str], *, tokens: str | None = None) -> Encoders:
    """Return small ones with random weights, and byte pairs that are learned from the texts, or that were kept."""
    if tokens is None:
        words = tokenizer.trained(texts or ["…"], SCRATCH_TOKENS, MOST_TOKENS, lower=True)
    else:
        words = tokenizer.from_json(tokens, MOST_TOKENS, vocabulary=SCRATCH_TOKENS)
    eyes = convnet.build(channels=3, classes=SCRATCH_WIDTH)
    reader = Reader(SCRATCH_TOKENS, SCRATCH_WIDTH)
    return Encoders(eyes, reader, words, SCRATCH_SIZE, SCRATCH_WIDTH, 0, SCRATCH_WIDTH, efficientnet_lite0.prepared)


def read(reader: minilm.MiniLM, tokens: Tokens, texts: Sequence[str]) -> Tensor:
    """Return what frozen MiniLM makes of texts, (n, 384), kept from one time to the next."""
    return features.of(tokens.encoded(texts), reader, 384, key=features.key_of(reader, "mean of tokens"))
