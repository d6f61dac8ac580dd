"""Rearranges channels into space: r·r channels become one that is r times as high and wide.

Paper: Shi et al. (2016), "Real-time single image and video super-resolution using an efficient sub-pixel CNN".
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "r·r channels are woven into one image, r times as high and wide"
FORMULA = r"y_{c,\,rh+i,\,rw+j} = x_{c r^2 + ri + j,\,h,\,w}"
SPELLINGS = ("torch.nn.PixelShuffle", "torch.nn.functional.pixel_shuffle", "torch.pixel_shuffle")


def read(input: Tensor, upscale_factor: int) -> Use:
    return Use("pixel_shuffle", {"x": input}, {"r": upscale_factor})


def forward(x: Array, r: int) -> Array:
    """Channel (c, i, j) goes to row i and column j of each block of c."""
    n, c, h, w = x.shape
    y = x.reshape(n, c // (r * r), r, r, h, w).transpose(0, 1, 4, 2, 5, 3)
    return y.reshape(n, c // (r * r), r * h, r * w)


def d_x(dy: Array, x: Array, r: int) -> Array:
    """The same way back."""
    n, c, h, w = x.shape
    return dy.reshape(n, c // (r * r), h, r, w, r).transpose(0, 1, 3, 5, 2, 4).reshape(x.shape)


def torch_d_x(dy: Tensor, r: int) -> Tensor:
    return F.pixel_unshuffle(dy, r)


def tensors(x: Tensor, r: int) -> Tensor:
    return F.pixel_shuffle(x, r)


def trial(pick: Pick) -> Call:
    r = pick(1, 3)
    return F.pixel_shuffle, (pick.normal(pick(1, 2), pick(1, 2) * r * r, pick(1, 3), 2), r), {}
