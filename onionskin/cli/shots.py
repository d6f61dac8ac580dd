"""What ``onionskin picture`` and ``onionskin video`` are asked in the same words: how the run is looked at."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onionskin.view.still import Shot


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--view", help="network, layer, probes, space, curves … (default: network)")
    parser.add_argument("--size", default="1280x720", help="width x height in pixels (default: 1280x720)")
    parser.add_argument("--theme", choices=("light", "dark"), default="light", help="light or dark (default: light)")
    parser.add_argument("--probe", help="the number of the probe that is chosen")
    parser.add_argument("--node", help="the node of the map that is chosen")
    parser.add_argument("--look", choices=("values", "start", "last", "skin"), help="values, or against another frame")
    parser.add_argument("--at", metavar="LINK", default="", help="look as a link copied from the page does")
    parser.add_argument("--json", action="store_true", help="print the file as one JSON object")


def shot(options: argparse.Namespace) -> Shot:
    """Return how the run is looked at; what is said beside a link takes its place. Raises OnionskinError."""
    from onionskin.view.still import Shot, size_of, state_of

    width, height = size_of(options.size)
    said = {name: getattr(options, name) for name in ("view", "theme", "probe", "node", "look")}
    return Shot(width, height, {**state_of(options.at), **{name: value for name, value in said.items() if value}})
