"""150 irises of three kinds, measured (Fisher 1936)."""

from __future__ import annotations

from typing import Final

from onionskin.data import About, Table
from onionskin.data._sklearn import table
from onionskin.fetch import Progress

ABOUT: Final = About(
    title="irises of three kinds, by four lengths in centimetres",
    domain="tabular",
    rows=150,
    licence="BSD-3-Clause",
    note="The first table of every course, and easy: a line tells one kind from the two others.",
    comes_with="scikit-learn",
    target="species",
)


def load(offline: bool | None = None, progress: Progress | None = None) -> Table:
    """Return the table: an iris a row, ``species`` by name. Raises OnionskinError."""
    return table(ABOUT, "iris")
