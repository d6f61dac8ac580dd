"""A folder is a registry: every module in it is one entry, found by its file name.

There is no list to edit and no decorator to remember: a new data set, architecture or check is one new file.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from onionskin.errors import OnionskinError, did_you_mean


def names(package: ModuleType) -> list[str]:
    """Return the names of the entries of a package folder, sorted; files that begin with ``_`` are not entries."""
    return sorted(m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_"))


def load(package: ModuleType, name: str) -> ModuleType:
    """Import one entry of a package folder.

    Raises:
        OnionskinError: There is no such entry; the remedy names the nearest one.
    """
    known = names(package)
    kind = package.__name__.rpartition(".")[2]
    if name not in known:
        fix = did_you_mean(name, known, otherwise=f"choose one of: {', '.join(known)}")
        raise OnionskinError(f"no '{name}' in {kind}", fix=fix)
    return importlib.import_module(f"{package.__name__}.{name}")
