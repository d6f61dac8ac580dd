"""Promise 4: whatever goes wrong while recording is one warning in the run, and the training goes on."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch
from torch import nn

import onionskin as osk
from onionskin.errors import OnionskinWarning
from onionskin.watch.camera import Camera


def _train(recorder: osk.Recorder, model: nn.Module, optimizer: torch.optim.Optimizer, steps: int = 5) -> None:
    for _ in range(steps):
        loss = model(torch.randn(6, 4)).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        recorder.log(loss=loss)


def _small() -> tuple[nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    return model, torch.optim.SGD(model.parameters(), lr=0.1)


def test_probes_that_the_model_rejects(tmp_path: Path) -> None:
    model, optimizer = _small()
    with pytest.warns(OnionskinWarning, match="mat1 and mat2 shapes cannot be multiplied"):
        recorder = osk.watch(model, optimizer, probes=torch.randn(3, 5), run=tmp_path / "run", budget=1)
    _train(recorder, model, optimizer)
    recorder.close()
    run = osk.open_run(tmp_path / "run")
    assert len(run.frames) == 6
    assert "accepts" in run.warnings[0].fix
    assert "mat1 and mat2" in run.graph.partial
    assert {entry.role for entry in run.manifest.tensors} == {"weight", "gradient"}


def test_a_model_that_breaks_on_the_probes_later(tmp_path: Path) -> None:
    model, optimizer = _small()
    recorder = osk.watch(model, optimizer, probes=torch.randn(3, 4), run=tmp_path / "run", budget=1, every=1)
    _train(recorder, model, optimizer, 2)
    model[1] = nn.Conv2d(1, 1, 1)  # type: ignore[operator]  # from here on it takes no rows
    with pytest.warns(OnionskinWarning, match="showing the probes failed"):
        optimizer.step()
    recorder.close()
    assert [frame.step for frame in osk.open_run(tmp_path / "run").frames] == [0, 1, 2, 3]


def test_a_mistake_of_our_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, optimizer = _small()
    recorder = osk.watch(model, optimizer, run=tmp_path / "run", budget=1, every=1)

    def stumble(*_: object) -> None:
        raise ZeroDivisionError("a bug of ours")

    with monkeypatch.context() as patched, pytest.warns(OnionskinWarning, match="a bug of ours") as said:
        patched.setattr(Camera, "take", stumble)
        _train(recorder, model, optimizer, 4)
    assert len(said) <= 4
    recorder.close()
    run = osk.open_run(tmp_path / "run")
    assert any("a bug of ours" in warning.what for warning in run.warnings)
    assert len(run.scalars["loss"]) == 5


def test_warnings_as_errors_do_not_stop_the_training(tmp_path: Path) -> None:
    """Under -W error a warning would be an exception: it goes to stderr instead."""
    script = (
        "import torch, onionskin as osk\n"
        "model = torch.nn.Linear(4, 2); optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n"
        "with osk.watch(model, optimizer, probes=torch.randn(2, 9), run='run'):\n"
        "    model(torch.randn(3, 4)).sum().backward(); optimizer.step()\n"
        "print('trained')\n"
    )
    command = [sys.executable, "-W", "error::UserWarning", "-c", script]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "trained\n"
    assert "fix: give probes" in done.stderr


def test_what_cannot_be_logged(tmp_path: Path) -> None:
    model, optimizer = _small()
    with osk.watch(model, optimizer, run=tmp_path / "run") as recorder:
        with pytest.warns(OnionskinWarning) as said:
            recorder.log(loss=torch.ones(3))
            recorder.log(loss=torch.ones(3))
            recorder.log(name="text")  # type: ignore[arg-type]
            recorder.log(phase=torch.tensor(1 + 2j))
        assert len(said) == 3  # each is said once
        recorder.log(good=1, also=torch.tensor([2.0]), third=True)
        _train(recorder, model, optimizer, 1)
    run = osk.open_run(tmp_path / "run")
    assert run.scalars["also"][0] == 2
    assert all("log numbers" in warning.fix for warning in run.warnings)


def test_values_still_on_an_accelerator_are_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tensor that is not on the CPU is copied, never read, in the step: here reading it is an error."""
    model, optimizer = _small()
    distant = torch.ones((), device="meta")
    with osk.watch(model, optimizer, run=tmp_path / "run") as recorder:
        with monkeypatch.context() as patched:
            patched.setattr(torch.Tensor, "item", lambda _: pytest.fail("a sync in the step"))
            patched.setattr(torch.Tensor, "__float__", lambda _: pytest.fail("a sync in the step"))
            recorder.log(distant=distant)
        recorder._logged._later.clear()


def test_a_model_on_no_device(tmp_path: Path) -> None:
    with torch.device("meta"):
        model = nn.Linear(4, 2)
    with pytest.warns(OnionskinWarning, match="'weight' and 1 more cannot be read") as said:
        recorder = osk.watch(model, probes=torch.randn(2, 4), run=tmp_path / "run")
    assert "put the model on a device" in str(said[0].message)
    recorder.step()
    recorder.log(loss=1.0)
    recorder.close()
    run = osk.open_run(tmp_path / "run")
    assert [tensor.entry.role for tensor in run.tensors.values() if tensor.entry.role == "weight"] == []
    assert run.scalars["loss"][1] == 1


def test_two_watchers_on_one_model(tmp_path: Path) -> None:
    model, optimizer = _small()
    first = osk.watch(model, optimizer, run=tmp_path / "a", budget=1, every=1)
    with pytest.warns(OnionskinWarning, match=r"is being recorded already, to .*a"):
        second = osk.watch(model, optimizer, run=tmp_path / "b", budget=1, every=1)
    for _ in range(3):
        model(torch.randn(2, 4)).sum().backward()
        optimizer.step()
    first.close()
    second.close()
    assert len(osk.open_run(tmp_path / "a").frames) == len(osk.open_run(tmp_path / "b").frames) == 4


