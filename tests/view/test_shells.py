"""A run that is shared: one file without a network, and a folder on a host that knows nothing of us."""

from __future__ import annotations

import http.server
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

import onionskin as osk
from onionskin.recording.thin import CURVE_VALUES, choose, even
from onionskin.view import export, publish
from tests.recording import build
from tests.view.look import Look, colours

FIXTURE = Path(__file__).parents[2] / "fixtures" / "format1" / "packed"


class Host(http.server.ThreadingHTTPServer):
    """What ``python -m http.server`` runs: it knows no Range. Notes what it is asked for."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        self.ranges = 0
        handler = partial(_Handler, directory=str(folder))
        super().__init__(("127.0.0.1", 0), handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Host)
        self.server.asked.append(self.path)
        self.server.ranges += "Range" in self.headers
        super().do_GET()

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def hosted() -> Iterator[Any]:
    hosts: list[Host] = []

    def host(folder: Path) -> Host:
        hosts.append(Host(folder))
        return hosts[-1]

    yield host
    for one in hosts:
        one.shutdown()
        one.server_close()


@pytest.fixture
def look_at(chromium: Browser) -> Iterator[Any]:
    """Open an address: a file's with the network off. Whatever the page complains of fails the test."""
    looks: list[Look] = []

    def open_page(address: str, view: str = "", width: int = 1440, height: int = 820) -> Look:
        offline = address.startswith("file:")
        looks.append(Look(chromium, address, view, width=width, height=height, scale=1, offline=offline))
        return looks[-1]

    yield open_page
    for look in looks:
        look.close()
    for look in looks:
        assert look.complaints == []


def _named(tmp_path: Path, name: str, title: str) -> Path:
    """A run of a stranger's, with a name and a title that were chosen to do harm."""
    run = tmp_path / name
    shutil.copytree(FIXTURE, run)
    path = run / "zarr.json"
    content = json.loads(path.read_text())
    content["attributes"]["onionskin"]["title"] = title
    path.write_text(json.dumps(content))
    return run


def test_one_file_opens_with_the_network_off(look_at: Any, digits: Path, tmp_path: Path) -> None:
    done = export([digits], tmp_path / "digits.html")
    assert done.bytes <= 15e6
    assert done.runs[0].left_out == ()
    look = look_at(done.path.as_uri(), "frame=3&probe=2")
    look.wait_for_frame(3)
    expect(look.by("page")).to_have_attribute("data-state", "finished")
    assert look.page.title() == "digits · Onionskin"
    assert colours(look.picture(look.by("map"))) > 100
    assert look.by("copy-note").count() == 0  # nothing was left out
    look.press("End")
    look.wait_for_frame(len(osk.open_run(digits).frames) - 1)
    look.keep("export")
    policy = look.page.locator('meta[http-equiv="Content-Security-Policy"]').get_attribute("content")
    assert policy is not None
    assert "default-src 'none'" in policy
    phone = look_at(done.path.as_uri(), width=390, height=844)
    phone.wait_for_frame()
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
    phone.keep("export-phone")


def test_one_file_of_two_runs_has_their_list(look_at: Any, digits: Path, tmp_path: Path) -> None:
    out = tmp_path / "both.html"
    done = export([digits, FIXTURE], out)
    look = look_at(out.as_uri())
    assert look.by("run").count() == 2
    look.by("run", name="packed").click()
    look.wait_for_frame()
    assert [run.name for run in done.runs] == ["digits", "packed"]


def test_names_and_titles_do_no_harm(look_at: Any, hosted: Any, tmp_path: Path) -> None:
    title = "</script><script>alert(1)</script>\"'<!-- 🦊 \u2028"
    run = _named(tmp_path, "<img src=x onerror=alert(1)>\"'&lt; 🦊", title)
    out = tmp_path / "out.html"
    export([run], out)
    look = look_at(out.as_uri())
    look.wait_for_frame()
    assert "</script><script>alert(1)</script>" in look.page.inner_text("h1")
    assert "🦊" in look.page.title()
    done = publish([run], tmp_path / "site")
    assert re.fullmatch(r"runs/[A-Za-z0-9-]+", done.runs[0].path)
    look = look_at(f"{hosted(tmp_path).address}/site/")
    look.wait_for_frame()
    assert "alert(1)" in look.page.inner_text("h1")  # and no dialog: the page complains of none


