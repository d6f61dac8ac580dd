"""One training on digits for all tests of a process: a run to look at, which no test changes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import onionskin as osk


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    run = tmp_path_factory.mktemp("practice") / "digits"
    osk.vision("digits").fit(4, run=run)
    return run
