"""A recording that goes on after a stop or a kill is the recording of a training that was never stopped."""

from __future__ import annotations

import copy
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import onionskin as osk
from onionskin.errors import OnionskinError, OnionskinWarning
from onionskin.recording import arrays
from tests.recording import build

ROLES = ("weight", "gradient", "activation", "optimizer")


class Job:
    """A training that makes the same steps every time, and can begin at any."""

    def __init__(self, width: int = 8) -> None:
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Linear(width, 2))
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=0.01)
        self.step = 0

    def watch(self, run: Path, **options: Any) -> osk.Recorder:
        probes = torch.randn(3, 2, generator=torch.Generator().manual_seed(9))
        return osk.watch(self.model, self.optimizer, probes=probes, run=run, budget=1, every=1, roles=ROLES, **options)

    def train(self, recorder: osk.Recorder, until: int) -> None:
        for number in range(self.step, until):
            x = torch.randn(6, 2, generator=torch.Generator().manual_seed(number))
            loss = self.model(x).square().mean()
            loss.backward()
            self.optimizer.step()
            self.optimizer.zero_grad()
            recorder.log(loss=loss)
        self.step = until

    def state(self) -> tuple[int, Any, Any]:
        return copy.deepcopy((self.step, self.model.state_dict(), self.optimizer.state_dict()))

    def take_up(self, state: tuple[int, Any, Any]) -> None:
        self.step = state[0]
        self.model.load_state_dict(state[1])
        self.optimizer.load_state_dict(state[2])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> osk.Run:
    """A recording that was never stopped: 60 steps."""
    path = tmp_path_factory.mktemp("whole") / "run"
    job = Job()
    with job.watch(path) as recorder:
        job.train(recorder, 60)
    return osk.open_run(path)


@pytest.mark.parametrize("chunk", [arrays.CHUNK_BYTES, 256])
@pytest.mark.parametrize("is_killed", [False, True])
def test_it_is_as_if_it_had_never_stopped(
    chunk: int, is_killed: bool, whole: osk.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrays, "CHUNK_BYTES", chunk)  # small ones: many chunks, which are packed on closing
    job = Job()
    recorder = job.watch(tmp_path / "run")
    job.train(recorder, 25)
    state = job.state()
    job.train(recorder, 40)
    if is_killed:
        recorder.flush()
        shutil.copytree(tmp_path / "run", tmp_path / "killed")
        _let_die(tmp_path / "killed")
    recorder.close("KeyboardInterrupt")
    path = tmp_path / ("killed" if is_killed else "run")
    job = Job()
    job.take_up(state)
    recorder = job.watch(path, continues=25)
    cut = osk.open_run(path)
    assert cut.is_growing
    assert [frame.step for frame in cut.frames] == list(range(26))
    assert len(cut.scalars["loss"]) == 26
    job.train(recorder, 60)
    recorder.close()
    _same(osk.open_run(path), whole)


def _same(run: osk.Run, whole: osk.Run) -> None:
    assert not run.is_growing
    assert [frame.step for frame in run.frames] == [frame.step for frame in whole.frames]
    assert list(run.tensors) == list(whole.tensors)
    for name in (
        "pictures/weight",
        "pictures/optimizer",
        "statistics",
        "probes/outputs",
        "exact/float32",
        "space/maps",
    ):
        np.testing.assert_array_equal(run.read(name, slice(None)), whole.read(name, slice(None)), err_msg=name)
    for name in ("loss", "lr"):
        np.testing.assert_array_equal(run.scalars[name], whole.scalars[name])
    times = run.scalars["time"][1:]
    assert (np.diff(times) > 0).all()
    assert (np.diff([frame.time for frame in run.frames]) > 0).all()
    assert {(note.check, note.step) for note in run.health} == {(note.check, note.step) for note in whole.health}
    assert run.overhead.wall >= times[-1] > whole.frames[-1].time / 20
    assert run.overhead.seconds > sum(frame.cost for frame in run.frames[26:])
    assert run.status.ended == "finished"
    assert run.onnx() == whole.onnx()


def _let_die(path: Path) -> None:
    """Make a copied run look as if its recorder were gone."""
    text = (path / "status/zarr.json").read_text()
    (path / "status/zarr.json").write_text(text.replace(f'"pid":{os.getpid()}', f'"pid":{2**22 + 1}'))


class Killed(BaseException):
    """What a SIGKILL is to the code: nothing after it runs."""


