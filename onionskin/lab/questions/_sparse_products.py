"""A linear layer of which only a share of the weights is left: four ways to leave the others out, and what each takes.

*CSR* keeps the columns and values of what is left, anywhere in the matrix, as PyTorch and as SciPy multiply it.
*Blocks* keeps whole squares of 32 × 32, equally many in each row of squares. *Removed neurons* leaves out whole rows:
what is left is a smaller dense matrix.
"""

# Shapes: n examples, i inputs, o outputs; b is the side of a block, m blocks in a row of them.

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from functools import cache
from typing import Final

import numpy as np
import torch
from torch import Tensor

from onionskin.lab.questions._stopwatch import processor_seconds

#: The side of a block; 32 rows fill the vector units of today's processors.
BLOCK: Final = 32

#: Each product is repeated for at least so long (seconds).
_LEAST: Final = 0.003

Product = Callable[[Tensor], object]


def csr(density: float, size: int) -> Product:
    """Return PyTorch's product with a CSR matrix."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that it is in beta
        w_oi = _scattered(density, size).to_sparse_csr()
    return lambda x_ni: w_oi @ x_ni.T


def csr_of_scipy(density: float, size: int) -> Product:
    """Return SciPy's product with a CSR matrix."""
    from scipy.sparse import csr_matrix

    w_oi = csr_matrix(_scattered(density, size).numpy())
    return lambda x_ni: w_oi @ x_ni.numpy().T


def blocks(density: float, size: int) -> Product:
    """Return a product with whole blocks: the inputs of each row of blocks are gathered, and meet one dense matrix."""
    rows = size // BLOCK
    m = max(1, round(density * rows))
    chosen = torch.stack([torch.randperm(rows)[:m].sort().values for _ in range(rows)])  # (rows, m)
    weights = torch.randn(rows, m * BLOCK, BLOCK)

    def product(x_ni: Tensor) -> Tensor:
        x = x_ni.reshape(-1, rows, BLOCK)  # (n, rows, b)
        gathered = x[:, chosen.flatten()].reshape(-1, rows, m * BLOCK).transpose(0, 1)  # (rows, n, m b)
        return torch.bmm(gathered, weights).transpose(0, 1).reshape(-1, size)  # (n, o)

    return product


def removed_neurons(density: float, size: int) -> Product:
    """Return a dense product with the rows that are left."""
    w_oi = torch.randn(max(1, round(density * size)), size)
    return lambda x_ni: x_ni @ w_oi.T


def dense(size: int) -> Product:
    """Return the product with the whole matrix."""
    w_oi = torch.randn(size, size)
    return lambda x_ni: x_ni @ w_oi.T


def _scattered(density: float, size: int) -> Tensor:
    return torch.randn(size, size) * (torch.rand(size, size) < density)


WAYS: Final[dict[str, Callable[[float, int], Product]]] = {
    "CSR": csr, "CSR of SciPy": csr_of_scipy, "blocks": blocks, "removed neurons": removed_neurons,
}  # fmt: skip


@cache
def _made(way: str, density: float, size: int) -> Product:
    return WAYS[way](density, size)


@cache
def _dense(size: int) -> Product:
    return dense(size)


def speedups(way: str, size: int, batch: int, densities: Sequence[float]) -> list[float]:
    """Return how many times as fast as the dense product a way is at each density; dense is timed before each."""
    x_ni = torch.randn(batch, size)
    found = []
    for density in densities:
        whole, part = _dense(size), _made(way, density, size)
        seconds = _seconds(whole, x_ni)
        found.append(seconds / _seconds(part, x_ni))
    return found


def _seconds(product: Product, x_ni: Tensor) -> float:
    return processor_seconds(lambda: product(x_ni), repeats=3, at_least=_LEAST)


def crossover(densities: Sequence[float], faster: Sequence[float]) -> float:
    """Return the density below which a way is faster than dense.

    Between two densities it is read off a straight line in logarithms. NaN where it is slower at all of them; 1 where
    it is faster at all.

    Args:
        densities: Rising.
        faster: How many times as fast it is at each.
    """
    if faster[0] <= 1:
        return math.nan
    for left, right, above, below in zip(densities[:-1], densities[1:], faster[:-1], faster[1:], strict=True):
        if below <= 1:
            share = math.log(above) / (math.log(above) - math.log(below))
            return float(np.exp((1 - share) * math.log(left) + share * math.log(right)))
    return 1.0
