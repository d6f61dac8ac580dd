"""569 tumours, measured under the microscope (Wolberg, Street & Mangasarian 1995, UCI)."""

from __future__ import annotations

from typing import Final

from onionskin.data import About, Table
from onionskin.data._sklearn import table
from onionskin.fetch import Progress

ABOUT: Final = About(
    title="breast tumours, benign or malignant, by thirty measurements of their cells",
    domain="tabular",
    rows=569,
    licence="BSD-3-Clause",
    note="From one clinic of Wisconsin before 1995: no ground to decide about anybody.",
    comes_with="scikit-learn",
    target="diagnosis",
)


def load(offline: bool | None = None, progress: Progress | None = None) -> Table:
    """Return the table: a tumour a row, ``diagnosis`` malignant or benign. Raises OnionskinError."""
    return table(ABOUT, "breast_cancer")
