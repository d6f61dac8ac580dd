"""What all tests share: one thread for small networks, and recordings that end up in a temporary folder."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest
import torch

# A shell that runs `make test &` has Ctrl-C ignored, and every process started from here would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# No test fetches anything, or finds what a person has fetched; a test of fetching says otherwise for itself.
if "ONIONSKIN_CACHE" not in os.environ:
    os.environ["ONIONSKIN_CACHE"] = tempfile.mkdtemp(prefix="onionskin-tests-")
    atexit.register(shutil.rmtree, os.environ["ONIONSKIN_CACHE"], ignore_errors=True)
os.environ.setdefault("ONIONSKIN_OFFLINE", "1")


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in a temporary folder: nothing that a test records by default lands in the source tree."""
    monkeypatch.chdir(tmp_path)
