"""Arithmetic on single numbers, written down rather than done: what the levels below arrays are made of.

A :class:`Scalar` is a number that a program will have: an input, a weight, or what is computed of others. Adding two
gives a third. Every one knows how to be written, how to be evaluated, and how the loss changes with what it is made
of; the derivatives are Scalars themselves. One that is met again is the same object, so nothing is computed twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

#: Functions of one number: how they are written, and what evaluates them.
FUNCTIONS: Final[Mapping[str, Callable[[float], float]]] = {
    "exp": math.exp,
    "expm1": math.expm1,
    "log": math.log,
    "log1p": math.log1p,
    "sqrt": math.sqrt,
    "tanh": math.tanh,
    "sin": math.sin,
    "cos": math.cos,
    "erf": math.erf,
    "abs": abs,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x)),
    "softplus": lambda x: max(x, 0.0) + math.log1p(math.exp(-abs(x))),
}

_COMPARED: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "==": lambda a, b: bool(a == b),
    "!=": lambda a, b: bool(a != b),
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}

#: How tightly each kind of expression binds; what is not here is a name, a number or a call.
_BINDS: Final = {"where": 0, "add": 3, "mul": 4, "div": 4, "neg": 5, "pow": 6, **dict.fromkeys(_COMPARED, 2)}


@dataclass(eq=False)
class Scalar:
    """One number of a program.

    Attributes:
        home: What made it.
        op: What it is: ``leaf``, ``number``, ``add``, ``mul``, a function's name, …
        args: What it is made of.
        order: How many were made before it.
        value: A number's value, a power's exponent.
        name: Its variable; empty where it stands within the line of another.
        slopes: The derivative with respect to others, where a rule knows a shorter one than the chain rule finds.
    """

    home: Scalars
    op: str
    args: tuple[Scalar, ...]
    order: int
    value: Any = None
    name: str = ""
    slopes: tuple[tuple[Scalar, Scalar], ...] | None = None

    @property
    def is_atom(self) -> bool:
        """Whether it is there without being computed."""
        return self.op in ("leaf", "number")

    def __bool__(self) -> bool:
        raise TypeError("what a number is decides what is done next")

    def __add__(self, other: Any) -> Scalar:
        return self.home.add([self, other]) if _is_number(other) else NotImplemented

    def __radd__(self, other: Any) -> Scalar:
        return self.home.add([other, self]) if _is_number(other) else NotImplemented

    def __sub__(self, other: Any) -> Scalar:
        return self.home.add([self, self.home.neg(other)]) if _is_number(other) else NotImplemented

    def __rsub__(self, other: Any) -> Scalar:
        return self.home.add([other, self.home.neg(self)]) if _is_number(other) else NotImplemented

    def __mul__(self, other: Any) -> Scalar:
        return self.home.mul(self, other) if _is_number(other) else NotImplemented

    def __rmul__(self, other: Any) -> Scalar:
        return self.home.mul(other, self) if _is_number(other) else NotImplemented

    def __truediv__(self, other: Any) -> Scalar:
        return self.home.div(self, other) if _is_number(other) else NotImplemented

    def __rtruediv__(self, other: Any) -> Scalar:
        return self.home.div(other, self) if _is_number(other) else NotImplemented

    def __pow__(self, exponent: Any) -> Scalar:
        return self.home.power(self, exponent)

    def __rpow__(self, base: Any) -> Scalar:
        return self.home.power(base, self)

    def __neg__(self) -> Scalar:
        return self.home.neg(self)

    def __abs__(self) -> Scalar:
        return self.home.call("abs", self)

    def __getattr__(self, name: str) -> Callable[[], Scalar]:
        # NumPy's functions call the method of their name on each entry of an array of objects.
        if name not in FUNCTIONS:
            raise AttributeError(name)
        return lambda: self.home.call(name, self)


def _is_number(thing: Any) -> bool:
    return isinstance(thing, (Scalar, int, float)) or getattr(thing, "ndim", None) == 0


class Scalars:
    """Makes Scalars: the ``s`` that an operation's ``scalars(s, …)`` is given.

    Attributes:
        made: All of them, in order.
    """

    def __init__(self) -> None:
        self._known: dict[Any, Scalar] = {}
        self.made: list[Scalar] = []

    # ------------------------------------------------------------------ what is there

    def leaf(self, name: str) -> Scalar:
        """Return a number that the program is given, under a name."""
        return self._made("leaf", (), name, name)

    def number(self, value: Any) -> Scalar:
        """Return a number that stands in the program."""
        return value if isinstance(value, Scalar) else self._made("number", (), float(value))

    def _made(self, op: str, args: tuple[Scalar, ...], value: Any = None, name: str = "") -> Scalar:
        key = (op, tuple(map(id, args)), repr(value))
        if key not in self._known:
            self._known[key] = Scalar(self, op, args, len(self.made), value, name)
            self.made.append(self._known[key])
        return self._known[key]

    # ------------------------------------------------------------------ arithmetic

    def add(self, terms: Iterable[Any]) -> Scalar:
        """Return a sum: one of a sum that has no name becomes part of it; 0 falls out."""
        flat: list[Scalar] = []
        for term in map(self.number, terms):
            is_open = term.op == "add" and not term.name and term.slopes is None
            flat += term.args if is_open else [term]
        known = sum(term.value for term in flat if term.op == "number")
        rest = [term for term in flat if term.op != "number"]
        if known or not rest:  # a number stands last, but 1 - x is no -x + 1
            rest.insert(0 if rest and rest[0].op == "neg" and known > 0 else len(rest), self.number(known))
        return rest[0] if len(rest) == 1 else self._made("add", tuple(rest))

    def dot(self, xs: Iterable[Any], ws: Iterable[Any], bias: Any = None) -> Scalar:
        """Return the sum of the products of two rows, and a bias."""
        products = [self.mul(w, x) for x, w in zip(xs, ws, strict=True)]
        return self.add(products if bias is None else [*products, bias])

    def mul(self, left: Any, right: Any) -> Scalar:
        """Return a product: 1 falls out, 0 makes it 0, and a minus stands before it."""
        a, b = self.number(left), self.number(right)
        if a.op == "number" and b.op == "number":
            return self.number(a.value * b.value)
        for one, other in ((a, b), (b, a)):
            if one.op == "number" and one.value in (0.0, 1.0, -1.0):
                return one if one.value == 0.0 else other if one.value == 1.0 else self.neg(other)
            if one.op == "neg" and not one.name:
                return self.neg(self.mul(*((one.args[0], b) if one is a else (a, one.args[0]))))
        return self._made("mul", (a, b))

    def div(self, left: Any, right: Any) -> Scalar:
        """Return a quotient."""
        a, b = self.number(left), self.number(right)
        if b.op == "number":
            if a.op == "number":
                return self.number(a.value / b.value)
            if b.value == 1.0:
                return a
        return self._made("div", (a, b))

    def neg(self, x: Any) -> Scalar:
        """Return -x."""
        a = self.number(x)
        if a.op == "number":
            return self.number(-a.value)
        return a.args[0] if a.op == "neg" and not a.name else self._made("neg", (a,))

    def power(self, x: Any, exponent: Any) -> Scalar:
        """Return x to a power; a square is a product, and one whose exponent is computed an exponential."""
        a = self.number(x)
        if isinstance(exponent, Scalar):
            if exponent.op != "number":
                return self.call("exp", self.mul(self.call("log", a), exponent))
            exponent = exponent.value
        plain = {0.0: self.number(1.0), 1.0: a, 2.0: self.mul(a, a)}
        return plain[exponent] if exponent in plain else self._made("pow", (a,), float(exponent))

    def reduced(self, losses: Sequence[Scalar], reduction: str, shape: tuple[int, ...] | None = None) -> Any:
        """Return the mean of losses, or their sum, or all of them in a shape."""
        if reduction == "none":
            return np.array(losses, dtype=object).reshape(shape or (len(losses),))
        return self.add(losses) / (len(losses) if reduction == "mean" else 1)

    def call(self, function: str, x: Any) -> Scalar:
        """Return a function of one number: see ``FUNCTIONS``."""
        a = self.number(x)
        return self.number(FUNCTIONS[function](a.value)) if a.op == "number" else self._made(function, (a,))

    # ------------------------------------------------------------------ choices

    def max(self, xs: Iterable[Any]) -> Scalar:
        """Return the largest; ties go to a plain number, or else to the first."""
        flat: list[Scalar] = []
        for each in map(self.number, xs):
            flat += each.args if each.op == "max" and not each.name else [each]
        flat = [x for x in flat if not (x.op == "number" and x.value == -math.inf)]
        flat = sorted(dict.fromkeys(flat), key=lambda x: x.op != "number")
        return flat[0] if len(flat) == 1 else self._made("max", tuple(flat))

    def compare(self, sign: str, left: Any, right: Any) -> Scalar:
        """Return a comparison; as a number it is 1 where it holds and 0 where not."""
        a, b = self.number(left), self.number(right)
        if a.op == "number" and b.op == "number":
            return self.number(_COMPARED[sign](a.value, b.value))
        return self._made(sign, (a, b))

    def where(self, condition: Any, left: Any, right: Any) -> Scalar:
        """Return one where a comparison holds, and the other where not."""
        test, a, b = self.number(condition), self.number(left), self.number(right)
        if test.op == "number":
            return a if test.value else b
        return a if a is b else self._made("where", (test, a, b))

    def select(self, index: Any, options: Iterable[Any]) -> Scalar:
        """Return the one at a place that is known when the program runs, counted from 0."""
        place, listed = self.number(index), tuple(map(self.number, options))
        if place.op == "number":
            return listed[int(place.value)]
        return listed[0] if len(listed) == 1 else self._made("select", (place, *listed))

    def named(self, x: Scalar, name: str) -> Scalar:
        """Give a Scalar a line and a variable of its own, named as wished."""
        if not x.is_atom and not x.name:
            x.name = name
        return x

    def with_slopes(self, x: Scalar, slopes: Mapping[Scalar, Scalar]) -> Scalar:
        """Say what the derivative of a Scalar is, where the mathematics is shorter than the chain rule."""
        if not x.is_atom:
            x.slopes = tuple(slopes.items())
        return x


# ------------------------------------------------------------------ written and evaluated


def written(x: Scalar, names: Mapping[Scalar, str], *, is_line: bool = False) -> str:
    """Return a Scalar as Python: its name where it has one, otherwise what it is made of.

    Args:
        x: The Scalar.
        names: The variables.
        is_line: Whether to write what it is made of even so: the right side of its line.
    """
    return _written(x, names, 0, is_line)


def _written(x: Scalar, names: Mapping[Scalar, str], binds: int, is_line: bool = False) -> str:
    if x in names and not is_line:
        return names[x]
    if x.op == "number":
        text = repr(x.value)
        return f"({text})" if x.value < 0 and binds > 5 else text
    own = _BINDS.get(x.op, 9)
    text = _text(x, lambda arg, least: _written(arg, names, least))
    return f"({text})" if own < binds else text


def _text(x: Scalar, part: Callable[[Scalar, int], str]) -> str:
    args = x.args
    if x.op == "add":
        text = part(args[0], 3)
        for term in args[1:]:
            is_minus = term.op == "neg" or (term.op == "number" and term.value < 0)
            piece = part(term, 3) if is_minus else part(term, 4)
            text += f" - {piece[1:]}" if is_minus and piece.startswith("-") else f" + {piece}"
        return text
    if x.op == "mul":
        return f"{part(args[0], 4)} * {part(args[1], 5)}"
    if x.op == "div":
        return f"{part(args[0], 4)} / {part(args[1], 5)}"
    if x.op == "neg":
        return f"-{part(args[0], 4)}"
    if x.op == "pow":
        return f"{part(args[0], 7)} ** {int(x.value) if x.value == int(x.value) else x.value}"
    if x.op in _COMPARED:
        other = args[1]
        whole = other.op == "number" and x.op == "==" and other.value == int(other.value)
        return f"{part(args[0], 3)} {x.op} {int(other.value) if whole else part(other, 3)}"
    if x.op == "where":
        return f"{part(args[1], 1)} if {part(args[0], 1)} else {part(args[2], 1)}"
    if x.op == "select":
        return f"({', '.join(part(arg, 1) for arg in args[1:])})[{part(args[0], 0)}]"
    if x.op == "first":
        return f"({', '.join(part(arg, 1) for arg in args[1:])}).index({part(args[0], 0)})"
    return f"{x.op}({', '.join(part(arg, 0) for arg in args)})"


def evaluate(x: Scalar, known: Mapping[Scalar, float]) -> float:
    """Return the value of one line: of what a Scalar is made of, given the values of what has a line of its own."""
    if x.op == "number":
        return float(x.value)
    args = [known[arg] if arg in known else evaluate(arg, known) for arg in x.args]
    if x.op == "add":
        total = args[0]
        for term in args[1:]:
            total += term
        return total
    return _OPERATIONS[x.op](args) if x.op in _OPERATIONS else _evaluated(x, args)


_OPERATIONS: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {
    "mul": lambda a: a[0] * a[1],
    "div": lambda a: a[0] / a[1],
    "neg": lambda a: -a[0],
    "max": max,
    "where": lambda a: a[1] if a[0] else a[2],
    "select": lambda a: a[1 + int(a[0])],
    "first": lambda a: float(list(a[1:]).index(a[0])),
}


def _evaluated(x: Scalar, args: Sequence[float]) -> float:
    if x.op == "pow":
        return float(args[0] ** x.value)
    if x.op in _COMPARED:
        return float(_COMPARED[x.op](args[0], args[1]))
    return float(FUNCTIONS[x.op](args[0]))
