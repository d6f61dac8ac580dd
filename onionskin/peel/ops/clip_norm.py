"""Clips the gradients by their norm: where all together are longer than allowed, all are shortened alike.

Source: Pascanu, Mikolov & Bengio (2013), "On the difficulty of training recurrent neural networks".
"""

from __future__ import annotations

from typing import Any

import numpy as np

from onionskin.peel.ops import Array
from onionskin.peel.trial import Pick

KIND = "clip"
SENTENCE = "where the gradients are together longer than allowed, all are shortened alike"
FORMULA = r"g \leftarrow g \cdot \min\left(1, \frac{c}{\lVert g \rVert + 10^{-6}}\right)"
SPELLINGS = ("torch.nn.utils.clip_grad_norm_",)


def clip(g: dict[str, Array], max_norm: float, norm_type: float = 2.0) -> None:
    """g *= min(1, max_norm / norm), with the norm of all gradients as one long vector."""
    if norm_type == 2:
        norm = sum((each * each).sum() for each in g.values()) ** 0.5
    elif norm_type == 2 * norm_type:  # infinite: the largest of all
        norm = max(np.abs(each).max() for each in g.values())
    else:
        norm = sum((np.abs(each) ** norm_type).sum() for each in g.values()) ** (1 / norm_type)
    scale = min(1.0, max_norm / (norm + 1e-6))
    for each in g.values():
        each *= scale


def scalars(g: list[float], max_norm: float, norm_type: float) -> list[float]:
    """g * min(1, max_norm / norm), with the norm of all gradients together."""
    if norm_type == 2:
        norm = sum(each * each for each in g) ** 0.5
    elif norm_type == 2 * norm_type:  # infinite: the largest of all
        norm = max(abs(each) for each in g)
    else:
        norm = sum(abs(each) ** norm_type for each in g) ** (1 / norm_type)
    scale = min(1.0, max_norm / (norm + 1e-6))
    return [each * scale for each in g]


def trial(pick: Pick) -> dict[str, Any]:
    return {"max_norm": pick.choice([0.125, 1.0, 100.0]), "norm_type": pick.choice([2.0, 1.0, 3.0, float("inf")])}
