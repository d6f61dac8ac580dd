"""An answer as pages: JSON for the web page, HTML and Markdown to read and to send, its charts as SVG and PNG."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path

from onionskin.errors import OnionskinError
from onionskin.lab.pages.html import html
from onionskin.lab.pages.markdown import markdown
from onionskin.lab.pages.words import chart_name
from onionskin.lab.told import FORMAT, Told, listed, told
from onionskin.recording.arrays import write_atomically


def write(folder: Path, name: str) -> Path:
    """Write all pages of a question. The list of all questions is written by ``write_index``, once for several of them.

    Args:
        folder: The lab's.
        name: The question.

    Returns:
        The HTML page.

    Raises:
        OnionskinError: They cannot be written, or the question's file is wrong.
    """
    page = told(folder, name)
    place = folder / "answers"
    drawn = _drawn(page)
    files = {
        f"{name}.json": _json(page),
        f"{name}.md": markdown(page).encode(),
        f"{name}.html": html(page, drawn).encode(),
    }
    for number, kinds in enumerate(drawn):
        files |= {f"{chart_name(name, number)}.{kind}": content for kind, content in kinds.items()}
    _keep(place, files)
    return place / f"{name}.html"


def write_index(folder: Path) -> None:
    """Write the list of all questions with their answers so far. Raises OnionskinError."""
    _keep(folder / "answers", {"index.json": _json({"format": FORMAT, "questions": listed(folder)})})


def _keep(place: Path, files: Mapping[str, bytes]) -> None:
    try:
        place.mkdir(parents=True, exist_ok=True)
        for file, content in files.items():
            write_atomically(place / file, content)
    except OSError as error:
        raise OnionskinError(
            f"{place} cannot be written: {error.strerror or error}",
            fix="make room on the disk; the numbers are kept: 'onionskin lab pages' writes them again",
        ) from error


def _json(content: Told) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False).encode()


def _drawn(page: Told) -> list[dict[str, bytes]]:
    """Return the charts of the first machine as SVG and PNG; empty where Altair is not installed."""
    has_both = all(importlib.util.find_spec(library) for library in ("altair", "vl_convert"))
    if not has_both or not page["answers"]:
        return []
    from onionskin.lab.charts import draw

    shown = page["answers"][0]["charts"]
    return [{kind: draw(chart["spec"], chart["title"], kind) for kind in ("svg", "png")} for chart in shown]
