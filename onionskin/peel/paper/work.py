"""The arithmetic of a worksheet: every line of a step, done as a person does it, rounded and carried as rounded.

One example a step: the batch's loss is a mean over its examples, and with pencil and paper one of them is an hour's
work. Which one comes first, the derivatives decide: the one that moves most weights, since of (0, 0) no weight of the
first layer learns anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

import numpy as np

from onionskin.errors import OnionskinError
from onionskin.peel.arithmetic.array import array_of
from onionskin.peel.arithmetic.draw import leaves
from onionskin.peel.arithmetic.lines import ScalarGraph
from onionskin.peel.arithmetic.scalar import Scalar, Scalars, evaluate, written
from onionskin.peel.paper.symbols import symbols_of
from onionskin.peel.plan import Plan

DECIMALS: Final = 4


@dataclass(frozen=True)
class Row:
    """One line of a worksheet, as HTML.

    Attributes:
        symbol: What it gives.
        formula: By names.
        given: By numbers, with a box for each that a line before gives.
        filled: By numbers, all of them.
        result: Rounded.
        exact: The same number when nothing was rounded on the way.
    """

    symbol: str
    formula: str
    given: str
    filled: str
    result: float
    exact: float


@dataclass
class Part:
    """The lines of one operation, or of the update."""

    title: str
    why: str
    rows: list[Row] = field(default_factory=list)


@dataclass(frozen=True)
class Step:
    """One step on paper.

    Attributes:
        number: From 1.
        example: Its inputs and target: symbols and numbers.
        weights: What it begins with: symbols and numbers.
        forward, backward, update: Its lines.
        exact: The weights after it by parameter, when nothing was rounded, in a row.
    """

    number: int
    example: list[tuple[str, float]]
    weights: list[tuple[str, float]]
    forward: list[Part]
    backward: list[Part]
    update: Part
    exact: Mapping[str, list[float]]


def rounded(value: float) -> float:
    """Return a number to 4 decimals, halves away from zero, as one rounds by hand."""
    # The sum of a few 4-decimal products has its halves exactly; a float is off them in the 16th place.
    exact = Decimal(f"{value:.12f}").quantize(Decimal(1).scaleb(-DECIMALS), rounding=ROUND_HALF_UP)
    return float(exact) + 0.0


def shown(value: float) -> str:
    """Return a rounded number as it is printed."""
    text = f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text.replace("-", "−")


def work_out(plan: Plan, graph: ScalarGraph, steps: int) -> list[Step]:
    """Return some steps, worked out."""
    recipe = plan.stages[0].recipe
    if recipe.clip:
        raise OnionskinError("gradients are not clipped on paper", fix="leave out --clip")
    if recipe.optimizer.rule.name != "sgd":
        raise OnionskinError(f"{recipe.optimizer.rule.name} on paper: 4 decimals leave nothing of squared gradients",
                             fix="take --optimizer sgd:lr=0.5, with momentum if you like")  # fmt: skip
    worker = _Worker(plan, graph)
    order = worker.order()
    return [worker.step(number, order[number % len(order)]) for number in range(steps)]


class _Worker:
    """Works out step after step, twice: rounded at every line, and exactly."""

    def __init__(self, plan: Plan, graph: ScalarGraph) -> None:
        self._plan = plan
        self._graph = graph
        self._symbols = symbols_of(graph)
        example = {name: tensor[:1] for name, tensor in plan.batches[0].items()}
        known = leaves(graph, plan.model, example)
        self._exact = {c: known[c] for cells in graph.weights.values() for c in cells.ravel()}
        self._rounded = {c: rounded(value) for c, value in self._exact.items()}
        self._memory: dict[Scalar, dict[str, tuple[float, float]]] = {}

    def order(self) -> list[int]:
        """Return the examples of the first batch, those that most weights learn from first."""
        moved = []
        for number in range(len(next(iter(self._plan.batches[0].values())))):
            values = self._graph.run({**self._exact, **self._inputs(number)})
            moved.append(sum(values[name] != 0.0 for name in self._graph.gradients.values()))
        return sorted(range(len(moved)), key=lambda number: -moved[number])

    def _inputs(self, number: int) -> dict[Scalar, float]:
        example = {name: tensor[number : number + 1] for name, tensor in self._plan.batches[0].items()}
        known = leaves(self._graph, self._plan.model, example)
        return {c: known[c] for cells in self._graph.inputs.values() for c in cells.ravel()}

    def step(self, number: int, example: int) -> Step:
        """Return one step, and move the weights."""
        inputs = self._inputs(example)
        near = {**self._rounded, **{c: rounded(v) for c, v in inputs.items()}}
        exact = {**self._exact, **inputs}
        weights = [(self._symbol(c), near[c]) for cells in self._graph.weights.values() for c in cells.ravel()]
        given = set(near if number == 0 else inputs)  # the weights of a later step are what the one before found
        parts: dict[str, list[Part]] = {"forward": [], "backward": []}
        slopes: dict[Scalar, tuple[float, float]] = {}
        for layer in self._graph.layers:
            title = layer.node.path or layer.node.rule.name.replace("_", " ")
            part = Part(title, layer.node.rule.sentence if layer.part == "forward" else "")
            for line in layer.lines:
                row = self._row(line.variable, line.x, near, exact, given)
                part.rows.append(row)
                near.setdefault(line.x, row.result)
                exact.setdefault(line.x, row.exact)
                if line.wrt is not None:
                    slopes[line.wrt] = row.result, row.exact
            parts[layer.part].append(part)
        update = Part("", str(self._plan.stages[0].recipe.optimizer.rule.sentence))
        for cell, slope in sorted(slopes.items(), key=lambda pair: pair[0].order):
            update.rows += self._moved(number, cell, slope)
        listed = [(self._symbol(c), near[c]) for cells in self._graph.inputs.values() for c in cells.ravel()]
        after = {name: [self._exact[c] for c in cells.ravel()] for name, cells in self._graph.weights.items()}
        return Step(number + 1, listed, weights, parts["forward"], parts["backward"], update, after)

    def _symbol(self, cell: Scalar) -> str:
        return self._symbols.get(self._graph.names.get(cell, cell.name), cell.name)

    def _row(
        self, variable: str, x: Scalar, near: Mapping[Scalar, float], exact: Mapping[Scalar, float], given: set[Scalar]
    ) -> Row:
        names = {y: self._symbols.get(name, name) for y, name in self._graph.names.items()}
        is_line = self._graph.names.get(x) == variable
        result = rounded(evaluate(x, near)) if x not in near else near[x]
        whole = evaluate(x, exact) if x not in exact else exact[x]
        return Row(self._symbols[variable], *_texts(x, names, near, given, is_line=is_line), result, whole)

    def _moved(self, number: int, cell: Scalar, slope: tuple[float, float]) -> Iterator[Row]:
        """Yield the lines that move one weight: the optimizer's own, on single numbers."""
        s = Scalars()
        recipe = self._plan.stages[0].recipe
        symbol = self._symbol(cell)
        leaf, flow = s.leaf("w"), s.leaf("g")
        names = {leaf: symbol, flow: f"<span class=d>∂<i>L</i>/∂{symbol}</span>"}
        near = {leaf: self._rounded[cell], flow: slope[0]}
        exact = {leaf: self._exact[cell], flow: slope[1]}
        state: dict[str, Any] = {}
        for key, pair in self._memory.get(cell, {}).items():
            kept = s.leaf(key)
            names[kept], near[kept], exact[kept] = f"<i>{key}</i>({symbol})", pair[0], pair[1]
            state[key] = array_of(s, [kept], (1,))
        given = {leaf} if number == 0 else set()
        w = array_of(s, [leaf], (1,))
        settings = dict(recipe.optimizer.settings)
        if recipe.schedule:
            settings["lr"] *= recipe.schedule.function(number, **recipe.schedule.settings)
        recipe.optimizer.function(w, array_of(s, [flow], (1,)), state, **settings)
        memory: dict[str, tuple[float, float]] = {}
        for key, value in state.items():
            x = s.number(np.ravel(value)[0])
            yield from self._kept(key, x, symbol, names, near, exact, given)
            memory[key] = near[x], exact[x]
        self._memory[cell] = memory
        x = s.number(w.ravel()[0])
        self._rounded[cell], self._exact[cell] = rounded(evaluate(x, near)), evaluate(x, exact)
        yield Row(f"new {symbol}", *_texts(x, names, near, given), self._rounded[cell], self._exact[cell])

    def _kept(
        self, key: str, x: Scalar, symbol: str, names: dict[Scalar, str], near: dict[Scalar, float],
        exact: dict[Scalar, float], given: set[Scalar],
    ) -> Iterator[Row]:  # fmt: skip
        """Yield the line of what the optimizer remembers of a weight."""
        if x in near:
            return  # the gradient itself, or what it was before
        texts = _texts(x, names, near, given)
        near[x], exact[x] = rounded(evaluate(x, near)), evaluate(x, exact)
        names[x] = f"<i>{key}</i>({symbol})"
        yield Row(f"new {names[x]}", *texts, near[x], exact[x])


