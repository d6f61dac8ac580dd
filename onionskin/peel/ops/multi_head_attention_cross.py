"""Multi-head attention of one sequence (t, n, e) to another (s, n, …), as a decoder's to what the encoder has read.

It differs from ``multi_head_attention`` in what queries, keys and values are made of: each of its own sequence, by a
third of one matrix or by a matrix of its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.ops.multi_head_attention import trial_of
from onionskin.peel.trial import Call, Pick

SENTENCE = "every place takes from another sequence what its query asks for, in several heads at once"
FORMULA = (
    r"Y = \left[H_1 \dots H_h\right] W_o^\top + b_o, \quad "
    r"H_i = \operatorname{softmax}\left(\frac{Q_i K_i^\top}{\sqrt{e/h}} + M\right) V_i, \quad "
    r"Q = X W_q^\top, \; K = Z W_k^\top, \; V = Z W_v^\top"
)
OUTPUTS = ("y", "weights")
SAVES = ("q", "k", "v", "attention", "mixed")
GRADIENTS = ("query", "key", "value", "in_weight", "w_q", "w_k", "w_v", "in_bias", "out_weight", "out_bias")


def forward(
    query: Array,
    key: Array,
    value: Array,
    in_weight: Array,
    w_q: Array,
    w_k: Array,
    w_v: Array,
    in_bias: Array,
    out_weight: Array,
    out_bias: Array,
    mask: Array,
    padding: Array,
    heads: int,
    mask_adds: bool,
    padding_adds: bool,
    need_weights: bool,
    average: bool,
) -> Array:
    """softmax(q k^T / sqrt(d)) v in each head; a last matrix mixes the heads."""
    t, n, e = query.shape
    s, d = len(key), e // heads
    to_q, to_k, to_v = in_weight.reshape(3, e, e) if w_q is None else (w_q, w_k, w_v)
    q, k, v = query @ to_q.T, key @ to_k.T, value @ to_v.T
    if in_bias is not None:
        b_q, b_k, b_v = in_bias.reshape(3, e)
        q, k, v = q + b_q, k + b_k, v + b_v
    # From (t, n, e) to (n, heads, t, d).
    q = q.reshape(t, n, heads, d).swapaxes(0, 1).swapaxes(1, 2)
    k = k.reshape(s, n, heads, d).swapaxes(0, 1).swapaxes(1, 2)
    v = v.reshape(s, n, heads, d).swapaxes(0, 1).swapaxes(1, 2)
    scores = d**-0.5 * q @ k.mT
    if mask is not None:
        scores = scores + mask if mask_adds else np.where(mask, -np.inf, scores)
    if padding is not None:
        ignored = padding[:, None, None]
        scores = scores + ignored if padding_adds else np.where(ignored, -np.inf, scores)
    attention = np.exp(scores - np.amax(scores, axis=-1, keepdims=True))
    attention /= attention.sum(axis=-1, keepdims=True)
    mixed = (attention @ v).swapaxes(1, 2).swapaxes(0, 1).reshape(t, n, e)
    y = mixed @ out_weight.T
    if out_bias is not None:
        y += out_bias
    if need_weights:
        weights = attention.mean(axis=1) if average else attention
        return y, weights, q, k, v, attention, mixed
    return y, q, k, v, attention, mixed


def backward(
    dy: Array,
    dweights: Array,
    query: Array,
    key: Array,
    value: Array,
    in_weight: Array,
    w_q: Array,
    w_k: Array,
    w_v: Array,
    out_weight: Array,
    q: Array,
    k: Array,
    v: Array,
    attention: Array,
    mixed: Array,
    heads: int,
    average: bool,
) -> Array:
    """dscores = attention (dattention - sum(dattention attention)); the rest is products."""
    t, n, e = query.shape
    s, d = len(key), e // heads
    to_q, to_k, to_v = in_weight.reshape(3, e, e) if w_q is None else (w_q, w_k, w_v)
    dheads = (dy @ out_weight).reshape(t, n, heads, d).swapaxes(0, 1).swapaxes(1, 2)
    dscores = dheads @ v.mT
    if dweights is not None:
        dscores += dweights[:, None] / heads if average else dweights
    dscores = attention * (dscores - (dscores * attention).sum(axis=-1, keepdims=True))
    # From (n, heads, t, d) to (t n, e).
    dq = (d**-0.5 * (dscores @ k)).swapaxes(1, 2).swapaxes(0, 1).reshape(t * n, e)
    dk = (d**-0.5 * (dscores.mT @ q)).swapaxes(1, 2).swapaxes(0, 1).reshape(s * n, e)
    dv = (attention.mT @ dheads).swapaxes(1, 2).swapaxes(0, 1).reshape(s * n, e)
    dquery = (dq @ to_q).reshape(query.shape)
    dkey = (dk @ to_k).reshape(key.shape)
    dvalue = (dv @ to_v).reshape(value.shape)
    dw_q = dq.T @ query.reshape(t * n, -1)
    dw_k = dk.T @ key.reshape(s * n, -1)
    dw_v = dv.T @ value.reshape(s * n, -1)
    din_weight = np.concatenate([dw_q, dw_k, dw_v]) if w_q is None else None
    din_bias = np.concatenate([dq.sum(axis=0), dk.sum(axis=0), dv.sum(axis=0)])
    dout_weight = dy.reshape(t * n, e).T @ mixed.reshape(t * n, e)
    inner = din_weight, dw_q, dw_k, dw_v, din_bias
    return dquery, dkey, dvalue, *inner, dout_weight, dy.sum(axis=(0, 1))


def tensors(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    in_weight: Tensor | None,
    w_q: Tensor | None,
    w_k: Tensor | None,
    w_v: Tensor | None,
    in_bias: Tensor | None,
    out_weight: Tensor,
    out_bias: Tensor | None,
    mask: Tensor | None,
    padding: Tensor | None,
    heads: int,
    mask_adds: bool,
    padding_adds: bool,
    need_weights: bool,
    average: bool,
) -> Any:
    """softmax(q k^T / sqrt(d)) v in each head; a last matrix mixes the heads."""
    y, weights = F.multi_head_attention_forward(
        query,
        key,
        value,
        query.shape[2],
        heads,
        in_weight,
        in_bias,
        None,
        None,
        False,
        0.0,
        out_weight,
        out_bias,
        key_padding_mask=padding,
        need_weights=need_weights,
        attn_mask=mask,
        use_separate_proj_weight=w_q is not None,
        q_proj_weight=w_q,
        k_proj_weight=w_k,
        v_proj_weight=w_v,
        average_attn_weights=average,
    )
    if need_weights:
        return y, weights
    return y


def trial(pick: Pick) -> Call:
    t, s, n, heads = pick(1, 4), pick(1, 4), pick(1, 3), pick(1, 3)
    e = heads * pick(1, 2)
    in_bias = pick.normal(3 * e) if pick(0, 1) else None
    if pick(0, 1):
        qkv = pick.normal(t, n, e), pick.normal(s, n, e), pick.normal(s, n, e)
        return trial_of(pick, qkv, heads, (pick.normal(3 * e, e), in_bias), {})
    keys, values = pick(1, 4), pick(1, 4)
    qkv = pick.normal(t, n, e), pick.normal(s, n, keys), pick.normal(s, n, values)
    apart = {
        "use_separate_proj_weight": True,
        "q_proj_weight": pick.normal(e, e),
        "k_proj_weight": pick.normal(e, keys),
        "v_proj_weight": pick.normal(e, values),
    }
    return trial_of(pick, qkv, heads, (None, in_bias), apart)
