"""ReLU6: a ReLU that is cut off at 6."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "what is negative becomes 0, what is above 6 becomes 6"
FORMULA = r"y = \min(\max(x, 0), 6)"
SPELLINGS = ("torch.nn.functional.relu6",)


def read(input: Tensor, inplace: bool = False) -> Use:
    return Use("relu6", {"x": input})


def forward(x: Array) -> Array:
    return x.clip(0, 6)


def d_x(dy: Array, x: Array) -> Array:
    return dy * ((x > 0) & (x < 6))


def tensors(x: Tensor) -> Tensor:
    return F.relu6(x)


def trial(pick: Pick) -> Call:
    return F.relu6, (pick.normal(pick(1, 4), pick(1, 5)),), {}