@pytest.fixture
def moments(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[float], None]]:
    """Give what ends the process at the n-th change of the disk from now on; a file is then half written."""
    left = [float("inf")]

    def before(real: Callable[..., Any]) -> Callable[..., Any]:
        def change(*args: Any, **kwargs: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                if real is write_bytes:
                    write_bytes(args[0], args[1][: len(args[1]) // 2])
                raise Killed
            return real(*args, **kwargs)

        return change

    write_bytes = Path.write_bytes
    for owner, name in ((os, "replace"), (os, "unlink"), (os, "rmdir"), (os, "mkdir"), (Path, "write_bytes")):
        monkeypatch.setattr(owner, name, before(getattr(owner, name)))
    yield lambda count: left.__setitem__(0, count)
    left[0] = float("inf")


def test_a_kill_at_any_moment_of_going_on_leaves_a_run_that_opens(
    tmp_path: Path, moments: Callable[[float], None]
) -> None:
    from onionskin.recording.earlier import earlier

    step, kept = 30, 11  # frames of the built run are three steps apart
    original = osk.open_run(build.build_run(tmp_path / "original", chunk_bytes=arrays.CHUNK_BYTES))
    names = ("pictures/weight", "pictures/gradient", "statistics", "probes/outputs", "exact/float32")
    values = {name: original.read(name, slice(None)) for name in names}
    loss = original.scalars["loss"]
    seen = set()
    for moment in itertools.count():
        path = tmp_path / str(moment)
        shutil.copytree(tmp_path / "original", path)
        moments(moment)
        try:
            earlier(path, step).go_on(build.manifest(), [build.inputs()], build.status("growing"))
        except Killed:
            is_killed = True
        else:
            is_killed = False
        moments(float("inf"))
        run = osk.open_run(path)
        frames = [frame.step for frame in run.frames]
        seen.add(len(frames))
        assert frames in ([frame.step for frame in original.frames], list(range(0, step + 1, 3)))
        for name in names:
            np.testing.assert_array_equal(run.read(name, slice(0, len(frames))), values[name][: len(frames)])
        np.testing.assert_array_equal(run.scalars["loss"][: step + 1], loss[: step + 1])
        if is_killed and moment % 8 == 0:  # and it can go on from there
            again = _gone(path)
            writer = again.go_on(build.manifest(), [build.inputs()], build.status("growing"))
            writer.add_frame(build.frame_data(kept))
            writer.finish(build.status("closed"))
            assert [frame.step for frame in osk.open_run(path).frames] == list(range(0, 3 * kept + 1, 3))
            for name in names:
                np.testing.assert_array_equal(osk.open_run(path).read(name, slice(None)), values[name][: kept + 1])
        if not is_killed:
            break
    assert moment > 30
    assert seen == {kept, build.FRAMES}


def _gone(path: Path) -> Any:
    """Look at a run whose status says that another host still records it, as if that had been silent for long."""
    from onionskin.recording.arrays import read_json, write_json
    from onionskin.recording.earlier import earlier

    content = read_json(path / "status/zarr.json")
    content["attributes"]["status"]["updated"] = 0
    write_json(path / "status/zarr.json", content)
    return earlier(path, 30)


def test_what_cannot_go_on_has_a_remedy_and_stays_as_it_was(whole: osk.Run, tmp_path: Path) -> None:
    path = tmp_path / "run"
    shutil.copytree(whole.location, path)
    before = {file: file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}
    with pytest.raises(OnionskinError, match="a Sequential of 42 parameters"):
        Job(width=9).watch(path, continues=25)
    job = Job()
    with pytest.raises(OnionskinError, match="other tensors"):
        job.watch(path, continues=25)  # its optimizer has no state yet
    recorder = job.watch(tmp_path / "other")
    job.train(recorder, 25)
    recorder.close()
    with pytest.raises(OnionskinError, match="other probes"):
        osk.watch(job.model, job.optimizer, probes=torch.zeros(3, 2), run=path, roles=ROLES, continues=25)
    with pytest.raises(OnionskinError, match="is no step"):
        job.watch(path, continues=-1)
    with pytest.raises(OnionskinError, match="without a run"):
        osk.watch(job.model, continues=3)
    with pytest.raises(OnionskinError, match="there is no run"):
        job.watch(tmp_path / "nowhere", continues=3)
    packed = osk.pack(path, zipped=True)
    with pytest.raises(OnionskinError, match="unzip"):
        job.watch(packed, continues=3)
    packed.unlink()
    assert {file: file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()} == before
    recorder = Job().watch(tmp_path / "growing")
    with pytest.raises(OnionskinError, match=f"still being recorded by process {os.getpid()}"):
        Job().watch(tmp_path / "growing", continues=0)
    with pytest.warns(OnionskinWarning, match="no step was heard"):
        recorder.close()


def test_no_room_to_go_on(whole: osk.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run"
    shutil.copytree(whole.location, path)
    job = Job()
    recorder = job.watch(tmp_path / "other")
    job.train(recorder, 25)
    recorder.close()

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", refuse)
        with pytest.raises(OnionskinError, match="No space left on device"):
            job.watch(path, continues=25)
    assert len(osk.open_run(path).frames) == 61
    with job.watch(path, continues=25) as recorder:
        job.train(recorder, 60)
    _same(osk.open_run(path), whole)
