"""Clips the gradients by their values: none is larger than allowed, in either direction."""

from __future__ import annotations

from typing import Any

import numpy as np

from onionskin.peel.ops import Array
from onionskin.peel.trial import Pick

KIND = "clip"
SENTENCE = "no entry of a gradient is larger than allowed"
FORMULA = r"g \leftarrow \operatorname{clip}(g, -c, c)"
SPELLINGS = ("torch.nn.utils.clip_grad_value_",)


def clip(g: dict[str, Array], clip_value: float) -> None:
    """g = min(max(g, -clip_value), clip_value)."""
    for each in g.values():
        np.clip(each, -clip_value, clip_value, out=each)


def scalars(g: list[float], clip_value: float) -> list[float]:
    """min(max(g, -clip_value), clip_value) of every gradient."""
    return [min(max(each, -clip_value), clip_value) for each in g]


def trial(pick: Pick) -> dict[str, Any]:
    return {"clip_value": pick.choice([0.125, 1.0, 100.0])}
