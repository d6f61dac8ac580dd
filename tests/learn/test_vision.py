"""The networks that ``onionskin train`` trains learn what they promise, the same way every time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import onionskin as osk
from onionskin.learn.vision import RECIPES, Training, one_of_each


def test_digits_are_learned_reproducibly(tmp_path: Path) -> None:
    first = Training("digits", run=tmp_path / "a")
    losses = [progress.loss for progress in first]
    assert first.result.accuracy >= 0.97
    run = osk.open_run(tmp_path / "a")
    np.testing.assert_array_equal(run.scalars["loss"][1:], losses)
    assert run.probes.labels == tuple(range(10))
    assert run.frames[-1].step == first.result.steps == len(losses)
    again = Training("digits", run=tmp_path / "b")
    assert [progress.loss for progress in again] == losses
    assert not run.health


def test_mnist_reaches_97_percent(tmp_path: Path) -> None:
    """The main job, whole: forty epochs over 4,000 real digits."""
    training = Training("mnist", run=tmp_path / "run")
    for _ in training:
        pass
    assert training.result.accuracy >= 0.97
    run = osk.open_run(tmp_path / "run")
    assert len(run.frames) > 30
    accuracy = run.scalars["accuracy"]
    assert accuracy[~np.isnan(accuracy)][-1] == pytest.approx(training.result.accuracy)
    predictions = run.probes.outputs(-1)[0].argmax(1)
    assert (predictions == np.arange(10)).mean() >= 0.9
    assert run.probes.entry.inputs[0].is_image
    assert run.manifest.exact


def test_an_interrupted_training_leaves_a_run(tmp_path: Path) -> None:
    training = Training("digits", run=tmp_path / "run")
    with pytest.raises(KeyboardInterrupt):
        for progress in training:
            if progress.step == 100:
                raise KeyboardInterrupt
    training.recorder.close()
    assert osk.open_run(tmp_path / "run").frames[-1].step == 100


def test_an_unknown_name_has_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(osk.OnionskinError, match="did you mean 'mnist'"):
        Training("minst", run=tmp_path / "run")
    assert not list(tmp_path.iterdir())


def test_one_probe_of_each_class() -> None:
    x, y = one_of_each(torch.arange(6).float(), torch.tensor([2, 0, 2, 1, 0, 1]))
    assert (x.tolist(), y.tolist()) == ([1, 3, 0], [0, 1, 2])


def test_learning_rates_are_exact_in_binary() -> None:
    assert all((recipe.lr * 2**20).is_integer() for recipe in RECIPES.values())
