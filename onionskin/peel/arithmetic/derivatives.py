"""The chain rule on single numbers: how the loss changes with each, from the last line up."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from onionskin.peel.arithmetic.scalar import Scalar

Flow = Iterator[tuple[Scalar, Scalar]]


def flows(y: Scalar, dy: Scalar) -> Flow:
    """Yield what a Scalar is made of, each with what of the loss's change comes to it through this one."""
    if y.slopes is not None:
        for x, slope in y.slopes:
            yield x, dy * slope
    elif y.op in _SLOPES:
        yield y.args[0], dy * _SLOPES[y.op](y.args[0], y)
    elif y.op in _FLOWS:
        yield from _FLOWS[y.op](y, dy)


def reachable(roots: list[Scalar], *, with_slopes: bool = False) -> list[Scalar]:
    """Return all that some Scalars are made of, in the order in which they were made."""
    seen: set[Scalar] = set()
    waiting = list(roots)
    while waiting:
        x = waiting.pop()
        if x not in seen:
            seen.add(x)
            waiting += x.args
            if with_slopes and x.slopes:
                waiting += [part for pair in x.slopes for part in pair]
    return sorted(seen, key=lambda x: x.order)


#: The derivative of a function of one number, by the number and by what it gives.
_SLOPES: Final[Mapping[str, Callable[[Scalar, Scalar], Scalar]]] = {
    "exp": lambda x, y: y,
    "expm1": lambda x, y: y + 1.0,
    "log": lambda x, y: 1.0 / x,
    "log1p": lambda x, y: 1.0 / (1.0 + x),
    "sqrt": lambda x, y: 0.5 / y,
    "tanh": lambda x, y: 1.0 - y * y,
    "sin": lambda x, y: x.home.call("cos", x),
    "cos": lambda x, y: -x.home.call("sin", x),
    "erf": lambda x, y: 2 / math.sqrt(math.pi) * x.home.call("exp", -(x * x)),
    "abs": lambda x, y: x.home.compare(">", x, 0.0) - x.home.compare("<", x, 0.0),
    "sigmoid": lambda x, y: y * (1.0 - y),
    "softplus": lambda x, y: x.home.call("sigmoid", x),
    "pow": lambda x, y: y.value * x ** (y.value - 1),
}


def _through_sum(y: Scalar, dy: Scalar) -> Flow:
    for x in y.args:
        yield x, dy


def _through_product(y: Scalar, dy: Scalar) -> Flow:
    a, b = y.args
    yield a, dy * b
    yield b, dy * a


def _through_quotient(y: Scalar, dy: Scalar) -> Flow:
    a, b = y.args
    yield a, dy / b
    yield b, -(dy * y / b)


def _through_minus(y: Scalar, dy: Scalar) -> Flow:
    yield y.args[0], -dy


def _through_max(y: Scalar, dy: Scalar) -> Flow:
    """Everything goes to the first of the largest. Of 0 and x, to x where it is above 0."""
    s = y.home
    if len(y.args) == 2 and y.args[0].op == "number":
        yield y.args[1], s.where(s.compare(">", y, y.args[0]), dy, 0.0)
        return
    place = s._made("first", (y, *y.args))
    for number, x in enumerate(y.args):
        yield x, s.where(s.compare("==", place, number), dy, 0.0)


def _through_where(y: Scalar, dy: Scalar) -> Flow:
    test, a, b = y.args
    yield a, y.home.where(test, dy, 0.0)
    yield b, y.home.where(test, 0.0, dy)


def _through_select(y: Scalar, dy: Scalar) -> Flow:
    place, *options = y.args
    for number, x in enumerate(options):
        yield x, y.home.where(y.home.compare("==", place, number), dy, 0.0)


_FLOWS: Final[Mapping[str, Callable[[Scalar, Scalar], Flow]]] = {
    "add": _through_sum,
    "mul": _through_product,
    "div": _through_quotient,
    "neg": _through_minus,
    "max": _through_max,
    "where": _through_where,
    "select": _through_select,
}
