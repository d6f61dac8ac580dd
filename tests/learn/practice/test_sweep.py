"""A sweep is the same twice, also where it was killed in between, and on every engine."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

import onionskin as osk
from onionskin.cli import main
from onionskin.errors import OnionskinError
from onionskin.learn.engines import local
from onionskin.learn.goals.one_of import OneOf
from onionskin.learn.learner import Learner
from onionskin.learn.practice.sweep import sweep, sweeping
from onionskin.learn.search import OF_A_PLAN, Choice, Range, beginning, exact, parsed, plan_of, usual
from onionskin.learn.sweeping import Trial
from onionskin.learn.trials import Job, outcome
from tests.learn.practice.points import Given, Points

SPACE: dict[str, Any] = {"lr": (2**-9, 1.0), "batch": [32, 64, 128], "epochs": [1, 2]}


def _trials(folder: Path, trials: int, **options: Any) -> list[Trial]:
    work = sweeping(osk.vision("digits"), trials, folder=folder, space=SPACE, **options)
    for _ in work:
        pass
    return work.over()


def _told(trials: list[Trial]) -> list[Any]:
    return [(t.number, dict(t.chosen), t.value, dict(t.measured), t.is_pruned) for t in trials]


SCRIPT = """
import sys, onionskin as osk
from onionskin.learn.practice.sweep import sweeping
SPACE = {"lr": (2**-9, 1.0), "batch": [32, 64, 128], "epochs": [1, 2]}
for done in sweeping(osk.vision("digits"), 6, folder=sys.argv[1], space=SPACE):
    print(done, flush=True)
