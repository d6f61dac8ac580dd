"""Shows and shares runs: a small server, a folder for any host, one HTML file, a notebook's output. One page in all."""

from __future__ import annotations

from onionskin.view.export import Exported, ExportedRun, export
from onionskin.view.publish import Published, PublishedRun, publish
from onionskin.view.server import Shown, find_runs, serve

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
