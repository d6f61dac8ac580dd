"""A training that was stopped or killed and resumed is, to the bit, one that was never stopped."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from torch.nn import functional

import onionskin as osk
from onionskin.errors import OnionskinWarning
from onionskin.learn.checkpoint import CHECKPOINT
from onionskin.learn.domains.vision import Vision
from onionskin.learn.learner import Learner
from onionskin.learn.loop import Batch
from onionskin.learn.training import Training

EPOCHS, STEPS = 2, 2 * 44

#: What is asked for: of the second, everything that a checkpoint has to keep.
PLAIN: dict[str, Any] = {"noise": False}
NOISY: dict[str, Any] = {"noise": True, "accumulate": 2, "precision": "mixed", "patience": 2}


class Noisy(Vision):  # type: ignore[misc]  # final in the package
    """Augmentation and dropout draw from PyTorch's random numbers."""

    def augmented(self, batch: Batch) -> Batch:
        (x,), y = batch
        return (functional.dropout(x + 0.1 * torch.randn_like(x), 0.2),), y


def _job(run: Path, *, noise: bool, resume: bool = False, **options: Any) -> tuple[Learner, Training]:
    learner = Learner((Noisy if noise else Vision)("digits"))
    return learner, learner.training(EPOCHS, run=run, resume=resume, **options)


def be_ended(asked: dict[str, Any], at: int, signals: list[int]) -> None:
    """Train in a process of its own, which sends itself signals after a step."""
    _, training = _job(Path("run"), **asked)
    for done in training:
        if done.step == at:
            for number in signals:
                os.kill(os.getpid(), number)


def _ended(folder: Path, asked: dict[str, Any], at: int, *signals: int) -> int:
    """Return how a training ended that sent itself signals."""
    lines = ["from onionskin.learn import training", "from tests.learn.test_resume import be_ended",
             "training.CHECKPOINT_SECONDS, training.CHECKPOINT_SHARE = 0.0, 1.0" if signal.SIGKILL in signals else "",
             f"be_ended({asked!r}, {at}, {[int(number) for number in signals]})"]  # fmt: skip
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-W", "error", "-c", "\n".join(lines)], cwd=folder, env=env,
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode < 0, done.stderr
    return -done.returncode


def _kept(learner: Learner, run: Path) -> dict[str, Any]:
    """Return all numbers of a training that ended: curves, last weights, best weights, and what was measured."""
    opened = osk.open_run(run)
    assert opened.frames[0].step == 0
    assert opened.status.ended == "finished"
    assert not (run / CHECKPOINT).exists()
    assert learner.result is not None
    kept = {name: values for name, values in opened.scalars.items() if name != "time"}
    kept |= {f"last {name}": values for name, values in opened.exact(-1).items()}
    kept |= {f"best {name}": values for name, values in load_file(run / "learner/model.safetensors").items()}
    return kept | dict(learner.result.measured) | {"epoch": learner.result.epoch, "steps": learner.result.steps}


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The numbers of a plain training that was never stopped."""
    path = tmp_path_factory.mktemp("whole") / "run"
    learner, training = _job(path, **PLAIN)
    _finish(learner, training)
    return _kept(learner, path)


@pytest.mark.parametrize(("asked", "end"), [(PLAIN, signal.SIGINT), (NOISY, signal.SIGKILL)])
def test_it_is_as_if_it_had_never_stopped(
    asked: dict[str, Any], end: int, expected: dict[str, Any], tmp_path: Path
) -> None:
    if asked is NOISY:
        learner, training = _job(tmp_path / "whole", **asked)
        _finish(learner, training)
        expected = _kept(learner, tmp_path / "whole")
    at = random.randint(1, expected["steps"])
    assert _ended(tmp_path, asked, at, end) == end
    assert (tmp_path / "run" / CHECKPOINT).exists()
    _goes_on(tmp_path / "run", asked, expected, f"ended after step {at}")


def _goes_on(run: Path, asked: dict[str, Any], expected: dict[str, Any], why: str) -> None:
    """Resume a training, and compare it with one that was never stopped."""
    learner, training = _job(run, resume=True, **asked)
    _finish(learner, training)
    kept = _kept(learner, run)
    assert kept.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(kept[name], values, err_msg=f"{name}, {why}")


def test_ctrl_c_twice_in_the_last_step_leaves_what_goes_on(expected: dict[str, Any], tmp_path: Path) -> None:
    assert _ended(tmp_path, PLAIN, STEPS, signal.SIGINT, signal.SIGINT) == signal.SIGINT
    assert osk.open_run(tmp_path / "run").frames
    _goes_on(tmp_path / "run", PLAIN, expected, "ended twice")


def _finish(learner: Learner, training: Training) -> None:
    for _ in training:
        pass
    learner.ended(training)


def _interrupt(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize(
    "moment", ["measuring before the first step", "saving a checkpoint", "closing", "keeping the learner"]
)
def test_ctrl_c_at_an_odd_moment(
    moment: str, expected: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one process, as in a notebook."""
    from onionskin.learn import checkpoint, saved
    from onionskin.learn.domain import Domain
    from onionskin.watch.camera import Camera

    owner, name = {
        "measuring before the first step": (Domain, "answered"),
        "saving a checkpoint": (checkpoint, "save"),
        "closing": (Camera, "model"),
        "keeping the learner": (saved, "save_file"),
    }[moment]
    learner, training = _job(tmp_path / "run", **PLAIN)
    with monkeypatch.context() as patched:
        real = getattr(owner, name)

        def stumble(*args: Any, **kwargs: Any) -> Any:
            patched.undo()
            _interrupt()
            return real(*args, **kwargs)

        patched.setattr(owner, name, stumble)
        with pytest.raises(KeyboardInterrupt):
            _finish(learner, training)
    run = osk.open_run(tmp_path / "run")
    assert not run.is_growing
    assert run.frames
    _goes_on(tmp_path / "run", PLAIN, expected, moment)


