"""Draws the operations of one example as Scalars, and the derivatives after them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from onionskin.errors import OnionskinError
from onionskin.peel import source
from onionskin.peel.arithmetic.array import ScalarArray, array_of
from onionskin.peel.arithmetic.derivatives import flows, reachable
from onionskin.peel.arithmetic.lines import Cells, Layer, Lines, ScalarGraph
from onionskin.peel.arithmetic.names import ScalarNames, parameter_stems
from onionskin.peel.arithmetic.scalar import Scalar, Scalars
from onionskin.peel.functions import all_nodes
from onionskin.peel.plan import Plan, Stage
from onionskin.peel.rule import Rule
from onionskin.peel.trace import Node, Traced, Value


def place_of(node: Node) -> str:
    """Return where an operation stands, for a message."""
    return f"{node.path} ({node.rule.name})" if node.path else node.rule.name


def computed(s: Scalars, rule: Rule, given: Mapping[str, Any]) -> list[Cells]:
    """Return the outputs of an operation: by its rule for single numbers, or else by its forward as it stands."""
    own = getattr(rule.source, "scalars", None)
    found = NotImplemented if own is None else own(s, **_taken(own, given))
    forward = rule.source.forward
    if found is NotImplemented and source.is_one_expression(forward):  # a bias that is None falls out of it
        none = {name: "None" for name, each in given.items() if each is None}
        found = eval(source.written_out(forward, none, "np"), {**vars(rule.source), **given})
    elif found is NotImplemented:
        wanted = inspect.signature(forward).parameters.values()
        listed = [each for p in wanted if p.kind is p.VAR_POSITIONAL for each in given[p.name]]
        plain = [given[p.name] for p in wanted if p.kind is p.POSITIONAL_OR_KEYWORD and p.name in given]
        found = forward(*listed, *plain)
        if kept := len(rule.saves()):
            found = found[:-kept] if len(found) > kept + 1 else found[0]
    several = isinstance(found, (tuple, list))
    return [np.asarray(each, dtype=object) for each in (found if several else [found])]


def _taken(function: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a function takes of what is given."""
    names = inspect.signature(function).parameters
    return {name: value for name, value in given.items() if name in names}


