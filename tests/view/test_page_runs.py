"""The page in a real Chromium: runs that grow, end and are killed, many of them, damaged ones, and any static host."""

from __future__ import annotations

import functools
import http.server
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Browser, expect
from torch import nn

import onionskin as osk
from tests.recording import build
from tests.view.conftest import Show
from tests.view.look import Look, colours, difference

PAGE = Path(__file__).parents[2] / "onionskin" / "view" / "page"

TRAINING = """
import sys, time, torch
import onionskin as osk
torch.set_num_threads(1)
torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x = torch.randn(64, 8)
y = (x[:, 0] > 0).long() + (x[:, 1] > 0).long()
with osk.watch(model, optimizer, probes=x[:6], labels=y[:6], run="live", budget=1) as run:
    for step in range(int(sys.argv[1])):
        loss = torch.nn.functional.cross_entropy(model(x), y)
        loss.backward(); optimizer.step(); optimizer.zero_grad()
        run.log(loss=loss)
        time.sleep(0.02)
"""


@contextmanager
def _training(folder: Path, steps: int) -> Iterator[subprocess.Popen[bytes]]:
    """A training in a process of its own, that has written its first frame."""
    process = subprocess.Popen([sys.executable, "-c", TRAINING, str(steps)], cwd=folder)
    try:
        while not (folder / "live/frames/zarr.json").exists():
            assert process.poll() is None
            time.sleep(0.02)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def test_a_run_that_grows_is_followed_to_its_end(show: Show, tmp_path: Path) -> None:
    with _training(tmp_path, 600) as process:
        look = show(tmp_path / "live")
        look.wait_for_frame()
        expect(look.by("page")).to_have_attribute("data-state", "live")
        expect(look.by("follow")).to_have_text("following")
        seen = set()
        until = time.monotonic() + 2.5
        while time.monotonic() < until:
            seen.add(look.frame)
            look.page.wait_for_timeout(100)
        assert len(seen) >= 3  # it moves by itself
        look.keep("live")
        look.press("Home")
        look.wait_for_frame(0)
        look.page.wait_for_timeout(1500)
        assert look.frame == 0  # whoever looks back is not pulled away
        assert int(look.by("scrubber").get_attribute("data-frames") or 0) > max(seen)
        look.by("follow").click()
        expect(look.by("follow")).to_have_text("following")
        expect(look.by("scrubber")).not_to_have_attribute("data-frame", "0")
        process.wait()
        expect(look.by("page")).to_have_attribute("data-state", "finished", timeout=10_000)
        last = len(osk.open_run(tmp_path / "live").frames) - 1
        look.wait_for_frame(last)
        expect(look.by("state")).to_contain_text("finished")
        live = look.picture(look.by("map"))
    later = show(tmp_path / "live")
    later.wait_for_frame(last)
    later.page.wait_for_timeout(300)
    assert difference(live, later.picture(later.by("map"))) < 0.001  # followed live or opened later: the same picture


def test_a_killed_training_is_said_to_be_killed(show: Show, tmp_path: Path) -> None:
    with _training(tmp_path, 10_000) as process:
        look = show(tmp_path / "live")
        look.wait_for_frame()
        expect(look.by("state")).to_contain_text("live")
        look.page.wait_for_timeout(2500)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        expect(look.by("page")).to_have_attribute("data-state", "killed", timeout=15_000)
        expect(look.by("state")).to_contain_text("killed")
        frames = len(osk.open_run(tmp_path / "live").frames)
        assert frames > 20
        expect(look.by("scrubber")).to_have_attribute("data-frames", str(frames))
        look.press("Home")
        look.wait_for_frame(0)


