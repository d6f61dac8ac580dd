"""The peel in a real Chromium: lines that light up across levels, their live values, by mouse, keys and thumb."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

import onionskin as osk
from onionskin.recording import Peel, save_peel
from onionskin.view import export
from tests.recording.peel_run import peel_of
from tests.view.access import violations
from tests.view.conftest import Show
from tests.view.look import Look, colours, difference


@pytest.fixture(scope="module")
def peeled(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The digits, with a peel beside them."""
    run = Path(shutil.copytree(digits, tmp_path_factory.mktemp("peeled") / "digits"))
    save_peel(run, peel_of(len(osk.open_run(run).frames)))
    return run


def _line(peel: Peel, level: str, text: str) -> int:
    """Return the number of the line of a level that begins so."""
    source = next(program.source for program in peel.programs if program.level == level)
    return next(i for i, line in enumerate(source.splitlines(), start=1) if line.strip().startswith(text))


def _lit(look: Look, level: str) -> list[str]:
    """Return the lines of a level that are lit."""
    lines = look.by("level", level=level).locator(".lit").all_inner_texts()
    return [re.sub(r"^\d+", "", line).strip() for line in lines]


def _at(look: Look, level: str, line: int) -> None:
    look.by("level", level=level).locator(f'[data-line="{line}"]').hover()
    look.settle()


def test_what_a_line_does_lights_up_at_every_level(show: Show, peeled: Path) -> None:
    peel = osk.open_run(peeled).peel
    assert peel is not None
    look = show(peeled, view="view=peel&levels=loop,tensors,numpy&frame=60", width=1600)
    look.wait_for_frame(60)
    expect(look.by("level")).to_have_count(3)
    _at(look, "tensors", _line(peel, "tensors", "out ="))
    assert _lit(look, "tensors") == ['out = F.linear(b, w["out.weight"], w["out.bias"])  # (32, 10)']
    assert _lit(look, "numpy") == ['out = b @ w["out.weight"].T + w["out.bias"]  # (32, 10)']
    assert _lit(look, "loop") == ["return self.out(x)"]
    # It comes into sight where it was not, and the line that is pointed at stays where it is.
    expect(look.by("level", level="numpy").locator(".lit")).to_be_in_viewport(ratio=0.5)
    expect(look.by("line-panel")).to_contain_text("weighted sum of all inputs")
    formula = look.by("formula").locator("math")
    expect(formula).to_be_visible()
    assert formula.locator("msup").count() == 1
    _at(look, "loop", _line(peel, "loop", "loss.backward"))
    expect(look.by("level", level="numpy").locator(".lit")).to_have_count(10)
    look.keep("peel")


def test_the_value_follows_the_clock(show: Show, peeled: Path) -> None:
    peel = osk.open_run(peeled).peel
    assert peel is not None
    line = _line(peel, "numpy", "out =")
    array = next(each for each in peel.arrays if peel.steps[each.step].variable == "out")
    look = show(peeled, view=f"view=peel&line=numpy:{line}&frame=40")
    look.wait_for_frame(40)

    def norm_at(frame: int) -> None:
        kept = peel.values[frame, array.offset : array.offset + array.size].astype(np.float64)
        expect(look.by("line-panel")).to_have_attribute("data-frame", str(frame))
        found = float(look.by("array").get_attribute("data-norm") or 0)
        assert found == pytest.approx(float(np.sqrt((kept**2).sum())), rel=1e-6)

    norm_at(40)
    expect(look.by("array")).to_contain_text("32 × 10, showing all 320")
    before = look.picture(look.by("array-picture"))
    limit = look.by("array").get_attribute("data-limit")
    assert colours(before) > 30
    look.press("End")
    norm_at(len(peel.values) - 1)
    assert difference(before, look.picture(look.by("array-picture"))) > 0.1
    assert look.by("array").get_attribute("data-limit") == limit  # one scale for the whole run
    look.press("Home")
    norm_at(0)


