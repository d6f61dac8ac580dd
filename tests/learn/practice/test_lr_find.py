"""The range test leaves the learner as it is, and suggests a rate that trains well."""

from __future__ import annotations

import pytest
import torch

import onionskin as osk
from onionskin.errors import OnionskinError
from onionskin.learn.goals.one_of import OneOf
from onionskin.learn.learner import Learner
from onionskin.learn.practice.lr_find import Tried, suggestion
from tests.learn.practice.points import Given, Points


def test_nothing_is_touched_and_it_is_the_same_twice() -> None:
    learner = osk.vision("digits")
    weights = {name: tensor.clone() for name, tensor in learner.model.state_dict().items()}
    stream, threads = torch.get_rng_state(), torch.get_num_threads()
    first, second = learner.lr_find(repeats=1), learner.lr_find(repeats=1)
    assert first == second
    assert all(torch.equal(weights[name], tensor) for name, tensor in learner.model.state_dict().items())
    assert torch.equal(stream, torch.get_rng_state())
    assert threads == torch.get_num_threads()
    assert all(p.grad is None for p in learner.model.parameters())


def test_the_suggestion_trains_better_than_rates_far_from_it() -> None:
    found = osk.vision("digits").lr_find().facts["lr"]
    assert isinstance(found, float)
    loss = {}
    for factor in (1 / 32, 1.0, 32.0):
        training = osk.vision("digits").training(3, lr=found * factor, watch=False)
        for _ in training:
            pass
        loss[factor] = training.result.measured["val_loss"]
    assert loss[1.0] < 0.5 * min(loss[1 / 32], loss[32.0])


def test_the_suggestion_is_below_the_lowest_loss() -> None:
    rates = tuple(10 ** (-6 + k / 20) for k in range(120))
    losses = tuple(2.3 - min(2.0, (rate / 1e-3)) + 50 * max(0.0, rate - 0.3) for rate in rates)
    lr = suggestion(Tried(rates, losses))
    assert lr is not None
    assert 2e-3 < lr < 0.1
    assert (lr * 2**20).is_integer()
    assert suggestion(Tried(rates, (2.3,) * 120)) is None


def test_where_nothing_can_be_learned_nothing_is_suggested() -> None:
    x = torch.zeros(80, 2)
    report = Learner(Points((x, torch.arange(80) % 2), goal=OneOf(["a", "b"]), model=Given())).lr_find(repeats=1)
    assert report.facts["lr"] is None
    assert "never fell" in report.answer


def test_arguments_that_make_no_sense() -> None:
    learner = osk.vision("digits")
    with pytest.raises(OnionskinError, match="lowest=1"):
        learner.lr_find(lowest=1.0, highest=0.1)
    with pytest.raises(OnionskinError, match="steps=3"):
        learner.lr_find(steps=3)
