"""How a run shows itself where it stands as the last line of a notebook's cell.

A run does not know who can show it: rooms import downwards only. It asks here, and the package, which knows all rooms,
says whom (``onionskin/__init__.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: Takes where a run lies and the words for it. Returns representations by type, or the widget alone.
Bundle = Callable[[str, str], dict[str, Any]]
Widget = Callable[[str], Any]

_by: list[tuple[Bundle, Widget]] = []


def show_with(bundle: Bundle, widget: Widget) -> None:
    """Say what shows runs from now on."""
    _by[:] = [(bundle, widget)]


class ShowsItself:
    """What notebooks ask of an object: Jupyter and VS Code for all representations, marimo for what to display."""

    def _where(self) -> str:
        """Return where the run lies."""
        raise NotImplementedError

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return _by[0][0](self._where(), repr(self)) if _by else {"text/plain": repr(self)}

    def _display_(self) -> Any:
        return _by[0][1](self._where()) if _by else repr(self)