def test_a_server_that_goes_away_is_said_and_what_was_read_stays(
    chromium: Browser, tmp_path: Path, digits: Path
) -> None:
    with _training(tmp_path, 10_000):
        command = [sys.executable, "-m", "onionskin", "view", str(tmp_path / "live"), "--no-open", "--json"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        address = json.loads(server.stdout.readline())["address"]
        look = Look(chromium, address, "", width=1200, height=700, scale=1)
        look.wait_for_frame()
        look.page.wait_for_timeout(1200)
        server.terminate()
        server.communicate()
        # Whichever notices first says it: what follows the run, or a reading that was under way.
        expect(look.by("trouble")).to_contain_text(re.compile("stopped answering|does not answer"))
        expect(look.by("trouble")).to_contain_text("onionskin view RUN")
        expect(look.by("state")).to_contain_text("was live")
        assert colours(look.picture(look.by("map"))) > 50
        look.close()


def test_many_runs_are_a_list_and_each_opens(show: Show, tmp_path: Path, digits: Path) -> None:
    for i in range(12):
        build.build_run(tmp_path / f"small-{i}")
    shutil.copytree(digits, tmp_path / "digits")
    broken = tmp_path / "broken"
    shutil.copytree(tmp_path / "small-0", broken)
    (broken / "zarr.json").write_text((broken / "zarr.json").read_text().replace('"format":1', '"format":99'))
    look = show(tmp_path)
    expect(look.by("run")).to_have_count(14)
    expect(look.by("run", name="digits")).to_contain_text("MLP · 3,466 parameters")
    expect(look.by("run", name="digits")).to_contain_text("2,640 steps")
    expect(look.by("run", name="broken")).to_contain_text("format 99")
    look.keep("list")
    look.by("run", name="digits").click()
    look.wait_for_frame()
    expect(look.page).to_have_url(re.compile("run=digits"))
    look.by("run-switch").select_option("small-3")
    expect(look.page).to_have_title("small · Onionskin")
    look.page.go_back()
    expect(look.page).to_have_title("digits · Onionskin")
    look.page.go_back()
    expect(look.by("run")).to_have_count(14)
    look.by("run", name="broken").click()
    expect(look.by("page")).to_have_attribute("data-state", "error")
    expect(look.by("message")).to_contain_text("format 99")
    expect(look.by("message")).to_contain_text("update")


def _damage(run: Path, name: str) -> None:
    file = next(p for p in sorted((run / name).rglob("*")) if p.is_file() and p.name != "zarr.json")
    file.write_bytes(file.read_bytes()[:40])


@pytest.mark.parametrize("name", ["pictures/weight", "statistics", "frames", "scalars", "probes/outputs"])
def test_a_damaged_run_says_so_and_the_page_lives(show: Show, tmp_path: Path, name: str) -> None:
    build.build_run(tmp_path / "run")
    _damage(tmp_path / "run", name)
    look = show(tmp_path / "run")
    told = look.page.locator('[data-testid="message"], [data-testid="trouble"]').first
    expect(told).to_contain_text("cannot be trusted")
    expect(told).to_contain_text("copy it again")


class _Named(nn.Module):
    """Its parts are called what an attacker would call them."""

    NAME = "<img src=x onerror=alert(1)>"

    def __init__(self) -> None:
        super().__init__()
        self.add_module(self.NAME, nn.Linear(4, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.get_submodule(self.NAME)(x)
        return out


def test_names_are_text_and_never_markup(show: Show, tmp_path: Path) -> None:
    model = _Named()
    with osk.watch(
        model,
        probes=torch.randn(3, 4),
        run=tmp_path / "run",
        labels=[0, 1, 2],
        classes=["<script>alert(2)</script>"] * 3,
    ) as recorder:
        recorder.log(**{"<b>loss</b>": 1.0})
        recorder.step()
    manifest = json.loads((tmp_path / "run/zarr.json").read_text())
    manifest["attributes"]["onionskin"]["title"] = "<svg onload=alert(3)>"
    (tmp_path / "run/zarr.json").write_text(json.dumps(manifest))
    look = show(tmp_path / "run")
    look.wait_for_frame()
    look.by("node").nth(1).click()
    assert _Named.NAME in look.page.inner_text("body")
    look.by("view-curves").click()
    assert "<b>loss</b>" in look.page.inner_text("body")
    look.page.wait_for_timeout(300)
    assert look.page.locator("img, svg[onload], script:not([src])").count() == 0
    assert look.page.title() == "<svg onload=alert(3)> · Onionskin"


@contextmanager
def _static_host(folder: Path) -> Iterator[str]:
    """The standard library's file server: it knows neither Range nor events."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class calls it so
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/site/"
    finally:
        server.shutdown()
        server.server_close()


def test_page_and_runs_on_any_static_host(chromium: Browser, digits: Path, tmp_path: Path) -> None:
    """Sharing is copying: the page, the folders and a list of them, below some path of some host."""
    site = tmp_path / "site"
    shutil.copytree(PAGE, site)
    shutil.copytree(digits, site / "runs/0")
    (site / "runs.json").write_text(json.dumps({"runs": [{"path": "runs/0", "name": "digits"}]}))
    with _static_host(tmp_path) as address:
        look = Look(chromium, address, "frame=20", width=1200, height=700, scale=1)
        look.wait_for_frame(20)
        assert colours(look.picture(look.by("map"))) > 100
        look.press("End")
        look.wait_for_frame(len(osk.open_run(digits).frames) - 1)
        look.close()
        assert look.complaints == []


def test_a_zip_opens_as_its_folder_does(show: Show, tmp_path: Path, digits: Path) -> None:
    shutil.copytree(digits, tmp_path / "digits")
    osk.pack(tmp_path / "digits", zipped=True)
    pictures = []
    for run in (tmp_path / "digits", tmp_path / "digits.zip"):
        look = show(run, view="frame=50")
        look.wait_for_frame(50)
        look.page.wait_for_timeout(300)
        pictures.append(look.picture(look.by("map")))
    assert difference(*pictures) == 0


def test_a_run_without_probes_and_one_without_frames_say_what_is_missing(show: Show, tmp_path: Path) -> None:
    model = nn.Linear(4, 2)
    recorder = osk.watch(model, run=tmp_path / "bare")
    recorder.step()
    recorder.close()
    look = show(tmp_path / "bare")
    look.wait_for_frame()
    expect(look.by("probes")).to_contain_text("no probes")
    expect(look.by("partial")).to_contain_text("no probes")
    empty = tmp_path / "empty"
    shutil.copytree(tmp_path / "bare", empty)
    for name in ("frames", "pictures", "statistics", "scalars", "exact"):
        shutil.rmtree(empty / name, ignore_errors=True)
    look = show(empty)
    expect(look.by("message")).to_contain_text("no frames")
