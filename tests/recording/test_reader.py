"""read(write(x)) = x: through our reader, through stock zarr, growing and packed, as folder, zip and over HTTP."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import zarr

import onionskin as osk
from onionskin.recording.codes import LARGEST, decode
from tests.recording import build


@pytest.fixture(scope="module", params=["growing", "packed", "zip", "http"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[osk.Run]:
    """The built run, in every place that a run can be read from."""
    path = build.build_run(tmp_path_factory.mktemp("runs") / "small", finished=request.param != "growing")
    if request.param == "zip":
        yield osk.open_run(osk.pack(path, zipped=True))
    elif request.param == "http":
        handler = functools.partial(_Quiet, directory=str(path.parent))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield osk.open_run(f"http://127.0.0.1:{server.server_port}/small")
        server.shutdown()
        server.server_close()
    else:
        yield osk.open_run(path)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """The standard library's file server: it knows no Range, as some static hosts do not."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name in the standard library
        pass


def test_pictures_come_back(run: osk.Run) -> None:
    for key, tensor in run.tensors.items():
        role = tensor.entry.role
        for frame in range(build.FRAMES):
            picture = tensor.picture(frame)
            if role == "gradient" and frame == 0:
                assert picture is None
                continue
            start = tensor.entry.offset
            wanted = build.values(frame, role)[start : start + tensor.entry.count].reshape(tensor.entry.kept)
            assert picture is not None, key
            finite = np.isfinite(wanted)
            largest = np.abs(wanted[finite]).max(initial=0)
            np.testing.assert_allclose(picture[finite], wanted[finite], atol=0.501 * largest / LARGEST)
            np.testing.assert_array_equal(picture[~finite], wanted[~finite])


def test_statistics_belong_to_their_tensor(run: osk.Run) -> None:
    fc = run.tensors["weight/fc.weight"]
    for frame in range(build.FRAMES):
        kept = build.values(frame, "weight")[fc.entry.offset : fc.entry.offset + fc.entry.count]
        assert fc.statistic("max")[frame] == kept.max()
        assert fc.statistic("ratio")[frame] == pytest.approx(0.01 / 0.99, rel=1e-3)
    assert run.tensors["gradient/conv.weight"].statistic("nan").tolist()[1:5] == [0, 0, 1, 0]
    assert np.isnan(run.tensors["gradient/conv.weight"].statistic("norm")[0])


def test_frames_scalars_and_steps(run: osk.Run) -> None:
    assert [frame.step for frame in run.frames] == list(range(0, 60, 3))
    assert run.frames[2].time == 0.5
    assert run.steps.tolist() == list(range(60))
    assert set(run.scalars) == {"loss", "accuracy"}
    assert np.isnan(run.scalars["loss"][0])
    assert run.scalars["loss"][4] == 0.25
    assert run.scalars["accuracy"][[0, 6, 12]].tolist() == [0.1, 0.5, 0.9]


def test_probes(run: osk.Run) -> None:
    (inputs,) = run.probes.inputs()
    np.testing.assert_array_equal(inputs, build.inputs())
    (outputs,) = run.probes.outputs(3)
    np.testing.assert_array_equal(outputs, build.outputs(3).reshape(2, 10))
    np.testing.assert_array_equal(run.probes.embedding(-1), [[19, 20, 21], [22, 23, 24]])
    assert (len(run.probes), run.probes.labels, run.probes.classes[3]) == (2, (3, 7), "3")


def test_exact_weights(run: osk.Run) -> None:
    state = run.exact(2)
    np.testing.assert_array_equal(state["fc.bias"], build.exact(2)["float32"][:10])
    assert state["steps"] == 2**40 + 2
    tensors = run.weights(2)
    assert tensors["gain"].dtype == torch.bfloat16
    assert tensors["steps"].dtype == torch.int64


