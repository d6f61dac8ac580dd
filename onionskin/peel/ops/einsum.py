"""Einstein's sums of two tensors: every index that is not in the result is summed over.

The gradient of the one is such a sum again: its own indices become those of the result.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "products of entries, summed over every index that the result does not have"
FORMULA = r"y_{ik} = \sum_j a_{ij} b_{jk}"
SPELLINGS = ("torch.einsum",)


def read(equation: str, *operands: Any) -> Use:
    if len(operands) == 1 and isinstance(operands[0], (tuple, list)):
        operands = tuple(operands[0])
    words = equation.replace(" ", "")
    given, arrow, out = words.partition("->")
    inputs = given.split(",")
    if not arrow:
        letters = given.replace(",", "")
        out = "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    if "." in words or any(len(set(each)) != len(each) for each in inputs) or len(operands) != len(inputs) != 2:
        raise OnionskinError(
            f"computes einsum {equation!r}",
            fix="write it with two operands, a letter for each axis, no '...' and no letter twice in one operand",
        )
    for own, other in ((inputs[0], inputs[-1]), (inputs[-1], inputs[0])):
        if any(c not in other + out for c in own):
            raise OnionskinError(f"computes einsum {equation!r}", fix="sum over the axis of one operand with .sum()")
    if len(inputs) != 2:
        raise OnionskinError(f"computes einsum {equation!r}", fix="use two operands; for one, permute and sum")
    a, b = inputs
    settings = {"sums": f"{a},{b}->{out}", "sums_a": f"{out},{b}->{a}", "sums_b": f"{a},{out}->{b}"}
    return Use("einsum", {"a": operands[0], "b": operands[1]}, settings)


def forward(a: Array, b: Array, sums: str) -> Array:
    return np.einsum(sums, a, b, optimize=True)


def d_a(dy: Array, b: Array, sums_a: str) -> Array:
    return np.einsum(sums_a, dy, b, optimize=True)


def d_b(dy: Array, a: Array, sums_b: str) -> Array:
    return np.einsum(sums_b, a, dy, optimize=True)


def torch_d_a(dy: Tensor, b: Tensor, sums_a: str) -> Tensor:
    return torch.einsum(sums_a, dy, b)


def torch_d_b(dy: Tensor, a: Tensor, sums_b: str) -> Tensor:
    return torch.einsum(sums_b, a, dy)


def tensors(a: Tensor, b: Tensor, sums: str) -> Tensor:
    return torch.einsum(sums, a, b)


def trial(pick: Pick) -> Call:
    equation, a, b = pick.choice(
        [
            ("ij,jk->ik", "ij", "jk"),
            ("bqd, bkd -> bqk", "bqd", "bkd"),
            ("bhqd,bhkd->bhqk", "bhqd", "bhkd"),
            ("i,j", "i", "j"),
            ("ij,ij->i", "ij", "ij"),
        ]
    )
    sizes = {letter: pick(1, 3) for letter in "bhqdijk"}
    return torch.einsum, (equation, pick.normal(*(sizes[c] for c in a)), pick.normal(*(sizes[c] for c in b))), {}
