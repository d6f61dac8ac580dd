"""``pip install .`` on a machine with neither Node nor PyTorch: it builds the page, opens runs and serves them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FIXTURE = ROOT / "fixtures" / "format1" / "packed"

#: What a checkout has that is not part of the sources.
_NOT_SOURCES = shutil.ignore_patterns(
    ".git", ".venv", "node_modules", "page", "runs", "__pycache__", ".*_cache", "*.egg-info", "dist"
)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A fresh environment with the package, installed from its sources without a Node on the path."""
    folder = tmp_path_factory.mktemp("machine")
    shutil.copytree(ROOT, folder / "source", ignore=_NOT_SOURCES)
    (folder / "source" / "onionskin" / "view").mkdir(exist_ok=True)
    shutil.copytree(ROOT / "web" / "src" / "page", folder / "source" / "web" / "src" / "page", dirs_exist_ok=True)
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    tools = folder / "tools"
    tools.mkdir()
    for name in ("sh", "env", "uname", "cat", "sed", "dirname", "basename"):
        path = shutil.which(name)
        if path:
            (tools / name).symlink_to(path)
    environment = {**os.environ, "PATH": f"{folder / 'venv' / 'bin'}:{tools}"}
    command: list[str | Path] = [
        folder / "venv" / "bin" / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-cache-dir",
        str(folder / "source"),
    ]
    assert shutil.which("node", path=environment["PATH"]) is None
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    shutil.rmtree(folder / "source")  # nothing of the checkout is left to lean on
    yield folder
    shutil.rmtree(folder)


def _run(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/nowhere", "HOME": str(installed)}
    command: list[str | Path] = [installed / "venv" / "bin" / "python", *arguments]
    return subprocess.run(command, cwd=installed, env=environment, capture_output=True, text=True)


def test_there_is_no_torch(installed: Path) -> None:
    assert "No module named 'torch'" in _run(installed, "-c", "import torch").stderr


def test_runs_open(installed: Path) -> None:
    facts = json.loads(_run(installed, "-m", "onionskin", "info", str(FIXTURE), "--json").stdout)
    assert facts["frames"] == 20
    code = (
        f"import onionskin as osk; print(osk.open_run({str(FIXTURE)!r}).tensors['weight/fc.weight'].picture(3).shape)"
    )
    assert _run(installed, "-c", code).stdout == "(10, 400)\n"
    assert _run(installed, "-m", "onionskin", "health", str(FIXTURE)).returncode == 0


def test_the_page_and_a_run_are_served(installed: Path) -> None:
    command: list[str | Path] = [installed / "venv" / "bin" / "onionskin", "view", str(FIXTURE), "--no-open", "--json"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={"PATH": "/nowhere"})
    try:
        assert server.stdout is not None
        address = json.loads(server.stdout.readline())["address"]
        with urllib.request.urlopen(address) as response:
            page = response.read().decode()
        assert "<script" in page
        script = page.split('src="')[1].split('"')[0].removeprefix("./")
        with urllib.request.urlopen(address + script) as response:
            assert len(response.read()) > 10_000
        with urllib.request.urlopen(f"{address}runs/0/zarr.json") as response:
            assert json.load(response)["node_type"] == "group"
    finally:
        server.terminate()
        server.communicate()


def test_what_needs_torch_says_so(installed: Path) -> None:
    done = _run(installed, "-m", "onionskin", "train", "digits")
    assert done.returncode == 2
    assert "pip install 'onionskin[torch]'" in done.stderr
