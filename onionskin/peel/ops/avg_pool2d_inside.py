"""Average pooling of images that leaves the padding out of the mean (``count_include_pad=False``)."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.ops.max_pool2d import parts
from onionskin.peel.ops.pad import padded
from onionskin.peel.trial import Call, Pick

SENTENCE = "each window becomes the mean of those of its values that are inside the image"
FORMULA = r"y_p = \frac{\sum_{i,j} x_{sp+i,\,sp+j}}{\sum_{i,j} [sp+i,\,sp+j\ \mathrm{inside}]}"


def forward(x: Array, kernel: Any, stride: Any, padding: Any) -> Array:
    """y = the sum of the values that each window sees, divided by how many these are."""
    inside = padded(np.ones_like(x[:1, :1]), padding)
    counts = sum(parts(inside, kernel, stride))
    return sum(parts(padded(x, padding), kernel, stride)) / counts


def d_x(dy: Array, x: Array, kernel: Any, stride: Any, padding: Any) -> Array:
    """Every place of a window gets the same share of its gradient."""
    height, width = x.shape[2:]
    inside = padded(np.ones_like(x[:1, :1]), padding)
    share = dy / sum(parts(inside, kernel, stride))
    dx = padded(np.zeros_like(x), padding)
    for dseen in parts(dx, kernel, stride):
        dseen += share
    return dx[:, :, padding[0] : padding[0] + height, padding[1] : padding[1] + width]


def tensors(x: Tensor, kernel: Any, stride: Any, padding: Any) -> Tensor:
    return F.avg_pool2d(x, kernel, stride, padding, count_include_pad=False)


def trial(pick: Pick) -> Call:
    x = pick.normal(pick(1, 2), pick(1, 3), pick(4, 6), 5)
    return F.avg_pool2d, (x, 3), {"stride": pick(1, 2), "padding": pick.choice([1, (0, 1)]), "count_include_pad": False}