def test_a_run_that_is_too_large_is_thinned_and_says_so(look_at: Any, digits: Path, tmp_path: Path) -> None:
    out = tmp_path / "small.html"
    done = export([digits], out, most_mb=2.5)
    whole = osk.open_run(digits)
    (run,) = done.runs
    assert out.stat().st_size <= 2.5e6
    assert run.of_frames == len(whole.frames) > run.frames >= 60
    assert run.left_out[0] == f"{run.of_frames - run.frames} of {run.of_frames} frames"
    look = look_at(out.as_uri())
    assert look.wait_for_frame() == run.frames - 1
    note = look.by("copy-note").inner_text()
    assert all(words in note for words in run.left_out)
    look.keep("export-thinned")


def test_frames_can_be_chosen(digits: Path, tmp_path: Path) -> None:
    assert export([digits], tmp_path / "a.html", frames=12).runs[0].frames == 12
    assert export([digits], tmp_path / "b.html", frames=range(0, 50, 5)).runs[0].frames == 10


def test_a_published_folder_needs_no_server_of_ours(look_at: Any, hosted: Any, digits: Path, tmp_path: Path) -> None:
    publish([digits, FIXTURE], tmp_path / "deep" / "site")
    assert (tmp_path / "deep" / "site" / ".nojekyll").is_file()
    host = hosted(tmp_path)
    look = look_at(f"{host.address}/deep/site/", "run=digits&frame=0")
    look.wait_for_frame(0)
    look.press("End")
    look.wait_for_frame(len(osk.open_run(digits).frames) - 1)
    for _ in range(12):
        look.press("Shift+ArrowLeft")
    look.settle()
    asked = list(host.asked)
    assert host.ranges == 0
    assert all(path.startswith("/deep/site/") for path in asked)  # nothing but relative addresses
    # A run that was closed within the last minute is looked at twice, and a scalar may have arrived late.
    shards = [path for path in asked if "/c/" in path and "/scalars/" not in path]
    assert shards
    assert len(shards) == len(set(shards))  # each once, whole
    assert not any(path.endswith("/live") for path in asked)
    time.sleep(2.5)
    later = host.asked[len(asked) :]
    assert [path for path in later if "icon" not in path] == []  # it polls nothing; the icon is the browser's own wish
    look.keep("published")


def test_a_growing_run_is_published_as_far_as_it_is(look_at: Any, hosted: Any, tmp_path: Path) -> None:
    run = build.build_run(tmp_path / "young", finished=False)
    done = publish([run], tmp_path / "site")
    assert done.runs[0].was_growing
    assert done.runs[0].frames == build.FRAMES
    host = hosted(tmp_path / "site")
    look = look_at(host.address + "/")
    assert look.wait_for_frame() == build.FRAMES - 1
    assert "still training" in look.by("state").inner_text()
    assert "still running when this copy was made" in look.by("copy-note").inner_text()
    assert not any(path.endswith("/live") for path in host.asked)


def test_publishing_again_replaces_what_changed(tmp_path: Path, digits: Path) -> None:
    site = tmp_path / "site"
    first = publish([digits], site)
    before = (site / "runs" / "digits" / "zarr.json").stat().st_ino
    again = publish([digits, FIXTURE], site)
    assert [run.was_there for run in again.runs] == [True, False]
    assert (site / "runs" / "digits" / "zarr.json").stat().st_ino == before
    assert {run["name"] for run in json.loads((site / "runs.json").read_text())["runs"]} == {"digits", "packed"}
    assert first.runs[0].path == again.runs[0].path
    listed = json.dumps([path.read_text() for path in site.rglob("*.json")])
    assert str(tmp_path) not in listed
    assert osk.open_run(digits).status.host not in listed  # a copy names no machine


