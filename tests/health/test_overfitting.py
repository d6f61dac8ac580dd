"""The training loss falls while the held-out loss rises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from onionskin import health, registry
from onionskin.health import Floats, Series, is_held_out, is_loss, topic
from onionskin.recording import Note
from tests.health.trainings import classify, digits, made_up, mlp, record, sgd


@pytest.mark.parametrize("examples", [30, 100])
def test_a_few_digits_by_heart(examples: int, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, 64, 64, 10)
    optimizer = torch.optim.Adam(model.parameters(), 5e-3)
    recorded = classify(tmp_path / "run", model, optimizer, steps=1200, examples=examples, look_every=20, every=20)
    (note,) = recorded.says("overfitting")
    assert note.tensor == "val_loss"
    assert 20 <= note.step <= 300
    assert f"since step {note.step:,} while loss fell from " in note.sentence


def test_wrong_labels_by_heart_logged_once_an_epoch(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, 256, 256, 10)
    optimizer = torch.optim.Adam(model.parameters(), 5e-3)
    x, y, held_out_x, held_out_y = digits()
    x, y = x[:320], torch.where(torch.rand(320) < 0.4, torch.randint(0, 10, (320,)), y[:320])

    def train() -> Iterator[dict[str, Tensor]]:
        for _ in range(40):
            losses = []
            for rows in torch.randperm(320).view(-1, 32):
                loss = cross_entropy(model(x[rows]), y[rows])
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                losses.append(loss.detach())
                if len(losses) < 10:
                    yield {}
            with torch.no_grad():
                held_out = cross_entropy(model(held_out_x), held_out_y)
            yield {"loss/train": torch.stack(losses).mean(), "loss/valid": held_out}

    (note,) = record(tmp_path / "run", model, optimizer, train(), probes=x[:8]).says("overfitting")
    assert note.tensor == "loss/valid"
    assert "while loss/train fell" in note.sentence


def test_a_training_that_generalizes(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, 32, 10)
    classify(tmp_path / "run", model, sgd(model, 0.1), steps=1000, look_every=25, every=20).assert_silent()


def _said_of(held_out: Floats, train: Floats, names: tuple[str, str] = ("val_loss", "loss")) -> list[Note]:
    steps = np.arange(len(train))
    scalars = {names[0]: Series(steps[:: len(train) // len(held_out)], held_out), names[1]: Series(steps, train)}
    return list(registry.load(health, "overfitting").check(made_up([], {}, scalars=scalars)))


_FALLING = 2 * np.exp(-np.arange(1000) / 200)
_TURNING = np.concatenate([np.linspace(2, 0.5, 20), np.linspace(0.5, 1.5, 30)])


def test_both_must_go_apart() -> None:
    assert [note.step for note in _said_of(_TURNING, _FALLING)] == [19 * 20]
    assert not _said_of(_TURNING, np.full(1000, 0.3))  # the training loss stands
    assert not _said_of(_TURNING, np.linspace(2, 3, 1000))  # both rise: that is another trouble
    assert not _said_of(np.linspace(2, 0.5, 50), _FALLING)


def test_noise_is_no_rise() -> None:
    for seed in range(20):
        noise = 1 + 0.15 * np.random.default_rng(seed).standard_normal(50)
        assert not _said_of(np.maximum(0.5, np.linspace(2, -1, 50)) * noise, _FALLING)


def test_a_held_out_loss_at_every_step() -> None:
    noise = 1 + 0.3 * np.random.default_rng(0).standard_normal(1000)
    (note,) = _said_of(np.interp(np.arange(1000), np.arange(0, 1000, 20), _TURNING) * noise, _FALLING)
    assert 300 <= note.step <= 500


def test_losses_that_may_be_negative_are_left_alone() -> None:
    assert not _said_of(_TURNING - 1, _FALLING)


@pytest.mark.parametrize(
    ("held_out", "train", "belong"),
    [
        ("val_loss", "train_loss", True),
        ("loss/test", "loss/train", True),
        ("validLoss", "loss", True),
        ("eval/nll", "train/nll", True),
        ("val_loss", "critic_loss", True),  # the only training loss there is
        ("accuracy", "loss", False),
        ("value_loss", "policy_loss", False),
    ],
)
def test_names(held_out: str, train: str, belong: bool) -> None:
    assert len(_said_of(_TURNING, _FALLING, (held_out, train))) == belong


def test_the_right_one_of_two_training_losses() -> None:
    steps = np.arange(1000)
    scalars = {
        "val_box_loss": Series(steps[::20], _TURNING),
        "class_loss": Series(steps, np.full(1000, 1.0)),
        "box_loss": Series(steps, _FALLING),
    }
    (note,) = registry.load(health, "overfitting").check(made_up([], {}, scalars=scalars))
    assert "while box_loss fell" in note.sentence


def test_words_of_names() -> None:
    assert [is_loss(name) for name in ("loss", "Train/Loss", "nll", "loss_scale", "gloss", "accuracy")] == [
        *(True, True, True, False, True, False),
    ]
    assert [
        is_held_out(name) for name in ("val_loss", "valloss", "test/loss", "value_loss", "latest_loss", "loss")
    ] == [
        *(True, True, True, False, False, False),
    ]
    assert [topic(name) for name in ("loss", "val_loss", "train/box_loss", "box/val_loss")] == ["", "", "box", "box"]
