"""ReLU: lets what is positive pass.

At 0 itself the slope is taken as 0, as PyTorch takes it.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "what is negative becomes 0"
FORMULA = r"y = \max(0, x), \qquad \frac{\partial y}{\partial x} = [x > 0]"
SPELLINGS = (
    "torch.nn.ReLU",
    "torch.nn.functional.relu",
    "torch.relu",
    "torch.Tensor.relu",
    "torch.Tensor.relu_",
    "torch.relu_",
    "torch.nn.functional.relu_",
)


def read(input: Tensor, inplace: bool = False) -> Use:
    return Use("relu", {"x": input})


def forward(x: Array) -> Array:
    return np.maximum(x, 0)


def d_x(dy: Array, y: Array) -> Array:
    return dy * (y > 0)


def tensors(x: Tensor) -> Tensor:
    return F.relu(x)


def torch_forward(x: Tensor) -> Tensor:
    return x.clamp(min=0)


def trial(pick: Pick) -> Call:
    return F.relu, (pick.normal(pick(1, 4), pick(1, 5)),), {}
