"""Runs from a stranger: each is refused with its place and a remedy, and none fills the memory or leaves the folder."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import http.server
import json
import os
import resource
import shutil
import socket
import struct
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np
import pytest

import onionskin as osk
from onionskin.health import check_all, history_of
from onionskin.recording import remote, save_peel
from onionskin.recording.arrays import save_array
from onionskin.view.files import RunFiles
from tests.recording import build
from tests.recording.peel_run import peel_of

Damage = Callable[[Path], None]


def _edit(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def _manifest(change: Callable[[dict[str, Any]], None]) -> Damage:
    return lambda run: _edit(run / "zarr.json", lambda c: change(c["attributes"]["onionskin"]))


def _array(name: str, change: Callable[[dict[str, Any]], None]) -> Damage:
    return lambda run: _edit(run / name / "zarr.json", change)


def _set(**values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda content: content.update(values)


def _tensor(**values: Any) -> Damage:
    return _manifest(lambda m: m["tensors"][0].update(values))


def _truncate(name: str) -> Damage:
    def damage(run: Path) -> None:
        file = next(p for p in sorted((run / name).rglob("*")) if p.is_file() and p.name != "zarr.json")
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])

    return damage


_BOMB = gzip.compress(bytes(512 * 2**20), 9)  # half a megabyte that inflates to half a gigabyte


def _bomb(run: Path) -> None:
    (run / "probes/input/0/c.0.0.0.0").write_bytes(_BOMB)


def _bomb_in_a_shard(run: Path) -> None:
    shard = run / "frames/c/0/0"
    metadata = json.loads((run / "frames/zarr.json").read_text())
    rows = metadata["codecs"][0]["configuration"]["chunk_shape"][0]
    count = metadata["chunk_grid"]["configuration"]["chunk_shape"][0] // rows
    index = struct.pack(f"<{2 * count}Q", *[0, len(_BOMB)] * count)
    shard.write_bytes(_BOMB + index + struct.pack("<I", google_crc32c.value(index)))


def _write(name: str, content: str) -> Damage:
    def damage(run: Path) -> None:
        (run / name).write_text(content)

    return damage


def _peel(inside: str, **values: Any) -> Damage:
    """Change the first of the steps, programs or arrays of the peel; the peel itself where none is named."""

    def change(content: dict[str, Any]) -> None:
        peel = content["attributes"]["peel"]
        (peel[inside][0] if inside else peel).update(values)

    return lambda run: _edit(run / "peel/zarr.json", change)


HOSTILE: dict[str, Damage] = {
    "no manifest": lambda run: _edit(run / "zarr.json", lambda c: c["attributes"].clear()),
    "manifest is a list": lambda run: _edit(run / "zarr.json", lambda c: c["attributes"].update(onionskin=[1])),
    "manifest is no JSON": _write("zarr.json", "{"),
    "manifest is deep": _write("zarr.json", "[" * 100_000),
    "newer format": _manifest(_set(format=99)),
    "format is a text": _manifest(_set(format="1")),
    "other statistics": _manifest(_set(statistics=["norm"])),
    "negative shape": _tensor(shape=[-1, 4]),
    "huge shape": _tensor(shape=[2**40, 2**40]),
    "shape is true": _tensor(shape=[True]),
    "zero stride": _tensor(strides=[0, 1, 1, 1]),
    "strides of another rank": _tensor(strides=[1]),
    "role with a path": _tensor(role="../../../etc"),
    "offset beyond the row": _tensor(offset=2**50),
    "offset is NaN": _tensor(offset="NaN"),
    "two tensors with one name": _manifest(lambda m: m["tensors"].append(m["tensors"][0])),
    "edge to nowhere": _manifest(lambda m: m["graph"]["edges"].append({"source": "input", "target": "x"})),
    "groups in a circle": _manifest(
        lambda m: m["graph"]["groups"].extend(
            [
                {"path": "a", "type": "", "group": "b", "layer": 0, "lane": 0},
                {"path": "b", "type": "", "group": "a", "layer": 0, "lane": 0},
            ]
        )
    ),
    "lane is infinite": _manifest(lambda m: m["graph"]["nodes"][0].update(lane=float("inf"))),
    "exact in another file": _manifest(lambda m: m["exact"][0].update(array="../../passwd")),
    "exact of a python type": _manifest(lambda m: m["exact"][0].update(dtype="object")),
    "exact beyond the row": _manifest(lambda m: m["exact"][0].update(offset=2**40)),
    "outputs beyond the row": _manifest(lambda m: m["probes"]["outputs"][0].update(offset=2**40)),
    "no status": lambda run: shutil.rmtree(run / "status"),
    "status without a pid": lambda run: _edit(run / "status/zarr.json", lambda c: c["attributes"]["status"].pop("pid")),
    "a trillion frames": _array("frames", _set(shape=[10**12, 3])),
    "frames of another width": _array("frames", _set(shape=[20, 7])),
    "a huge chunk": _array(
        "statistics", lambda a: a["chunk_grid"]["configuration"].update(chunk_shape=[2**20, 2**20, 1])
    ),
    "a huge shard": _array(
        "pictures/weight", lambda a: a["chunk_grid"]["configuration"].update(chunk_shape=[2**40, 4058])
    ),
    "an object array": _array("frames", _set(data_type="object")),
    "a codec of no run": _array(
        "frames",
        _set(codecs=[{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "zstd", "configuration": {}}]),
    ),
    "negative array shape": _array("frames", _set(shape=[-5, 3])),
    "array is no JSON": _write("frames/zarr.json", "nope"),
    "names of scalars are numbers": lambda run: _edit(
        run / "scalars/zarr.json", lambda c: c["attributes"].update(names=[1])
    ),
    "cut statistics": _truncate("statistics"),
    "cut pictures": _truncate("pictures/weight"),
    "cut frames": _truncate("frames"),
    "cut outputs": _truncate("probes/outputs"),
    "gzip bomb": _bomb,
    "gzip bomb in a shard": _bomb_in_a_shard,
    "missing pictures": lambda run: shutil.rmtree(run / "pictures/weight"),
    "no peel where one is named": lambda run: shutil.rmtree(run / "peel"),
    "a peel that is a list": lambda run: _edit(run / "peel/zarr.json", lambda c: c["attributes"].update(peel=[])),
    "a peel of no level of its own": _manifest(lambda m: m["peel"].update(level="assembler")),
    "a peel of other levels": _manifest(lambda m: m["peel"].update(levels=["numpy"])),
    "a peel of a million levels": _manifest(lambda m: m["peel"].update(levels=["numpy"] * 10**6)),
    "a program of a hundred megabytes": _peel("programs", source="x" * 10**8),
    "a program that is a number": _peel("programs", source=3),
    "a line after the last": _peel("programs", lines=[10**9, 0]),
    "half a line": _peel("programs", lines=[1]),
    "a line of a step that is not there": _peel("programs", lines=[1, 10**9]),
    "a step of no part": _peel("steps", part="<script>"),
    "a formula without end": _peel("steps", formula="{" * 10**7),
    "an array of a step that is not there": _peel("arrays", step=10**9),
    "an array beyond the row": _peel("arrays", offset=2**50),
    "an array of another size": _peel("arrays", size=2**40),
    "an array that goes nowhere": _peel("arrays", strides=[0, 0]),
    "values of another length": _array("peel/values", _set(shape=[10**6, 4096])),
    "cut values of a peel": _truncate("peel/values"),
    "steps that go back": lambda run: _rewrite_frames(run),
}


def _rewrite_frames(run: Path) -> None:
    shutil.rmtree(run / "frames")
    save_array(run / "frames", np.array([[3.0, 0, 0], [1.0, 1, 0]]), ("frame", "column"))


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = build.build_run(tmp_path_factory.mktemp("runs") / "run")
    save_peel(run, peel_of(build.FRAMES))
    return run


def _read_everything(location: Path) -> None:
    run = osk.open_run(location)
    for tensor in run.tensors.values():
        for frame in run.frames:
            tensor.picture(frame.index)
    for name in run.scalars:
        run.scalars[name]
    run.probes.inputs()
    for frame in run.frames:
        run.probes.outputs(frame.index)
        run.probes.embedding(frame.index)
        run.weights(frame.index)
    assert run.peel
    check_all(history_of(run))


def test_the_healthy_run_reads(healthy: Path) -> None:
    _read_everything(healthy)


@pytest.mark.parametrize("name", HOSTILE)
def test_each_is_refused_with_a_remedy(name: str, healthy: Path, tmp_path: Path) -> None:
    run = tmp_path / "hostile"
    shutil.copytree(healthy, run)
    HOSTILE[name](run)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(osk.OnionskinError) as refused:
        _read_everything(run)
    assert refused.value.fix
    assert "Traceback" not in str(refused.value)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < 300, f"reading it took {grown:.0f} MiB"


@pytest.mark.parametrize("name", HOSTILE)
def test_packing_one_never_ends_in_a_traceback(name: str, healthy: Path, tmp_path: Path) -> None:
    run = tmp_path / "hostile"
    shutil.copytree(healthy, run)
    HOSTILE[name](run)
    try:
        osk.pack(run, zipped=True)
    except osk.OnionskinError as refused:
        assert refused.fix  # noqa: PT017  some of them can be packed, and that is fine


def test_a_zip_reaches_nothing_outside_it(healthy: Path, tmp_path: Path) -> None:
    outside = tmp_path / "secret"
    outside.write_text("secret")
    target = tmp_path / "evil.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for path in healthy.rglob("*"):
            if path.is_file():
                archive.write(path, path.relative_to(healthy).as_posix())
        archive.writestr("../secret", "overwritten")
        archive.writestr("/etc/nothing", "overwritten")
    _read_everything(target)
    assert outside.read_text() == "secret"


def test_a_zip_that_is_no_run(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("photo.txt", "a bear")
    with pytest.raises(osk.OnionskinError, match="holds no run"):
        osk.open_run(tmp_path / "photos.zip")
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04" + bytes(100))
    with pytest.raises(osk.OnionskinError):
        osk.open_run(tmp_path / "broken.zip")


def _zip_with_a_bomb(target: Path, healthy: Path, name: str) -> None:
    """A zip of a run in which one member inflates to 300 MB."""
    with zipfile.ZipFile(target, "w") as archive:
        for path in healthy.rglob("*"):
            if path.is_file() and path.relative_to(healthy).as_posix() != name:
                archive.write(path, path.relative_to(healthy).as_posix())
        with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:
            for _ in range(300):
                member.write(bytes(10**6))


async def _served(location: Path | str, name: str) -> bytes | None:
    """Read a file as the server of the page does."""
    files = RunFiles(location)
    try:
        return await files.read(name)
    finally:
        await files.close()


@pytest.mark.parametrize("name", ["zarr.json", "pictures/weight/c/0/0", "anything"])
def test_a_zip_bomb_is_not_inflated(healthy: Path, tmp_path: Path, name: str) -> None:
    _zip_with_a_bomb(tmp_path / "bomb.zip", healthy, name)
    with pytest.raises(osk.OnionskinError, match=f"'{name}' has 300,000,000 bytes"):
        osk.open_run(tmp_path / "bomb.zip")
    with pytest.raises(osk.OnionskinError, match="300,000,000"):
        asyncio.run(_served(tmp_path / "bomb.zip", name))


@pytest.mark.parametrize("name", ["zarr.json", "pictures/weight/c/0/0"])
def test_a_file_larger_than_any_of_a_run_is_not_read(healthy: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(healthy, tmp_path / "run")
    os.truncate(tmp_path / "run" / name, 10**12)  # sparse: it takes no space on the disk
    with pytest.raises(osk.OnionskinError, match="1,000,000,000,000 bytes"):
        _read_everything(tmp_path / "run")


def test_a_host_that_falls_silent_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "SILENCE_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:  # it takes the connection, and never says a word
        address = f"http://127.0.0.1:{server.getsockname()[1]}/run"
        with pytest.raises(osk.OnionskinError, match="cannot be reached"):
            osk.open_run(address)
        with pytest.raises(OSError, match="Timeout"):
            asyncio.run(_served(address, "zarr.json"))


class _Endless(http.server.BaseHTTPRequestHandler):
    """Answers every request with bytes that do not end."""

    sent = 0

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            while True:
                type(self).sent += self.wfile.write(bytes(10**6))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class calls it so
        pass


def test_a_host_that_never_stops_sending_is_left(tmp_path: Path) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Endless) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/run"
        with pytest.raises(osk.OnionskinError, match="no file of a run has more"):
            osk.open_run(address)
        with pytest.raises(osk.OnionskinError, match="no file of a run has more"):
            asyncio.run(_served(address, "zarr.json"))
        server.shutdown()
    assert _Endless.sent < 400e6
