"""Class numbers as rows of zeros with a single 1; no gradient passes."""

from __future__ import annotations

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "each class number as a row with a 1 at its place"
FORMULA = r"y_{ik} = [x_i = k]"
SPELLINGS = ("torch.nn.functional.one_hot",)


def read(tensor: Tensor, num_classes: int = -1) -> Use:
    if num_classes < 0:
        raise OnionskinError("counts its classes by the values of a batch", fix="say how many: one_hot(x, 10)")
    return Use("one_hot", {"x": tensor}, {"classes": num_classes})


def forward(x: Array, classes: int) -> Array:
    return (x[..., None] == np.arange(classes)).astype(np.int64)


def tensors(x: Tensor, classes: int) -> Tensor:
    return F.one_hot(x, classes)


def trial(pick: Pick) -> Call:
    k = pick(1, 5)
    return F.one_hot, (pick.whole(k, *pick.choice([(3,), (2, 3)])), k), {}
