"""GELU in its tanh form, as GPT-2 has it.

Paper: Hendrycks & Gimpel (2016), "Gaussian error linear units (GELUs)".
"""

from __future__ import annotations

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from onionskin.peel.ops import Array
from onionskin.peel.trial import Call, Pick

SENTENCE = "passes what is positive and lets a little of what is just below 0 through"
FORMULA = r"y = \tfrac12 x \left(1 + \tanh\left(\sqrt{2/\pi}\,(x + 0.044715\,x^3)\right)\right)"
SAVES = ("squashed",)


def forward(x: Array) -> Array:
    """y = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2, and that tanh."""
    root = 0.7978845608028654  # sqrt(2 / pi)
    squashed = np.tanh(root * x * (1 + 0.044715 * x * x))
    return 0.5 * x * (1 + squashed), squashed


def d_x(dy: Array, x: Array, squashed: Array) -> Array:
    """The product rule: half of (1 + tanh), and x times the slope of the tanh."""
    inner = 0.7978845608028654 * (1 + 0.134145 * x * x)  # 3 * 0.044715
    return dy * 0.5 * (1 + squashed + x * (1 - squashed * squashed) * inner)


def tensors(x: Tensor) -> Tensor:
    return F.gelu(x, approximate="tanh")


def trial(pick: Pick) -> Call:
    return F.gelu, (pick.normal(pick(1, 4), pick(1, 5)),), {"approximate": "tanh"}
