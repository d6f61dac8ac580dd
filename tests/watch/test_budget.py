"""Promise 2: frames are spaced so that recording takes its share and no more; the first and the last are kept."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import onionskin as osk
from onionskin.watch.budget import CREDIT_SECONDS, GAP_SHARE, REPAID_SECONDS, Pace, allowed, earliest


@given(st.floats(0.001, 0.99), st.floats(0, 1e5))
def test_earliest_is_the_inverse_of_allowed(budget: float, spending: float) -> None:
    when = earliest(budget, spending)
    assert allowed(budget, when) >= spending * (1 - 1e-9)
    if when > 0:
        assert allowed(budget, when * (1 - 1e-6)) <= spending


def test_the_credit_is_paid_back() -> None:
    """From ten seconds on, what is allowed is the budget to the letter."""
    assert REPAID_SECONDS == 10
    for now in (REPAID_SECONDS, 100.0, 1e6):
        assert allowed(0.02, now) == pytest.approx(0.02 * now)
    assert allowed(0.02, 0) == 0.02 * CREDIT_SECONDS


def _simulate(budget: float, *, step_seconds: float, frame_seconds: float, steps: int) -> tuple[list[int], float]:
    """Run the pacing against a clock of our own. Returns the steps of the frames, and the share taken."""
    pace, now, spent, frames = Pace(budget), 0.0, 0.0, [0]
    pace.took(0, 0, frame_seconds)
    spent += frame_seconds
    for step in range(1, steps + 1):
        now += step_seconds
        due_step, due_time = pace.next(step - 1, spent)
        if (step >= due_step or pace.is_late(now)) and now >= due_time:
            now, spent = now + frame_seconds, spent + frame_seconds
            pace.took(step, now, frame_seconds)
            frames.append(step)
    return frames, spent / now


@pytest.mark.parametrize("budget", [0.01, 0.02, 0.05])
@pytest.mark.parametrize("frame_seconds", [0.001, 0.02, 0.5])
def test_a_long_training_keeps_its_budget(budget: float, frame_seconds: float) -> None:
    frames, share = _simulate(budget, step_seconds=0.01, frame_seconds=frame_seconds, steps=20_000)
    assert share <= budget
    assert len(frames) > 1


def test_frames_are_denser_early() -> None:
    frames, _ = _simulate(0.5, step_seconds=0.01, frame_seconds=0.0001, steps=10_000)
    gaps = [b - a for a, b in itertools.pairwise(frames)]
    assert gaps[:40] == [1] * 40
    assert gaps == sorted(gaps)
    assert gaps[-1] == pytest.approx(GAP_SHARE * frames[-1], rel=0.1)


def test_a_slow_training_has_a_frame_a_minute() -> None:
    frames, _ = _simulate(0.02, step_seconds=30.0, frame_seconds=0.1, steps=2000)
    assert max(b - a for a, b in itertools.pairwise(frames)) <= 3


def _train(run: Path, *, budget: float, seconds: float, every: int | None = None) -> osk.Run:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(256, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    x = torch.randn(256, 256)
    with osk.watch(model, optimizer, probes=x[:8], run=run, budget=budget, every=every) as recorder:
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            loss = model(x).square().mean()
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            recorder.log(loss=loss)
    return osk.open_run(run)


def test_a_real_training_takes_what_was_asked(tmp_path: Path) -> None:
    """By the recorder's own clock; bench/overhead.py measures it from outside."""
    tight = _train(tmp_path / "tight", budget=0.02, seconds=4)
    wide = _train(tmp_path / "wide", budget=0.4, seconds=2)
    running = tight.overhead.frames + tight.overhead.steps
    # The last frame and closing come on top of what the pacing allows: they are always done.
    assert running <= allowed(0.02, tight.overhead.wall) + 3 * max(frame.cost for frame in tight.frames) + 0.1
    assert len(wide.frames) > len(tight.frames) > 2
    for run in (tight, wide):
        assert run.frames[0].step == 0
        assert run.frames[-1].step == run.steps[-1]
        assert run.manifest.budget.asked in (0.02, 0.4)
        assert 0 < run.overhead.share < 1


def test_every_takes_frames_at_its_steps_and_counts_what_it_cannot_pay(tmp_path: Path) -> None:
    free = _train(tmp_path / "free", budget=1, seconds=0.5, every=4)
    steps = [frame.step for frame in free.frames]
    assert steps[:-1] == list(range(0, steps[-2] + 1, 4))
    tight = _train(tmp_path / "tight", budget=0.001, seconds=0.7, every=1)
    (dropped,) = tight.dropped
    assert dropped.why == "over the budget"
    assert dropped.count + len(tight.frames) >= tight.steps[-1] - 2
    assert 1 <= dropped.first <= dropped.last <= tight.steps[-1]
