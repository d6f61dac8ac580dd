"""The curves in a real Chromium: what is read, how they are shown, and that a span of steps confines the clock."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

import onionskin as osk
from onionskin.recording import RunWriter
from tests.recording.build import frame_data, inputs, manifest, status
from tests.view.conftest import Show
from tests.view.look import Look, difference

STEPS = 50_000


@pytest.fixture(scope="module")
def broad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 50,000 steps with 203 scalars: a loss with one spike, and a metric that has values of 0 and below."""
    writer = RunWriter(tmp_path_factory.mktemp("broad") / "broad", manifest(), probe_inputs=[inputs()])
    for frame in range(20):
        writer.add_frame(frame_data(frame))
    steps = np.arange(1, STEPS + 1)
    loss = 1 / np.sqrt(steps)
    loss[31_417] = 40.0
    writer.scalars.set("loss", steps, loss)
    writer.scalars.set("reward", steps, np.where(steps % 5 == 0, -1.0, steps / 100.0))
    writer.scalars.set("gap", steps, np.full(STEPS, -2.0))
    for i in range(200):
        writer.scalars.set(f"metric_{i:03}", steps[::100], np.sin(steps[::100] / 1000 + i))
    writer.flush()
    writer.finish(status("closed"))
    return writer.path


def _area(look: Look, chart: str) -> Locator:
    return look.by("chart", chart=chart).locator(".over")


def _across(look: Look, over: Locator) -> Callable[[float], tuple[float, float]]:
    """Return the place on the page of a share of a chart's width."""
    expect(over).to_be_visible()
    over.scroll_into_view_if_needed()
    look.settle()
    box = over.bounding_box()
    assert box
    return lambda share: (box["x"] + share * box["width"], box["y"] + box["height"] / 2)


