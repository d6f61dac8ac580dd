"""A large last layer asked for its best class: the whole product, a graph of neighbours (HNSW), or a k-d tree.

With class vectors of one length the best class is the nearest vector, so any index of neighbours will do.

Papers: Malkov & Yashunin (2016), "Efficient and robust approximate nearest neighbor search using hierarchical navigable
small world graphs", arXiv 1603.09320; Bentley (1975), "Multidimensional binary search trees", CACM 18.
"""

# Shapes: c classes, d values of a feature, q queries.

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from onionskin.lab.questions._stopwatch import processor_seconds

Array = npt.NDArray[np.float32]

KINDS: Final = ("whole product", "HNSW", "HNSW, wide search", "k-d tree")

#: How many neighbours a search in the graph keeps in view: usearch's own number, and many more.
_VIEW: Final = {"HNSW": 64, "HNSW, wide search": 512}

#: Queries that are asked one by one.
QUERIES: Final = 100

#: How many clusters the class vectors lie in, and how far from their class's vector features lie, as a share of it.
_CLUSTERS: Final = 100
_AWAY: Final = 0.8


@cache
def _classes(count: int, width: int) -> Array:
    """Return the class vectors, (c, d), of length 1: in clusters, as those of words and products are."""
    draw = np.random.default_rng(0)
    middles = draw.standard_normal((_CLUSTERS, width), np.float32)
    return _of_length_1(middles[draw.integers(0, _CLUSTERS, count)] + draw.standard_normal((count, width), np.float32))


def _of_length_1(x: Array) -> Array:
    scaled: Array = x / np.linalg.norm(x, axis=1, keepdims=True)
    return scaled


@cache
def _index(kind: str, count: int, width: int) -> tuple[Callable[[Array], int], int, float]:
    """Return what finds a class, how many bytes it is, and how long it took to build."""
    w_cd = _classes(count, width)
    if kind == "whole product":
        whole = torch.from_numpy(w_cd)  # NumPy would take every core
        return lambda x_d: int(torch.mv(whole, torch.from_numpy(x_d)).argmax()), w_cd.nbytes, 0.0
    if kind in _VIEW:
        return _in_graph(_VIEW[kind], count, width)
    began = time.thread_time()
    from scipy.spatial import KDTree

    tree = KDTree(w_cd)
    built = time.thread_time() - began
    return lambda x_d: int(tree.query(x_d)[1]), w_cd.nbytes * 2 + 8 * count, built  # it keeps them as float64


def _in_graph(view: int, count: int, width: int) -> tuple[Callable[[Array], int], int, float]:
    index, built = _graph(count, width)

    def find(x_d: Array) -> int:
        index.expansion_search = view
        return int(index.search(x_d, 1, threads=1).keys[0])

    return find, int(index.memory_usage), built


@cache
def _graph(count: int, width: int) -> tuple[Any, float]:
    """Return the graph of the class vectors, and the seconds of building it."""
    from usearch.index import Index

    began = time.thread_time()
    index: Any = Index(ndim=width, metric="cos", dtype="f32")
    index.add(np.arange(count), _classes(count, width), threads=1)
    return index, time.thread_time() - began


def measured(kind: str, count: int, width: int, seed: int) -> dict[str, float]:
    """Return seconds for a query, how often the best class is found, bytes, and seconds of building."""
    find, size, built = _index(kind, count, width)
    w_cd, draw = _classes(count, width), np.random.default_rng(seed)
    noise = _AWAY * _of_length_1(draw.standard_normal((QUERIES, width), np.float32))
    x_qd = _of_length_1(w_cd[draw.integers(0, count, QUERIES)] + noise)
    best = (x_qd @ w_cd.T).argmax(1)
    found = np.array([find(x_d) for x_d in x_qd])
    asked = iter(np.tile(x_qd, (100, 1)))
    seconds = processor_seconds(lambda: find(next(asked)), repeats=30)
    return {"seconds": seconds, "agreement": float((found == best).mean()), "bytes": size, "build": built}
