"""A learner or a checkpoint from a stranger is refused with a reason, and nothing in it is run."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import onionskin as osk
from onionskin.learn.checkpoint import CHECKPOINT
from onionskin.learn.learner import Learner
from onionskin.learn.training import Training

Damage = Callable[[Path], None]


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved learner, and the run folder of a training that was stopped."""
    folder = tmp_path_factory.mktemp("honest")
    learner = osk.vision("digits")
    training = learner.training(2, run=folder / "run")
    for progress in training:
        if progress.step == 10:
            break
    learner.save(folder / "learner")
    return folder


class Bomb:
    """A pickle that leaves a trace when it is loaded."""

    def __reduce__(self) -> Any:
        return os.mkdir, (str(TRACE),)


TRACE = Path(tempfile.gettempdir()) / f"onionskin-attack-{os.getpid()}"


def _words(change: Callable[[dict[str, Any]], object]) -> Damage:
    """Return what changes the description of a learner."""

    def damage(folder: Path) -> None:
        path = folder / "learner.json"
        told = json.loads(path.read_text())
        change(told)
        path.write_text(json.dumps(told))

    return damage


def _weights(change: Callable[[dict[str, torch.Tensor]], object]) -> Damage:
    def damage(folder: Path) -> None:
        path = folder / "model.safetensors"
        state = load_file(path)
        change(state)
        save_file(state, path)

    return damage


def _first(state: dict[str, torch.Tensor]) -> str:
    return min(state)


LEARNERS: dict[str, Damage] = {
    "weights cut short": lambda f: _cut(f / "model.safetensors"),
    "weights empty": lambda f: _write(f / "model.safetensors", b""),
    "weights with a header of 2^62 bytes": lambda f: _write(f / "model.safetensors", b"\xff" * 7 + b"\x3f" + b"{}"),
    "a pickle for weights": lambda f: _write(f / "model.safetensors", pickle.dumps(Bomb())),
    "a PyTorch pickle for weights": lambda f: torch.save({"a": Bomb()}, f / "model.safetensors"),
    "a pickle for the description": lambda f: _write(f / "learner.json", pickle.dumps(Bomb())),
    "a tensor of another shape": _weights(lambda s: s.update({_first(s): torch.zeros(3)})),
    "a tensor more": _weights(lambda s: s.update({"__class__": torch.zeros(3)})),
    "a tensor less": _weights(lambda s: s.pop(_first(s))),
    "no weights": lambda f: (f / "model.safetensors").unlink(),
    "no JSON": lambda f: _write(f / "learner.json", b"{"),
    "a list": lambda f: _write(f / "learner.json", b"[]"),
    "deep JSON": lambda f: _write(f / "learner.json", b"[" * 100_000),
    "100 MB of JSON": lambda f: _write(f / "learner.json", b"[" + b"0," * (50 * 2**20) + b"0]"),
    "binary": lambda f: _write(f / "learner.json", bytes(range(256))),
    "another version": _words(lambda t: t.update(onionskin=99)),
    "a domain that leads out": _words(lambda t: t.update(domain="../../../../elsewhere/evil")),
    "a domain that is a module": _words(lambda t: t.update(domain="os")),
    "a domain with a dot": _words(lambda t: t.update(domain="vision.Vision")),
    "a private domain": _words(lambda t: t.update(domain="__init__")),
    "no settings": _words(lambda t: t.pop("settings")),
    "settings that are a list": _words(lambda t: t.update(settings=[])),
    "a million classes": _words(lambda t: t["fitted"].update(classes=[str(i) for i in range(1_000_000)])),
    "pictures of a billion pixels": _words(lambda t: t["fitted"].update(shape=[3, 40_000, 40_000])),
    "a seed that is a text": _words(lambda t: t["settings"].update(seed="x")),
    "classes that are a number": _words(lambda t: t["fitted"].update(classes=7)),
    "no classes": _words(lambda t: t.update(fitted={})),
}


@pytest.mark.parametrize("attack", LEARNERS)
def test_a_hostile_learner_is_refused(attack: str, honest: Path, tmp_path: Path) -> None:
    folder = tmp_path / "learner"
    shutil.copytree(honest / "learner", folder)
    LEARNERS[attack](folder)
    with pytest.raises(osk.OnionskinError) as refused:
        osk.load(folder)
    assert refused.value.fix
    assert len(str(refused.value)) < 500
    assert not TRACE.exists()


@pytest.mark.parametrize("source", ["../../../etc/passwd", "/etc", 7, {"a": 1}, "https://example.com/x"])
def test_a_source_that_leads_out_is_data_and_no_more(source: object, honest: Path, tmp_path: Path) -> None:
    """A learner answers without its data; that it names somebody else's is found when they are opened."""
    folder = tmp_path / "learner"
    shutil.copytree(honest / "learner", folder)
    _words(lambda t: t["settings"].update(source=source))(folder)
    learner = osk.load(folder)
    with pytest.raises(osk.OnionskinError) as refused:
        learner.open_data()
    assert refused.value.fix


