"""Multi-head self-attention (t, n, e): all places of a sequence look at each other, in several heads at once.

A place's query, key and value are made by one matrix, (3e, e); each head has e / heads entries of them. The masks say
what is not to be looked at, for all examples (t, t) and for each (n, t); a mask of numbers is added. Source: Vaswani et
al. (2017), "Attention is all you need", section 3.2.2.
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

SENTENCE = "every place takes from all others what its query asks for, in several heads at once"
FORMULA = (
    r"Y = \left[H_1 \dots H_h\right] W_o^\top + b_o, \quad "
    r"H_i = \operatorname{softmax}\left(\frac{Q_i K_i^\top}{\sqrt{e/h}} + M\right) V_i, \quad "
    r"[Q\, K\, V] = X W^\top + b"
)
SPELLINGS = ("torch.nn.MultiheadAttention", "torch.nn.functional.multi_head_attention_forward")
OUTPUTS = ("y", "weights")
SAVES = ("q", "k", "v", "attention", "mixed")
GRADIENTS = ("x", "in_weight", "in_bias", "out_weight", "out_bias")


def read(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> Use:
    refuse_special(
        query, attn_mask, dropout_p if training else 0.0, add_zero_attn or bias_k is not None, static_k is not None
    )
    operands = {
        "in_bias": in_proj_bias,
        "out_weight": out_proj_weight,
        "out_bias": out_proj_bias,
        # With is_causal and without need_weights, PyTorch does not look into the mask: it is the causal one.
        "mask": attn_mask,
        "padding": key_padding_mask,
    }
    settings = {
        "heads": num_heads,
        "mask_adds": attn_mask is not None and attn_mask.dtype != torch.bool,
        "padding_adds": key_padding_mask is not None and key_padding_mask.dtype != torch.bool,
        "need_weights": need_weights,
        "average": average_attn_weights,
    }
    if query is key is value and not use_separate_proj_weight:
        return Use("multi_head_attention", {"x": query, "in_weight": in_proj_weight, **operands}, settings)
    given = {"query": query, "key": key, "value": value, "in_weight": in_proj_weight}
    apart = {"w_q": q_proj_weight, "w_k": k_proj_weight, "w_v": v_proj_weight}
    return Use("multi_head_attention_cross", {**given, **apart, **operands}, settings)


def refuse_special(query: Tensor, mask: Tensor | None, dropout: float, is_extended: bool, is_static: bool) -> None:
    """Raise OnionskinError where a setting is asked for that the files on attention do not have."""
    if dropout:
        what, fix = f"drops out {dropout:g} of its attention", "make the nn.MultiheadAttention with dropout=0.0"
    elif is_extended or is_static:
        what = "attends to keys and values that are not in the sequence"
        fix = "leave out add_bias_kv, add_zero_attn, static_k and static_v"
    elif query.ndim != 3:
        what, fix = f"attends to a sequence of shape {tuple(query.shape)}", "give it the dimension of the examples"
    elif mask is not None and mask.ndim != 2:
        what, fix = f"has a mask of shape {tuple(mask.shape)}, another for each head", "give one mask (t, s) for all"
    else:
        return
    raise OnionskinError(what, fix=fix)


def forward(
    x: Array,
    in_weight: Array,
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
    t, n, e = x.shape
    qkv = x @ in_weight.T
    if in_bias is not None:
        qkv += in_bias
    # From (t, n, 3e) to three of (n, heads, t, d).
    q, k, v = qkv.reshape(t, n, 3, heads, e // heads).swapaxes(0, 2).swapaxes(2, 3)
    scores = (e // heads) ** -0.5 * q @ k.mT
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
    x: Array,
    in_weight: Array,
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
    t, n, e = x.shape
    # From (t, n, e) to (n, heads, t, d).
    dheads = (dy @ out_weight).reshape(t, n, heads, e // heads).swapaxes(0, 1).swapaxes(1, 2)
    dscores = dheads @ v.mT
    if dweights is not None:
        dscores += dweights[:, None] / heads if average else dweights
    dscores = attention * (dscores - (dscores * attention).sum(axis=-1, keepdims=True))
    dq = (e // heads) ** -0.5 * (dscores @ k)
    dk = (e // heads) ** -0.5 * (dscores.mT @ q)
    dv = attention.mT @ dheads
    dqkv = np.stack([dq, dk, dv]).swapaxes(2, 3).swapaxes(0, 2).reshape(t * n, 3 * e)
    dx = (dqkv @ in_weight).reshape(t, n, e)
    din_weight = dqkv.T @ x.reshape(t * n, e)
    dout_weight = dy.reshape(t * n, e).T @ mixed.reshape(t * n, e)
    return dx, din_weight, dqkv.sum(axis=0), dout_weight, dy.sum(axis=(0, 1))


def tensors(
    x: Tensor,
    in_weight: Tensor,
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
        x,
        x,
        x,
        x.shape[2],
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
        average_attn_weights=average,
    )
    if need_weights:
        return y, weights
    return y


def trial(pick: Pick) -> Call:
    t, n, heads = pick(1, 4), pick(1, 3), pick(1, 3)
    e = heads * pick(1, 2)
    x = pick.normal(t, n, e)
    return trial_of(pick, (x, x, x), heads, (pick.normal(3 * e, e), pick.normal(3 * e) if pick(0, 1) else None), {})


def trial_of(pick: Pick, qkv: tuple[Tensor, ...], heads: int, packed: tuple[Any, Any], more: dict[str, Any]) -> Call:
    """Return a call of the attention, with masks and outputs as they are picked."""
    (t, n, e), s = qkv[0].shape, len(qkv[1])
    masks: dict[str, Tensor | None] = {"attn_mask": None, "key_padding_mask": None}
    adds = pick.choice([False, True])
    for name, shape in {"attn_mask": (t, s), "key_padding_mask": (n, s)}.items():
        if pick(0, 1):
            mask = pick.normal(*shape).detach() if adds else pick.whole(2, *shape).bool()
            mask[:, 0] = 0  # each has something to look at
            masks[name] = mask
    settings = {"need_weights": bool(pick(0, 1)), "average_attn_weights": bool(pick(0, 1)), **masks, **more}
    out_bias = pick.normal(e) if packed[1] is not None else None
    args = (*qkv, e, heads, *packed, None, None, False, 0.0, pick.normal(e, e), out_bias)
    return F.multi_head_attention_forward, args, settings
