"""A loss that jumps, and one that only rises."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from onionskin import health, registry
from onionskin.health import Floats, Series
from tests.health.trainings import classify, made_up, mlp, sgd


def test_a_step_too_far_is_dated(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, 32, 10)

    def rate(step: int) -> float:
        return 40.0 if 300 <= step < 303 else 1.0

    (note,) = classify(tmp_path / "run", model, sgd(model, 0.1), steps=400, rate=rate).says("loss_spike")
    assert note.tensor == "loss"
    assert 301 <= note.step <= 305
    assert "just after the learning rate rose from 0.1 to 4" in note.sentence


def test_adam_at_a_rate_that_is_too_high_for_a_while(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, 32, 10, activation=nn.Tanh)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)

    def rate(step: int) -> float:
        return 100.0 if 300 <= step < 330 else 1.0

    (note,) = classify(tmp_path / "run", model, optimizer, steps=400, rate=rate).says("loss_spike")
    assert 300 <= note.step <= 310


def test_warm_restarts_are_meant(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, 32, 10)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)

    def rate(step: int) -> float:
        return 1e-3 + 0.5 * (1 + math.cos(math.pi * (step % 200) / 200))

    classify(tmp_path / "run", model, optimizer, steps=650, rate=rate).assert_silent()


def test_a_loss_that_only_rises(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, 32, 32, 10, activation=nn.Tanh)
    (note,) = classify(tmp_path / "run", model, sgd(model, 2.0, momentum=0.9), steps=100).says("loss_spike")
    assert "loss rises instead of falling: it began at 2." in note.sentence
    assert note.value > 10


@pytest.mark.parametrize("batch", [1, 4, 32])
def test_hard_batches_are_no_spikes(batch: int, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, 32, 10)
    rates = {1: 0.02, 4: 0.05, 32: 0.5}
    recorded = classify(tmp_path / "run", model, sgd(model, rates[batch]), steps=1500, batch=batch)
    values = recorded.history.losses()["loss"].values[500:]
    assert values.max() > 5 * np.median(values)  # the test is of something
    recorded.assert_silent()


def _said_of(values: Floats) -> list[int]:
    history = made_up([], {}, scalars={"loss": Series(np.arange(len(values)), values)})
    return [note.step for note in registry.load(health, "loss_spike").check(history)]


def _falling(seed: int = 0) -> Floats:
    values: Floats = 2 * np.exp(-np.arange(1000) / 300) + 0.05 * np.random.default_rng(seed).standard_normal(1000)
    return values


@pytest.mark.parametrize(("height", "length", "is_spike"), [(1, 15, True), (1, 8, False), (3, 5, True), (30, 2, False)])
def test_how_long_a_jump_must_last(height: float, length: int, is_spike: bool) -> None:
    values = _falling()
    values[700 : 700 + length] += height
    assert _said_of(values) == ([700] if is_spike else [])


def test_a_negative_loss_jumps_as_well() -> None:
    values = _falling() - 10
    values[500:] += 1
    assert _said_of(values) == [500]


def test_nan_is_for_another_check() -> None:
    values = _falling()
    values[700:] = np.nan
    assert _said_of(values) == []


def test_a_small_step_of_a_flat_loss() -> None:
    flat = np.ones(400)
    assert _said_of(np.where(np.arange(400) < 300, flat, 1.02)) == []
    assert _said_of(np.where(np.arange(400) < 300, flat, 1.5)) == [300]
