"""Tags are given at the start or when a run has ended, and stand in its manifest."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

import onionskin as osk
from onionskin.recording.tags import as_tags, tag
from tests.recording import build

FIXTURES = Path(__file__).parents[2] / "fixtures" / "format1"


def test_a_run_has_the_tags_that_it_was_recorded_with(tmp_path: Path) -> None:
    model = torch.nn.Linear(2, 2)
    with osk.watch(model, run=tmp_path / "run", tags=["bn", "lr=0.1", "bn"]) as run:
        run.step()
    assert osk.open_run(tmp_path / "run").manifest.tags == ("bn", "lr=0.1")
    with osk.watch(model, run=tmp_path / "one", tags="alone") as run:
        run.step()
    assert osk.open_run(tmp_path / "one").manifest.tags == ("alone",)


def test_tags_of_a_run_that_has_ended_are_changed_and_nothing_else_is(tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(FIXTURES / "packed", run)
    before = osk.open_run(run).manifest
    assert tag(run, add=["bn", "lr=0.1"]) == ("bn", "lr=0.1")
    assert tag(run, add=["new"], remove=["bn"]) == ("lr=0.1", "new")
    after = osk.open_run(run).manifest
    assert after.tags == ("lr=0.1", "new")
    assert {**after.to_json(), "tags": []} == {**before.to_json(), "tags": []}
    assert not list(run.glob(".*"))


@pytest.mark.parametrize("bad", [[""], [" "], ["a,b"], ["a\nb"], [7], 7, ["x" * 41], [str(n) for n in range(33)]])
def test_what_is_no_tag_is_refused_before_anything_is_written(bad: object, tmp_path: Path) -> None:
    with pytest.raises(osk.OnionskinError):
        as_tags(bad)
    with pytest.raises(osk.OnionskinError):
        osk.watch(torch.nn.Linear(2, 2), run=tmp_path / "run", tags=bad)  # type: ignore[arg-type]  # that is what is tried
    assert not (tmp_path / "run").exists()


def test_a_run_that_is_being_recorded_or_packed_in_one_file_keeps_its_tags(tmp_path: Path) -> None:
    writer = osk.recording.RunWriter(tmp_path / "live", build.manifest(), probe_inputs=[build.inputs()])
    status = build.status("growing")
    writer.write_status(type(status)(state="growing", updated=time.time(), pid=os.getpid(), host=socket.gethostname()))
    with pytest.raises(osk.OnionskinError, match="still being recorded"):
        tag(tmp_path / "live", add=["bn"])
    shutil.copytree(FIXTURES / "packed", tmp_path / "run")
    osk.pack(tmp_path / "run", zipped=True)
    with pytest.raises(osk.OnionskinError, match="no folder"):
        tag(tmp_path / "run.zip", add=["bn"])
    with pytest.raises(osk.OnionskinError, match="no tag 'bm'"):
        tag(tmp_path / "run", remove=["bm"])


def test_the_command(tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "packed", tmp_path / "run")

    def onionskin(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "onionskin", "tag", str(tmp_path / "run"), *arguments]
        return subprocess.run(command, capture_output=True, text=True)

    assert "no tags" in onionskin().stdout
    assert json.loads(onionskin("bn", "lr=0.1", "--json").stdout) == ["bn", "lr=0.1"]
    assert onionskin("--remove", "bn").stdout.strip().endswith(": lr=0.1")
    refused = onionskin("--remove", "lr=0.2")
    assert refused.returncode == 2
    assert "did you mean 'lr=0.1'" in refused.stderr
