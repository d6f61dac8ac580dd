"""A learner trains the same way every time, keeps its best weights, and comes back as it was saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import onionskin as osk
from onionskin.learn import domains
from onionskin.registry import load, names


def test_digits_are_learned_reproducibly(tmp_path: Path) -> None:
    first = osk.vision("digits")
    training = first.training(run=tmp_path / "a")
    losses = [progress.loss for progress in training]
    assert first.ended(training).measured["accuracy"] >= 0.97
    run = osk.open_run(tmp_path / "a")
    np.testing.assert_array_equal(run.scalars["loss"][1:], losses)
    assert run.probes.labels == tuple(range(10))
    assert run.frames[-1].step == training.result.steps == len(losses)
    again = osk.vision("digits").training(run=tmp_path / "b")
    assert [progress.loss for progress in again] == losses
    assert not run.health


def test_mnist_reaches_97_percent(tmp_path: Path) -> None:
    """The main job, whole: forty epochs over 4,000 real digits."""
    result = osk.vision("mnist").fit(run=tmp_path / "run")
    assert result.measured["accuracy"] >= 0.97
    run = osk.open_run(tmp_path / "run")
    assert len(run.frames) > 30
    accuracy = run.scalars["accuracy"]
    assert np.nanmax(accuracy) == pytest.approx(result.measured["accuracy"])
    predictions = run.probes.outputs(-1)[0].argmax(1)
    assert (predictions == np.arange(10)).mean() >= 0.9
    assert run.probes.entry.inputs[0].is_image
    assert run.manifest.exact


def test_another_seed_gives_other_numbers() -> None:
    losses = [[p.loss for p in osk.vision("digits", seed=seed).training(1, watch=False)] for seed in (0, 1)]
    assert losses[0] != losses[1]


def test_it_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    learner = osk.vision("digits")
    learner.fit(2, run=tmp_path / "run")
    x = learner.domain.raw(learner.domain.valid)
    with torch.no_grad():
        outputs = learner.model(*x)
    learner.save(tmp_path / "kept")
    for place in ("run", "kept"):
        loaded = osk.load(tmp_path / place)
        with torch.no_grad():
            assert torch.equal(loaded.model(*x), outputs)
        assert loaded.predict(x[0][0].numpy()).text == learner.predict(x[0][0].numpy()).text
        opened = loaded.open_data()
        assert torch.equal(opened.domain.raw(opened.domain.valid)[0], x[0])


def test_the_best_weights_are_kept(tmp_path: Path) -> None:
    learner = osk.vision("digits")
    training = learner.training(8, run=tmp_path / "run", lr=0.5)
    seen = [p.measured["accuracy"] for p in training]
    result = learner.ended(training)
    last = float(osk.open_run(tmp_path / "run").scalars["accuracy"][-1])
    assert result.measured["accuracy"] == pytest.approx(max(*seen, last))


def test_what_is_no_learner_has_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(osk.OnionskinError, match="there is no"):
        osk.load(tmp_path / "nowhere")
    with pytest.raises(osk.OnionskinError, match="holds no learner"):
        osk.load(tmp_path)
    with pytest.raises(osk.OnionskinError, match="did you mean 'mnist'"):
        osk.vision("minst")


@pytest.mark.parametrize("name", names(domains))
def test_every_domain_says_what_it_is(name: str) -> None:
    domain = load(domains, name).DOMAIN
    assert domain.name == name
    assert domain.__doc__
