"""The page's figures as generous bounds, about four times the bar: what is slower than this was broken, on any machine.

``python -m bench.page`` measures them; here a run of the digits stands for the large ones, so that it takes seconds.
"""

from __future__ import annotations

import statistics
from pathlib import Path

from playwright.sync_api import Browser

import onionskin as osk
from bench.following import Grower, growing
from bench.tab import Tab, opened
from bench.weight import sizes
from onionskin.view.built import single_page
from tests.recording import build
from tests.view.served import Served


def test_the_page_is_small() -> None:
    now = sizes()
    assert now.first < 125_000
    assert now.first + now.later < 225_000  # also every view that loads later: only what runs a model is larger


def test_the_lab_has_a_limit_of_its_own() -> None:
    """The page of a run never asks for it: its views and Vega (most of it) come when a question is opened."""
    assert 200_000 < sizes().lab < 310_000
    assert "vega" not in single_page().lower()  # nor does what is exported, or stands in a notebook


def test_the_first_picture_asks_for_little_and_comes_soon(chromium: Browser, digits: Path) -> None:
    served = Served(digits)
    try:
        with opened(chromium, served.address) as tab:
            assert tab.first_picture() < 12  # seconds; a quiet machine takes half of one
            tab.settle()
            tables = [url for url, _ in tab.requests if "/statistics/c" in url]
            pictures = [url for url, _ in tab.requests if "/pictures/weight/c" in url]
            assert len(tab.requests) < 60
            assert len(pictures) == 1
            assert tables
    finally:
        served.close()


def test_scrubbing_costs_little_script_few_requests_and_no_memory(chromium: Browser, digits: Path) -> None:
    frames, served = 40, Served(digits)
    try:
        with opened(chromium, f"{served.address}#frame=0") as tab:
            tab.wait_for_frame(0)
            tab.settle()
            costs, asked = _pass(tab, frames)
            held = tab.held()
            assert statistics.median(costs) < 0.032  # seconds a frame: four times the bar
            assert any("/c/" in url for url, _ in tab.requests)  # parts are seen, be they read ahead of the first pass
            assert asked <= 2 * frames
            _pass(tab, frames)
            again, asked = _pass(tab, frames)
            assert asked <= frames // 4  # what was read is kept
            assert statistics.median(again) < 0.032
            after = tab.held()
            assert after["textures"] == held["textures"]
            assert after["arrays"] < held["arrays"] + 2_000_000
            assert after["objects"] < held["objects"] + 3_000_000
    finally:
        served.close()


def _pass(tab: Tab, frames: int) -> tuple[list[float], int]:
    """Go through frames by hand; return the script of each (seconds) and how many parts of arrays were asked for.

    Requests for news are not counted: the slower the pass, the more of them.
    """
    before, costs = len(tab.requests), []
    for frame in range(1, frames):
        account = tab.account()
        tab.press("ArrowRight")
        tab.wait_for_frame(frame)
        tab.draw()
        costs.append(tab.account().script - account.script)
    tab.press("Home")
    tab.wait_for_frame(0)
    return costs, sum("/c/" in url for url, _ in tab.requests[before:])


def test_hours_of_growth_do_not_slow_the_page(chromium: Browser, tmp_path: Path) -> None:
    source = build.build_run(tmp_path / "like")
    with growing(source, tmp_path / "run") as grower:
        grower.append(10, 2)
        served = Served(tmp_path / "run")
        try:
            with opened(chromium, served.address) as tab:
                tab.wait_for_frame(1)
                tab.settle_drawn()
                early = statistics.median([_update(tab, grower) for _ in range(3)])
                for _ in range(5):
                    grower.append(40_000, 80)
                tab.wait_for_frame(grower.frames - 1)
                tab.settle_drawn()
                late = statistics.median([_update(tab, grower) for _ in range(3)])
                assert late < max(0.4, 8 * early)  # seconds of script an update, at 200,000 steps and 400 frames
                assert tab.held()["arrays"] < 80_000_000
        finally:
            served.close()
    assert len(osk.open_run(tmp_path / "run").frames) == grower.frames


def _update(tab: Tab, grower: Grower) -> float:
    """Append a frame, wait until it is shown, and return the script that it cost (seconds)."""
    account = tab.account()
    grower.append(10, 1)
    tab.wait_for_frame(grower.frames - 1)
    tab.draw()
    return tab.account().script - account.script
