"""The bytes of the page itself, gzipped: what comes first, what comes when a view is first looked at, and the rest."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from playwright.sync_api import Browser


@dataclass
class Sizes:
    """Gzipped bytes: of the first load, of every view of a run, of the lab's pages, and of what runs models."""

    first: int = 0
    later: int = 0
    lab: int = 0
    runtime: int = 0


def measure(_chromium: Browser, _quick: bool) -> list[list[str]]:
    """Return the kilobytes of the first load, of all views together, of the lab, and of what runs models."""
    now = sizes()
    return [
        ["what", "kB gzipped", "bar"],
        ["first load", f"{now.first / 1e3:.1f}", "125"],
        ["every view that loads later", f"{now.later / 1e3:.1f}", ""],
        ["both together", f"{(now.first + now.later) / 1e3:.1f}", "225"],
        ["the lab, with Vega, when a question is opened", f"{now.lab / 1e3:.1f}", "310"],
        ["onnxruntime-web, when a model is tried", f"{now.runtime / 1e3:,.1f}", "not counted"],
    ]


def sizes() -> Sizes:
    """Return the gzipped bytes of the page as it is built."""
    page = Path(str(files("onionskin.view") / "page"))
    index = (page / "index.html").read_text()
    named = set(re.findall(r"assets/[\w.-]+", index))
    found = Sizes(first=_gzipped(page / "index.html"))
    for file in (page / "assets").iterdir():
        if file.suffix == ".map":
            continue
        if f"assets/{file.name}" in named:
            found.first += _gzipped(file)
        elif re.match("(LabView|vega)-", file.name):  # no run's page asks for these
            found.lab += _gzipped(file)
        elif file.suffix == ".wasm" or re.search(r"(^|[.-])ort[.-]|onnx", file.name):
            found.runtime += _gzipped(file)
        else:
            found.later += _gzipped(file)
    return found


def _gzipped(file: Path) -> int:
    return len(gzip.compress(file.read_bytes(), 9))
