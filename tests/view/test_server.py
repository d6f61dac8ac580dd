"""The server hands out the page and the bytes of runs, with Range, says when a run grows, and nothing else."""

from __future__ import annotations

import asyncio
import functools
import http.client
import http.server
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

import onionskin as osk
from onionskin.recording.status import Status
from onionskin.view import find_runs, serve
from tests.recording import build
from tests.view.served import Served


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    runs = tmp_path_factory.mktemp("runs")
    build.build_run(runs / "first")
    build.build_run(runs / "second")
    osk.pack(runs / "second", zipped=True)
    (runs / "secret.txt").write_text("secret")
    (runs / "first" / "inner.txt").write_text("inside")
    (runs / "first" / "link").symlink_to(runs / "secret.txt")
    (runs / "first" / ".hidden").write_text("hidden")
    return runs


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Served]:
    server = Served(folder / "first", folder / "second.zip")
    yield server
    server.close()


def test_the_page_and_the_list_of_runs(served: Served) -> None:
    status, headers, content = served.get("/")
    assert (status, headers.get_content_type()) == (200, "text/html")
    assert b"<script" in content
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    _, _, listed = served.get("/runs.json")
    assert [run["name"] for run in json.loads(listed)["runs"]] == ["first", "second.zip"]


@pytest.mark.parametrize("run", ["runs/0", "runs/1"])
def test_files_come_whole_and_in_parts(served: Served, folder: Path, run: str) -> None:
    wanted = (folder / "first" / "pictures/weight/c/0/0").read_bytes()
    status, headers, content = served.get(f"/{run}/pictures/weight/c/0/0")
    assert (status, len(content)) == (200, len(wanted))
    assert headers["Accept-Ranges"] == "bytes"
    status, headers, content = served.get(f"/{run}/pictures/weight/c/0/0", Range="bytes=4-19")
    assert (status, content) == (206, wanted[4:20])
    assert headers["Content-Range"] == f"bytes 4-19/{len(wanted)}"
    status, _, content = served.get(f"/{run}/pictures/weight/c/0/0", Range="bytes=-7")
    assert (status, content) == (206, wanted[-7:])
    assert served.get(f"/{run}/pictures/weight/c/0/0", Range="bytes=99999999-")[0] == 416
    assert served.get(f"/{run}/zarr.json")[1].get_content_type() == "application/json"
    assert served.get(f"/{run}/pictures/weight/c/9/9")[0] == 404


def test_a_run_on_another_host_is_handed_on_over_one_connection(folder: Path) -> None:
    class Host(http.server.SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # a connection is kept until the other side closes it
        connections = 0

        def setup(self) -> None:
            super().setup()
            Host.connections += 1

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class calls it so
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Host, directory=str(folder))) as host:
        threading.Thread(target=host.serve_forever, daemon=True).start()
        server = Served(f"http://127.0.0.1:{host.server_address[1]}/first/")
        before = Host.connections  # those that opened the run
        for name in ["zarr.json", "frames/zarr.json", "frames/c/0/0", "pictures/weight/c/0/0"] * 3:
            status, _, content = server.get(f"/runs/0/{name}")
            assert (status, content) == (200, (folder / "first" / name).read_bytes())
        assert server.get("/runs/0/pictures/weight/c/9/9")[0] == 404
        assert Host.connections == before + 1
        server.close()
        host.shutdown()


def test_python_reads_a_run_through_it(served: Served) -> None:
    run = osk.open_run(f"{served.address}runs/0")
    np.testing.assert_array_equal(run.probes.outputs(3)[0], build.outputs(3).reshape(2, 10))
    picture = run.tensors["weight/fc.weight"].picture(19)
    assert picture is not None


