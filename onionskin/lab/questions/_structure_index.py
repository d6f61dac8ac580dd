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

from onionskin.lab.questions._timing import processor_seconds

Array = npt.NDArray[np.float32]

KINDS: Final = ("whole product", "HNSW", "k-d tree")

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
    began = time.thread_time()
    if kind == "whole product":
        return lambda x_d: int((w_cd @ x_d).argmax()), w_cd.nbytes, 0.0
    if kind == "HNSW":
        return (*_hnsw(w_cd), time.thread_time() - began)
    from scipy.spatial import KDTree

    tree = KDTree(w_cd)
    built = time.thread_time() - began
    return lambda x_d: int(tree.query(x_d)[1]), w_cd.nbytes * 2 + 8 * count, built  # it keeps them as float64


def _hnsw(w_cd: Array) -> tuple[Callable[[Array], int], int]:
    from usearch.index import Index

    index: Any = Index(ndim=w_cd.shape[1], metric="cos", dtype="f32")
    index.add(np.arange(len(w_cd)), w_cd, threads=1)
    return lambda x_d: int(index.search(x_d, 1, threads=1).keys[0]), int(index.memory_usage)


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
