"""The page to decide on suspects by key: a server for this machine alone, and a small page without a build."""

from __future__ import annotations

from onionskin.learn.desk.server import Desk, Opened, serve

__all__ = ["Desk", "Opened", "serve"]