@pytest.mark.parametrize(
    "path",
    [
        "/runs/0/../secret.txt",
        "/runs/0/%2e%2e/secret.txt",
        "/runs/0/..%2fsecret.txt",
        "/runs/0/pictures/../../secret.txt",
        "/runs/0//etc/passwd",
        "/runs/0/%2fetc%2fpasswd",
        "/runs/0/link",
        "/runs/0/.hidden",
        "/runs/0/.reserve",
        "/runs/0/pictures",
        "/runs/0/pictures/",
        "/runs/0/",
        "/runs/0",
        "/runs/",
        "/runs/7/zarr.json",
        "/runs/99999999999999999999/zarr.json",
        "/runs/-1/zarr.json",
        "/runs/0/zarr.json%00",
        "/runs/0/..\\secret.txt",
        "/runs/1/../first/inner.txt",
        "/runs/1/%2e%2e/x",
        "/assets/../server.py",
        "/assets/%2e%2e/%2e%2e/server.py",
        "/assets/",
        "/secret.txt",
    ],
)
def test_nothing_outside_a_run_and_no_listing(served: Served, path: str) -> None:
    status, _, content = served.get(path)
    assert status in (400, 403, 404), content[:200]
    assert b"secret" not in content.replace(path.encode(), b"")
    assert b"hidden" not in content.replace(path.encode(), b"")


def test_a_foreign_name_for_this_machine_is_refused(served: Served) -> None:
    port = urlsplit(served.address).port
    assert served.get("/runs.json", host="evil.example")[0] == 403
    assert served.get("/runs.json", host=f"evil.example:{port}")[0] == 403
    for name in ("localhost", f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}", "[::1]"):
        assert served.get("/runs.json", host=name)[0] == 200, name


def _events(served: Served, count: int, seen: list[tuple[float, str]]) -> None:
    address = urlsplit(served.address)
    with closing(http.client.HTTPConnection(str(address.hostname), address.port, timeout=20)) as connection:
        connection.request("GET", "/runs/0/live")
        with connection.getresponse() as response:
            assert response.headers.get_content_type() == "text/event-stream"
            while len(seen) < count and (line := response.readline().decode()):
                if line.startswith("event:"):
                    seen.append((time.monotonic(), line.split(":")[1].strip()))


def test_a_growing_run_is_told_within_half_a_second(tmp_path: Path) -> None:
    writer = osk.recording.RunWriter(tmp_path / "run", build.manifest(), probe_inputs=[build.inputs()])
    writer.write_status(build.status("growing"))
    served = Served(tmp_path / "run")
    seen: list[tuple[float, str]] = []
    listener = threading.Thread(target=_events, args=(served, 6, seen))
    listener.start()
    written = []
    for frame in range(4):
        time.sleep(0.6)
        writer.add_frame(build.frame_data(frame))
        writer.flush()
        written.append(time.monotonic())
    time.sleep(0.6)
    writer.finish(Status("closed", time.time(), 1, "here", "finished"))
    listener.join(timeout=10)
    served.close()
    assert [event for _, event in seen].count("ended") <= 1
    for moment in written:
        assert min(when - moment for when, _ in seen if when >= moment) < 0.5


def test_the_tail_of_a_finished_run_ends(served: Served) -> None:
    seen: list[tuple[float, str]] = []
    _events(served, 3, seen)
    assert [event for _, event in seen] == ["grown", "ended"]


def test_find_runs(folder: Path, tmp_path: Path) -> None:
    assert {Path(run).name for run in find_runs([folder])} == {"first", "second", "second.zip"}
    with pytest.raises(osk.OnionskinError, match="there are no runs in"):
        find_runs([tmp_path])
    with pytest.raises(osk.OnionskinError, match="did you mean 'first'"):
        find_runs([folder / "frist"])


def test_a_port_that_is_taken(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(osk.OnionskinError, match=f"cannot listen on 127.0.0.1:{port}"):
            asyncio.run(serve([folder], port=port))
    with pytest.raises(osk.OnionskinError, match="cannot listen"):
        asyncio.run(serve([folder], port=99999999))
