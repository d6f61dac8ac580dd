"""A step as lines of arithmetic: what has a line of its own, and in which order they stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy.typing as npt

from onionskin.peel.arithmetic.derivatives import reachable
from onionskin.peel.arithmetic.names import ScalarNames
from onionskin.peel.arithmetic.scalar import Scalar, evaluate
from onionskin.peel.trace import Node

#: An array of Scalars.
Cells = npt.NDArray[Any]

#: Terms of a sum that still reads well within a function's brackets.
_MOST_FUSED: Final = 4


@dataclass(frozen=True)
class Line:
    """One line of arithmetic.

    Attributes:
        variable: What it gives.
        x: What it computes.
        wrt: The weight whose derivative this is, where it is one.
    """

    variable: str
    x: Scalar
    wrt: Scalar | None = None


@dataclass
class Layer:
    """The lines of one operation, forward or backward.

    Attributes:
        node: The operation.
        stem: What the variables of its output begin with.
        shapes: Of what it is given and what it gives, without the examples.
        part: Which way.
        lines: Its lines.
        within: Layers before it that have no lines of their own: they are part of these.
    """

    node: Node
    stem: str
    shapes: tuple[tuple[int, ...], tuple[int, ...]]
    part: Literal["forward", "backward"]
    lines: list[Line] = field(default_factory=list)
    within: list[Layer] = field(default_factory=list)


@dataclass(frozen=True)
class ScalarGraph:
    """One example's step.

    Attributes:
        inputs: The numbers of an example, by the names of the batch's tensors.
        weights: All parameters, by name.
        moves: The names of those that the loss depends on and the optimizer moves.
        layers: Forward in order, then backward.
        names: The variables.
        loss: The example's loss.
        gradients: The variable that holds the derivative with respect to each weight that is moved.
        is_mean: Whether the batch's loss is the mean over the examples; otherwise it is their sum.
    """

    inputs: Mapping[str, Cells]
    weights: Mapping[str, Cells]
    moves: tuple[str, ...]
    layers: list[Layer]
    names: Mapping[Scalar, str]
    loss: Scalar
    gradients: Mapping[Scalar, str]
    is_mean: bool

    def run(self, known: Mapping[Scalar, float]) -> dict[str, float]:
        """Return the values of all variables, given those of the inputs and weights."""
        values = dict(known)
        out = {x.name: value for x, value in known.items()}  # also of inputs that nothing uses
        for line in (line for layer in self.layers for line in layer.lines):
            found = values[line.x] if line.x in values else evaluate(line.x, values)
            out[line.variable] = found
            values.setdefault(line.x, found)
        return out


class Lines:
    """Decides what has a line of its own, and puts each line after those that it needs."""

    def __init__(self, roots: list[Scalar], names: ScalarNames, fuses: bool) -> None:
        made = reachable(roots)
        self._uses = Counter(arg for x in made for arg in x.args)
        self._uses.update(roots[:1])
        self._names = names
        self._needed = set(made)
        self._done: set[Scalar] = set()
        fused = {x for x in made if fuses and self._is_fused(x, made)}
        self.names = {x: x.name for x in made if x.op == "leaf" or (x.name and x not in fused)}

    def _is_fused(self, x: Scalar, made: Iterable[Scalar]) -> bool:
        """Whether a short sum stands in the line of the one function that is applied to it."""
        if x.op != "add" or self._uses[x] != 1 or len(x.args) > _MOST_FUSED or not x.name or x.name.startswith("d_"):
            return False
        user = next((y for y in made if x in y.args), x)
        return (
            user is not x and bool(user.name) and user.op in ("max", "tanh", "sigmoid", "exp") and len(user.args) <= 2
        )

    def of(self, roots: Iterable[Scalar], stem: str) -> list[Line]:
        """Return the lines that give some Scalars, as far as they are not written yet."""
        out: list[Line] = []
        for x in roots:
            if x in self._needed:
                self._emit(x, stem, out)
        return out

    def _emit(self, x: Scalar, stem: str, out: list[Line]) -> None:
        if x.is_atom or x in self._done:
            return
        self._done.add(x)
        for arg in x.args:
            self._emit(arg, stem, out)
        if x not in self.names and self._uses[x] > 1 and x.op not in ("==", "<", ">", "<=", ">=", "!=", "neg"):
            self.names[x] = self._names.free(f"{stem}_part")
        if x in self.names:
            out.append(Line(self.names[x], x))

    def gradient(self, variable: str, x: Scalar, wrt: Scalar) -> Line:
        """Return the line that gives the derivative with respect to a weight."""
        self._done.add(x)
        if not x.is_atom:
            self.names.setdefault(x, variable)
        return Line(variable, x, wrt)
