"""TensorBoard on the same training, in the same browser: seconds to its first histogram, script, requests and bytes.

It is given what our run keeps: the loss of every step, and the kept values of each weight and gradient of each frame as
histograms. Ours shows its first frame (every node's weights and activations, the probes and the curve), TensorBoard the
first of its cards, four of which it asks for; each is opened in turns, with an empty cache, from a server that has read
everything. What they show is not the same, so the ratio says how long a person waits, and nothing of what for.
"""

from __future__ import annotations

import json
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser

from bench.page_runs import prepared
from bench.tab import opened
from tests.view.served import Served

REPEATS: Final = 5

#: The first card has a histogram in it, or a line.
_CHART: Final = "document.querySelectorAll('tb-histogram path, line-chart svg path, line-chart canvas').length > 3"


def measure(chromium: Browser, quick: bool) -> list[list[str]]:
    """Return both, and how many times as long TensorBoard takes."""
    head = ["page", "s to the first picture, median", "best", "script until then", "requests", "kB", "ratio"]
    program = _program()
    if program is None:
        return [head, ["TensorBoard is not installed: make bench", *[""] * 6]]
    served = Served(prepared("resnet"))
    found: dict[str, list[tuple[float, float, int, int]]] = {"Onionskin": [], "TensorBoard": []}
    try:
        with _tensorboard(program, prepared("tensorboard")) as address:
            for turn in range(1 + (2 if quick else REPEATS)):
                for name, where in (("Onionskin", served.address), ("TensorBoard", address)):
                    with opened(chromium, where) as tab:
                        seconds = tab.first_picture() if name == "Onionskin" else tab.wait_until(_CHART)
                        script = tab.account().script
                        one = (seconds, script, len(tab.requests), sum(size for _, size in tab.requests))
                    if turn:  # the first ones make the browser ready
                        found[name].append(one)
    finally:
        served.close()
    ours = statistics.median(one[0] for one in found["Onionskin"])
    return [head, *(_row(name, turns, ours) for name, turns in found.items())]


def _row(name: str, turns: list[tuple[float, float, int, int]], ours: float) -> list[str]:
    seconds, script, requests, size = (statistics.median(column) for column in zip(*turns, strict=True))
    return [
        name,
        f"{seconds:.2f}",
        f"{min(one[0] for one in turns):.2f}",
        f"{script:.2f} s",
        f"{requests:.0f}",
        f"{size / 1e3:,.0f}",
        f"{seconds / ours:.1f}",
    ]


def _program() -> str | None:
    """Return TensorBoard's command: beside this Python, or on the path."""
    beside = Path(sys.executable).with_name("tensorboard")
    return str(beside) if beside.exists() else shutil.which("tensorboard")


@contextmanager
def _tensorboard(program: str, logs: Path) -> Iterator[str]:
    """Serve the logs, and wait until all of them are read."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program, "--logdir", str(logs), "--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            address = f"http://127.0.0.1:{port}/"
            known, until = 0, time.monotonic() + 300
            while time.monotonic() < until:
                time.sleep(3)
                before, known = known, _tags(address)
                if known and known == before:
                    break
            yield address
        finally:
            process.terminate()


def _tags(address: str) -> int:
    """Return how many tags the server knows; 0 while it does not answer."""
    try:
        with urllib.request.urlopen(f"{address}data/plugin/timeseries/tags", timeout=20) as answer:
            said: dict[str, Any] = json.load(answer)
    except (OSError, ValueError):
        return 0
    return sum(len(tags) for kind in said.values() for tags in kind.get("runTagInfo", {}).values())
