"""What a notebook's cell shows of a run: the widget, and for wherever no kernel runs the page with the run in it."""

from __future__ import annotations

import html
import importlib.util
from pathlib import Path
from typing import Any, Final

from onionskin.errors import OnionskinError
from onionskin.view.export import exported_text, name_of

#: How large what is kept in the notebook for static renderings may be (bytes): it is there once for each output.
STATIC_BYTES: Final = 5_000_000

#: How high an output is (CSS pixels).
HEIGHT: Final = 640


def bundle(location: str, words: str) -> dict[str, Any]:
    """Return the representations of a run by type; a notebook takes the best that it can show."""
    shown: dict[str, Any] = {"text/plain": words}
    try:
        shown["text/html"] = static(location)
    except (OnionskinError, OSError) as error:
        shown["text/html"] = f"<pre>{html.escape(f'{words}{chr(10)}{error}')}</pre>"
    if importlib.util.find_spec("anywidget"):
        shown |= widget(location).representation()
    return shown


def static(location: str | Path, most_bytes: int = STATIC_BYTES) -> str:
    """Return an HTML element with the page and a run in it; thinned where it has to be, and it says so.

    Raises:
        OnionskinError: It cannot be made so small.
        OSError: The disk is full.
    """
    page = html.escape(exported_text(location, most_bytes), quote=True)
    title = html.escape(name_of(location), quote=True)
    style = f"width: 100%; height: {HEIGHT}px; border: 0"
    # A frame of its own origin: a run from a stranger reaches nothing of the notebook.
    return f'<iframe title="Onionskin: {title}" sandbox="allow-scripts" style="{style}" srcdoc="{page}"></iframe>'


def widget(location: str) -> Any:
    """Return the widget of a run. Raises OnionskinError where anywidget is not installed."""
    if not importlib.util.find_spec("anywidget"):
        raise OnionskinError(
            "a widget needs anywidget, which is not installed", fix="pip install 'onionskin[notebook]'"
        )
    from onionskin.view.widget import RunWidget

    return RunWidget(location)
