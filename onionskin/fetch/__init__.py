"""Packages of data by name, through the client that the machine has, into a cache: checked, unpacked, and never run.

What is fetched is a file with a name, a version and a SHA-256 that are written down here. Nothing in it is installed
or executed: no ``setup.py``, no install script, no maintainer script. What is installed already is used where it lies,
if it is the same to the byte.
"""

from __future__ import annotations

from onionskin.fetch.package import Package, Progress
from onionskin.fetch.start import Whereabouts, fetch, whereabouts

__all__ = ["Package", "Progress", "Whereabouts", "fetch", "whereabouts"]