def test_a_function_that_serves_two_blocks_shows_either(show: Show, peeled: Path) -> None:
    peel = osk.open_run(peeled).peel
    assert peel is not None
    line = _line(peel, "numpy", 'g[f"{at}.fc.bias"]')
    look = show(peeled, view=f"view=peel&line=numpy:{line}&frame=9")
    look.wait_for_frame(9)
    expect(look.by("numbers").locator("span")).to_have_count(16)
    expect(look.by("when")).to_contain_text("gradients of the level NumPy")
    one = look.by("array").get_attribute("data-norm")
    assert sorted(look.by("call-choice").locator("option").all_inner_texts()) == ["a", "b"]
    other = next(path for path in "ab" if path != look.by("call-choice").input_value())
    look.by("call-choice").select_option(other)
    expect(look.by("array")).not_to_have_attribute("data-norm", str(one))
    expect(look.page).to_have_url(re.compile(f"call={other}"))
    # The weights of block a are thinned, and the page says so.
    weights = _line(peel, "numpy", 'g[f"{at}.fc.weight"]')
    _at(look, "numpy", weights)
    look.by("call-choice").select_option("a")
    expect(look.by("array")).to_contain_text("showing 512 of 1,024")


def test_a_line_of_many_steps_shows_each(show: Show, peeled: Path) -> None:
    peel = osk.open_run(peeled).peel
    assert peel is not None
    line = _line(peel, "loop", "loss.backward")
    look = show(peeled, view=f"view=peel&levels=loop,numpy&line=loop:{line}")
    look.wait_for_frame()
    expect(look.by("level", level="numpy").locator(".lit")).to_have_count(10)
    look.by("step-choice").select_option("5")
    look.settle()
    assert _lit(look, "numpy") == ["d_fc = d_act * (act > 0)  # (32, 16)"]
    expect(look.page).to_have_url(re.compile(f"line=loop(:|%3A){line}(:|%3A)6"))
    expect(look.by("line-panel")).to_contain_text("relu")


def test_the_keys_walk_lines_and_levels_and_leave_the_clock_alone(show: Show, peeled: Path) -> None:
    peel = osk.open_run(peeled).peel
    assert peel is not None
    look = show(peeled, view="view=peel&levels=tensors,numpy&frame=30")
    look.wait_for_frame(30)
    look.by("level", level="numpy").locator('[data-testid="code"]').focus()
    first = min(line for program in peel.programs if program.level == "numpy" for line, _ in program.lines)
    expect(look.by("peel")).to_have_attribute("data-line", f"numpy:{first}")
    look.press("ArrowDown")
    expect(look.by("peel")).to_have_attribute("data-line", f"numpy:{_line(peel, 'numpy', 'act =')}")
    look.press("ArrowLeft")
    expect(look.by("peel")).to_have_attribute("data-line", f"tensors:{_line(peel, 'tensors', 'act =')}")
    look.press("Enter")
    expect(look.page).to_have_url(re.compile("line=tensors"))
    look.press("ArrowUp")
    expect(look.by("peel")).to_have_attribute("data-line", f"tensors:{_line(peel, 'tensors', 'fc =')}")
    assert look.frame == 30
    assert look.by("level", level="numpy").locator(".pinned").count() == 1
    look.press("Escape")
    expect(look.page).not_to_have_url(re.compile("line="))


def test_what_was_not_computed_yet_is_said(show: Show, digits: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(digits, tmp_path / "digits"))
    peel = peel_of(len(osk.open_run(run).frames))
    peel.values[0] = np.nan
    save_peel(run, peel)
    look = show(run, view=f"view=peel&line=numpy:{_line(peel, 'numpy', 'out =')}&frame=0")
    look.wait_for_frame(0)
    expect(look.by("nothing")).to_contain_text("not computed yet")
    look.press("ArrowRight")
    expect(look.by("array-picture")).to_be_visible()


