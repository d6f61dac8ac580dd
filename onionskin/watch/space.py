"""The input space of a model with two inputs: shows it an even grid of them, as the probes are shown.

What is kept are the model's own answers, of its outputs and of its hidden units; nothing is computed a second way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
import torch

from onionskin.errors import OnionskinError
from onionskin.recording.space import Space, SpaceLayer
from onionskin.watch.probe import Prober
from onionskin.watch.sample import Floats
from onionskin.watch.tensors import Choice
from onionskin.watch.trace import Flow

#: How many inputs the grid has a side. The finest is taken whose forward is not too much work.
SIDES = (65, 33, 17)

#: Inputs times parameters: about the multiplications of one forward, 30 ms on one core.
MOST_WORK = 2**28

#: Maps of so many outputs, and of so many hidden units a layer and in all; of more, an even choice.
MOST_OUTPUTS = 16
MOST_UNITS_A_LAYER = 32
MOST_UNITS = 224

#: Hidden units are drawn small: of a grid finer than this they keep every second row and column.
_FINE_ENOUGH = 33

#: The grid reaches this far beyond the probes, as a share of their range.
MARGIN = 0.2


def suits(prober: Prober) -> bool:
    """Return whether the probes of a model are pairs of real numbers: (n, 2)."""
    tensors = [tensor for _, tensor in prober.call.tensors()]
    return len(tensors) == 1 and tensors[0].dim() == 2 and tensors[0].shape[1] == 2 and tensors[0].is_floating_point()


class InputSpace:
    """Shows one model the grid.

    Args:
        prober: Its prober; its probes give the range.
        names: The recorded name of each parameter, by ``id``.
        choice: Which hidden layers are wanted.

    Attributes:
        entry: What the manifest says of it.

    Raises:
        OnionskinError: The model is too large, or its probes span no range.
        Exception: Whatever the model raises on so many inputs.
    """

    def __init__(self, prober: Prober, names: Mapping[int, str], choice: Choice) -> None:
        side = _side(sum(parameter.numel() for parameter in prober.model.parameters()))
        (name, probes), *_ = prober.call.tensors()
        low, high = _range(probes.detach().to(torch.float64).cpu().numpy())
        grid = torch.from_numpy(_grid(low, high, side))
        self._prober = Prober(prober.model, prober.prefix, prober.call.mapped(lambda t: grid.to(t)))
        self._points, self._side = side * side, side
        layers = self._layers(names, choice)
        if not any(layer.is_output for layer in layers):
            raise OnionskinError("the model gives no row of numbers an input", fix="all else is recorded")
        inputs = [joined for joined, _ in prober.inputs()]
        self.entry = Space(inputs[0].name if inputs else name, low, high, side, layers)

    def read(self, names: Mapping[int, str]) -> Floats:
        """Show the grid, and return all maps laid end to end: (n,) float32; NaN where a layer gave none."""
        kept: dict[str, Floats] = {}
        hidden = {layer.node: layer for layer in self.entry.layers if not layer.is_output}

        def heard(node: str, output: torch.Tensor) -> None:
            layer = hidden.get(node)
            if layer is not None and node not in kept and self._is_map(output, layer.units):
                kept[node] = self._maps(layer, output)

        outputs, _ = self._prober.run(names, heard)
        given = {self._full(name): tensor for name, tensor in outputs}
        for layer in self.entry.layers:
            tensor = given.get(layer.node) if layer.is_output else None
            if tensor is not None and self._is_map(tensor, layer.units):
                kept[layer.node] = self._maps(layer, tensor)
        missing = [np.full(self.entry.count(layer), np.nan, np.float32) for layer in self.entry.layers]
        parts = [kept.get(layer.node, gap) for layer, gap in zip(self.entry.layers, missing, strict=True)]
        return np.concatenate(parts)

    def _layers(self, names: Mapping[int, str], choice: Choice) -> tuple[SpaceLayer, ...]:
        """Show the grid once, to learn which layers have a row of units for each input."""
        hidden: dict[str, int] = {}

        def heard(node: str, output: torch.Tensor) -> None:
            if output.dim() == 2 and self._is_map(output, output.shape[1]) and choice.takes("activation", node):
                hidden.setdefault(node, output.shape[1])

        outputs, tracer = self._prober.run(names, heard)
        shown = _shown(hidden, tracer.flow)
        units = [(node, hidden[node], False) for node in shown[:MOST_UNITS]]
        sizes = [(self._full(name), t, t.numel() // self._points) for name, t in outputs if t.numel()]
        units += [(node, size, True) for node, t, size in sizes if size and self._is_map(t, size)][:MOST_OUTPUTS]
        share = min(MOST_UNITS_A_LAYER, MOST_UNITS // max(1, len(shown)))
        layers, offset = [], 0
        for node, count, is_output in units:
            most = max(1, MOST_OUTPUTS // (len(units) - len(shown[:MOST_UNITS]))) if is_output else max(1, share)
            stride = 1 if is_output or self._side <= _FINE_ENOUGH else 2
            layer = SpaceLayer(node, is_output, count, _even_choice(count, most), stride, offset)
            layers.append(layer)
            offset += len(layer.chosen) * ((self._side - 1) // stride + 1) ** 2
        return tuple(layers)

    def _is_map(self, output: torch.Tensor, units: int) -> bool:
        """Return whether an output has so many real numbers for each input of the grid."""
        is_real = output.layout == torch.strided and not output.is_complex() and output.dtype != torch.bool
        return (
            is_real and output.dim() >= 1 and output.shape[0] == self._points and output.numel() == units * len(output)
        )

    def _maps(self, layer: SpaceLayer, output: torch.Tensor) -> Floats:
        """Return the chosen units' maps, (unit, row, column) laid flat: a copy, for a later layer may work in place."""
        cube = output.reshape(self._side, self._side, layer.units)[:: layer.stride, :: layer.stride]
        maps: Floats = cube[..., list(layer.chosen)].permute(2, 0, 1).to(torch.float32).reshape(-1).cpu().numpy()
        return maps

    def _full(self, name: str) -> str:
        return f"{self._prober.prefix}.{name}" if self._prober.prefix else name


