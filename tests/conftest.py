"""What all tests share: one thread for small networks, and recordings that end up in a temporary folder."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
import torch

# A shell that runs `make test &` has Ctrl-C ignored, and every process started from here would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in a temporary folder: nothing that a test records by default lands in the source tree."""
    monkeypatch.chdir(tmp_path)
