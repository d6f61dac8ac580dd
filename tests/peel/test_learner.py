"""A learner's own training is peeled: the loop that trains it is the loop that is written, and the levels agree."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import onionskin as osk
from onionskin.learn import loop
from onionskin.peel.target import peel_target


def test_its_levels_agree() -> None:
    for found in osk.peel(osk.vision("digits")).check(steps=3, only=["loop", "numpy"]):
        assert found.agrees


def test_a_run_is_peeled_from_its_first_weights_on(tmp_path: Path) -> None:
    learner = osk.vision("digits")
    before = {name: value.clone() for name, value in learner.model.state_dict().items()}
    learner.fit(1, run=tmp_path / "run")
    peeled = peel_target(str(tmp_path / "run"), loss=None, optimizer=None, clip=None, schedule=None)
    after = peeled.plan.model.state_dict()
    assert all((after[name].float() == value).all() for name, value in before.items())


def test_the_loop_that_trains_is_the_loop_that_is_written() -> None:
    """The same statements in the same order, without what the events add."""
    written = osk.peel(osk.vision("digits")).program("loop").source
    wanted = [r"loss = ", r"loss\.backward\(\)", r"optimizer\.step\(\)", r"optimizer\.zero_grad\(\)"]
    for source in (written, inspect.getsource(loop.fit).replace("on.scaled(loss)", "loss")):
        body = source[source.index("for ", source.index("optimizer")) :]
        places = [re.search(statement, body) for statement in wanted]
        assert all(places)
        order = sorted(range(4), key=lambda i: places[i].start())  # type: ignore[union-attr]  # all are there
        first = order.index(0)  # gradients may be cleared behind a step or before the next: a loop has no beginning
        assert [*order[first:], *order[:first]] == [0, 1, 2, 3]


def test_what_cannot_be_peeled_has_a_remedy(tmp_path: Path) -> None:
    learner = osk.vision("digits")
    with pytest.raises(osk.OnionskinError, match="leave out the batch"):
        osk.peel(learner, (learner.domain.raw(learner.domain.valid[:2])[0], None))
    with pytest.raises(osk.OnionskinError, match="no batch"):
        osk.peel(learner.model)
    with pytest.raises(osk.OnionskinError, match="open them first"):
        osk.peel(osk.load(learner.save(tmp_path / "kept")))
