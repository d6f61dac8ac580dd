"""The error function: how much of a bell curve lies within x of its middle. NumPy has none, so it is worked out.

Near 0 it is a quotient of two polynomials, further out 1 less such a quotient times the bell curve. Coefficients:
Cody (1969), "Rational Chebyshev approximations for the error function"; right to 1e-15.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from onionskin.peel.arithmetic.scalar import Scalars
from onionskin.peel.ops import Array
from onionskin.peel.rule import Use
from onionskin.peel.trial import Call, Pick

SENTENCE = "how much of a bell curve lies within x of its middle, with the sign of x"
FORMULA = r"y = \frac{2}{\sqrt\pi} \int_0^x e^{-t^2} dt"
SPELLINGS = ("torch.erf", "torch.Tensor.erf", "torch.special.erf")


def read(input: Tensor) -> Use:
    return Use("erf", {"x": input})


def forward(x: Array) -> Array:
    return erf(x)


def erf(x: Array) -> Array:
    """A quotient of polynomials near 0; 1 less another one times exp(-x^2) further out."""
    y = np.abs(x)
    near = y < 0.46875
    inner, outer = y[near], np.minimum(y[~near], 6)
    y[near] = inner * ratio(
        inner * inner,
        (1.85777706184603153e-1, 3.16112374387056560e0, 1.13864154151050156e2,
         3.77485237685302021e2, 3.20937758913846947e3),
        (1, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3,
         2.84423683343917062e3),
    )  # fmt: skip
    y[~near] = 1 - np.exp(-outer * outer) * ratio(
        outer,
        (2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0,
         6.61191906371416295e1, 2.98635138197400131e2, 8.81952221241769090e2,
         1.71204761263407058e3, 2.05107837782607147e3, 1.23033935479799725e3),
        (1, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2,
         1.62138957456669019e3, 3.29079923573345963e3, 4.36261909014324716e3,
         3.43936767414372164e3, 1.23033935480374942e3),
    )  # fmt: skip
    return np.copysign(y, x)


def d_x(dy: Array, x: Array) -> Array:
    return dy * 1.1283791670955126 * np.exp(-x * x)


def ratio(x: Array, above: Any, below: Any) -> Array:
    """Two polynomials of x, the one divided by the other; the highest powers come first."""
    top, bottom = above[0] * x, below[0] * x
    for a, b in zip(above[1:-1], below[1:-1], strict=True):
        top += a
        top *= x
        bottom += b
        bottom *= x
    return (top + above[-1]) / (bottom + below[-1])


def torch_erf(x: Tensor) -> Tensor:
    return torch.erf(x)


def tensors(x: Tensor) -> Tensor:
    return torch.erf(x)


def scalars(s: Scalars, x: Array) -> Array:
    return np.frompyfunc(lambda z: s.call("erf", z), 1, 1)(x)


def trial(pick: Pick) -> Call:
    x = (pick.normal(pick(1, 4), pick(1, 5)).detach() * pick.choice([0.1, 1, 4])).requires_grad_()
    return torch.erf, (x,), {}
