"""The small tables inside scikit-learn, with the names of their columns and classes."""

from __future__ import annotations

from typing import Any

from onionskin.data import About, Table, needed
from onionskin.errors import OnionskinError


def table(told: About, name: str) -> Table:
    """Return a table of scikit-learn's with its target as the last column: names where it has classes.

    Raises:
        OnionskinError: scikit-learn or pandas is not installed.
    """
    needed(_pandas, "pandas", "learn")
    bunch = getattr(datasets(name), f"load_{name}")(as_frame=True)
    frame, target = bunch.data, bunch.target
    if "target_names" in bunch:
        target = target.map(dict(enumerate(str(each) for each in bunch.target_names)))
    return Table(frame.assign(**{told.target: target}), told.target, f"{told.source}, {told.licence}", told.note)


def datasets(name: str) -> Any:
    """Return scikit-learn's data sets. Raises OnionskinError where it is not installed."""
    try:
        import sklearn.datasets
    except ModuleNotFoundError as error:
        raise OnionskinError(
            f"the {name} come with scikit-learn, which is not installed", fix="pip install 'onionskin[data]'"
        ) from error
    return sklearn.datasets


def _pandas() -> Any:
    import pandas

    return pandas
