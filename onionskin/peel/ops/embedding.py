"""Embedding: looks up the rows of a table, ids of any shape (…) to vectors (…, d)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from onionskin.errors import OnionskinError
from onionskin.peel.arithmetic.scalar import Scalar, Scalars
from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "every id picks its row of the table"
FORMULA = r"y_i = W_{t_i}, \qquad \frac{\partial L}{\partial W_k} = \sum_{i:\, t_i = k} \frac{\partial L}{\partial y_i}"
SPELLINGS = ("torch.nn.Embedding", "torch.nn.functional.embedding")


def read(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Use:
    if max_norm is not None or scale_grad_by_freq or sparse:
        asked = {"max_norm": max_norm is not None, "scale_grad_by_freq": scale_grad_by_freq, "sparse": sparse}
        given = next(name for name, is_asked in asked.items() if is_asked)
        raise OnionskinError(f"looks up an embedding with {given}", fix=f"make the nn.Embedding without {given}")
    padding = padding_idx + len(weight) if padding_idx is not None and padding_idx < 0 else padding_idx
    return Use("embedding", {"ids": input, "weight": weight}, {"padding_idx": padding})


def forward(ids: Array, weight: Array) -> Array:
    return weight[ids]


def d_weight(dy: Array, ids: Array, weight: Array, padding_idx: int | None) -> Array:
    """A row's gradient is the sum of those of all places that looked it up."""
    dweight = np.zeros_like(weight)
    np.add.at(dweight, ids, dy)
    if padding_idx is not None:
        dweight[padding_idx] = 0  # the row of the padding stays as it is
    return dweight


def torch_d_weight(dy: Tensor, ids: Tensor, weight: Tensor, padding_idx: int | None) -> Tensor:
    """A row's gradient is the sum of those of all places that looked it up."""
    dweight = torch.zeros_like(weight)
    dweight.index_add_(0, ids.reshape(-1), dy.reshape(-1, dy.shape[-1]))
    if padding_idx is not None:
        dweight[padding_idx] = 0  # the row of the padding stays as it is
    return dweight


def tensors(ids: Tensor, weight: Tensor, padding_idx: int | None) -> Tensor:
    return F.embedding(ids, weight) if padding_idx is None else F.embedding(ids, weight, padding_idx)


def scalars(s: Scalars, ids: Array, weight: Array, padding_idx: int | None) -> Array:
    rows = [[_looked_up(s, i, column, padding_idx) for column in weight.T] for i in ids.ravel()]
    return np.array(rows, dtype=object).reshape(*ids.shape, weight.shape[1])


def _looked_up(s: Scalars, i: Scalar, column: Array, padding_idx: int | None) -> Scalar:
    """Return the entry of a column at an id; nothing flows back to the padding's."""
    found = s.select(i, column)
    if padding_idx is None:
        return found
    others = [(k, w) for k, w in enumerate(column) if k != padding_idx]
    return s.with_slopes(found, {w: s.compare("==", i, k) for k, w in others})


def trial(pick: Pick) -> Call:
    v, d = pick(1, 5), pick(1, 4)
    ids = pick.whole(v, *pick.choice([(), (3,), (2, 3), (2, 1, 2)]))
    # The padding's row is given no gradient though the output depends on it; here nobody looks it up.
    padding_idx = pick.choice([None, -1])
    return F.embedding, (ids, pick.normal(v + 1, d)), {"padding_idx": padding_idx}
