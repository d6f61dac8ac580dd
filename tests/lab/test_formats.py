"""Formats that a network is kept in: each gives it back, and a hostile file runs code where it is said to."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from onionskin.lab.questions._formats import FORMATS
from onionskin.lab.questions._hostile import outcomes
from onionskin.models import convnet


@pytest.mark.parametrize("name", FORMATS)
def test_a_network_answers_the_same_after_it_was_kept(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model, x = convnet.build(width=4).eval(), torch.randn(1, 1, 8, 8)
    FORMATS[name].write(model, x, tmp_path / "network")
    with torch.no_grad():
        torch.testing.assert_close(
            FORMATS[name].open(tmp_path / "network", lambda: convnet.build(width=4))(x), model(x)
        )


def test_a_hostile_pickle_runs_code_and_the_safe_doors_do_not() -> None:
    ran = {outcome.door: outcome.ran for outcome in outcomes()}
    assert ran["pickle"]
    assert ran["npz, allow_pickle=True"]
    assert not any(ran[door] for door in ("state_dict", "npz", "safetensors", "GGUF", "ONNX"))
