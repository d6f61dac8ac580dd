"""Scrubbing through 300 frames of ResNet-18, key by key: script on the main thread, requests, and memory.

Script is what the browser's own clock (``Performance.getMetrics``, ``ScriptDuration``) adds up between a key and the
second animation frame after its picture: all that runs on the main thread, also what is read ahead of the hand.
Memory is what stays after a forced collection: objects, array buffers, and the textures of every WebGL context.
"""

from __future__ import annotations

import statistics
from typing import Final

from playwright.sync_api import Browser

from bench.page_runs import RESNET_FRAMES, prepared
from bench.tab import Tab, opened
from tests.view.served import Served

PASSES: Final = 3


def measure(chromium: Browser, quick: bool) -> list[list[str]]:
    """Return the cost of a frame in each pass."""
    served = Served(prepared("resnet"))
    frames = RESNET_FRAMES // (10 if quick else 1)
    try:
        with opened(chromium, served.address) as tab:
            tab.first_picture()
            tab.settle()
            rows = [["pass", "script a frame, median", "longest", "requests a frame", "objects", "arrays", "textures"]]
            rows.append(["(nothing moves)", _ms(statistics.median(_idle(tab))), "", "", *_held(tab)])
            rows += [[str(number + 1), *_pass(tab, frames), *_held(tab)] for number in range(PASSES)]
            rows.append(["bar", "8 ms", "", "2", "flat", "flat after the first", "flat"])
            return rows
    finally:
        served.close()


def _pass(tab: Tab, frames: int) -> list[str]:
    """Go through the run once, key by key, and look at what is shown."""
    tab.press("Home")
    tab.wait_for_frame(0)
    tab.settle()
    before, scripts = len(tab.requests), []
    for frame in range(1, frames):
        account = tab.account()
        tab.press("ArrowRight")
        tab.wait_for_frame(frame)
        tab.draw()
        scripts.append(tab.account().script - account.script)
    return [_ms(statistics.median(scripts)), _ms(max(scripts)), f"{(len(tab.requests) - before) / frames:.2f}"]


def _idle(tab: Tab) -> list[float]:
    """Return the script that the measurement itself costs."""
    costs = []
    for _ in range(20):
        account = tab.account()
        tab.press("Shift")
        tab.wait_for_frame(tab.shown())
        tab.draw()
        costs.append(tab.account().script - account.script)
    return costs


def _held(tab: Tab) -> list[str]:
    return [f"{value / 1e6:.1f} MB" for value in tab.held().values()]


def _ms(seconds: float) -> str:
    return f"{1e3 * seconds:.1f} ms"
