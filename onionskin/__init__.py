"""Onionskin: see a neural network learn, and peel it down to arithmetic.

    import onionskin as osk

    with osk.watch(model, optimizer, probes=x[:8]) as run:
        ...

Names are imported when they are first used, so that ``import onionskin`` is instant and needs no PyTorch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from onionskin import shown

if TYPE_CHECKING:
    from onionskin.errors import OnionskinError, OnionskinWarning
    from onionskin.learn.domains.multimodal import multimodal
    from onionskin.learn.domains.recommend import recommend
    from onionskin.learn.domains.tabular import table
    from onionskin.learn.domains.text import text
    from onionskin.learn.domains.vision import vision
    from onionskin.learn.saved import load
    from onionskin.peel.start import peel
    from onionskin.recording.pack import pack
    from onionskin.recording.reader import Run, open_run
    from onionskin.watch.start import Recorder, watch

__version__ = "0.1.0"

__all__ = [
    "OnionskinError",
    "OnionskinWarning",
    "Recorder",
    "Run",
    "__version__",
    "load",
    "multimodal",
    "open_run",
    "pack",
    "peel",
    "recommend",
    "table",
    "text",
    "vision",
    "watch",
]

_HOMES = {
    "OnionskinError": "onionskin.errors",
    "OnionskinWarning": "onionskin.errors",
    "Recorder": "onionskin.watch.start",
    "Run": "onionskin.recording.reader",
    "load": "onionskin.learn.saved",
    "multimodal": "onionskin.learn.domains.multimodal",
    "open_run": "onionskin.recording.reader",
    "pack": "onionskin.recording.pack",
    "peel": "onionskin.peel.start",
    "recommend": "onionskin.learn.domains.recommend",
    "table": "onionskin.learn.domains.tabular",
    "text": "onionskin.learn.domains.text",
    "vision": "onionskin.learn.domains.vision",
    "watch": "onionskin.watch.start",
}


def _bundle(location: str, words: str) -> dict[str, Any]:
    from onionskin.view.cell import bundle

    return bundle(location, words)


def _widget(location: str) -> Any:
    from onionskin.view.cell import widget

    return widget(location)


shown.show_with(_bundle, _widget)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'onionskin' has no attribute '{name}'")
    from onionskin.errors import without_its_library

    with without_its_library(f"osk.{name}"):
        home = importlib.import_module(_HOMES[name])
    # Importing the room onionskin.watch binds it as an attribute here: the function of that name goes over it.
    globals().update({public: getattr(home, public) for public, place in _HOMES.items() if place == _HOMES[name]})
    return globals()[name]


def __dir__() -> list[str]:
    return __all__
