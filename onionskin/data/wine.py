"""178 wines of three growers, analysed (Aeberhard & Forina, UCI)."""

from __future__ import annotations

from typing import Final

from onionskin.data import About, Table
from onionskin.data._sklearn import table
from onionskin.fetch import Progress

ABOUT: Final = About(
    title="wines of three growers, by thirteen chemical measurements",
    domain="tabular",
    rows=178,
    licence="BSD-3-Clause",
    note="Easy: most models tell all of them apart.",
    comes_with="scikit-learn",
    target="grower",
)


def load(offline: bool | None = None, progress: Progress | None = None) -> Table:
    """Return the table: a wine a row, ``grower`` by number. Raises OnionskinError."""
    return table(ABOUT, "wine")
