"""Where the nodes of a graph stand: layers along the flow, lanes across it, group by group.

Each group is laid out by itself, so that the page can open and close it without computing anything. The longest
path through a group is its main line (lane 0) and keeps straight; what branches off takes the nearest free lane.

Libraries were looked at: grandalf (GPL/EPL, not maintained), igraph (GPL), fast-sugiyama (MIT and good, but its wheels
need glibc 2.34, newer than many training clusters have). Networks are nearly lines with branches: forty lines do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence


def place(items: Sequence[str], edges: Iterable[tuple[str, str]]) -> dict[str, tuple[int, float]]:
    """Return the layer and lane of each item of one group.

    Args:
        items: The items in the order they first run. An edge against this order (a loop) is left out.
        edges: Pairs (source, target) of items.
    """
    order = {item: i for i, item in enumerate(items)}
    forward = [(s, t) for s, t in edges if s in order and t in order and order[s] < order[t]]
    before: Mapping[str, list[str]] = defaultdict(list)
    for source, target in forward:
        before[target].append(source)
    layer: dict[str, int] = {}
    for item in items:
        layer[item] = max((layer[source] + 1 for source in before[item]), default=0)
    lane: dict[str, float] = {}
    taken: set[tuple[int, int]] = set()
    for line in _lines(items, before, layer):
        span = range(layer[line[0]], layer[line[-1]] + 1)
        free = next(n for n in _from_the_middle() if not any((place, n) in taken for place in span))
        taken.update((place, free) for place in span)
        lane.update(dict.fromkeys(line, float(free)))
    return {item: (layer[item], lane[item]) for item in items}


def _lines(items: Sequence[str], before: Mapping[str, list[str]], layer: Mapping[str, int]) -> Iterable[list[str]]:
    """Cut the group into lines: the longest path first, then the longest of what is left, and so on."""
    left = dict.fromkeys(items)
    while left:
        length: dict[str, int] = {}
        come_from: dict[str, str | None] = {}
        for item in left:
            sources = [source for source in before[item] if source in length]
            best = max(sources, key=lambda s: (length[s], layer[s]), default=None)
            come_from[item] = best
            length[item] = 1 if best is None else length[best] + 1
        end: str | None = max(left, key=lambda item: length[item])
        line: list[str] = []
        while end is not None:
            line.append(end)
            end = come_from[end]
        for item in line:
            del left[item]
        yield line[::-1]


def _from_the_middle() -> Iterable[int]:
    """Yield 0, 1, −1, 2, −2, …"""
    yield 0
    distance = 1
    while True:
        yield distance
        yield -distance
        distance += 1
