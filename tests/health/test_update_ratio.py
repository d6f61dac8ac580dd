"""Steps that are far too large or far too small for the weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from tests.health.trainings import classify, mlp, sgd


def test_steps_that_replace_the_weights(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, 32, 32, 10, activation=nn.Tanh)
    optimizer = torch.optim.AdamW(model.parameters(), 0.3, weight_decay=1.0)
    (note,) = classify(tmp_path / "run", model, optimizer, steps=140).says("update_ratio")
    assert 0.1 < note.value < 1
    assert 100 <= note.step < 140
    assert "(and 2 other layers likewise)" in note.sentence


@pytest.mark.parametrize("lr", [0.0, 1e-6])
def test_steps_that_are_none(lr: float, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, 32, 32, 10)
    recorded = classify(tmp_path / "run", model, sgd(model, lr), steps=140)
    (note,) = recorded.says("update_ratio")
    assert note.value <= 1e-6
    assert f"raise the learning rate (it is {'1e-6' if lr else '0'})" in note.sentence
    assert [n.check for n in recorded.notes] == ["update_ratio"]


def test_bfloat16_rounds_small_steps_away(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, 32, 10).to(torch.bfloat16)

    class Wide(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = model

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = self.inner(x.bfloat16()).float()
            return logits

    wide = Wide()
    (note,) = classify(tmp_path / "run", wide, sgd(wide, 1e-5), steps=130).says("update_ratio")
    assert note.value < 1e-5


@pytest.mark.parametrize("lr", [1e-4, 1e-3, 1e-2])
def test_usual_learning_rates(lr: float, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, 32, 32, 10)
    classify(tmp_path / "run", model, torch.optim.Adam(model.parameters(), lr), steps=200).assert_silent()


def test_warm_up_and_decay(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, 32, 10)

    def rate(step: int) -> float:
        return 1e-7 * step if step < 200 else 1.0 if step < 400 else 1e-7

    classify(tmp_path / "run", model, sgd(model, 0.1), steps=500, rate=rate).assert_silent()


def test_layers_that_begin_at_0(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, 32, 32, 10)
    nn.init.zeros_(model.get_submodule("4").weight)  # type: ignore[arg-type]  # a parameter
    classify(tmp_path / "run", model, torch.optim.Adam(model.parameters(), 1e-3), steps=140).assert_silent()
