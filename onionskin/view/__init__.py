"""Shows and shares runs: a small server, a folder for any host, one HTML file, a notebook's output. One page in all."""

from __future__ import annotations

from onionskin.view.export import Exported, ExportedRun, export
from onionskin.view.publish import Published, PublishedRun, publish
from onionskin.view.server import Shown, serve
from onionskin.view.shelf import find_runs

__all__ = [
    "Exported",
    "ExportedRun",
    "Published",
    "PublishedRun",
    "Shown",
    "export",
    "find_runs",
    "publish",
    "serve",
]