def test_manifest_and_status(run: osk.Run) -> None:
    assert run.manifest == build.manifest()
    assert run.warnings[0].fix == "do this"
    assert run.health[0].value == 1e-7
    assert run.dropped[0].count == 2
    assert run.overhead.share == pytest.approx(0.035 / 2)
    assert run.graph.groups[0].path == "head"


def test_it_says_what_is_kept(run: osk.Run) -> None:
    assert run.tensors["weight/fc.weight"].entry.showing == "showing 4,000 of 8,000"
    assert run.tensors["weight/fc.bias"].entry.showing == "showing all 10"


@pytest.mark.parametrize("finished", [True, False], ids=["packed", "growing"])
def test_stock_zarr_reads_the_same_numbers(tmp_path: Path, finished: bool) -> None:
    path = build.build_run(tmp_path / "run", finished=finished)
    group: Any = zarr.open_group(path, mode="r")
    frames = group["frames"][:]
    assert frames[:, 0].tolist() == list(range(0, 60, 3))
    ours = osk.open_run(path)
    for i, entry in enumerate(ours.manifest.tensors):
        row = group[f"pictures/{entry.role}"][4, entry.offset : entry.offset + entry.count]
        scale = group["statistics"][4, i, -1]
        picture = ours.tensors[entry.key].picture(4)
        assert picture is not None
        np.testing.assert_array_equal(decode(row, float(scale)).reshape(entry.kept), picture)
    np.testing.assert_array_equal(group["exact/float32"][1], build.exact(1)["float32"])
    np.testing.assert_array_equal(group["scalars"][:, 0], ours.scalars["loss"])
    np.testing.assert_array_equal(group["probes/input/0"][:], build.inputs())
    assert ("sharding_indexed" in (path / "pictures/weight/zarr.json").read_text()) == finished
    if finished:
        lengths = {name: group[name].shape[0] for name in ("pictures/weight", "statistics", "probes/outputs")}
        assert set(lengths.values()) == {build.FRAMES}


def test_a_growing_run_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "run"
    writer = osk.recording.RunWriter(path, build.manifest(), probe_inputs=[build.inputs()])
    writer.write_status(build.status("growing"))
    run = osk.open_run(path)
    assert (len(run.frames), run.is_growing, len(run.scalars)) == (0, True, 0)
    writer.add_frame(build.frame_data(0))
    assert len(run.frames) == 0
    writer.flush()
    run.refresh()
    assert len(run.frames) == 1
    assert run.tensors["weight/fc.bias"].picture(0) is not None
    writer.finish(build.status("closed"))
    assert not run.is_growing


def test_a_name_that_is_not_there_has_a_remedy(run: osk.Run) -> None:
    with pytest.raises(osk.OnionskinError, match=r"did you mean 'weight/fc\.weight'"):
        run.tensors["weight/fc.wieght"]
    with pytest.raises(osk.OnionskinError, match="did you mean 'loss'"):
        run.scalars["los"]
    assert "nope" not in run.scalars
    with pytest.raises(osk.OnionskinError, match="it has 20 frames, from 0 to 19"):
        run.tensors["weight/fc.bias"].picture(20)
    with pytest.raises(osk.OnionskinError, match="did you mean 'norm'"):
        run.tensors["weight/fc.bias"].statistic("nrom")


def test_opening_what_is_not_there(tmp_path: Path) -> None:
    build.build_run(tmp_path / "bears")
    with pytest.raises(osk.OnionskinError, match="did you mean 'bears'"):
        osk.open_run(tmp_path / "beers")
    with pytest.raises(osk.OnionskinError, match="is a folder, but no run"):
        osk.open_run(tmp_path)
    (tmp_path / "text").write_text("hello")
    with pytest.raises(osk.OnionskinError, match=r"neither a run folder nor a \.zip"):
        osk.open_run(tmp_path / "text")
    with pytest.raises(osk.OnionskinError, match="cannot be reached"):
        osk.open_run("http://127.0.0.1:9/nothing")
