"""Units that never fire on the probes."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from tests.health.trainings import classify, mlp, sgd


def test_a_layer_born_dead_is_named_once(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, 48, 32, 10)
    nn.init.constant_(model.get_submodule("2").bias, -10.0)  # type: ignore[arg-type]  # a parameter
    (note,) = classify(tmp_path / "run", model, sgd(model, 0.1), steps=60).says("dead_units")
    assert (note.tensor, note.step, note.value) == ("activation/3", 0, 32)
    assert "32 of the 32 units of layer 3 have not fired on any of the 16 probes since the start" in note.sentence


def test_units_that_die_of_a_large_step_are_dated(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, 48, 32, 10)

    def rate(step: int) -> float:
        return 300.0 if step == 60 else 1.0

    notes = classify(tmp_path / "run", model, sgd(model, 0.1), steps=140, rate=rate).says("dead_units")
    assert notes
    assert all(60 <= note.step <= 70 for note in notes)


def test_most_but_not_all(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, 48, 10)
    with torch.no_grad():
        model.get_submodule("0").bias[:42] = -10.0  # type: ignore[operator]  # a parameter
    (note,) = classify(tmp_path / "run", model, sgd(model, 0.1), steps=60).says("dead_units")
    assert 42 <= note.value < 48


class _Passing(nn.Module):
    """Zeros in plenty, and no dead unit: empty pixels, what an untrained adapter adds, dropout, a residual."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(64, 64), nn.Linear(64, 10)
        self.adapter = nn.Linear(64, 64, bias=False)
        nn.init.zeros_(self.adapter.weight)
        self.adapter.requires_grad_(False)
        self.drop = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        x = x.sub(0.5).clamp(0.4, 0.5).sub(0.4).mul(8)  # only the brightest pixels are left
        y = self.drop((self.first(x) + self.adapter(x)).relu())
        logits: Tensor = self.last(x + y)
        return logits


def test_zeros_that_are_no_dead_units(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = _Passing()
    recorded = classify(tmp_path / "run", model, torch.optim.Adam(model.parameters(), 1e-3), steps=80)
    dead = {
        tensor.name: recorded.history.statistic("dead", i)[-1] for i, tensor in recorded.history.of_role("activation")
    }
    assert dead["adapter"] == 1  # the test is of something
    recorded.assert_silent("dead_units")


def test_dropout_and_pooling_do_not_say_it_again(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.1), nn.Flatten(), nn.Linear(72, 10)
    )
    with torch.no_grad():
        model.get_submodule("0").bias[:7] = -10.0  # type: ignore[operator]  # a parameter
    (note,) = classify(tmp_path / "run", model, sgd(model, 0.05), steps=60, shape=(1, 8, 8)).says("dead_units")
    assert note.tensor == "activation/1"
    assert "7 of the 8 units" in note.sentence


def test_deep_and_healthy(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, *[48] * 8, 10)
    recorded = classify(tmp_path / "run", model, torch.optim.Adam(model.parameters(), 1e-3), steps=250)
    recorded.assert_silent("dead_units")
