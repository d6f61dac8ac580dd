"""The words that a golf entry's architecture may use, and how a network of them is run. Nothing else is ever run.

A layer is ``{"kind": "linear", "out": 10}``: a kind and its settings. Its tensors are named by its place in the list:
``0.weight``, ``0.bias``. What is not in the lists below is refused, before anything is computed.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - PyTorch's own name for it

from onionskin.errors import OnionskinError, did_you_mean

Layer = Mapping[str, Any]

#: Without parameters: one number becomes one number.
UNITS: Final[Mapping[str, Callable[[Tensor], Tensor]]] = {
    "relu": torch.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "sin": torch.sin,
    "abs": torch.abs,
    "square": torch.square,
    "step": lambda x: (x > 0).to(x.dtype),
    "identity": lambda x: x,
}

#: The settings of each kind: how large a whole number may be, or what else it is.
KINDS: Final[Mapping[str, Mapping[str, Any]]] = {
    **{unit: {} for unit in UNITS},
    "linear": {"out": 1024, "bias": bool},
    "conv2d": {"out": 256, "kernel": 28, "stride": 28, "padding": 14, "groups": 256, "bias": bool},
    "scan": {"out": 64, "unit": UNITS, "gives": ("last", "all"), "bias": bool},
    "words": {"words": list},
    "hashed": {"buckets": 4096, "out": 64, "ngrams": 3},
    "maxpool": {"size": 28},
    "meanpool": {"size": 28},
    "mean": {},
    "flatten": {},
    "sum": {},
    "take": {"places": list},
}

_NEEDS: Final[Mapping[str, set[str]]] = {
    "linear": {"out"},
    "conv2d": {"out", "kernel"},
    "scan": {"out", "unit"},
    "words": {"words"},
    "hashed": {"buckets", "out"},
    "maxpool": {"size"},
    "meanpool": {"size"},
    "take": {"places"},
}

MOST_LAYERS: Final = 32
MOST_WORDS: Final = 256
_TOKEN: Final = re.compile(r"[a-z]+|[^\sa-z]")


def check(layers: object) -> list[dict[str, Any]]:
    """Return the layers, each setting looked over. Raises OnionskinError."""
    if not isinstance(layers, list) or not 1 <= len(layers) <= MOST_LAYERS:
        raise OnionskinError("the layers are no list of 1 to 32", fix='"layers": [{"kind": "linear", …}]')
    for place, layer in enumerate(layers):
        _check(place, layer)
    return layers


def _check(place: int, layer: object) -> None:
    kind = layer.get("kind") if isinstance(layer, dict) else None
    if not isinstance(layer, dict) or not isinstance(kind, str) or kind not in KINDS:
        fix = did_you_mean(str(kind), KINDS, otherwise=f"choose one of: {', '.join(KINDS)}")
        raise OnionskinError(f"layer {place} is of no known kind: {str(kind)[:40]!r}", fix=fix)
    allowed = KINDS[kind]
    if unknown := sorted(map(str, set(layer) - {"kind", *allowed})):
        raise OnionskinError(f"layer {place} ({kind}) has a setting '{unknown[0][:40]}'",
                             fix=f"it may have: {', '.join(allowed) or 'none'}")  # fmt: skip
    if missing := sorted(_NEEDS.get(kind, set[str]()) - set(layer)):
        raise OnionskinError(f"layer {place} ({kind}) has no {missing[0]}", fix=f'add "{missing[0]}": …')
    for key, value in layer.items():
        if key != "kind" and not _is_allowed(key, value, allowed[key]):
            raise OnionskinError(f"layer {place} ({kind}) has {key} {str(value)[:40]}", fix=_range(key, allowed[key]))


def _is_allowed(key: str, value: object, allowed: Any) -> bool:
    if allowed is bool:
        return isinstance(value, bool)
    if isinstance(allowed, int):
        return type(value) is int and (0 if key == "padding" else 1) <= value <= allowed
    if allowed is list:
        is_good = _is_word if key == "words" else _is_place
        return isinstance(value, list) and 1 <= len(value) <= MOST_WORDS and all(map(is_good, value))
    return isinstance(value, str) and value in allowed


def _is_word(value: object) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= 32


def _is_place(value: object) -> bool:
    return type(value) is int and 0 <= value < 784


def _range(key: str, allowed: Any) -> str:
    if allowed is bool:
        return f"{key} is true or false"
    if allowed is list:
        return f"{key} is a list of at most {MOST_WORDS} " + (
            "words of 1 to 32 letters" if key == "words" else "places"
        )
    return f"{key} is at most {allowed}" if isinstance(allowed, int) else f"{key} is one of: {', '.join(allowed)}"


def run(layers: Sequence[Layer], weights: Mapping[str, Tensor], x: Any) -> Tensor:
    """Return what a network gives.

    Args:
        layers: As :func:`check` gave them.
        weights: Tensors by their names.
        x: (n, …) numbers, or a list of n texts.

    Raises:
        OnionskinError: A tensor is missing, or of another shape than the layer needs.
    """
    for place, layer in enumerate(layers):
        kind = layer["kind"]
        if (kind in ("words", "hashed")) == isinstance(x, Tensor):
            raise OnionskinError(f"layer {place} ({kind}) does not take what reaches it",
                                 fix="words and hashed come first and take texts; all others take numbers")  # fmt: skip
        try:
            x = UNITS[kind](x) if kind in UNITS else _LAYERS[kind](layer, _Tensors(place, weights), x)
        except (RuntimeError, IndexError) as error:
            raise OnionskinError(f"layer {place} ({kind}) cannot take {tuple(x.shape)}: {str(error)[:90]}",
                                 fix="look at the sizes of the layers before it") from error  # fmt: skip
    if not isinstance(x, Tensor):
        raise OnionskinError("the layers give no numbers", fix="begin with words or hashed for texts")
    return x


class _Tensors:
    """The tensors of one layer, of which each must have the shape that the layer needs."""

    def __init__(self, place: int, weights: Mapping[str, Tensor]) -> None:
        self._place, self._weights = place, weights

    def __call__(self, name: str, *shape: int) -> Tensor:
        full = f"{self._place}.{name}"
        found = self._weights.get(full)
        if found is None or tuple(found.shape) != shape:
            there = "missing" if found is None else f"of shape {tuple(found.shape)}"
            raise OnionskinError(f"the tensor '{full}' is {there}", fix=f"it has to be {shape}")
        return found


def _linear(layer: Layer, tensors: _Tensors, x: Tensor) -> Tensor:
    weight = tensors("weight", layer["out"], x.shape[-1])
    return F.linear(x, weight, tensors("bias", layer["out"]) if layer.get("bias", True) else None)


def _conv2d(layer: Layer, tensors: _Tensors, x: Tensor) -> Tensor:
    out, kernel, groups = layer["out"], layer["kernel"], layer.get("groups", 1)
    if x.dim() != 4 or x.shape[1] % groups or out % groups:
        raise IndexError(f"{groups} groups of {out} outputs")
    weight = tensors("weight", out, x.shape[1] // groups, kernel, kernel)
    bias = tensors("bias", out) if layer.get("bias", True) else None
    return F.conv2d(x, weight, bias, layer.get("stride", 1), layer.get("padding", 0), 1, groups)


def _scan(layer: Layer, tensors: _Tensors, x: Tensor) -> Tensor:
    """h_t = unit(W x_t + U h_{t−1} + b) over (n, t, c), as Elman (1990)."""
    if x.dim() != 3:
        raise IndexError("no sequence (n, t, c)")
    out = layer["out"]
    into = F.linear(x, tensors("weight", out, x.shape[-1]), tensors("bias", out) if layer.get("bias", True) else None)
    recurrent, unit = tensors("recurrent", out, out), UNITS[layer["unit"]]
    state, states = x.new_zeros(len(x), out), []
    for step in range(x.shape[1]):
        state = unit(into[:, step] + F.linear(state, recurrent))
        states.append(state)
    return states[-1] if layer.get("gives", "last") == "last" else torch.stack(states, 1)


def tokens(text: str) -> list[str]:
    """Return the words of a text in small letters, and whatever else is in it sign by sign."""
    return _TOKEN.findall(text.lower())


def _words(layer: Layer, tensors: _Tensors, texts: Sequence[str]) -> Tensor:
    """1 for each of the words that is in the text, (n, words)."""
    have = [set(tokens(text)) for text in texts]
    return torch.tensor([[float(word in there) for word in layer["words"]] for there in have])


def _hashed(layer: Layer, tensors: _Tensors, texts: Sequence[str]) -> Tensor:
    """The sum of a row a different n-gram of words, found by CRC-32 modulo the buckets, (n, out)."""
    weight = tensors("weight", layer["buckets"], layer["out"])
    return buckets(texts, layer["buckets"], layer.get("ngrams", 1)) @ weight


def buckets(texts: Sequence[str], count: int, ngrams: int) -> Tensor:
    """Return which buckets each text falls into, 0 or 1: (n, count)."""
    found = torch.zeros(len(texts), count)
    for row, text in enumerate(texts):
        words = tokens(text)
        grams = {" ".join(words[i : i + n]) for n in range(1, ngrams + 1) for i in range(len(words) - n + 1)}
        found[row, [zlib.crc32(gram.encode()) % count for gram in grams]] = 1.0
    return found


def _take(layer: Layer, tensors: _Tensors, x: Tensor) -> Tensor:
    if max(layer["places"]) >= x.shape[-1]:
        raise IndexError(f"place {max(layer['places'])} of {x.shape[-1]}")
    return x[..., layer["places"]]


_LAYERS: Final[Mapping[str, Callable[[Layer, _Tensors, Any], Tensor]]] = {
    "linear": _linear,
    "conv2d": _conv2d,
    "scan": _scan,
    "words": _words,
    "hashed": _hashed,
    "take": _take,
    "maxpool": lambda layer, tensors, x: F.max_pool2d(x, layer["size"]),
    "meanpool": lambda layer, tensors, x: F.avg_pool2d(x, layer["size"]),
    "mean": lambda layer, tensors, x: x.mean((2, 3)),
    "flatten": lambda layer, tensors, x: x.flatten(1),
    "sum": lambda layer, tensors, x: x.sum(-1, keepdim=True),
}
