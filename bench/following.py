"""A run that grows while it is looked at: from disk to screen, and what hours of growth cost."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser

from bench.page_runs import prepared
from bench.tab import Tab, opened
from tests.view.served import Served

#: Appended one by one, about as often as a recorder writes.
FRAMES: Final = 12
SPACING_SECONDS: Final = 0.75

#: Eight hours of a training of 18 steps a second, with a frame every seven seconds.
LONG_STEPS: Final = 520_000
LONG_FRAMES: Final = 4_000

_WATCH: Final = """
window.__seen = []
new MutationObserver(([first]) => {
  const frame = Number(first.target.dataset.frame)
  requestAnimationFrame(() => requestAnimationFrame(() =>
    window.__seen.push([frame, (performance.timeOrigin + performance.now()) / 1000])))
}).observe(document.querySelector('[data-testid=scrubber]'), { attributes: true, attributeFilter: ['data-frame'] })"""


class Grower:
    """The process that appends."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.frames = 0
        self.steps = 0

    def append(self, steps: int, frames: int) -> float:
        """Append so many, and return the moment at which they could be seen (seconds since 1970)."""
        assert self._process.stdin
        assert self._process.stdout
        print(steps, frames, file=self._process.stdin, flush=True)
        self.frames += frames
        self.steps += steps
        return float(self._process.stdout.readline())


@contextmanager
def growing(source: Path, target: Path) -> Iterator[Grower]:
    """Let a run grow in a process of its own."""
    command = [sys.executable, "-m", "bench.grower", str(source.resolve()), str(target.resolve())]
    here = Path(__file__).parents[1]
    with subprocess.Popen(command, cwd=here, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        process.stdout.readline()
        yield Grower(process)
        process.stdin.close()


def measure(chromium: Browser, quick: bool) -> list[list[str]]:
    """Return the delays, and the cost of an update early and late."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        with growing(prepared("library") / "run-000", run) as grower:
            grower.append(10, 2)
            served = Served(run)
            try:
                with opened(chromium, served.address) as tab:
                    return _followed(
                        tab, grower, LONG_STEPS // (10 if quick else 1), LONG_FRAMES // (10 if quick else 1)
                    )
            finally:
                served.close()


def _followed(tab: Tab, grower: Grower, steps: int, frames: int) -> list[list[str]]:
    tab.first_picture()
    tab.settle_drawn()
    tab.page.evaluate(_WATCH)
    early, early_delays = _append_one_by_one(tab, grower)
    early_held = tab.held()
    portions = 26
    for _ in range(portions):
        grower.append(steps // portions, frames // portions)
        time.sleep(0.3)
    tab.wait_for_frame(grower.frames - 1)
    tab.settle_drawn()
    late, late_delays = _append_one_by_one(tab, grower)
    late_held = tab.held()
    long = f"{grower.frames:,} frames, {grower.steps:,} steps"
    delays = early_delays + late_delays
    return [
        ["what", "at first", f"at {long}", "bar"],
        ["delay from disk to screen, median", _ms(early_delays), _ms(late_delays), f"1,000 ms (all: {_ms(delays)})"],
        ["script an update, median", _ms(early), _ms(late), "no slower"],
        ["objects held", _mb(early_held["objects"]), _mb(late_held["objects"]), ""],
        ["arrays held", _mb(early_held["arrays"]), _mb(late_held["arrays"]), "bounded caches, and the tables"],
        ["textures", _mb(early_held["textures"]), _mb(late_held["textures"]), "flat"],
    ]


def _append_one_by_one(tab: Tab, grower: Grower) -> tuple[list[float], list[float]]:
    """Append frame by frame; return the script of each update and the delay of each frame (seconds)."""
    scripts, delays = [], []
    for _ in range(FRAMES):
        before = tab.account()
        revealed = grower.append(10, 1)
        time.sleep(SPACING_SECONDS)
        tab.wait_for_frame(grower.frames - 1)
        tab.draw()
        scripts.append(tab.account().script - before.script)
        seen = tab.page.evaluate("window.__seen.splice(0)")
        delays.append(min(when for frame, when in seen if frame >= grower.frames - 1) - revealed)
    return scripts, delays


def _ms(seconds: list[float]) -> str:
    return f"{1e3 * statistics.median(seconds):,.0f} ms"


def _mb(held: int) -> str:
    return f"{held / 1e6:.1f} MB"
