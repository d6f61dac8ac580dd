"""The reports of the practice in a real Chromium: every kind of block, by mouse, keys and thumb."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from onionskin.learn.report import Report, Text
from onionskin.view import export
from tests.learn.report.every_block import HARM, every_block
from tests.view.access import violations
from tests.view.conftest import Show
from tests.view.look import Look, colours

FIXTURE = Path(__file__).parents[2] / "fixtures" / "format1" / "packed"


@pytest.fixture(scope="module")
def practised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with two reports: one has every kind of block."""
    run = Path(shutil.copytree(FIXTURE, tmp_path_factory.mktemp("practised") / "run"))
    every_block().save(run)
    Report("look", "What is in the data", "Nothing to see.", [Text("Nothing.")]).save(run)
    return run


def _open(show: Show, run: Path, more: str = "", **size: int) -> Look:
    look: Look = show(run, view=f"view=practice{more}", **size)
    expect(look.by("practice")).not_to_have_attribute("data-report", "")
    return look


def test_a_run_without_reports_is_not_asked_for_them(show: Show) -> None:
    look = show(FIXTURE)
    look.wait_for_frame()
    assert look.page.get_by_text("Practice", exact=True).count() == 0


def test_it_shows_every_block_as_what_it_is(show: Show, practised: Path) -> None:
    look = _open(show, practised)
    expect(look.by("answer")).to_contain_text("8 of 431 photos")
    expect(look.by("practice")).to_contain_text(HARM)  # as text, and nothing came of it
    expect(look.by("practice")).to_contain_text("look at them, or leave them out")
    assert look.by("report-table").locator("tbody tr").count() == 3
    assert look.by("gallery").locator("img").evaluate_all("all => all.map(one => one.naturalWidth)") == [28, 28]
    assert look.by("matrix").locator("td").all_inner_texts() == ["", "190", "10", "–", "-3.5"]
    assert look.by("report-chart").count() == 2
    bars = look.by("report-chart").nth(1).locator(".bars").get_attribute("d")
    assert str(bars).count("Z") == 2
    assert colours(look.picture(look.by("report-chart").first)) > 20
    look.keep("practice")
    look.by("report-chip").nth(1).click()
    expect(look.by("practice")).to_have_attribute("data-report", "look")
    expect(look.page).to_have_url(re.compile("report=look"))


def test_a_table_is_ordered_by_its_columns_and_the_address_keeps_it(show: Show, practised: Path) -> None:
    look = _open(show, practised)
    table = look.by("report-table")

    def column(i: int) -> list[str]:
        return table.locator(f"tbody td:nth-child({i + 1})").all_inner_texts()

    head = table.locator("thead button")
    assert column(2) == ["0.4642", "–", "0.5"]
    head.nth(2).click()
    assert column(2) == ["0.5", "0.4642", "–"]  # the largest first; what is missing comes last
    expect(table.locator("th").nth(2)).to_have_attribute("aria-sort", "descending")
    expect(look.page).to_have_url(re.compile(r"order=-2\.2"))
    look.page.reload()
    expect(look.by("answer")).to_be_visible()
    assert column(2) == ["0.5", "0.4642", "–"]
    head.nth(2).click()
    assert column(2) == ["0.4642", "0.5", "–"]
    head.nth(2).click()
    assert column(2) == ["0.4642", "–", "0.5"]
    head.nth(0).click()
    assert column(0) == [HARM, "bear", "teddy"]


def test_the_gallery_by_keys_alone(show: Show, practised: Path) -> None:
    look = _open(show, practised, "&frame=2")
    look.by("example").first.focus()
    look.press("ArrowRight", "ArrowRight", "ArrowLeft")
    expect(look.by("example").nth(1)).to_be_focused()
    look.press("Enter")
    large = look.by("large-example")
    expect(large).to_have_attribute("data-item", "1")
    expect(look.page).to_have_url(re.compile(r"item=3\.1"))
    look.press("ArrowLeft")
    expect(large).to_have_attribute("data-item", "0")
    expect(large).to_contain_text("1 taken for 7")
    expect(large).to_contain_text("row 12 · 2.5 · 1 of 3")
    look.press("Escape")
    expect(large).to_have_count(0)
    expect(look.page).not_to_have_url(re.compile("item="))
    assert look.frame == 2  # the clock heard none of it
    look.page.goto(f"{look.address}#view=practice&item=3.2")
    look.page.reload()
    expect(large).to_contain_text("a snippet of words")
    large.get_by_text("close").click()
    expect(large).to_have_count(0)


def test_a_matrix_tells_the_cell_at_hand(show: Show, practised: Path) -> None:
    look = _open(show, practised)
    look.by("matrix").locator("td", has_text="190").hover()
    expect(look.by("told")).to_have_text("bear → bear: 190 (95 % of its row)")
    region = look.page.get_by_role("region", name="Rows are what it is")
    region.focus()
    look.page.mouse.move(2, 2)
    look.press("ArrowRight", "ArrowDown", "ArrowRight", "ArrowRight")
    expect(look.by("told")).to_have_text(f"teddy → {HARM}: -3.5 (100 % of its row)")


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_it_is_accessible_and_fits_a_phone(show: Show, practised: Path, theme: str, width: int) -> None:
    look = _open(show, practised, f"&theme={theme}", width=width, height=800)
    assert look.page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(look) == []
    look.by("example").first.click()
    assert violations(look) == []
    look.keep(f"practice-{theme}")


def test_one_file_shows_it_without_a_network(chromium: Browser, practised: Path, tmp_path: Path) -> None:
    export([practised], tmp_path / "run.html")
    address = (tmp_path / "run.html").as_uri()
    look = Look(chromium, address, "view=practice", width=1200, height=800, scale=1, offline=True)
    expect(look.by("answer")).to_contain_text("8 of 431 photos")
    assert look.by("gallery").locator("img").evaluate_all("all => all.map(one => one.naturalWidth)") == [28, 28]
    assert look.complaints == []
    look.close()


def test_a_report_that_is_missing_or_wrong_says_so(show: Show, practised: Path, tmp_path: Path) -> None:
    damages = {
        "worst": ("{", "is no JSON"),
        "newer": (json.dumps({"format": 9}), "this page reads formats up to 1"),
        "strange": (
            json.dumps({"format": 1, "title": "", "answer": "", "blocks": [{"kind": "script"}]}),
            "a block of the kind 'script'",
        ),
    }
    run = Path(shutil.copytree(practised, tmp_path / "run"))
    for name, (damage, _) in damages.items():
        Report(name, "Broken", "Broken.").save(run)
        (run / "practice" / f"{name}.json").write_text(damage)
    look = show(run, view="view=practice&report=worst")
    for name, (_, said) in damages.items():
        look.by("report-chip").get_by_text(name, exact=True).click()
        expect(look.by("message")).to_contain_text(said)
    (run / "practice" / "look.json").unlink()
    look.by("report-chip").get_by_text("look", exact=True).click()
    expect(look.by("message")).to_contain_text("came without this report")
    look.complaints.clear()  # the browser notes that there is none
