"""The same trials on a Ray cluster of two workers, with the same scores; and a cluster that does not answer."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from onionskin.errors import OnionskinError
from onionskin.lab.asking import Asking, ask
from onionskin.lab.ledger import Ledger


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A Ray cluster of this machine with two processors; yields its address."""
    ray, port, folder = Path(sys.executable).with_name("ray"), free_port(), f"/tmp/ray-{os.getpid()}"
    options = [
        "--head",
        f"--port={port}",
        "--num-cpus=2",
        "--include-dashboard=false",
        "--disable-usage-stats",
        "--block",
    ]
    monkeypatch.setenv("RAY_AUTH_MODE", "token")  # of its own, too: Ray keeps one for all clusters of a user otherwise
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
    # Of its own folder (its path has to be short: sockets lie in it), so that no other cluster is spoken to.
    process = subprocess.Popen(
        [str(ray), "start", *options, f"--temp-dir={folder}", "--node-ip-address=127.0.0.1"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with socket.socket() as knocking:
                if knocking.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.2)
        yield f"127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def scores(lab: Path) -> list[tuple[str, int, dict[str, float]]]:
    with Ledger(lab / "lab.sqlite") as ledger:
        (session,) = ledger.sessions("double-descent")
        return sorted((t.arm, t.seed, dict(t.numbers)) for t in ledger.trials(session))


def test_two_workers_measure_the_same_scores(cluster: str, tmp_path: Path) -> None:
    ask("double-descent", tmp_path / "here", is_quick=True, seeds=2)
    ask("double-descent", tmp_path / "there", is_quick=True, seeds=2, engine="ray", address=cluster)
    assert scores(tmp_path / "here") == scores(tmp_path / "there")


def test_an_address_that_does_not_answer_is_told_in_seconds_and_loses_nothing(tmp_path: Path) -> None:
    ask("double-descent", tmp_path, is_quick=True, seeds=1)
    before = scores(tmp_path)
    began = time.monotonic()
    with pytest.raises(OnionskinError, match=r"no Ray cluster answers at 127.0.0.1:\d+") as error:
        for _ in Asking("double-descent", tmp_path, is_quick=True, engine="ray", address=f"127.0.0.1:{free_port()}"):
            pass
    assert time.monotonic() - began < 20
    assert "--address" in error.value.fix
    with Ledger(tmp_path / "lab.sqlite") as ledger:
        *_, first = ledger.sessions("double-descent")
        assert sorted((t.arm, t.seed, dict(t.numbers)) for t in ledger.trials(first)) == before