#: Stands for the number of a name while a formula is written.
_FIRST: Final = 0xE000


def _texts(
    x: Scalar, names: Mapping[Scalar, str], near: Mapping[Scalar, float], given: set[Scalar], *, is_line: bool = True
) -> tuple[str, str, str]:
    """Return what a line computes: by names, by numbers with boxes for what is not given, and by numbers."""
    known = list(names)
    marks = {y: chr(_FIRST + number) for number, y in enumerate(known)}
    text = _pretty(written(x, marks, is_line=is_line and x not in near))
    texts = []
    for kind in ("names", "given", "filled"):

        def of(mark: re.Match[str], kind: str = kind) -> str:
            y = known[ord(mark[0]) - _FIRST]
            if kind == "names":
                return names[y]
            if kind == "given" and y not in given:
                return "<span class=box></span>"
            number = shown(near[y])
            return f"({number})" if number.startswith("−") and len(text) > 1 else number

        replaced = re.sub(f"[{chr(_FIRST)}-\uf8ff]", of, text)
        texts.append(re.sub(r"\(\((−[\d.]+)\)\)", r"(\1)", replaced))
    return texts[0], texts[1], texts[2]


def _pretty(text: str) -> str:
    """Return a formula of a program as one writes it by hand."""
    text = re.sub(r"sigmoid\(([^()]*)\)", r"1 / (1 + exp(-\1))", text)
    text = re.sub(r"(?<=[*/] )1 / \(1 \+ exp\(-([^()]*)\)\)", r"(1 / (1 + exp(-\1)))", text)
    text = re.sub(r"softplus\(([^()]*)\)", r"log(1 + exp(\1))", text)
    text = re.sub(r"\b(\d+)\.0\b", r"\1", text)
    text = text.replace("log(", "ln(").replace(" * ", " · ").replace("-", "−").replace(" == ", " = ")
    return text.replace(" <= ", " ≤ ").replace(" >= ", " ≥ ").replace(" > ", " &gt; ").replace(" < ", " &lt; ")


__all__ = ["DECIMALS", "Part", "Row", "Step", "rounded", "shown", "work_out"]