class Drawing:
    """Draws the operations of one example, and then the derivatives."""

    def __init__(self, plan: Plan, traced: Traced, stage: Stage, level: str) -> None:
        self._s = Scalars()
        self._level = level
        self._names = ScalarNames()
        self._cells: dict[Value, ScalarArray] = {}
        self._model = plan.model
        self._traced = traced
        self._buffers = dict(plan.model.named_buffers())
        parameters = dict(plan.model.named_parameters())
        stems = parameter_stems(parameters)
        self.weights = {n: self._leaves(self._names.stem(stems[n]), tuple(p.shape)) for n, p in parameters.items()}
        self.inputs = {v.name: self._leaves(self._names.stem(v.name), v.shape[1:]) for v in traced.inputs}
        for value in traced.inputs:
            self._cells[value] = array_of(self._s, self.inputs[value.name][None])
        self._moved = {c for name in stage.moves for c in self.weights[name].ravel()}
        self._ends: list[int] = []
        self._outputs: list[list[Scalar]] = []
        self.forward = [self._operation(node) for node in all_nodes(traced.root)]
        self.loss: Scalar = self._cells[traced.loss].item()

    def _leaves(self, stem: str, shape: tuple[int, ...]) -> ScalarArray:
        cells = [self._s.leaf(self._names.of_cell(stem, place, shape)) for place in np.ndindex(*shape)]
        return array_of(self._s, cells, shape)

    def _operation(self, node: Node) -> Layer:
        is_loss = node.outputs[0] is self._traced.loss
        stem = self._names.stem("loss" if is_loss else node.path.replace(".", "_") or node.rule.name)
        begin = len(self._s.made)
        found = self._computed(node)
        for x in self._s.made[begin:]:
            x.name = self._names.free(x.name) if x.name else ""  # as the rule wished
        ends = [""] if len(found) == 1 else [f"_{chr(ord('a') + i)}" for i in range(len(found))]
        own: list[Scalar] = []
        for value, cells, end in zip(node.outputs, found, ends, strict=True):
            cells = array_of(self._s, [self._s.number(c) for c in cells.ravel()], cells.shape)
            self._cells[value] = cells
            for place, cell in zip(np.ndindex(*cells.shape), cells.ravel(), strict=True):
                if not cell.is_atom and not cell.name:
                    cell.name = self._names.of_cell(stem + end, place[1:], cells.shape[1:])
                    own.append(cell)
        self._ends.append(len(self._s.made))
        self._outputs.append(own)
        given = next((v.shape for v in node.values() if v.kind in ("local", "input")), ())
        return Layer(node, stem, (given[1:], node.outputs[0].shape[1:]), "forward")

    def _computed(self, node: Node) -> list[Cells]:
        """Return the outputs of an operation: by its rule for single numbers, or by its forward as it stands."""
        given = {name: self._given(operand) for name, operand in node.operands.items()} | node.settings
        try:
            arrays = computed(self._s, node.rule, given)
        except Exception as error:
            raise self._unwritable(node, str(error)) from error
        if [each.shape for each in arrays] != [v.shape for v in node.outputs]:
            raise self._unwritable(node, f"gives {[each.shape for each in arrays]}")
        return arrays

    def _given(self, operand: Any) -> Any:
        if isinstance(operand, list):
            return [self._given(each) for each in operand]
        if not isinstance(operand, Value):
            return operand
        if operand.kind == "parameter":
            return self.weights[operand.name]
        if operand not in self._cells:
            tensor = (self._traced.constants if operand.kind == "constant" else self._buffers)[operand.name]
            self._cells[operand] = array_of(self._s, list(map(self._s.number, tensor.ravel().tolist())), operand.shape)
        return self._cells[operand]

    def _unwritable(self, node: Node, why: str) -> OnionskinError:
        what = f"{place_of(node)} cannot be written as plain arithmetic for the level {self._level}: {why}"
        return OnionskinError(what,
                              fix=f"write scalars() in onionskin/peel/ops/{node.rule.name}.py, or peel it at the "
                              "level numpy")  # fmt: skip

    # ------------------------------------------------------------------ the way back

    def graph(self, *, fuses: bool, is_mean: bool) -> ScalarGraph:
        """Return everything, with the derivatives."""
        needs = self._needing()
        flowing: dict[Scalar, list[Scalar]] = {self.loss: [self._s.number(1.0)]}
        slopes: dict[Scalar, Scalar] = {}
        first = self._first_uses(needs)
        made = reachable([self.loss], with_slopes=True)
        back: list[tuple[int, list[Scalar], list[Scalar]]] = []
        for number in reversed(range(len(self.forward))):
            begin, end = self._ends[number - 1] if number else 0, self._ends[number]
            for x in reversed([x for x in made if begin <= x.order < end]):
                if x.is_atom or x not in flowing:
                    continue
                slopes[x] = self._joined(x, flowing[x])
                for of, flow in flows(x, slopes[x]):
                    if of in needs:
                        flowing.setdefault(of, []).append(flow)
            ready = [c for c, where in first.items() if where == number and c in flowing]
            for cell in ready:
                slopes[cell] = self._s.add(reversed(flowing[cell]))
            back.append((number, [slopes[x] for x in self._outputs[number] if x in slopes], ready))
        return self._assembled(back, slopes, fuses, is_mean)

    def _joined(self, x: Scalar, parts: list[Scalar]) -> Scalar:
        """Return the derivative of the loss with respect to a Scalar: what comes back from all that it was used in."""
        total = self._s.add(reversed(parts))
        if x.name and not total.is_atom and not total.name:
            total.name = self._names.free(f"d_{x.name}")
        return total

    def _needing(self) -> set[Scalar]:
        """Return what depends on a weight that is moved."""
        needs = set(self._moved)
        for x in reachable([self.loss], with_slopes=True):
            if any(arg in needs for arg in x.args) or any(arg in needs for arg, _ in x.slopes or ()):
                needs.add(x)
        return needs

    def _first_uses(self, needs: set[Scalar]) -> dict[Scalar, int]:
        """Return the first operation that each moved weight is used in: on the way back, the last."""
        first: dict[Scalar, int] = {}
        for x in reachable([self.loss], with_slopes=True):
            number = next((i for i, end in enumerate(self._ends) if x.order < end), 0)
            for arg in (*x.args, *(of for of, _ in x.slopes or ())):
                if arg in self._moved:
                    first.setdefault(arg, number)
        return dict(sorted(first.items(), key=lambda pair: pair[0].order))

    def _assembled(
        self, back: list[tuple[int, list[Scalar], list[Scalar]]], slopes: Mapping[Scalar, Scalar], fuses: bool,
        is_mean: bool,
    ) -> ScalarGraph:  # fmt: skip
        wanted = [slopes[cell] for _, _, ready in back for cell in ready]
        lines = Lines([self.loss, *wanted], self._names, fuses)
        layers: list[Layer] = []
        merged: list[Layer] = []
        for layer, cells in zip(self.forward, self._outputs, strict=True):
            layer.lines = lines.of(cells, layer.stem)
            if layer.lines:
                layer.within, merged = merged, []
            elif cells:
                merged.append(layer)
            layers.append(layer)
        gradients: dict[Scalar, str] = {}
        for number, cells, ready in back:
            ahead = self.forward[number]
            layer = Layer(ahead.node, ahead.stem, ahead.shapes, "backward")
            layer.lines = lines.of(cells, f"d_{ahead.stem}")
            for cell in ready:
                gradients[cell] = self._names.free(f"d_{cell.name}")
                layer.lines += [
                    *lines.of(slopes[cell].args, layer.stem),
                    lines.gradient(gradients[cell], slopes[cell], cell),
                ]
            layers.append(layer)
        moves = tuple(n for n, cells in self.weights.items() if any(c in gradients for c in cells.ravel()))
        inputs = {name: np.asarray(cells) for name, cells in self.inputs.items()}
        weights = {name: np.asarray(cells) for name, cells in self.weights.items()}
        layers = [layer for layer in layers if layer.lines]
        return ScalarGraph(inputs, weights, moves, layers, lines.names, self.loss, gradients, is_mean)
