"""Gradients that grow out of proportion: in time, against the loss, by depth."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from tests.health.trainings import classify, digits, mlp, record, sgd


def test_a_learning_rate_far_too_high(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, 64, 64, 10)
    (note,) = classify(tmp_path / "run", model, sgd(model, 30.0), steps=40).says("exploding_gradients")
    assert note.step <= 10
    assert note.value > 100


def test_it_is_dated(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, 64, 10)

    def rate(step: int) -> float:
        return 1000.0 if step == 50 else 1.0

    (note,) = classify(tmp_path / "run", model, sgd(model, 0.1), steps=70, rate=rate, every=1).says(
        "exploding_gradients"
    )
    assert 52 <= note.step <= 53  # the step after the one that was too large


class _Reader(nn.Module):
    """Reads an image row by row with a plain recurrent network."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn, self.head = nn.RNN(1, 48, batch_first=True), nn.Linear(48, 10)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.rnn(x)[0][:, -1])
        return logits


@pytest.mark.parametrize(("scale", "is_sick"), [(0.6, True), (0.1, False)])
def test_through_64_steps_of_a_recurrent_network(scale: float, is_sick: bool, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = _Reader()
    nn.init.normal_(model.rnn.weight_hh_l0, std=scale)  # type: ignore[arg-type]  # a parameter
    recorded = classify(tmp_path / "run", model, sgd(model, 1e-3), steps=30, shape=(64, 1))
    if not is_sick:
        recorded.assert_silent()
        return
    (note,) = recorded.says("exploding_gradients")
    assert note.tensor.startswith("gradient/rnn.")
    assert "too large from the beginning: at step 1 " in note.sentence


def test_by_depth_without_any_loss(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, *[64] * 30, 10, activation=nn.Tanh)
    for weight in model.parameters():
        nn.init.normal_(weight, std=0.5)
    optimizer = sgd(model, 1e-9)

    def train() -> Iterator[dict[str, Tensor]]:
        x, y, _, _ = digits()
        for rows in torch.randint(0, len(x), (40, 32)):
            optimizer.zero_grad()
            cross_entropy(model(x[rows]), y[rows]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            yield {}

    recorded = record(tmp_path / "run", model, optimizer, train(), probes=digits()[0][:8])
    (note,) = recorded.says("exploding_gradients")
    assert note.tensor == "gradient/0.weight"
    assert note.value > 1e3


def test_leaving_a_plateau_is_no_explosion(tmp_path: Path) -> None:
    """A deep linear autoencoder from tiny weights: its gradients grow a hundredfold, and its loss falls."""
    torch.manual_seed(1)
    model = nn.Sequential(*(nn.Linear(a, b, bias=False) for a, b in ((64, 32), (32, 16), (16, 32), (32, 64))))
    for weight in model.parameters():
        nn.init.normal_(weight, std=0.01)
    optimizer = sgd(model, 0.004, momentum=0.9)

    def train() -> Iterator[dict[str, Tensor]]:
        for rows in torch.randint(0, 1400, (600, 64)):
            x = digits()[0][rows]
            loss = ((model(x) - x) ** 2).sum(1).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            yield {"loss": loss.detach()}

    recorded = record(tmp_path / "run", model, optimizer, train(), probes=digits()[0][:8])
    norms = recorded.history.table("norm", recorded.history.matrices("gradient"))[1:]
    assert norms.max() > 50 * norms[0].max()  # the test is of something
    assert recorded.history.losses()["loss"].values[-1] < 6
    recorded.assert_silent()


def test_a_sum_over_the_batch_is_only_a_scale(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, 64, 10)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)

    def train() -> Iterator[dict[str, Tensor]]:
        x, y, _, _ = digits()
        for rows in torch.randint(0, len(x), (80, 64)):
            loss = cross_entropy(model(x[rows]), y[rows], reduction="sum") * 100
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            yield {"loss": loss.detach()}

    record(tmp_path / "run", model, optimizer, train(), probes=digits()[0][:8]).assert_silent()
