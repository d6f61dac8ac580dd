"""The library in a real Chromium: all runs of a folder as cards, to search, to sort, to open and to compare."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from onionskin.recording.tags import tag
from tests.view.conftest import Show
from tests.view.look import Look, colours

FIXTURES = Path(__file__).parents[2] / "fixtures" / "format1"

#: A card is told by its name; what it says may take a while on a busy machine.
PATIENCE = 30_000


@pytest.fixture
def folder(tmp_path: Path, digits: Path) -> Path:
    """Five runs: a real one, two tagged copies of a small one in a folder of their own, one killed, one broken."""
    runs = tmp_path / "runs"
    shutil.copytree(digits, runs / "digits")
    for name, word in (("exp/one", "bn"), ("exp/two", "plain")):
        shutil.copytree(FIXTURES / "packed", runs / name)
        tag(runs / name, add=[word, "lr=0.1"])
    shutil.copytree(FIXTURES / "growing", runs / "killed")
    shutil.copytree(FIXTURES / "packed", runs / "broken")
    manifest = runs / "broken/zarr.json"
    manifest.write_text(manifest.read_text().replace('"format":1', '"format":99'))
    return runs


def _card(look: Look, name: str, state: str) -> None:
    expect(look.by("run", name=name)).to_have_attribute("data-state", state, timeout=PATIENCE)


def test_every_run_is_a_card_with_its_network_and_how_it_stands(show: Show, folder: Path) -> None:
    look = show(folder)
    for name, state in (("digits", "finished"), ("exp/one", "finished"), ("killed", "killed"), ("broken", "broken")):
        _card(look, name, state)
    digits = look.by("run", name="digits")
    expect(digits).to_have_attribute("data-drawn", "3")
    expect(digits).to_contain_text("MLP · 3,466 parameters")
    expect(digits).to_contain_text("2,640 steps · 231 frames")
    look.settle()
    assert colours(look.picture(digits)) > 100
    expect(look.by("run", name="exp/one")).to_contain_text("1 health note")
    expect(look.by("run", name="exp/one")).to_contain_text("bn")
    expect(look.by("run", name="broken")).to_contain_text("update Onionskin")  # the remedy
    assert look.page.get_by_role("link", name="digits").get_attribute("href") == "#run=digits"
    look.keep("library")
    look.page.get_by_role("link", name="digits").click()
    look.wait_for_frame()
    look.page.go_back()
    expect(look.by("run")).to_have_count(5, timeout=PATIENCE)


def test_search_sort_and_tags_stand_in_the_address(show: Show, folder: Path) -> None:
    look = show(folder)
    expect(look.by("run")).to_have_count(5)
    look.press("/")
    look.page.keyboard.type("lr=0.1")
    expect(look.by("run")).to_have_count(2, timeout=PATIENCE)
    look.page.wait_for_url("**/*#find=lr%3D0.1")
    look.by("tag").filter(has_text="plain").click()
    expect(look.by("run")).to_have_count(1, timeout=PATIENCE)
    look.page.wait_for_url("**/*find=lr%3D0.1&tag=plain")
    look.by("find").fill("nothing like it")
    expect(look.by("runs")).to_contain_text("No run has “nothing like it” and the tag plain", timeout=PATIENCE)
    look.page.get_by_role("button", name="show all").click()
    look.by("sort").select_option("parameters")
    expect(look.by("runs")).to_have_attribute("data-unread", "0", timeout=PATIENCE)
    expect(look.by("run").first).to_have_attribute("data-name", "digits", timeout=PATIENCE)
    assert look.by("run").last.get_attribute("data-name") == "broken"  # of it nothing is known
    again = show(folder, view="sort=loss&tag=bn")
    expect(again.by("run")).to_have_count(1, timeout=PATIENCE)


def test_keys_walk_over_the_cards(show: Show, folder: Path) -> None:
    look = show(folder, view="sort=name", width=1280)
    _card(look, "digits", "finished")
    look.press("ArrowRight")
    focused = "document.activeElement.dataset.card"
    assert look.page.evaluate(focused) == "broken"
    look.press("ArrowRight")
    assert look.page.evaluate(focused) == "digits"
    look.press("ArrowDown")
    down = look.page.evaluate(focused)
    look.press("ArrowUp")
    assert (down, look.page.evaluate(focused)) == ("killed", "digits") or down != "digits"
    look.press("Enter")
    look.wait_for_frame()


def test_runs_are_ticked_to_be_compared(show: Show, folder: Path) -> None:
    look = show(folder, view="sort=name")
    for name in ("exp/one", "exp/two"):
        look.by("run", name=name).get_by_test_id("tick").check()
    link = look.by("compare")
    assert link.get_attribute("href") == "#run=exp/one&view=compare&with=exp/two"


def test_a_run_that_joins_comes_up_by_itself(show: Show, folder: Path) -> None:
    look = show(folder)
    expect(look.by("run")).to_have_count(5)
    shutil.copytree(FIXTURES / "packed", folder / "exp/three")
    expect(look.by("run", name="exp/three")).to_have_attribute("data-state", "finished", timeout=PATIENCE)
    assert look.by("run").first.get_attribute("data-name") == "exp/three"
    tag(folder / "exp/three", add=["late"])
    expect(look.by("run", name="exp/three")).to_contain_text("late", timeout=PATIENCE)


def test_hundreds_of_runs_are_read_as_they_come_into_view(show: Show, tmp_path: Path) -> None:
    for number in range(120):
        shutil.copytree(
            FIXTURES / "packed",
            tmp_path / f"run{number}",
            ignore=shutil.ignore_patterns("activation", "gradient", "optimizer", "exact"),
        )
        path = tmp_path / f"run{number}/zarr.json"
        content = json.loads(path.read_text())
        content["attributes"]["onionskin"]["title"] = f"number {number}"
        path.write_text(json.dumps(content))
    look = show(tmp_path, width=390, height=844)
    expect(look.by("run", state="finished").first).to_be_visible(timeout=PATIENCE)
    look.page.wait_for_timeout(1500)
    read = look.by("run", state="finished").count()
    assert 2 <= read <= 12  # those in view and their neighbours, not all hundred
    assert look.page.evaluate("document.documentElement.scrollWidth") == 390  # one column, nothing beside it
    look.keep("library-phone")
    look.by("run").last.scroll_into_view_if_needed()
    expect(look.by("run").last).to_have_attribute("data-state", "finished", timeout=PATIENCE)
