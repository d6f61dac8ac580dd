"""The page for whoever does not see it well, or has no mouse: axe-core finds nothing, words say what they mean."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.view.access import violations
from tests.view.conftest import Show

_VIEWS = re.findall(r"name: '(\w+)',\n    label", (Path(__file__).parents[2] / "web/src/page/views.ts").read_text())


@pytest.mark.parametrize("view", _VIEWS)
def test_no_view_breaks_the_guidelines(show: Show, digits: Path, view: str) -> None:
    """Light and dark, and as wide as a phone: contrast, names, order and size of what is touched."""
    look = show(digits, view=f"view={view}&frame=40&node=fc1&theme=light")
    look.wait_for_frame(40)
    assert violations(look) == []
    look.press("d")
    assert violations(look) == []
    look.page.set_viewport_size({"width": 390, "height": 844})
    look.settle()
    assert violations(look) == []


def test_a_word_says_what_it_means(show: Show, digits: Path) -> None:
    look = show(digits)
    look.wait_for_frame()
    word = look.by("word", word="parameter")
    bubble = look.page.locator(f"#{word.get_attribute('aria-describedby')}")
    expect(bubble).to_be_hidden()
    word.focus()
    expect(bubble).to_have_text(re.compile("a weight or a bias"))
    expect(bubble).to_be_in_viewport()
    look.press("Escape")
    expect(bubble).to_be_hidden()
    word.hover()
    expect(bubble).to_be_visible()


def test_the_checker_finds_what_is_wrong(show: Show, digits: Path) -> None:
    look = show(digits)
    look.wait_for_frame()
    look.page.evaluate("document.querySelector('h1').outerHTML = '<img src=\"\"><button></button>'")
    assert any(found.startswith(("image-alt", "button-name")) for found in violations(look))