def test_what_was_interrupted_goes_on(tmp_path: Path, digits: Path) -> None:
    site = tmp_path / "site"
    seen: list[str] = []

    def interrupt(name: str, done: int, of: int) -> None:
        seen.append(name)
        if name == "digits" and done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish([FIXTURE, digits], site, progress=interrupt)
    assert [path.name for path in (site / "runs").iterdir()] == ["packed"]  # no half of a run
    assert publish([FIXTURE, digits], site).runs[0].was_there
    assert len(osk.open_run(site / "runs" / "digits").frames) == len(osk.open_run(digits).frames)


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(osk.OnionskinError, match=r"no earlier publication.*thesis\.tex"):
        publish([FIXTURE], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    publish([FIXTURE], tmp_path, force=True)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    out = tmp_path / "out.html"
    out.write_text("mine")
    with pytest.raises(osk.OnionskinError, match="exists already"):
        export([FIXTURE], out)
    assert out.read_text() == "mine"
    export([FIXTURE], out, force=True)
    assert out.read_text().startswith("<!doctype html>")
    with pytest.raises(osk.OnionskinError, match="is a folder"):
        export([FIXTURE], tmp_path)


@pytest.mark.parametrize("write", [export, publish])
def test_a_place_that_takes_nothing(write: Any, tmp_path: Path) -> None:
    with pytest.raises(osk.OnionskinError, match="fix: "):
        write([FIXTURE], "/proc/nothing/out.html")
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(osk.OnionskinError, match="fix: "):
        write([FIXTURE], blocked / "out")


@pytest.mark.skipif(sys.platform != "linux", reason="a disk of one megabyte is mounted as Linux does")
@pytest.mark.parametrize("command", ["export", "publish"])
def test_a_full_disk_leaves_nothing_half(command: str, tmp_path: Path, digits: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    call = f"{sys.executable} -m onionskin {command} {digits} {disk}/out 2>&1; echo code $?; ls -A {disk} {disk}/out"
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    done = subprocess.run(
        ["unshare", "--mount", *as_root, "sh", "-c", f"mount -t tmpfs -o size=1m tmpfs {disk} && {call}"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    said = done.stdout + done.stderr
    assert "No space left on device" in said, said
    assert "fix: " in said
    assert "code 2" in said
    left = said.split("code 2")[1]
    assert "new" not in left
    assert "index.html" not in left  # a page without its run is not left as if it were whole


def test_a_run_that_cannot_be_made_so_small(tmp_path: Path, digits: Path) -> None:
    with pytest.raises(osk.OnionskinError, match=r"--max-mb"):
        export([digits], tmp_path / "out.html", most_mb=0.3)
    assert list(tmp_path.iterdir()) == []


def test_the_rule_of_thinning(digits: Path) -> None:
    run = osk.open_run(digits)
    smaller: list[int] = []
    for megabytes in (9.0, 3.0, 1.5, 0.8):
        choice = choose(run, digits, int(megabytes * 1e6))
        assert choice.frames[0] == 0
        assert choice.frames[-1] == len(run.frames) - 1
        assert all(np.diff(choice.frames) > 0)
        smaller.append(len(choice.frames) * len(run.manifest.tensors) - 1000 * len(choice.left_out))
    assert smaller == sorted(smaller, reverse=True)
    assert CURVE_VALUES > 0


@pytest.mark.parametrize("count", [1, 2, 3, 7, 30, 99, 100, 300])
def test_frames_are_chosen_evenly_and_telling_ones_first(count: int) -> None:
    frames, telling = tuple(range(100)), frozenset({13, 14, 77})
    kept = even(frames, telling, count)
    assert len(kept) == min(count, 100)
    assert list(kept) == sorted(set(kept))
    assert kept[-1] == 99
    if count > 1:
        assert kept[0] == 0
    if count >= 10:
        assert telling <= set(kept)
        assert max(np.diff(kept)) <= 2 * (100 / count) + 2


def test_files_are_readable_by_others(tmp_path: Path) -> None:
    publish([FIXTURE], tmp_path / "site")
    umask = os.umask(0)
    os.umask(umask)
    for path in (tmp_path / "site").rglob("*"):
        if path.is_file():
            assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask, path
