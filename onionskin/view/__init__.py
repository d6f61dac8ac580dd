"""Shows runs: a small server that hands out the page and the bytes of run folders, and says when they grow."""

from __future__ import annotations

from onionskin.view.server import Shown, find_runs, serve

__all__ = ["Shown", "find_runs", "serve"]
