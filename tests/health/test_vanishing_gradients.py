"""Gradients that do not reach the first layers."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from tests.health.trainings import classify, mlp, sgd


def test_twenty_sigmoid_layers(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, *[24] * 20, 10, activation=nn.Sigmoid)
    recorded = classify(tmp_path / "run", model, sgd(model, 0.1), steps=40)
    (note,) = recorded.says("vanishing_gradients")
    assert note.tensor == "gradient/0.weight"
    assert note.value < 1e-8
    assert "since the start" in note.sentence
    recorded.assert_silent("still_layer", "update_ratio", "dead_units")  # one cause, one note


class _Backwards(nn.Module):
    """Deep and sigmoid, and its layers stand in the wrong order in the class, as in many a script."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(24, 10)
        self.body = nn.ModuleList(nn.Linear(24, 24) for _ in range(8))
        self.stem = nn.Linear(64, 24)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x).sigmoid()
        for layer in self.body:
            x = layer(x).sigmoid()
        logits: Tensor = self.head(x)
        return logits


def test_depth_is_the_order_of_the_flow(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = _Backwards()
    (note,) = classify(tmp_path / "run", model, sgd(model, 0.1), steps=40).says("vanishing_gradients")
    assert note.tensor == "gradient/stem.weight"
    assert "head.weight" in note.sentence


class _CutOff(nn.Module):
    """From the 30th step on, nothing of the loss comes back through a factor of 0."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.middle, self.last = nn.Linear(64, 32), nn.Linear(32, 32), nn.Linear(32, 10)
        self.steps = 0

    def forward(self, x: Tensor) -> Tensor:
        self.steps += self.training
        h = self.middle(self.first(x).relu()).relu()
        logits: Tensor = self.last(h * (0.0 if self.steps >= 30 else 1.0) + 1.0)
        return logits


def test_no_gradient_at_all_is_dated_and_placed(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = _CutOff()
    (note,) = classify(tmp_path / "run", model, sgd(model, 0.1), steps=90).says("vanishing_gradients")
    assert (note.tensor, note.step, note.value) == ("gradient/middle.weight", 30, 0)
    assert "(nor 1 other)" in note.sentence


def test_twenty_residual_layers(tmp_path: Path) -> None:
    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm, self.layer = nn.LayerNorm(24), nn.Linear(24, 24)

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = x + self.layer(self.norm(x)).relu()
            return out

    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 24), *(Residual() for _ in range(20)), nn.Linear(24, 10))
    classify(tmp_path / "run", model, torch.optim.Adam(model.parameters(), 1e-3), steps=80).assert_silent()


def test_a_frozen_front_is_no_part_of_the_way(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, 32, 32, 32, 32, 10)
    for name in ("0", "2"):
        model.get_submodule(name).requires_grad_(False)
    trained = [p for p in model.parameters() if p.requires_grad]
    classify(tmp_path / "run", model, torch.optim.Adam(trained, 1e-3), steps=80).assert_silent()
