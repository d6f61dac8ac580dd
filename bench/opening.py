"""From a click on a link to the first picture: an empty cache, a browser that runs already, all on this machine."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser

from bench.page_runs import prepared
from bench.tab import Tab, opened
from tests.view.served import Served

REPEATS: Final = 7

#: Every run of the library stands on the page, and what is in the window says what it is.
_LISTED: Final = """
(() => {
  const cards = [...document.querySelectorAll('[data-testid=run]')]
  const seen = cards.filter((card) => card.getBoundingClientRect().top < innerHeight)
  return cards.length >= 500 && seen.every((card) => /\\d (step|parameter)/.test(card.textContent))
})()"""


def measure(chromium: Browser, quick: bool) -> list[list[str]]:
    """Return the seconds until the first picture of each run, best and median."""
    rows = [["what is opened", "s to the first picture, median", "best", "script until then", "requests", "kB", "bar"]]
    repeats = 3 if quick else REPEATS
    for name, words, bar in (
        ("resnet", "ResNet-18, 300 frames", "1.0 s"),
        ("gpt", "GPT-2 124 M, 50,000 steps, 2,000 frames", "2.0 s"),
        ("library", "a library of 500 runs (its cards in the window)", "2.0 s"),
    ):
        rows.append([words, *_row(chromium, prepared(name), repeats), bar])
    return rows


def _row(chromium: Browser, run: Path, repeats: int) -> list[str]:
    served = Served(run)
    seconds, scripts, requests, sizes = [], [], 0, 0
    try:
        with opened(chromium, served.address) as tab:
            _first(tab, run)  # a browser that has just started builds its graphics process first
        for _ in range(repeats):
            with opened(chromium, served.address) as tab:
                seconds.append(_first(tab, run))
                scripts.append(tab.account().script)
                requests, sizes = len(tab.requests), sum(size for _, size in tab.requests)
    finally:
        served.close()
    return [
        f"{statistics.median(seconds):.2f}",
        f"{min(seconds):.2f}",
        f"{statistics.median(scripts):.2f} s",
        str(requests),
        f"{sizes / 1e3:,.0f}",
    ]


def _first(tab: Tab, run: Path) -> float:
    return tab.first_picture() if (run / "zarr.json").exists() else tab.wait_until(_LISTED)
