"""The command line, as a user types it."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

import onionskin as osk
from tests.recording import build

FIXTURE = Path(__file__).parents[1] / "fixtures" / "format1" / "packed"


def _onionskin(*arguments: str | Path, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "onionskin", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder)


def test_info(tmp_path: Path) -> None:
    done = _onionskin("info", FIXTURE, "--json")
    facts = json.loads(done.stdout)
    assert (facts["model"], facts["frames"], facts["state"], facts["probes"]) == ("Small", 20, "closed", 2)
    assert facts["share taken"] == 0.0175
    assert facts["warnings"][0]["fix"] == "do this"
    shown = _onionskin("info", FIXTURE).stdout
    for words in ("Small", "8,047", "step 6: conv has not moved", "2 frames, steps 4 to 8: over the budget"):
        assert words in shown
    assert json.loads(_onionskin("info", FIXTURE.parent / "growing", "--json").stdout)["state"] == "killed"


def test_health() -> None:
    assert isinstance(json.loads(_onionskin("health", FIXTURE, "--json").stdout), list)
    assert _onionskin("health", FIXTURE).returncode == 0


def test_pack(tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(FIXTURE.parent / "growing", run)
    done = _onionskin("pack", run, "--zip", "--json")
    packed = json.loads(done.stdout)
    assert packed["path"] == f"{run}.zip"
    assert packed["bytes"] == Path(packed["path"]).stat().st_size
    assert len(osk.open_run(packed["path"]).frames) == build.FRAMES
    assert f"{run}:" in _onionskin("pack", run).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tarin", "mnist"], "did you mean 'train'"),
        (["train", "minst"], "did you mean 'mnist'"),
        (["info"], "onionskin info --help"),
        (["info", "nowhere"], "there is no run at nowhere"),
        (["info", "http://127.0.0.1:9/x"], "cannot be reached"),
        (["health", "nowhere"], "there is no run at nowhere"),
        (["pack", "nowhere"], "there is no run at nowhere"),
        (["view", "nowhere"], "there is no run at nowhere"),
        (["view"], "onionskin train mnist"),
        (["train", "digits", "--budget", "9"], "no share of wall time"),
        (["train", "digits", "--seed", "x"], "--help"),
    ],
)
def test_errors_have_a_remedy_and_leave_nothing(arguments: list[str], said: str, tmp_path: Path) -> None:
    done = _onionskin(*arguments, folder=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "fix:" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not list(tmp_path.rglob("*"))


def test_train_ends_with_the_training_where_there_is_no_terminal(tmp_path: Path) -> None:
    (tmp_path / "runs" / "digits-1").mkdir(parents=True)  # somebody's: the next number is free
    done = _onionskin("train", "digits", "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["accuracy"] >= 0.97
    assert result["address"].startswith("http://127.0.0.1:")
    assert "recording to runs/digits-2, live at http" in done.stderr
    assert "held-out" in done.stderr
    assert osk.open_run(tmp_path / result["run"]).frames[-1].step == result["steps"]


def test_a_run_that_exists_is_kept(tmp_path: Path) -> None:
    build.build_run(tmp_path / "here")
    before = {path: path.read_bytes() for path in (tmp_path / "here").rglob("*") if path.is_file()}
    done = _onionskin("train", "digits", "--no-view", "--json", "--run", "here", folder=tmp_path)
    assert json.loads(done.stdout)["run"] == "here-2"
    assert "here exists already: recording to here-2" in done.stderr
    assert {path: path.read_bytes() for path in (tmp_path / "here").rglob("*") if path.is_file()} == before


def test_in_a_terminal_the_page_stays_until_ctrl_c(tmp_path: Path) -> None:
    terminal, inner = pty.openpty()
    command = [sys.executable, "-m", "onionskin", "train", "digits"]
    process = subprocess.Popen(command, stdout=inner, stderr=inner, stdin=inner, cwd=tmp_path, start_new_session=True)
    os.close(inner)
    said = b""
    while b"until Ctrl-C" not in said:
        said += os.read(terminal, 4096)
    address = re.search(rb"http://127\.0\.0\.1:\d+/", said)
    assert address
    with urllib.request.urlopen(f"{address[0].decode()}runs/0/frames/zarr.json") as response:
        assert response.status == 200
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 0
    os.close(terminal)
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(address[0].decode())


def test_ctrl_c_in_a_training_leaves_a_run(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "onionskin", "train", "mnist", "--no-view"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    run = tmp_path / "runs" / "mnist-1"
    while not (run / "frames" / "zarr.json").exists():
        time.sleep(0.1)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopped; what was trained so far is in runs/mnist-1" in said
    assert "Traceback" not in said
    recorded = osk.open_run(run)
    assert (recorded.status.state, recorded.status.ended) == ("closed", "KeyboardInterrupt")
    assert recorded.frames[-1].step == recorded.steps[-1]


def test_view_prints_where_it_listens(tmp_path: Path) -> None:
    build.build_run(tmp_path / "runs" / "one")
    build.build_run(tmp_path / "runs" / "two")
    command = [sys.executable, "-m", "onionskin", "view", "--no-open", "--json"]
    server = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    shown = json.loads(server.stdout.readline())
    assert len(shown["runs"]) == 2
    with urllib.request.urlopen(f"{shown['address']}runs.json") as response:
        assert len(json.load(response)["runs"]) == 2
    server.send_signal(signal.SIGINT)
    assert server.wait(timeout=10) == 0
    server.stdout.close()


def test_output_into_a_closed_pipe() -> None:
    command = f"{sys.executable} -m onionskin info {FIXTURE} | head -c 1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True)
    assert done.stderr == ""


def test_version_and_help() -> None:
    assert _onionskin("--version").stdout == f"onionskin {osk.__version__}\n"
    for words in ("train", "watch", "view", "info", "health", "pack"):
        assert words in _onionskin("--help").stdout
        assert _onionskin(words, "--help").returncode == 0
