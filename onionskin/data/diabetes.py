"""442 people with diabetes, and how far it went on in a year (Efron, Hastie, Johnstone & Tibshirani 2004)."""

from __future__ import annotations

from typing import Final

from onionskin.data import About, Table
from onionskin.data._sklearn import table
from onionskin.fetch import Progress

ABOUT: Final = About(
    title="people with diabetes: how far it went on in a year, by ten measurements",
    domain="tabular",
    rows=442,
    licence="BSD-3-Clause",
    note="The measurements are scaled to the same spread by who made the table, age and sex too.",
    comes_with="scikit-learn",
    target="progression",
)


def load(offline: bool | None = None, progress: Progress | None = None) -> Table:
    """Return the table: a person a row, ``progression`` a number. Raises OnionskinError."""
    return table(ABOUT, "diabetes")