def test_a_path_that_exists_gets_a_number(tmp_path: Path) -> None:
    model, optimizer = _small()
    for name in ("bears", "bears-2", "bears-3"):
        if name == "bears":
            recorder = osk.watch(model, optimizer, run=tmp_path / "bears")
        else:
            with pytest.warns(OnionskinWarning, match=f"recording to .*{name}"):
                recorder = osk.watch(model, optimizer, run=tmp_path / "bears")
        assert recorder.path == tmp_path / name
        _train(recorder, model, optimizer, 1)
        recorder.close()


def test_no_step_was_heard(tmp_path: Path) -> None:
    model, _ = _small()
    with pytest.warns(OnionskinWarning, match="no step was heard") as said, osk.watch(model, run=tmp_path / "run"):
        pass
    assert "run.step()" in str(said[0].message)


def test_an_exception_in_the_training_is_its_own(tmp_path: Path) -> None:
    model, optimizer = _small()
    with pytest.raises(KeyError, match="mine"), osk.watch(model, optimizer, run=tmp_path / "run") as recorder:
        _train(recorder, model, optimizer, 3)
        raise KeyError("mine")
    run = osk.open_run(tmp_path / "run")
    assert (run.status.state, run.status.ended, run.frames[-1].step) == ("closed", "KeyError", 3)


def _on_a_tiny_disk(folder: Path, script: str) -> str:
    """Run a script in a folder that is a file system of one megabyte. Returns what it said on stderr.

    The disk is mounted in a namespace of the script's own, which needs no root and is gone with it.
    """
    disk = folder / "disk"
    disk.mkdir()
    (folder / "script.py").write_text(textwrap.dedent(script))
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    inside = f"mount -t tmpfs -o size=1m tmpfs {disk} && cd {disk} && exec {sys.executable} {folder / 'script.py'}"
    command = ["unshare", "--mount", *as_root, "sh", "-c", inside]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stderr


needs_namespaces = pytest.mark.skipif(sys.platform != "linux", reason="a disk of one megabyte is mounted as Linux does")


@needs_namespaces
def test_a_full_disk(tmp_path: Path) -> None:
    script = """
        import torch, onionskin as osk
        torch.manual_seed(0)
        model = torch.nn.Linear(200, 200)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        with osk.watch(model, optimizer, run="run", budget=1, every=1) as recorder:
            for _ in range(120):
                loss = model(torch.randn(4, 200)).square().mean()
                loss.backward()
                optimizer.step()
                recorder.log(loss=loss)
        run = osk.open_run("run")
        assert 0 < len(run.frames) < 121
        assert run.tensors["weight/weight"].picture(len(run.frames) - 1) is not None
        assert any("the disk refused" in warning.what for warning in run.warnings)
        assert any(dropped.why == "the disk refused" for dropped in run.dropped)
    """
    said = _on_a_tiny_disk(tmp_path, script)
    assert said.count("the disk refused to take the run") == 1  # each thing is said once
    assert "make space" in said


@needs_namespaces
def test_a_disk_with_space_again(tmp_path: Path) -> None:
    """Frames are kept again as soon as there is some, and the run closes."""
    script = """
        import pathlib, time, torch, onionskin as osk
        model = torch.nn.Linear(60, 60)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        recorder = osk.watch(model, optimizer, run="run", budget=1, every=1)
        filler = pathlib.Path("filler")
        try:
            with filler.open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))
        except OSError:
            pass
        for step in range(6):
            if step == 4:
                filler.unlink()
            model(torch.randn(4, 60)).sum().backward()
            optimizer.step()
            time.sleep(0.7)  # longer than two flushes of the writer, all in all
        recorder.close()
        run = osk.open_run("run")
        assert run.status.state == "closed"
        assert run.frames[-1].step == 6
        assert any("No space left" in warning.what for warning in run.warnings)
    """
    assert "No space left on device" in _on_a_tiny_disk(tmp_path, script)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"budget": 0}, "no share of wall time"),
        ({"budget": 2}, "no share of wall time"),
        ({"budget": "much"}, "no share of wall time"),
        ({"every": 0}, "no number of steps"),
        ({"roles": ["wieght"]}, "did you mean 'weight'"),
        ({"probes": "bears"}, "hold no tensor"),
        ({"labels": ["a", "b"]}, "not class numbers"),
        ({"run": "/proc/nothing/run"}, "cannot make the run folder"),
    ],
)
def test_arguments_that_make_no_sense(options: dict[str, object], match: str) -> None:
    model, optimizer = _small()
    with pytest.raises(osk.OnionskinError, match=match):
        osk.watch(model, optimizer, **options)  # type: ignore[arg-type]
    assert not list(Path().iterdir())  # nothing was written


def test_what_is_no_model_and_no_optimizer() -> None:
    model, _ = _small()
    with pytest.raises(osk.OnionskinError, match=r"not a torch\.nn\.Module"):
        osk.watch("model")  # type: ignore[arg-type]
    with pytest.raises(osk.OnionskinError, match="'g' is a int"):
        osk.watch({"g": 3})  # type: ignore[dict-item]
    with pytest.raises(osk.OnionskinError, match=r"call run\.step"):
        osk.watch(model, object())  # type: ignore[arg-type]
    other = torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=0.1)
    with pytest.warns(OnionskinWarning, match="none of the parameters of SGD belong to the model"):
        recorder = osk.watch(model, other, run="run")
    recorder.step()
    recorder.close()
