"""The landscape in a real Chromium: there for a run that has one, under the one clock, and honest about what it is."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

import onionskin as osk
from onionskin.learn.landscape import Survey
from onionskin.learn.problem import problem
from tests.view.access import violations
from tests.view.conftest import Show
from tests.view.look import colours, difference


@pytest.fixture(scope="module")
def surveyed(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The digits with the loss around their path."""
    run = Path(shutil.copytree(digits, tmp_path_factory.mktemp("surveyed") / "digits"))
    for _ in Survey(run, problem(str(run), examples=200), resolution=11):
        pass
    return run


def test_the_path_moves_with_the_clock_and_the_clock_with_the_path(show: Show, surveyed: Path) -> None:
    found = osk.open_run(surveyed).landscape
    assert found is not None
    look = show(surveyed, view="view=landscape&frame=60")
    look.wait_for_frame(60)
    view = look.by("landscape")
    expect(view).to_have_attribute("data-point", "60")
    share = found.entry.share_x + found.entry.share_y
    assert float(view.get_attribute("data-share") or 0) == pytest.approx(share)
    assert f"{100 * found.entry.share_x:.1f}".rstrip("0").rstrip(".") in view.locator(".x").inner_text()
    own = float(look.by("landscape-here").locator("b").first.inner_text())
    assert own == pytest.approx(found.path[60, 4], rel=0.01)
    canvas = look.by("path")
    before = look.picture(canvas)
    assert colours(before) > 200
    look.press("Home")
    look.wait_for_frame(0)
    expect(view).to_have_attribute("data-point", "0")
    assert difference(before, look.picture(canvas)) > 0.001
    box = canvas.bounding_box()
    assert box
    entry = found.entry

    def place(frame: int) -> tuple[float, float]:
        x = (found.path[frame, 1] - entry.left) / (entry.right - entry.left)
        y = (found.path[frame, 2] - entry.bottom) / (entry.top - entry.bottom)
        return box["x"] + x * box["width"], box["y"] + (1 - y) * box["height"]

    look.page.mouse.move(*place(20))
    look.page.mouse.down()
    look.page.mouse.move(*place(90), steps=3)
    look.page.mouse.up()
    expect(look.by("scrubber")).to_have_attribute("data-frame", re.compile(r"^(8\d|9\d)$"))
    look.keep("landscape")


def test_it_says_in_what_it_is_approximate(show: Show, surveyed: Path) -> None:
    look = show(surveyed, view="view=landscape&theme=dark", width=1280, height=800)
    look.wait_for_frame()
    words = look.by("landscape").inner_text()
    assert "Approximate" in words
    for part in ("two of 3,466 dimensions", "180 examples of digits", "11 × 11 points", "batch normalization"):
        assert part in " ".join(words.split()), part
    assert violations(look) == []
    look.keep("landscape-dark")


def test_a_run_without_one_has_no_such_view(show: Show, digits: Path) -> None:
    look = show(digits, view="view=landscape")
    look.wait_for_frame()
    assert look.by("view-landscape").count() == 0


def test_a_damaged_one_is_said_and_the_page_stays(show: Show, surveyed: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(surveyed, tmp_path / "digits"))
    chunk = next((run / "landscape" / "loss").glob("c*"))
    chunk.write_bytes(chunk.read_bytes()[:-20])
    look = show(run, view="view=landscape")
    look.wait_for_frame()
    expect(look.page.get_by_text("this run cannot be trusted")).to_be_visible()
    look.by("view-curves").click()
    expect(look.by("curves")).to_be_visible()


def test_on_a_phone(show: Show, surveyed: Path) -> None:
    look = show(surveyed, view="view=landscape", width=390, height=844)
    look.wait_for_frame()
    assert look.page.evaluate("document.documentElement.scrollWidth") <= 390
    box = look.by("path").bounding_box()
    assert box
    assert box["width"] > 280
    assert np.isclose(box["width"], box["height"], atol=1)