"""


def test_killed_it_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    whole = _trials(tmp_path / "whole", 10)
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "killed")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3])
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == "4":
            time.sleep(0.03)
            process.send_signal(signal.SIGKILL)
            break
    process.wait()
    process.stdout.close()
    assert process.returncode == -signal.SIGKILL
    assert _told(_trials(tmp_path / "killed", 6)) == _told(whole)[:6]  # fewer than there are to be in the end
    assert _told(_trials(tmp_path / "killed", 10)) == _told(whole)
    assert len({t.chosen["lr"] for t in whole}) == 10


def test_processes_come_to_the_same(tmp_path: Path) -> None:
    settings = {name: value for name, value in osk.vision("digits").domain.settings.items() if name != "source"}
    plan = {"epochs": 1, "batch": 32, "weight_decay": 0.0}
    jobs = [Job("vision", "digits", settings, plan | {"lr": lr}, (0, 1), {}) for lr in (0.0625, 0.25)]
    here = [outcome(job) for job in jobs]
    with local.opened(2) as carry_out:
        there = dict(carry_out(jobs))
    for number, wanted in enumerate(here):
        assert there[number].values == wanted.values
        assert there[number].measured == wanted.measured
    assert here[0].values[0] != here[0].values[1]


def test_the_report_names_the_best_and_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = sweep(osk.vision("digits"), 9, folder=tmp_path / "s", space=SPACE, record=True)
    trials = _trials(tmp_path / "s", 9, record=True)
    best = max(trials, key=lambda t: t.value)
    assert report.facts["accuracy"] == best.value
    assert report.facts["lr"] == best.plan["lr"]
    assert f"lr={best.plan['lr']}" in report.answer
    assert (tmp_path / "s/sweep.html").stat().st_size > 1000
    assert len(osk.open_run(tmp_path / "s/trial-003").frames) > 1
    space = ["--space", "lr=0.001953125..1.0", "--space", "batch=32,64,128", "--space", "epochs=1,2"]
    with pytest.raises(SystemExit) as ended:
        main(["sweep", "digits", "--trials", "9", "--into", str(tmp_path / "s"), "--record", *space])
    assert ended.value.code == 0
    assert f"number {best.number} was best" in capsys.readouterr().out
    again = _trials(tmp_path / "s", 9, record=True)
    assert again == trials  # also in their seconds: none was carried out again


def test_a_trial_that_lags_behind_is_given_up() -> None:
    settings = {name: value for name, value in osk.vision("digits").domain.settings.items() if name != "source"}
    plan = {"epochs": 10, "batch": 64, "weight_decay": 0.0, "lr": 2**-12}
    whole = outcome(Job("vision", "digits", settings, plan, (0,), {}))
    assert not whole.is_pruned
    assert sorted(whole.curve) == list(range(1, 11))
    given_up = outcome(Job("vision", "digits", settings, plan, (0,), {1: 0.99, 3: 0.99}))
    assert given_up.is_pruned
    assert max(given_up.curve) == 3
    assert all(given_up.curve[tenth] == whole.curve[tenth] for tenth in given_up.curve)
    assert not outcome(Job("vision", "digits", settings, plan, (0,), {3: 0.01})).is_pruned


def test_data_in_memory(tmp_path: Path) -> None:
    def made() -> Learner:
        stream = torch.Generator().manual_seed(0)
        y = torch.arange(120) % 2
        x = torch.stack([y + torch.randn(120, generator=stream), torch.randn(120, generator=stream)], 1)
        return Learner(Points((x, y), goal=OneOf(["a", "b"]), model=Given()))

    learner = made()
    report = learner.sweep(3, folder=tmp_path / "s", space={"lr": (1e-3, 1.0)})
    assert report.facts["trials"] == 3
    assert torch.equal(learner.model.state_dict()["scale"], torch.ones(()))
    with pytest.raises(OnionskinError, match="only in memory"):
        made().sweep(2, folder=tmp_path / "t", space={"lr": (1e-3, 1.0)}, workers=2)
    trained = made()
    trained.is_trained = True
    with pytest.raises(OnionskinError, match="no fresh weights"):
        trained.sweep(2, folder=tmp_path / "t")


def test_the_usual_space_holds_the_recipe_and_rates_are_exact() -> None:
    domain = osk.vision("digits").domain
    space = usual(domain)
    assert isinstance(space["lr"], Range)
    assert space["lr"].low < domain.recipe.lr < space["lr"].high
    assert isinstance(space["batch"], Choice)
    assert domain.recipe.batch in space["batch"].values
    first = beginning(domain, space)
    assert first is not None
    assert plan_of(domain, first) == {name: getattr(domain.recipe, name) for name in OF_A_PLAN}
    for rate in (1e-4, 0.0371, 3.3):
        assert abs(exact(rate) / rate - 1) < 1 / 16
        assert (exact(rate) * 2**40).is_integer()
        assert exact(exact(rate)) == exact(rate)
    assert parsed("lr=1e-4..1e-1") == ("lr", (1e-4, 1e-1))
    assert parsed("batch=16,32") == ("batch", [16, 32])


def test_what_makes_no_sense_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learner = osk.vision("digits")
    with pytest.raises(OnionskinError, match="trials=0"):
        learner.sweep(0)
    with pytest.raises(OnionskinError, match="no 'lrr' to try") as error:
        learner.sweep(2, folder=tmp_path / "s", space={"lrr": (1, 2)})
    assert "lr" in error.value.fix
    with pytest.raises(OnionskinError, match=r"lr: 0\.0 to 1"):
        learner.sweep(2, folder=tmp_path / "s", space={"lr": (0.0, 1.0)})
    with pytest.raises(OnionskinError, match="no 'rey' in engines"):
        learner.sweep(2, folder=tmp_path / "s", engine="rey")
    with pytest.raises(OnionskinError, match="--space lr"):
        parsed("lr")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").touch()
    with pytest.raises(OnionskinError, match="has no sweep"):
        learner.sweep(2, folder=tmp_path / "full")
    sweeping(learner, 2, folder=tmp_path / "s", space=SPACE)
    with pytest.raises(OnionskinError, match="has a sweep with"):
        learner.sweep(2, folder=tmp_path / "s", space={"lr": (1e-3, 1.0)})
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(OnionskinError, match="needs Ray") as error:
        learner.sweep(1, folder=tmp_path / "r", engine="ray", space=SPACE)
    assert "onionskin[ray]" in error.value.fix