def _side(parameters: int) -> int:
    for side in SIDES:
        if side * side * parameters <= MOST_WORK:
            return side
    raise OnionskinError(
        f"with {parameters:,} parameters, a grid of inputs would take longer than a frame may",
        fix="all else is recorded",
    )


def _range(probes: npt.NDArray[np.float64]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the lowest and highest inputs of the grid: around the probes, and square where they nearly are."""
    finite = probes[np.isfinite(probes).all(1)]
    if not len(finite):
        raise OnionskinError("no probe has two finite inputs", fix="give probes whose range the model is to be shown")
    lowest, highest = finite.min(0), finite.max(0)
    middle, spans = (lowest + highest) / 2, highest - lowest
    spans = np.where(spans > 0, spans, np.maximum(1.0, spans.max()))
    if spans.max() <= 3 * spans.min():  # of one kind: a circle stays a circle
        spans[:] = spans.max()
    half = spans * (0.5 + MARGIN)
    low, high = middle - half, middle + half
    return (float(low[0]), float(low[1])), (float(high[0]), float(high[1]))


def _grid(low: tuple[float, float], high: tuple[float, float], side: int) -> npt.NDArray[np.float64]:
    """Return (side², 2) inputs, row by row: the first input grows along a row, the second from row to row."""
    first, second = (np.linspace(a, b, side) for a, b in zip(low, high, strict=True))
    return np.stack(np.meshgrid(first, second), axis=-1).reshape(-1, 2)


def _shown(hidden: Mapping[str, int], flow: Flow) -> list[str]:
    """Return the hidden layers to show, in their order.

    A layer whose output goes to one node alone, which has no other source and as many units, is shown by that one:
    what a unit says is what its activation function makes of it. So is the last layer, by the model's output.
    """
    sources: dict[str, list[str]] = {}
    targets: dict[str, list[str]] = {}
    for source, target in flow.edges:
        sources.setdefault(target, []).append(source)
        targets.setdefault(source, []).append(target)

    def is_shown_by_the_next(node: str) -> bool:
        match targets.get(node, []):
            case [only]:
                is_alike = hidden.get(only) == hidden[node] or flow.nodes[only].kind == "output"
                return sources[only] == [node] and is_alike
        return False

    return [node for node in hidden if not is_shown_by_the_next(node)]


def _even_choice(count: int, most: int) -> tuple[int, ...]:
    if count <= most:
        return tuple(range(count))
    places: Iterable[float] = np.linspace(0, count - 1, most).round()
    return tuple(int(place) for place in places)
