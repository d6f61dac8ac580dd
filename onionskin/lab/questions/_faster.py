"""One trained network made faster: norms merged, memory laid out anew, other engines, whole numbers, a cache."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from functools import cache
from hashlib import blake2b
from typing import Final

import torch
from torch import Tensor
from torch.nn.utils.fusion import fuse_conv_bn_eval

from onionskin.lab.question import Skip
from onionskin.lab.questions import _engines
from onionskin.lab.questions._trained_digits import digits, trained
from onionskin.models import convnet

#: So many digits show static quantisation how large activations are.
_CALIBRATION: Final = 320


@dataclass(frozen=True)
class Recipe:
    """What is done to the network.

    Attributes:
        width: Channels of the network's first convolution.
        batch: Pictures in a forward.
        engine: ``PyTorch``, ``compiled`` or ``onnxruntime``.
        int8: ``dynamic`` or ``static``, in onnxruntime alone; empty for float32.
        threads: In a forward.
        is_fused: Whether norms are merged into the convolutions before them.
        is_channels_last: Whether a pixel's channels lie side by side.
        is_cached: Whether answers are kept in a dict.
    """

    width: int
    batch: int
    engine: str = "PyTorch"
    int8: str = ""
    threads: int = 1
    is_fused: bool = False
    is_channels_last: bool = False
    is_cached: bool = False


@cache
def network(width: int) -> convnet.ConvNet:
    """Return the network: three convolutions of w, 2 w and 4 w channels with norms.

    A narrow one is for quick runs, and sees each digit once alone.
    """
    model = trained(lambda: convnet.build(width=width), epochs=2 if width >= 32 else 1)
    assert isinstance(model, convnet.ConvNet)
    return model


def forward_of(recipe: Recipe) -> _engines.Forward:
    """Return the forward by a recipe. Raises Skip where it cannot be had."""
    # Only what is compiled depends on the batch; a cache begins empty each time.
    batch = recipe.batch if recipe.engine == "compiled" else 0
    forward = _uncached(replace(recipe, batch=batch, is_cached=False))
    return Cached(forward) if recipe.is_cached else forward


@cache
def _uncached(recipe: Recipe) -> _engines.Forward:
    if recipe.engine == "onnxruntime":
        onnx = _quantised(recipe.width, recipe.int8) if recipe.int8 else _onnx(recipe.width)
        return _engines.onnxruntime(onnx, recipe.threads)
    model = fused(network(recipe.width)) if recipe.is_fused else copy.deepcopy(network(recipe.width))
    if recipe.is_channels_last:
        model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a format is no dtype
    if recipe.engine == "compiled":
        return _engines.compiled(model, digits()[2][: recipe.batch])
    return _engines.eager(model)


@cache
def _onnx(width: int) -> bytes:
    return _engines.onnx_of(network(width), digits()[2][:2])


@cache
def _quantised(width: int, kind: str) -> bytes:
    seen = torch.split(digits()[0][:_CALIBRATION], 64) if kind == "static" else ()
    return _engines.int8(_onnx(width), seen)


def fused(model: convnet.ConvNet) -> convnet.ConvNet:
    """Return the network with each norm merged into its convolution: (x w + b) s + t = x (w s) + (b s + t).

    The norm stands behind a max pool, which it changes places with as long as its scale is positive.

    Raises:
        Skip: A scale is not positive.
    """
    merged = copy.deepcopy(model)
    for number in (1, 2, 3):
        conv, norm = getattr(merged, f"conv{number}"), getattr(merged, f"bn{number}")
        if not bool((norm.weight > 0).all()):
            raise Skip(f"bn{number} turned a channel's sign, so its maxima are not those before it")
        setattr(merged, f"conv{number}", fuse_conv_bn_eval(conv, norm))
        setattr(merged, f"bn{number}", torch.nn.Identity())
    return merged


class Cached:
    """A forward that computes only those pictures of a batch that it has not answered before."""

    def __init__(self, forward: _engines.Forward) -> None:
        self._forward = forward
        self._kept: dict[bytes, Tensor] = {}

    def __call__(self, x: Tensor) -> Tensor:
        """Return the answers, (n, classes)."""
        names = [blake2b(row.numpy().tobytes(), digest_size=16).digest() for row in x]
        new = {name: row for row, name in enumerate(names) if name not in self._kept}
        if new:
            for name, y in zip(new, self._forward(x[list(new.values())]), strict=True):
                self._kept[name] = y
        return torch.stack([self._kept[name] for name in names])
