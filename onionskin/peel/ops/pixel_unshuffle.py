"""Rearranges space into channels: each block of r × r pixels becomes r·r channels of one pixel."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "each block of r × r pixels becomes r·r channels of one pixel"
FORMULA = r"y_{c r^2 + ri + j,\,h,\,w} = x_{c,\,rh+i,\,rw+j}"
SPELLINGS = ("torch.nn.PixelUnshuffle", "torch.nn.functional.pixel_unshuffle", "torch.pixel_unshuffle")


def read(input: Tensor, downscale_factor: int) -> Use:
    return Use("pixel_unshuffle", {"x": input}, {"r": downscale_factor})


def forward(x: Array, r: int) -> Array:
    """Row i and column j of each block of c go to channel (c, i, j)."""
    n, c, h, w = x.shape
    y = x.reshape(n, c, h // r, r, w // r, r).transpose(0, 1, 3, 5, 2, 4)
    return y.reshape(n, c * r * r, h // r, w // r)


def d_x(dy: Array, x: Array, r: int) -> Array:
    """The same way back."""
    n, c, h, w = x.shape
    return dy.reshape(n, c, r, r, h // r, w // r).transpose(0, 1, 4, 2, 5, 3).reshape(x.shape)


def torch_d_x(dy: Tensor, r: int) -> Tensor:
    return F.pixel_shuffle(dy, r)


def tensors(x: Tensor, r: int) -> Tensor:
    return F.pixel_unshuffle(x, r)


def trial(pick: Pick) -> Call:
    r = pick(1, 3)
    return F.pixel_unshuffle, (pick.normal(pick(1, 2), pick(1, 2), pick(1, 2) * r, 2 * r), r), {}
