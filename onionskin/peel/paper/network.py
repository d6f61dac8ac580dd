"""The network of a worksheet, drawn: a circle for each number, an arrow for each weight."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from onionskin.peel.arithmetic.lines import Layer, ScalarGraph

#: Of the picture, in its own units.
_COLUMN: Final = 150
_ROW: Final = 74
_RADIUS: Final = 19


def draw_network(graph: ScalarGraph, symbols: Mapping[str, str]) -> str:
    """Return an SVG of what depends on what, or nothing for a network whose layers are not all linear."""
    columns = _columns(graph)
    if len(columns) < 2:
        return ""
    width = _COLUMN * (len(columns) - 1) + 2 * _RADIUS + 70
    height = _ROW * max(len(names) for names, _ in columns) + 10
    places = [
        {n: (35 + _RADIUS + _COLUMN * i, height / 2 + (j - (len(names) - 1) / 2) * _ROW) for j, n in enumerate(names)}
        for i, (names, _) in enumerate(columns)
    ]
    arrows: list[str] = []
    circles: list[str] = []
    for (names, layer), before, here in zip(columns[1:], places, places[1:], strict=False):
        assert layer is not None
        weight = graph.weights[layer.node.operands["weight"].name]
        for j, name in enumerate(names):
            for i, source in enumerate(before):
                label = symbols[graph.names[weight[j, i]]] if weight[j, i] in graph.names else ""
                arrows.append(_arrow(before[source], here[name], label))
    for (names, layer), here in zip(columns, places, strict=True):
        circles += [_circle(here[name], symbols[_last(graph, name)], is_input=layer is None) for name in names]
    return (
        f'<svg class=network viewBox="0 0 {width} {height}" width="{width}" height="{height}" role=img '
        f'aria-label="The network">{"".join(arrows)}{"".join(circles)}</svg>'
    )


def _columns(graph: ScalarGraph) -> list[tuple[list[str], Layer | None]]:
    """Return the inputs, and the outputs of each linear layer that begins where the one before ends."""
    inputs = next(iter(graph.inputs.values()))
    columns: list[tuple[list[str], Layer | None]] = [([graph.names.get(c, "") for c in inputs.ravel()], None)]
    for layer in graph.layers:
        if layer.part == "forward" and layer.node.rule.name == "linear":
            names = [line.variable for line in layer.lines]
            weight = graph.weights.get(layer.node.operands["weight"].name)
            if weight is None or weight.shape != (len(names), len(columns[-1][0])):
                return []
            columns.append((names, layer))
    return columns if all(all(names) for names, _ in columns) else []


def _last(graph: ScalarGraph, name: str) -> str:
    """Return the variable of what a sum becomes: the output of the functions of one number that follow it."""
    for layer in graph.layers:
        if layer.part == "forward" and layer.node.rule.kind == "operation":
            for line in layer.lines:
                given = [graph.names.get(arg) for arg in line.x.args if arg.op != "number"]
                if given == [name]:
                    return _last(graph, line.variable)
    return name


def _arrow(begin: tuple[float, float], end: tuple[float, float], label: str) -> str:
    (x1, y1), (x2, y2) = begin, end
    length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
    ux, uy = (x2 - x1) / length, (y2 - y1) / length
    tip = x2 - ux * (_RADIUS + 1), y2 - uy * (_RADIUS + 1)
    wing = f"{tip[0] - 7 * ux + 3 * uy:.1f},{tip[1] - 7 * uy - 3 * ux:.1f}"
    other = f"{tip[0] - 7 * ux - 3 * uy:.1f},{tip[1] - 7 * uy + 3 * ux:.1f}"
    at = x1 + (x2 - x1) * 0.36, y1 + (y2 - y1) * 0.36
    line = (
        f'<path d="M{x1 + ux * _RADIUS:.1f} {y1 + uy * _RADIUS:.1f}L{tip[0]:.1f} {tip[1]:.1f}"/>'
        f'<polygon points="{tip[0]:.1f},{tip[1]:.1f} {wing} {other}"/>'
    )
    return line + (_text(at[0] + 8 * uy, at[1] - 8 * ux, label, "on") if label else "")


def _circle(at: tuple[float, float], label: str, *, is_input: bool) -> str:
    x, y = at
    kind = "input" if is_input else "unit"
    return f'<circle class={kind} cx="{x:.1f}" cy="{y:.1f}" r="{_RADIUS}"/>{_text(x, y + 5, label, "in")}'


def _text(x: float, y: float, label: str, kind: str) -> str:
    """Return a symbol within a picture, where an index is a smaller word that stands lower."""
    found = re.fullmatch(r"<i>(.*?)</i>(?:<sub>(.*?)</sub>)?", label)
    base, index = (found[1], found[2]) if found else (label, None)
    small = f'<tspan class=index dy="4">{index}</tspan>' if index else ""
    return f'<text class={kind} x="{x:.1f}" y="{y:.1f}"><tspan class=base>{base}</tspan>{small}</text>'
