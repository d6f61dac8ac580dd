"""Record any PyTorch training with a bounded cost: ``with osk.watch(model, optimizer, probes=x[:8]) as run``.

Importing this room does not import PyTorch: ``onionskin watch SCRIPT`` must not do so before the script does, which
may set OMP_NUM_THREADS first.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from onionskin.watch.recorder import Recorder
    from onionskin.watch.start import watch

__all__ = ["Recorder", "watch"]

_HOMES = {"Recorder": "onionskin.watch.recorder", "watch": "onionskin.watch.start"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'onionskin.watch' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES[name]), name)


class _CallableRoom(ModuleType):
    """This package, callable: whoever imports ``onionskin.watch`` first, ``osk.watch(model)`` records."""

    def __call__(self, *args: Any, **options: Any) -> Recorder:
        from onionskin.watch.start import watch

        return watch(*args, **options)


sys.modules[__name__].__class__ = _CallableRoom
