"""Scaled dot-product attention: each query looks at all keys and takes a mean of the values, weighed by how they match.

q is (…, t, d), k (…, s, d), v (…, s, e); there are as many heads and examples in front as one likes. A mask of truth
values says what may be looked at; one of numbers is added. Source: Vaswani et al. (2017), "Attention is all you need",
equation 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from onionskin.errors import OnionskinError
from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "every place takes a mean of the values, weighed by how its query matches their keys"
FORMULA = (
    r"Y = A V, \quad A = \operatorname{softmax}\left(\frac{Q K^\top}{\sqrt d} + M\right), \qquad "
    r"\frac{\partial L}{\partial S} = A \odot \left(\frac{\partial L}{\partial A} - "
    r"\sum_j \frac{\partial L}{\partial A_{ij}} A_{ij}\right) \text{ for } S = \frac{Q K^\top}{\sqrt d}"
)
SPELLINGS = ("torch.nn.functional.scaled_dot_product_attention",)
SAVES = ("weights",)
GRADIENTS = ("q", "k", "v")


def read(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Use:
    if dropout_p:
        raise OnionskinError(
            f"drops out {dropout_p:g} of the attention within scaled_dot_product_attention",
            fix="give dropout_p=0.0, or write the attention out: softmax, F.dropout, matmul",
        )
    if enable_gqa or not query.shape[:-2] == key.shape[:-2] == value.shape[:-2]:
        raise OnionskinError(
            f"attends with queries {tuple(query.shape)}, keys {tuple(key.shape)} and values {tuple(value.shape)}",
            fix="repeat keys and values until all dimensions before the last two are those of the queries",
        )
    settings = {
        "is_causal": is_causal,
        "mask_adds": attn_mask is not None and attn_mask.dtype != torch.bool,
        "scale": query.shape[-1] ** -0.5 if scale is None else scale,
    }
    return Use("scaled_dot_product_attention", {"q": query, "k": key, "v": value, "mask": attn_mask}, settings)


def forward(q: Array, k: Array, v: Array, mask: Array, is_causal: bool, mask_adds: bool, scale: float) -> Array:
    """softmax(q k^T / sqrt(d)) v"""
    scores = scale * q @ k.mT
    if is_causal:  # no place looks at those that come after it
        scores += np.triu(np.full(scores.shape[-2:], -np.inf, dtype=scores.dtype), 1)
    if mask is not None:
        scores = scores + mask if mask_adds else np.where(mask, scores, -np.inf)
    weights = np.exp(scores - np.amax(scores, axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return weights @ v, weights


def backward(dy: Array, q: Array, k: Array, v: Array, y: Array, weights: Array, scale: float) -> Array:
    """dscores = weights (dweights - sum(dweights weights)); the rest is products."""
    dv = weights.mT @ dy
    dscores = dy @ v.mT
    dscores -= (dy * y).sum(axis=-1, keepdims=True)  # as y is the sum of weights and values
    dscores *= weights
    dq = scale * (dscores @ k)
    dk = scale * (dscores.mT @ q)
    return dq, dk, dv


def tensors(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, is_causal: bool, mask_adds: bool, scale: float
) -> Tensor:
    return (
        F.scaled_dot_product_attention(q, k, v, is_causal=is_causal, scale=scale)
        if mask is None
        else F.scaled_dot_product_attention(q, k, v, mask, is_causal=is_causal, scale=scale)
    )


def trial(pick: Pick) -> Call:
    front, t, d = pick.choice([(), (2,), (2, 3)]), pick(1, 4), pick(1, 3)
    kind = pick.choice(["none", "causal", "bool", "adds"])
    s = t if kind == "causal" else pick(1, 4)
    settings: dict[str, Any] = {"is_causal": kind == "causal", "scale": pick.choice([None, 0.5])}
    if kind == "bool":
        settings["attn_mask"] = pick.whole(2, *pick.choice([front, (1,) * len(front)]), t, s).bool()
        settings["attn_mask"][..., 0] = True  # each has something to look at
    elif kind == "adds":
        settings["attn_mask"] = pick.normal(*pick.choice([(), front]), t, s).detach()
    return (
        F.scaled_dot_product_attention,
        (pick.normal(*front, t, d), pick.normal(*front, s, d), pick.normal(*front, s, pick(1, 3))),
        settings,
    )
