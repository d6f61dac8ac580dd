"""The peel: one model at seven levels, each a program that stands alone, proved equal: ``osk.peel(model, batch)``."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from onionskin.peel.start import Peeled


class _CallableRoom(ModuleType):
    """This package, callable: whoever imports ``onionskin.peel`` first, ``osk.peel(model, batch)`` peels."""

    def __call__(self, *args: Any, **options: Any) -> Peeled:
        from onionskin.peel.start import peel

        return peel(*args, **options)


sys.modules[__name__].__class__ = _CallableRoom
