"""The bytes of the page itself, gzipped: what comes first, what comes when a view is first looked at, and the rest."""

from __future__ import annotations

import gzip
import re
from importlib.resources import files
from pathlib import Path

from playwright.sync_api import Browser


def measure(_chromium: Browser, _quick: bool) -> list[list[str]]:
    """Return the kilobytes of the first load, of all views together, and of the runtime that runs models."""
    first, later, runtime = sizes()
    return [
        ["what", "kB gzipped", "bar"],
        ["first load", f"{first / 1e3:.1f}", "125"],
        ["every view that loads later", f"{later / 1e3:.1f}", ""],
        ["both together", f"{(first + later) / 1e3:.1f}", "225"],
        ["onnxruntime-web, when a model is tried", f"{runtime / 1e3:,.1f}", "not counted"],
    ]


def sizes() -> tuple[int, int, int]:
    """Return the gzipped bytes of the first load, of what loads later, and of onnxruntime-web."""
    page = Path(str(files("onionskin.view") / "page"))
    index = (page / "index.html").read_text()
    named = set(re.findall(r"assets/[\w.-]+", index))
    first, later, runtime = _gzipped(page / "index.html"), 0, 0
    for file in (page / "assets").iterdir():
        if file.suffix == ".map":
            continue
        if f"assets/{file.name}" in named:
            first += _gzipped(file)
        elif file.suffix == ".wasm" or re.search(r"(^|[.-])ort[.-]|onnx", file.name):
            runtime += _gzipped(file)
        else:
            later += _gzipped(file)
    return first, later, runtime


def _gzipped(file: Path) -> int:
    return len(gzip.compress(file.read_bytes(), 9))