def test_all_curves_are_read_at_one_step(show: Show, digits: Path) -> None:
    run = osk.open_run(digits)
    last = len(run.steps) - 1
    look = show(digits, view="view=curves")
    look.wait_for_frame()
    place = _across(look, _area(look, "accuracy"))
    look.page.mouse.move(*place(0.5))
    expect(look.page.locator(".read")).not_to_have_count(0)
    assert look.page.locator(".read").count() >= 3  # the line stands on every chart and strip
    for name in ("loss", "val_loss", "accuracy", "lr"):
        column = run.scalars[name]
        wanted = column[: last // 2 + 1]
        shown = float(look.by("value", name=name).inner_text())
        assert shown == pytest.approx(wanted[np.isfinite(wanted)][-1], rel=0.02), name
    look.page.mouse.move(5, 5)
    assert float(look.by("value", name="loss").inner_text()) == pytest.approx(run.scalars["loss"][-1], rel=0.01)


def test_a_drag_on_a_curve_moves_the_clock(show: Show, digits: Path) -> None:
    look = show(digits, view="view=curves")
    last = look.wait_for_frame()
    place = _across(look, _area(look, "loss"))
    look.page.mouse.move(*place(0.8))
    look.page.mouse.down()
    look.settle()
    first = look.frame
    look.page.mouse.move(*place(0.1))
    look.settle()
    look.page.mouse.up()
    assert 0 < look.frame < first < last
    assert "zoom" not in look.page.evaluate("location.hash")
    assert look.by("leave-zoom").count() == 0


def test_a_span_of_steps_zooms_the_charts_and_confines_the_clock(show: Show, digits: Path) -> None:
    run = osk.open_run(digits)
    look = show(digits, view="view=curves")
    look.wait_for_frame()
    before = look.picture(_area(look, "loss"))
    place = _across(look, _area(look, "loss"))
    look.page.keyboard.down("Shift")
    look.page.mouse.move(*place(0.25))
    look.page.mouse.down()
    look.page.mouse.move(*place(0.5), steps=4)
    look.page.mouse.up()
    look.page.keyboard.up("Shift")
    expect(look.by("leave-zoom")).to_be_visible()
    low, high = (int(look.by(f"zoom-{end}").input_value()) for end in ("from", "to"))
    assert low == pytest.approx(660, abs=8)
    assert high == pytest.approx(1320, abs=8)
    inside = [frame.index for frame in run.frames if low <= frame.step <= high]
    look.press("Home")
    look.wait_for_frame(inside[0])
    look.press("Shift+ArrowLeft")
    assert look.frame == inside[0]
    look.press("End")
    look.wait_for_frame(inside[-1])
    expect(look.page).to_have_url(re.compile(f"zoom={low}-{high}"))
    assert difference(before, look.picture(_area(look, "loss"))) > 0.01
    look.keep("curves-zoom")
    again = show(digits, view=f"view=curves&zoom={low}-{high}&frame=0")
    again.wait_for_frame(inside[0])  # the link brings the span back, and no frame outside of it
    again.by("leave-zoom").click()
    expect(again.by("leave-zoom")).to_have_count(0)
    again.press("Home")
    again.wait_for_frame(0)


def test_play_goes_round_in_the_span_alone(show: Show, digits: Path) -> None:
    run = osk.open_run(digits)
    inside = [frame.index for frame in run.frames if 100 <= frame.step <= 130]
    look = show(digits, view="view=curves&zoom=100-130&frame=0")
    look.wait_for_frame(inside[0])
    look.press(" ")
    look.wait_for_frame(inside[-1])
    expect(look.by("scrubber")).to_have_attribute("data-playing", "false")
    look.press("[")  # a span of no step is none
    look.by("whole-run").click()
    look.press("Home")
    look.wait_for_frame(0)
    look.press("Shift+ArrowRight", "Shift+ArrowRight", "[")
    look.wait_for_frame(20)
    expect(look.by("zoom-from")).to_have_value(str(run.frames[20].step))
    look.press("Escape")
    expect(look.by("leave-zoom")).to_have_count(0)


def test_smoothing_and_log_scale_are_in_the_address(show: Show, digits: Path) -> None:
    look = show(digits, view="view=curves&smooth=0")
    look.wait_for_frame()
    expect(look.by("smooth")).to_have_value("0")
    raw = look.picture(_area(look, "loss"))
    look.by("smooth").focus()
    for _ in range(6):
        look.page.keyboard.press("ArrowRight")
    look.by("log").check()
    expect(look.page).to_have_url(re.compile("smooth=5&log=1"))
    look.settle()
    assert difference(raw, look.picture(_area(look, "loss"))) > 0.01
    expect(look.by("chart", chart="loss")).to_have_attribute("data-log", "true")
    assert "exp(" in (look.by("smooth").locator("xpath=..").get_attribute("title") or "")


def test_the_strip_over_the_depth(show: Show, digits: Path) -> None:
    run = osk.open_run(digits)
    look = show(digits, view="view=curves", height=1100)
    look.wait_for_frame()
    strip = look.by("strip")
    expect(strip).to_have_attribute("data-rows", "3")
    expect(strip).to_have_attribute("data-not-finite", "0")
    place = _across(look, strip.locator(".over"))
    x, _ = place(0.25)
    box = strip.locator(".over").bounding_box()
    assert box
    look.page.mouse.click(x, box["y"] + box["height"] * 0.5)  # the second of three layers
    expect(look.by("scrubber")).not_to_have_attribute("data-frame", str(len(run.frames) - 1))
    frame = look.frame
    assert 0 < frame < len(run.frames) - 1
    reading = look.by("strip-reading").inner_text()
    assert "fc2.weight" in reading
    norm = run.tensors["gradient/fc2.weight"].statistic("norm")[frame]
    assert float(reading.split()[-1]) == pytest.approx(norm, rel=0.01)
    expect(look.page).to_have_url(re.compile("node=fc2"))
    gradients = look.picture(strip.locator("canvas"))
    look.by("strip-dead").click()
    expect(strip).to_have_attribute("data-strip", "dead")
    expect(strip).to_have_attribute("data-rows", "5")
    look.by("strip-ratio").click()
    look.settle()
    assert difference(gradients, look.picture(strip.locator("canvas"))) > 0.1
    expect(look.by("update-ratios")).to_be_visible()
    look.keep("curves-depth")


def test_two_hundred_scalars_of_fifty_thousand_steps(show: Show, broad: Path) -> None:
    look = show(broad, view="view=curves")
    look.wait_for_frame()
    view = look.by("curves")
    expect(view).to_have_attribute("data-shown", "203")
    assert look.by("chart").count() < 40  # only those near the screen are drawn
    points = int(look.by("chart", chart="loss").get_attribute("data-points") or 0)
    assert 1000 < points <= 4100
    look.by("find-scalars").fill("metric_00, loss")
    expect(view).to_have_attribute("data-shown", "11")
    look.by("choose-scalars").click()
    look.page.get_by_label("metric_003").check()
    look.page.get_by_label("loss", exact=True).check()
    expect(view).to_have_attribute("data-shown", "2")
    expect(look.page).to_have_url(re.compile("scalars=metric_003,loss"))
    look.keep("curves-many")
    again = show(broad, view="view=curves&find=no such thing")
    again.wait_for_frame()
    again.by("no-curves").locator("button").click()
    expect(again.by("curves")).to_have_attribute("data-shown", "203")


def test_what_a_log_scale_cannot_show_is_said(show: Show, broad: Path) -> None:
    look = show(broad, view="view=curves&log=1&find=reward,gap")
    look.wait_for_frame()
    expect(look.by("chart", chart="reward").locator("[data-testid=missing]")).to_contain_text(
        "10,000 values of 0 or below"
    )
    gap = look.by("chart", chart="gap")
    expect(gap.locator("[data-testid=missing]")).to_contain_text("no value above 0")
    expect(gap).to_have_attribute("data-log", "false")


def test_a_spike_is_drawn_however_long_the_run(show: Show, broad: Path) -> None:
    """One value in 50,000 is 80 times as high as the rest: it reaches the top of the chart."""
    look = show(broad, view="view=curves&find=loss&smooth=0&frame=0")
    look.wait_for_frame()
    expect(look.by("chart", chart="loss").locator("canvas")).to_be_visible()
    look.settle()
    image = look.picture(_area(look, "loss"))
    width, height = image.size
    column = int(width * 31_417 / STEPS)
    dark = [
        y
        for y in range(height)
        if any(sum(image.getpixel((column + x, y))) < 420 for x in (-1, 0, 1))  # type: ignore[arg-type]  # a colour image's is three
    ]
    assert min(dark) < height * 0.2
    assert len(dark) > height * 0.6


def test_curves_on_a_phone(show: Show, digits: Path) -> None:
    look = show(digits, view="view=curves", width=390, height=844)
    look.wait_for_frame()
    assert look.page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(look.by("strip")).to_be_visible()
    look.keep("curves-phone")
