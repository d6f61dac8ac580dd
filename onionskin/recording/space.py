"""The input space of a model with two inputs: what it answers on an even grid of them, and the part of each unit in it.

A map is the grid of one output or hidden unit. All maps of a frame lie end to end in a row of ``space/maps``, and the
scale of each in a row of ``space/scales``; FORMAT.md says how.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from onionskin.recording.fields import Fields, broken

#: A recorder shows 65 × 65 inputs at most. A run that claims many more is not read.
MOST_SIDE: Final = 513
MOST_MAPS: Final = 4096


@dataclass(frozen=True)
class SpaceLayer:
    """The maps of one output of the model, or of one hidden layer.

    Attributes:
        node: The graph node whose output this is.
        is_output: Whether the model returns it.
        units: How many units it has.
        chosen: Which of them have a map, in order.
        stride: A map keeps every so manyth row and column of the grid, the first and last among them.
        offset: Where its maps begin in a row of ``space/maps``, one after the other.
    """

    node: str
    is_output: bool
    units: int
    chosen: tuple[int, ...]
    stride: int
    offset: int


@dataclass(frozen=True)
class Space:
    """The grid that the model is shown at every frame, and the maps that are kept of what it makes of it.

    Attributes:
        input: The name of the probes' input that the grid stands in for.
        low, high: The range of both inputs; the first and the last place of the grid.
        side: The grid has ``side`` × ``side`` inputs.
        layers: In the order in which data flows, the outputs last.
    """

    input: str
    low: tuple[float, float]
    high: tuple[float, float]
    side: int
    layers: tuple[SpaceLayer, ...]

    def kept_side(self, layer: SpaceLayer) -> int:
        """Return how many rows, and columns, a map of this layer has."""
        return (self.side - 1) // layer.stride + 1

    def count(self, layer: SpaceLayer) -> int:
        """Return how many values the maps of a layer have."""
        return len(layer.chosen) * self.kept_side(layer) ** 2

    @property
    def counts(self) -> list[int]:
        """How many values each map has, in their order."""
        return [self.kept_side(layer) ** 2 for layer in self.layers for _ in layer.chosen]


def space_from_json(f: Fields) -> Space:
    """Read the account of the input space of a run that may come from a stranger. Raises OnionskinError."""
    space = Space(
        input=f.text("input"),
        low=_pair(f, "low"),
        high=_pair(f, "high"),
        side=f.whole("side"),
        layers=f.items("layers", _layer),
    )
    if not 2 <= space.side <= MOST_SIDE or sum(len(layer.chosen) for layer in space.layers) > MOST_MAPS:
        raise broken(f"its input space has {space.side} inputs a side")
    if not all(low < high for low, high in zip(space.low, space.high, strict=True)):
        raise broken(f"its input space goes from {space.low} to {space.high}")
    offset = 0
    for layer in space.layers:
        if (space.side - 1) % max(1, layer.stride) or layer.stride < 1 or layer.offset != offset:
            raise broken(f"the maps of '{layer.node}' begin at {layer.offset}, every {layer.stride} inputs")
        offset += space.count(layer)
    return space


def _layer(f: Fields) -> SpaceLayer:
    layer = SpaceLayer(
        node=f.text("node"),
        is_output=f.flag("is_output"),
        units=f.whole("units"),
        chosen=f.wholes("chosen"),
        stride=f.whole("stride"),
        offset=f.whole("offset"),
    )
    climbs = all(a < b for a, b in zip(layer.chosen, layer.chosen[1:], strict=False))
    if not layer.chosen or not climbs or layer.chosen[-1] >= layer.units:
        raise broken(f"the input space shows units {list(layer.chosen)[:8]} of the {layer.units} of '{layer.node}'")
    return layer


def _pair(f: Fields, name: str) -> tuple[float, float]:
    numbers = f.numbers(name)
    if len(numbers) != 2:
        raise broken(f"space.{name} is {list(numbers)[:8]}, not two numbers")
    return numbers[0], numbers[1]
