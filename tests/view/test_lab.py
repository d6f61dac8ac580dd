"""The lab in a real Chromium: its list, its questions, charts in both themes, on a phone and from a static host."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from onionskin.view import publish
from tests.view.access import violations
from tests.view.conftest import Show
from tests.view.look import Look, colours
from tests.view.make_lab_fixture import FOLDER, RUN
from tests.view.test_shells import Host

_RUN = Path(__file__).parents[2] / "fixtures" / "format1" / "packed"


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """The fixture's lab, and the run that one of its trials recorded."""
    folder = Path(shutil.copytree(FOLDER, tmp_path / "lab"))
    shutil.copytree(_RUN, folder / RUN)
    return folder


@pytest.fixture
def hosted() -> Iterator[Callable[[Path], str]]:
    hosts: list[Host] = []

    def host(folder: Path) -> str:
        hosts.append(Host(folder))
        return f"{hosts[-1].address}/"

    yield host
    for one in hosts:
        one.shutdown()
        one.server_close()


def _change(lab: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the first answer to the question of the batch."""
    path = lab / "answers/batch.json"
    content = json.loads(path.read_text())
    change(content["answers"][0])
    path.write_text(json.dumps(content))


def _drawn(look: Look, count: int) -> list[Locator]:
    """Wait until so many charts are drawn, and return them."""
    expect(look.page.locator('[data-testid="lab-chart"]:not([data-marks="0"])')).to_have_count(count)
    look.settle()
    return look.by("lab-chart").all()


def test_the_library_leads_to_the_lab_and_the_lab_to_a_question_and_back(show: Show, lab: Path) -> None:
    look = show(lab)
    look.by("lab-link").click()
    expect(look.by("question")).to_have_count(2)
    latency = look.by("question", name="latency")
    expect(latency).to_contain_text("multiplications explain 96 % of it")
    expect(latency).to_contain_text("30 Nov 2026")
    expect(latency).to_contain_text("quick")
    expect(latency.locator('[data-testid="busy"]')).to_have_count(1)
    expect(look.by("unasked", name="depth")).to_contain_text("onionskin lab depth")
    assert look.page.title() == "Lab · Onionskin"
    look.keep("lab")
    latency.get_by_role("link").focus()
    look.press("Enter")
    expect(look.by("lab-question")).to_have_attribute("data-name", "latency")
    expect(look.page).to_have_url(re.compile("#lab=latency$"))
    look.page.go_back()
    expect(look.by("question")).to_have_count(2)
    look.by("to-runs").click()
    expect(look.by("run")).to_have_count(1)


def test_a_question_shows_every_machine_and_draws_its_charts(show: Show, lab: Path) -> None:
    look = show(lab, view="lab=latency&theme=light")
    charts = _drawn(look, 4)
    server, laptop = look.by("machine").all()
    expect(look.by("claim")).to_contain_text("It does: R² ≥ 0.9.")
    expect(server.get_by_test_id("verdict")).to_have_attribute("data-verdict", "held")
    expect(laptop.get_by_test_id("verdict")).to_have_attribute("data-verdict", "open")
    expect(laptop.get_by_test_id("advice")).to_contain_text("close other programs")
    expect(server.get_by_test_id("advice")).to_have_count(0)
    expect(server.get_by_test_id("comparison").nth(1)).to_have_attribute("data-differs", "false")
    expect(server.get_by_test_id("skipped")).to_contain_text("onnxruntime is not installed")
    boxes = [machine.get_by_test_id("lab-chart").first.bounding_box() for machine in (server, laptop)]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0]["y"] == boxes[1]["y"]  # side by side, and level
    assert boxes[0]["x"] + boxes[0]["width"] < boxes[1]["x"]
    assert charts[0].locator(".mark-symbol.role-mark path").count() == 6
    assert charts[0].locator(".mark-line.role-mark path").count() == 1
    assert charts[1].locator(".mark-rect.role-mark path").count() == 6
    assert charts[1].locator(".mark-rule.role-mark line").count() == 6
    assert colours(look.picture(charts[0])) > 20
    light = look.picture(charts[1]).getpixel((3, 3))
    look.press("d")
    expect(look.page.locator('[data-testid="lab-chart"][data-theme="dark"]')).to_have_count(4)
    label = charts[1].locator(".role-axis-label text").first
    expect(label).to_have_attribute("fill", "#9a9aa2")
    assert look.picture(charts[1]).getpixel((3, 3)) != light
    look.keep("lab-latency-dark")


def test_a_trial_leads_to_its_run_and_the_run_back_to_the_lab(show: Show, lab: Path) -> None:
    look = show(lab, view="lab=batch")
    heat, bands = _drawn(look, 2)
    assert heat.locator(".mark-rect.role-mark path").count() == 24
    assert heat.locator(".mark-rect.role-mark path").first.get_attribute("fill") not in ("rgb(0, 0, 0)", "#000")
    assert bands.locator(".mark-area.role-mark path").count() == 2
    look.by("raw").locator("summary").click()
    expect(look.page).to_have_url(re.compile("raw=1"))
    expect(look.by("trials").locator("tbody tr")).to_have_count(3)
    expect(look.by("trials")).to_contain_text("runs/batch/sgd-32-1")  # not among those shown: told, and no link
    expect(look.by("trial-run")).to_have_text([RUN])
    look.by("trial-run").click()
    look.wait_for_frame()
    expect(look.by("run-switch")).to_have_value(RUN)
    look.page.go_back()
    expect(look.by("trials")).to_be_visible()


def test_a_lab_without_runs_opens_by_itself_and_takes_on_a_new_answer(show: Show, tmp_path: Path) -> None:
    lab = Path(shutil.copytree(FOLDER, tmp_path / "lab"))
    look = show(lab)
    expect(look.by("question")).to_have_count(2)
    assert look.by("to-runs").count() == 0
    index = json.loads((lab / "answers/index.json").read_text())
    index["questions"][1]["answers"] = index["questions"][0]["answers"][:1]
    (lab / "answers/index.json").write_text(json.dumps(index))
    expect(look.by("question")).to_have_count(3)


@pytest.mark.parametrize(("view", "count"), [("lab", 0), ("lab=latency&raw=1", 4), ("lab=batch&raw=1", 2)])
def test_it_is_accessible_in_both_themes_and_fits_a_phone(show: Show, lab: Path, view: str, count: int) -> None:
    look = show(lab, view=f"{view}&theme=light")
    expect(look.by("lab")).to_have_attribute("data-state", "shown")
    _drawn(look, count)
    assert violations(look) == []
    look.page.set_viewport_size({"width": 390, "height": 844})
    look.press("d")
    if count:
        width = look.by("lab-chart").first.locator("svg")
        expect(width).to_have_attribute("width", re.compile(r"^32\d(\.\d+)?$"))  # drawn again, for the room there is
    assert look.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(look) == []
    look.keep(f"lab-phone-{count}")


def test_charts_that_are_hostile_or_broken_say_so_and_the_others_are_drawn(show: Show, lab: Path) -> None:
    bars = {"data": {"values": [{"a": "<img src=x onerror=alert(1)>", "b": 2}]}, "mark": "bar"}
    both = {**bars, "encoding": {"y": {"field": "a"}, "x": {"field": "b", "type": "quantitative"}}}
    calculated = {**both, "transform": [{"calculate": "toNumber('3') + datum.b", "as": "b"}]}
    pixel = {"x": {"field": "b"}, "url": {"value": "https://example.org/a.png"}}
    bad: list[tuple[dict[str, Any], str]] = [
        ({**both, "data": {"url": "https://example.org/rows.csv"}}, "it names an address"),
        ({**both, "data": {"url": "/runs.json"}}, "it names an address"),
        ({**bars, "mark": "image", "encoding": pixel}, "it names an address"),
        ({**both, "mark": "pie"}, "cannot be drawn"),
        ({"mark": "bar"}, "cannot be drawn"),
        ({**both, "transform": [{"calculate": "window.alert(1)", "as": "b"}]}, "cannot be drawn"),
        ({**both, "data": {"values": []}}, "nothing is in it"),
    ]
    specs = [spec for spec, _ in bad] + [both, calculated]
    _change(
        lab,
        lambda answer: answer.update(charts=[{"title": f"chart {i}", "spec": spec} for i, spec in enumerate(specs)]),
    )
    look = show(lab, view="lab=batch")
    expect(look.by("chart-error")).to_have_count(len(bad))
    for i, (_, said) in enumerate(bad):
        expect(look.by("lab-chart").nth(i)).to_contain_text(said)
    _drawn(look, 2)
    expect(look.by("lab-chart").nth(len(bad))).to_contain_text("<img src=x")  # as text; and nothing came of it


def test_what_is_damaged_or_missing_says_so(show: Show, lab: Path, tmp_path: Path) -> None:
    look = show(lab, view="lab=nothing")
    expect(look.by("message")).to_contain_text("there is no question 'nothing'")
    look.page.goto(f"{look.address}#lab=depth")
    expect(look.by("message")).to_contain_text("onionskin lab depth")
    _change(lab, lambda answer: answer.update(is_busy="no"))
    look.page.goto(f"{look.address}#lab=batch")
    expect(look.by("message")).to_contain_text('is_busy is "no", not true or false')
    look.page.goto(f"{look.address}#lab=latency")
    _drawn(look, 4)  # the others are as they were
    (lab / "answers/index.json").write_text("{")
    look.page.reload()
    expect(look.by("message")).to_contain_text("index.json is no JSON")
    expect(look.by("message")).to_contain_text("run the question again")
    none = show(_RUN, view="lab")
    expect(none.by("message")).to_contain_text("there is no lab here")


def test_a_run_without_a_lab_asks_for_none(show: Show) -> None:
    look = show(_RUN)
    asked: list[str] = []
    look.page.on("request", lambda request: asked.append(request.url))
    look.page.reload()
    look.wait_for_frame()
    assert asked
    assert not [url for url in asked if re.search("lab|vega", url, re.IGNORECASE)]
    assert look.by("lab-link").count() == 0


def test_a_static_host_shows_it(chromium: Browser, hosted: Callable[[Path], str], lab: Path, tmp_path: Path) -> None:
    publish([lab], tmp_path / "deep/site")
    look = Look(chromium, hosted(tmp_path) + "deep/site/", "lab=batch&raw=1", width=1200, height=800, scale=1)
    _drawn(look, 2)
    look.by("trial-run").click()
    look.wait_for_frame()
    assert look.complaints == []
    look.close()