def _checkpoint(
    words: Callable[[dict[str, Any]], object] = lambda told: None,
    tensors: Callable[[dict[str, torch.Tensor]], object] = lambda state: None,
    **metadata: str,
) -> Damage:
    """Return what changes a checkpoint."""

    def damage(run: Path) -> None:
        path = run / CHECKPOINT
        with safe_open(path, "pt") as file:
            told = json.loads(file.metadata()["training"])
        state = load_file(path)
        words(told)
        tensors(state)
        save_file(state, path, {"version": "1", "training": json.dumps(told), **metadata})

    return damage


CHECKPOINTS: dict[str, Damage] = {
    "missing": lambda r: (r / CHECKPOINT).unlink(),
    "cut short": lambda r: _cut(r / CHECKPOINT),
    "empty": lambda r: _write(r / CHECKPOINT, b""),
    "a pickle": lambda r: _write(r / CHECKPOINT, pickle.dumps(Bomb())),
    "another version": _checkpoint(version="9"),
    "no JSON": _checkpoint(training="{"),
    "deep JSON": _checkpoint(training="[" * 100_000),
    "huge JSON": _checkpoint(training="[" + "0," * 2**24 + "0]"),
    "another training": _checkpoint(lambda t: t["asked"].update(lr=0.5)),
    "settings of another kind": _checkpoint(lambda t: t.update(asked=[])),
    "a step before the first": _checkpoint(lambda t: t["place"].update(step=-1)),
    "a step that is a text": _checkpoint(lambda t: t["place"].update(step="7")),
    "no batch": _checkpoint(lambda t: t["place"].pop("batch")),
    "a schedule beyond counting": _checkpoint(lambda t: t.update(schedule=2**60)),
    "a learning rate of text": _checkpoint(lambda t: t.update(rates=["0.1"])),
    "a learning rate of infinity": _checkpoint(lambda t: t.update(rates=[float("inf")])),
    "too many learning rates": _checkpoint(lambda t: t.update(rates=[0.1, 0.1])),
    "no event": _checkpoint(lambda t: t.update(events={})),
    "an event of text": _checkpoint(lambda t: t["events"]["best"].update(best="x")),
    "weights of another shape": _checkpoint(tensors=lambda s: s.update({_named(s, "model/"): torch.zeros(3)})),
    "weights of another type": _checkpoint(
        tensors=lambda s: s.update({_named(s, "model/"): s[_named(s, "model/")].double()})
    ),
    "weights missing": _checkpoint(tensors=lambda s: s.pop(_named(s, "model/"))),
    "best weights missing": _checkpoint(tensors=lambda s: s.pop(_named(s, "best/"))),
    "optimizer of another shape": _checkpoint(tensors=lambda s: s.update({_named(s, "optimizer/"): torch.zeros(3)})),
    "a parameter that is not there": _checkpoint(tensors=lambda s: s.update({"optimizer/99/step": torch.zeros(())})),
    "a tensor more": _checkpoint(tensors=lambda s: s.update({"other": torch.zeros(3)})),
    "no random numbers": _checkpoint(tensors=lambda s: s.pop("random")),
    "random numbers that cannot be": _checkpoint(tensors=lambda s: s["random"].fill_(255)),
    "random numbers too few": _checkpoint(tensors=lambda s: s.update(random=s["random"][:100].clone())),
}


def _named(state: dict[str, torch.Tensor], prefix: str) -> str:
    return min(name for name in state if name.startswith(prefix))


STOPPED: dict[str, Damage] = {
    "a domain that leads out": _checkpoint(lambda t: t["asked"].update(domain="../../evil")),
    "no domain": _checkpoint(lambda t: t["asked"].pop("domain")),
    "settings that are a list": _checkpoint(lambda t: t["asked"].update(settings=[1])),
    "a setting that is none": _checkpoint(lambda t: t["asked"]["settings"].update({"__init__": 1})),
    "a source that leads out": _checkpoint(lambda t: t["asked"]["settings"].update(source="../../../etc/passwd")),
    "a seed that is a text": _checkpoint(lambda t: t["asked"].update(seed="x")),
}


@pytest.mark.parametrize("attack", STOPPED)
def test_a_hostile_plan_is_refused(attack: str, honest: Path, tmp_path: Path) -> None:
    from onionskin.learn.resume import stopped

    shutil.copytree(honest / "run", tmp_path / "run")
    STOPPED[attack](tmp_path / "run")
    with pytest.raises(osk.OnionskinError) as refused:
        stopped(tmp_path / "run")
    assert refused.value.fix


def _resumed(run: Path) -> tuple[Learner, Training]:
    learner = osk.vision("digits")
    return learner, learner.training(2, run=run, resume=True)


@pytest.mark.parametrize("attack", CHECKPOINTS)
def test_a_hostile_checkpoint_is_refused(attack: str, honest: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(honest / "run", run)
    CHECKPOINTS[attack](run)
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    random = torch.get_rng_state()
    with pytest.raises(osk.OnionskinError) as refused:
        _resumed(run)
    assert refused.value.fix
    assert len(str(refused.value)) < 500
    assert not TRACE.exists()
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
    torch.set_rng_state(random)


def test_the_honest_ones_are_taken(honest: Path, tmp_path: Path) -> None:
    shutil.copytree(honest / "run", tmp_path / "run")
    assert osk.load(honest / "learner").domain.goal.measure == "accuracy"
    _, training = _resumed(tmp_path / "run")
    assert next(iter(training)).step == 11


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])
