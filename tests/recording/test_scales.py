"""What a closed run says of the scales of its pictures is what its statistics say; damage leaves it unsaid."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np

import onionskin as osk
from onionskin.recording import FrameData, RunWriter, Status
from onionskin.recording.pack import pack_arrays
from onionskin.recording.scales import describe_scales
from onionskin.recording.statistics import COLUMN
from tests.recording import build


def _said(run: Path) -> dict[str, list[float]] | None:
    scales: dict[str, list[float]] | None = json.loads((run / "statistics/zarr.json").read_text())["attributes"].get(
        "scales"
    )
    return scales


def test_a_closed_run_says_the_usual_and_the_largest_scale_of_each_tensor(tmp_path: Path) -> None:
    build.build_run(tmp_path / "run")
    said = _said(tmp_path / "run")
    assert said is not None
    table = np.asarray(osk.open_run(tmp_path / "run").statistics)[:, :, COLUMN["scale"]]
    assert len(said["usual"]) == table.shape[1]
    for usual, largest, column in zip(said["usual"], said["largest"], table.T, strict=True):
        known = sorted(float(scale) for scale in column if scale > 0)
        assert (usual, largest) == ((known[len(known) // 2], known[-1]) if known else (0, 0))
    assert 0 in said["largest"]  # of the tensor without values


def test_a_run_that_grows_or_is_damaged_says_nothing(tmp_path: Path) -> None:
    build.build_run(tmp_path / "run", finished=False)
    assert _said(tmp_path / "run") is None
    shutil.copytree(tmp_path / "run", tmp_path / "damaged")
    chunk = next((tmp_path / "damaged/statistics").glob("c.*"))
    chunk.write_bytes(chunk.read_bytes()[:30])
    describe_scales(tmp_path / "damaged/statistics", build.FRAMES)
    assert _said(tmp_path / "damaged") is None
    pack_arrays(tmp_path / "run", build.FRAMES)
    assert _said(tmp_path / "run") is not None


def test_a_flush_before_the_first_frame_writes_no_array_and_is_no_error(tmp_path: Path) -> None:
    """The first frame of a large model takes seconds: the writer's clock ticks before it is there."""
    writer = RunWriter(tmp_path / "run", build.manifest(), probe_inputs=[build.inputs()])
    writer.flush()
    assert not (tmp_path / "run/frames").exists()
    writer.add_frame(FrameData(step=0, time=0.0))
    writer.finish(Status("closed", 1.0, 1, "here", "finished"))
    assert len(osk.open_run(tmp_path / "run").frames) == 1
