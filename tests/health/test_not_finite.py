"""NaN and infinity: the first tensor, the first loss."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from onionskin import health, registry
from onionskin.health import Series, series
from tests.health.trainings import Recorded, classify, digits, made_up, mlp, record, sgd, tensor

#: The step at which a network below begins to go wrong.
STEP = 30


class _Broken(nn.Module):
    """Goes wrong from a step on: ``log`` in the forward pass, ``root`` in the backward pass only."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.first, self.middle, self.last = nn.Linear(64, 32), nn.Linear(32, 32), nn.Linear(32, 10)
        self.how, self.steps = how, 0

    def forward(self, x: Tensor) -> Tensor:
        self.steps += self.training
        h = self.first(x).relu()
        if self.steps >= STEP and self.how == "log":
            h = (h * 0).log() * 0
        if self.steps >= STEP and self.how == "root":
            h = (h * 0).sqrt()  # 0, and its derivative is 0/0
        logits: Tensor = self.last(self.middle(h).relu())
        return logits


def _broken(how: str, tmp_path: Path) -> Recorded:
    torch.manual_seed(0)
    model = _Broken(how)
    return classify(tmp_path / "run", model, sgd(model, 0.1), steps=50, every=1)


def test_a_logarithm_of_0(tmp_path: Path) -> None:
    gradient, loss = _broken("log", tmp_path).says("not_finite")
    assert (gradient.tensor, gradient.step) == ("gradient/last.weight", STEP)
    assert f"Every gradient is NaN at step {STEP}, 320 in last.weight alone" in gradient.sentence
    assert (loss.tensor, loss.step) == ("loss", STEP)
    assert f"loss is NaN at step {STEP}, after " in loss.sentence


def test_a_root_of_0_is_found_where_it_is(tmp_path: Path) -> None:
    gradient, loss = _broken("root", tmp_path).says("not_finite")
    assert (gradient.tensor, gradient.step) == ("gradient/first.weight", STEP)
    assert "The gradient of first.weight is NaN" in gradient.sentence
    assert loss.step == STEP + 1  # the loss was a number at the step that broke the weights


def test_weights_that_outgrow_their_type(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, 32, 10, activation=nn.LeakyReLU)
    notes = classify(tmp_path / "run", model, sgd(model, 30.0, momentum=0.9), steps=60, every=1).says("not_finite")
    assert notes[0].step <= 40
    assert {note.tensor for note in notes} >= {"loss"}


def test_what_the_probes_alone_meet(tmp_path: Path) -> None:
    class Halves(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = nn.Linear(64, 32), nn.Linear(32, 10)

        def forward(self, x: Tensor) -> Tensor:
            h = self.first(x).relu()
            if not self.training:
                h = h / (h * 0)
            logits: Tensor = self.last(h)
            return logits

    torch.manual_seed(0)
    model = Halves()
    (note,) = classify(tmp_path / "run", model, sgd(model, 0.1), steps=30).says("not_finite")
    assert note.tensor == "activation/div"
    assert "The output of div is NaN from the start" in note.sentence


class _Attention(nn.Module):
    """Attention with a mask of −∞, written by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.qkv, self.head = nn.Linear(8, 16), nn.Linear(16, 48), nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        h = self.embed(x)
        q, k, v = self.qkv(h).chunk(3, -1)
        scores = (q @ k.transpose(1, 2)).masked_fill(torch.ones(8, 8).triu(1).bool(), -math.inf)
        logits: Tensor = self.head((h + scores.softmax(-1) @ v).mean(1))
        return logits


def test_an_infinite_mask_is_meant(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = _Attention()
    recorded = classify(tmp_path / "run", model, torch.optim.Adam(model.parameters(), 1e-3), steps=60, shape=(8, 8))
    assert recorded.history.has_any("inf")  # the test is of something
    recorded.assert_silent()


def test_skipped_steps_of_mixed_precision_are_meant(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, 32, 10)
    optimizer = sgd(model, 0.1)

    def train() -> Iterator[dict[str, Tensor]]:
        x, y, _, _ = digits()
        for step in range(60):
            rows = torch.randint(0, len(x), (32,))
            loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            if step % 20 == 10:  # as a fused optimizer does that was told of an overflow: it keeps the weights
                kept = [p.detach().clone() for p in model.parameters()]
                for p in model.parameters():
                    p.grad = torch.full_like(p, math.inf)
                with torch.no_grad():
                    optimizer.step()
                    for p, before in zip(model.parameters(), kept, strict=True):
                        p.copy_(before)
            else:
                optimizer.step()
            yield {"loss": loss.detach()}

    recorded = record(tmp_path / "run", model, optimizer, train(), probes=digits()[0][:8], every=5)
    recorded.assert_silent("dead_units", "still_layer")


@pytest.mark.parametrize(("bad", "said"), [(1, 0), (2, 0), (3, 1)])
def test_gradients_that_do_no_harm(bad: int, said: int) -> None:
    """The weights stay finite: one or two such steps were skipped, three in a row are a training that stands."""
    entries = [tensor("fc.weight", "gradient", 4, 4), tensor("fc.weight", "weight", 4, 4)]
    values = np.zeros(40)
    values[20 : 20 + bad] = 16
    zeros = np.zeros(40)
    statistics = {
        ("gradient/fc.weight", "nan"): zeros,
        ("gradient/fc.weight", "inf"): values,
        ("gradient/fc.weight", "norm"): zeros,
        ("weight/fc.weight", "nan"): zeros,
        ("weight/fc.weight", "inf"): zeros,
        ("weight/fc.weight", "norm"): zeros + 1,
    }
    notes = list(registry.load(health, "not_finite").check(made_up(entries, statistics)))
    assert [note.step for note in notes] == [20] * said


def test_a_nan_that_was_logged_is_told_from_none() -> None:
    """Both are NaN in the scalars of a run; the sign bit tells them apart."""
    column = np.array([np.nan, 2.0, np.nan, 1.0, -np.nan, np.nan])
    logged = series(np.arange(6), column)
    assert logged.steps.tolist() == [1, 3, 4]
    (note,) = registry.load(health, "not_finite").check(made_up([], {}, scalars={"loss": logged}))
    assert (note.tensor, note.step, note.value) == ("loss", 4, 1.0)


def test_a_loss_that_is_infinite_from_the_beginning() -> None:
    logged = Series(np.arange(3), np.array([np.inf, 1.0, 1.0]))
    (note,) = registry.load(health, "not_finite").check(made_up([], {}, scalars={"val_loss": logged}))
    assert note.sentence == "val_loss is infinite at step 0, the first time that it was logged."


def test_a_healthy_training(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, 32, 10)
    classify(tmp_path / "run", model, sgd(model, 0.1), steps=100, look_every=20).assert_silent()