def test_levels_are_chosen_and_stay_in_the_address(show: Show, peeled: Path) -> None:
    look = show(peeled, view="view=peel")
    look.wait_for_frame()
    assert look.by("level").count() == 2
    look.by("level-chip", level="c").click()
    expect(look.by("level", level="c")).to_be_visible()
    look.by("level-chip", level="tensors").click()
    expect(look.by("level", level="tensors")).to_have_count(0)
    expect(look.page).to_have_url(re.compile("levels=numpy,c"))
    look.page.reload()
    look.wait_for_frame()
    expect(look.by("level")).to_have_count(2)


def test_in_the_dark_it_meets_the_guidelines_too(show: Show, peeled: Path) -> None:
    peel = osk.open_run(peeled).peel
    assert peel is not None
    line = _line(peel, "numpy", "loss, loss_p")
    look = show(peeled, view=f"view=peel&levels=loop,tensors,numpy&line=numpy:{line}&theme=light", width=1500)
    look.wait_for_frame()
    expect(look.by("one")).to_be_visible()
    assert violations(look) == []
    look.press("d")
    assert violations(look) == []
    look.keep("peel-dark")


def test_on_a_phone_one_level_at_a_time(show: Show, peeled: Path) -> None:
    peel = osk.open_run(peeled).peel
    assert peel is not None
    line = _line(peel, "numpy", "act =")
    look = show(peeled, view=f"view=peel&line=numpy:{line}", width=390, height=844)
    look.wait_for_frame()
    expect(look.by("level")).to_have_count(1)
    assert look.page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(look.by("array-picture")).to_have_count(1)
    look.by("level-chip", level="tensors").click()
    expect(look.by("level", level="tensors").locator(".lit")).to_be_in_viewport()
    assert _lit(look, "tensors") == ["act = F.relu(fc)  # (32, 16)"]
    assert violations(look) == []
    look.keep("peel-phone")


def test_a_run_without_one_says_how_to_make_it(show: Show, digits: Path) -> None:
    look = show(digits, view="view=peel")
    look.wait_for_frame()
    assert look.by("view-peel").count() == 0
    expect(look.by("message")).to_contain_text("onionskin peel TARGET --level numpy --watch RUN")


def test_a_stranger_s_formula_and_program_are_only_text(show: Show, peeled: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(peeled, tmp_path / "digits"))
    document = run / "peel" / "zarr.json"
    evil = r"<img src=x onerror=alert(1)> \\href{javascript:alert(1)}{x}"
    document.write_text(
        document.read_text().replace("y = x W^\\\\top + b", evil).replace("import sys", "<b>import</b>")
    )
    look = show(run, view="view=peel&line=numpy:46")
    look.wait_for_frame()
    expect(look.by("formula")).to_have_attribute("data-plain", "true")
    expect(look.by("formula")).to_contain_text("onerror=alert(1)")
    expect(look.by("level", level="numpy")).to_contain_text("<b>import</b>")
    assert look.by("peel").locator("img, b").count() == 0


def test_a_damaged_one_is_said_and_the_page_stays(show: Show, peeled: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(peeled, tmp_path / "digits"))
    document = run / "peel" / "zarr.json"
    document.write_text(document.read_text().replace('"part":"update"', '"part":"sideways"'))
    look = show(run, view="view=peel")
    look.wait_for_frame()
    expect(look.page.get_by_text("this run cannot be trusted")).to_be_visible()
    look.by("view-curves").click()
    expect(look.by("curves")).to_be_visible()


def test_one_file_has_it_offline(chromium: Browser, peeled: Path, tmp_path: Path) -> None:
    page = tmp_path / "digits.html"
    export([peeled], page)
    look = Look(chromium, page.as_uri(), "view=peel&line=numpy:46", width=1280, height=800, scale=1, offline=True)
    expect(look.by("formula").locator("math")).to_be_visible()
    expect(look.by("array-picture")).to_be_visible()
    assert look.complaints == []
    look.close()