def test_a_loop_that_is_left_goes_on(expected: dict[str, Any], tmp_path: Path) -> None:
    _, training = _job(tmp_path / "run", **PLAIN)
    for progress in training:
        if progress.step == 40:
            break
    _goes_on(tmp_path / "run", PLAIN, expected, "left")


def test_no_room_for_a_checkpoint_is_a_warning(
    expected: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from onionskin.learn import checkpoint

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    learner, training = _job(tmp_path / "run", **PLAIN)
    monkeypatch.setattr(checkpoint, "write_atomically", refuse)
    with pytest.warns(OnionskinWarning, match="no checkpoint could be written: No space left on device"):
        _finish(learner, training)
    kept = _kept(learner, tmp_path / "run")
    assert all(np.array_equal(kept[name], values, equal_nan=True) for name, values in expected.items())
    assert "make room" in osk.open_run(tmp_path / "run").warnings[0].fix


def test_what_a_step_lacks_is_let_go(tmp_path: Path) -> None:
    """44 batches make 14 steps of three: what the other two give is not in the next epoch's first step."""
    learner, training = _job(tmp_path / "run", noise=False, accumulate=3)
    assert [progress.step for progress in training] == list(range(1, 29))
    gradients = [p.grad for p in learner.model.parameters()]
    assert all(gradient is None for gradient in gradients)
    assert learner.ended(training).steps == 28


def test_what_cannot_be_resumed_says_why(tmp_path: Path) -> None:
    for run in ("done", "nowhere"):
        if run == "done":
            osk.vision("digits").fit(1, run=tmp_path / run)
        with pytest.raises(osk.OnionskinError, match="has no training to go on with: it ended"):
            _job(tmp_path / run, resume=True, **PLAIN)
    with pytest.raises(osk.OnionskinError, match="resume=True without a run"):
        osk.vision("digits").training(1, resume=True)
    _, training = _job(tmp_path / "run", **PLAIN)
    next(iter(training))
    others: tuple[tuple[dict[str, Any], str], ...]
    others = (
        ({"lr": 0.5}, "lr=0.0625, not 0.5"),
        ({"batch": 64}, "batch=32, not 64"),
        ({"patience": 1}, "patience=None"),
    )
    for options, name in others:
        with pytest.raises(osk.OnionskinError, match=name):
            _job(tmp_path / "run", resume=True, **PLAIN, **options)
    with pytest.raises(osk.OnionskinError, match="epochs=2, not 9"):
        osk.vision("digits").training(9, run=tmp_path / "run", resume=True)
