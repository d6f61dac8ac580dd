"""What numbers are called on paper: one letter and an index, as a textbook would."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from onionskin.peel.arithmetic.lines import Cells, Layer, ScalarGraph

#: Letters for the weights and biases of the first layer that has some, the second, the third …
_WEIGHTS: Final = ("w", "v", "u", "r", "q")
_BIASES: Final = ("b", "c", "d", "k", "l")
_SUMS: Final = ("z", "s", "y")
_OUTPUTS: Final = ("h", "g", "f")

#: Operations whose output is called a sum; those of one number give a layer's output.
_LINEAR: Final = ("linear", "linear_last", "conv1d", "conv2d")

#: What the rules of losses call their parts.
_PARTS: Final = {"loss": "<i>L</i>", "largest": "<i>m</i>", "e_total": "<i>E</i>"}


def symbols_of(graph: ScalarGraph) -> Mapping[str, str]:
    """Return the symbol of every variable of a step, as HTML."""
    out = {name: _PARTS.get(name) or _plain(name) for name in _variables(graph)}
    out |= dict(_of_weights(graph))
    out |= dict(_of_outputs([layer for layer in graph.layers if layer.part == "forward"]))
    for name, cells in graph.inputs.items():
        out |= dict(_indexed(graph, cells, "t" if name == "targets" else name))
    for name in list(out):
        out[f"d_{name}"] = f"<span class=d>∂<i>L</i>/∂{out[name]}</span>"
    return out


def _variables(graph: ScalarGraph) -> list[str]:
    return [*graph.names.values(), *(line.variable for layer in graph.layers for line in layer.lines)]


def _of_weights(graph: ScalarGraph) -> Iterator[tuple[str, str]]:
    owners = list(dict.fromkeys(name.rpartition(".")[0] for name in graph.weights))
    for name, cells in graph.weights.items():
        owner, _, last = name.rpartition(".")
        letters = {"weight": _WEIGHTS, "bias": _BIASES}.get(last, ())
        number = owners.index(owner)
        yield from _indexed(graph, cells, letters[number] if number < len(letters) else last)


def _indexed(graph: ScalarGraph, cells: Cells, letter: str) -> Iterator[tuple[str, str]]:
    kept = tuple(axis for axis, size in enumerate(cells.shape) if size > 1)
    for place, cell in zip(np.ndindex(*cells.shape), cells.ravel(), strict=True):
        if (name := graph.names.get(cell)) is not None:
            yield name, _with_index(letter, "".join(str(place[axis] + 1) for axis in kept))


def _of_outputs(layers: list[Layer]) -> Iterator[tuple[str, str]]:
    sums = [layer for layer in layers if layer.node.rule.name in _LINEAR]
    seen = 0
    for layer in layers:
        own = [line.variable for line in layer.lines if line.variable.startswith(layer.stem)]
        if layer in sums:
            letter = "o" if layer is sums[-1] and len(sums) > 1 else _SUMS[min(seen, len(_SUMS) - 1)]
            seen += 1
        elif seen and layer.node.rule.kind == "operation" and seen <= len(_OUTPUTS):
            letter = _OUTPUTS[seen - 1]
        else:
            continue
        for number, name in enumerate(own):
            yield name, _with_index(letter, "" if len(own) == 1 else str(number + 1))


def _with_index(letter: str, index: str) -> str:
    return f"<i>{letter}</i>" + (f"<sub>{index}</sub>" if index else "")


def _plain(name: str) -> str:
    """Return the symbol of something that is called as a program calls it: ``e1`` with its number below."""
    found = re.fullmatch(r"(.*?)_?(\d+)", name)
    return _with_index(found[1].replace("_", " "), found[2]) if found else f"<i>{name.replace('_', ' ')}</i>"
