"""One tab of a real Chromium, and what the browser itself says that it costs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from playwright.sync_api import Browser, Page

#: Bytes of the textures that live on the graphics card, counted where they are made and let go; each canvas is one too.
_COUNT_TEXTURES: Final = """
(() => {
  const held = new Map()
  window.__textures = () => [...held.values()].reduce((sum, bytes) => sum + bytes, 0)
  const gl = WebGL2RenderingContext.prototype
  const { texImage2D, deleteTexture, bindTexture, getExtension } = gl
  const bound = new WeakMap()
  gl.bindTexture = function (target, texture) { bound.set(this, texture); bindTexture.call(this, target, texture) }
  gl.texImage2D = function (...all) {
    if (all.length === 9) held.set(bound.get(this), all[3] * all[4] * (all[2] === gl.R16I ? 2 : 4))
    texImage2D.apply(this, all)
  }
  gl.deleteTexture = function (texture) { held.delete(texture); deleteTexture.call(this, texture) }
})()"""

_MOMENT: Final = "performance.getEntriesByName('onionskin:first-picture')[0]?.startTime ?? 0"

#: Two frames of the browser's own: what was asked for before has been drawn when it is over.
_DRAWN: Final = "new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(() => r())))"


@dataclass(frozen=True)
class Account:
    """What the main thread has done until now (seconds), and what is held (bytes)."""

    script: float
    task: float
    layout: float
    processor: float


class Tab:
    """A tab with an empty cache.

    Attributes:
        requests: The address and the bytes on the wire, headers included, of every answer.
    """

    def __init__(self, chromium: Browser, *, width: int = 1440, height: int = 820) -> None:
        self._context = chromium.new_context(viewport={"width": width, "height": height})
        self.page: Page = self._context.new_page()
        self.page.add_init_script(_COUNT_TEXTURES)
        self.cdp = self._context.new_cdp_session(self.page)
        self.cdp.send("Performance.enable")
        self.cdp.send("Network.enable")
        self.requests: list[tuple[str, int]] = []
        self._under_way: dict[str, str] = {}
        self.cdp.on("Network.requestWillBeSent", self._begin)
        self.cdp.on("Network.loadingFinished", self._end)

    def _begin(self, event: dict[str, Any]) -> None:
        self._under_way[event["requestId"]] = event["request"]["url"]

    def _end(self, event: dict[str, Any]) -> None:
        url = self._under_way.pop(event["requestId"], "")
        if url.startswith("http"):
            self.requests.append((url, round(event["encodedDataLength"])))

    def open(self, address: str) -> None:
        """Go to an address, and wait until its document is read."""
        self.page.goto(address, wait_until="commit")

    def first_picture(self, most: float = 60) -> float:
        """Return how many seconds after it was opened the page said that its first picture stands."""
        self.page.wait_for_function(f"() => {_MOMENT}", timeout=1000 * most)
        return float(self.page.evaluate(_MOMENT)) / 1000

    def wait_until(self, condition: str, most: float = 60) -> float:
        """Return how many seconds after it was opened a condition held, looked at in every frame."""
        found = self.page.wait_for_function(
            f"() => ({condition}) ? performance.now() : 0", polling="raf", timeout=1000 * most
        )
        return float(found.json_value()) / 1000

    def settle(self) -> None:
        """Wait until what was asked of the page has been drawn, and nothing is on its way."""
        self.page.evaluate(_DRAWN)
        self.page.wait_for_load_state("networkidle")

    def settle_drawn(self) -> None:
        """The same of a page that follows a run: its line to the server never falls silent."""
        self.page.evaluate(_DRAWN)
        self.page.wait_for_timeout(500)

    def draw(self) -> None:
        """Wait until what was asked of the page has been drawn."""
        self.page.evaluate(_DRAWN)

    def account(self) -> Account:
        """Return what the main thread has done since the tab was opened: the browser's own clocks."""
        said = {one["name"]: one["value"] for one in self.cdp.send("Performance.getMetrics")["metrics"]}
        return Account(
            script=said["ScriptDuration"],
            task=said["TaskDuration"],
            layout=said["LayoutDuration"] + said["RecalcStyleDuration"],
            processor=said["ThreadTime"],
        )

    def held(self) -> dict[str, int]:
        """Return the bytes that are held when all that can be let go is: objects, arrays, textures."""
        for _ in range(2):
            self.cdp.send("HeapProfiler.collectGarbage")
        heap = self.cdp.send("Runtime.getHeapUsage")
        return {
            "objects": round(heap["usedSize"]),
            "arrays": round(heap["backingStorageSize"]),
            "textures": int(self.page.evaluate("window.__textures()")),
        }

    def press(self, key: str) -> None:
        """Press a key as a hand does, without a wait."""
        self.page.keyboard.press(key)

    def shown(self) -> int:
        """Return the index of the frame that is shown."""
        found = self.page.evaluate("document.querySelector('[data-testid=scrubber]')?.dataset.frame ?? -1")
        return int(found)

    def wait_for_frame(self, frame: int, most: float = 30) -> None:
        """Wait until a frame is shown."""
        self.page.wait_for_function(
            f"() => document.querySelector('[data-testid=scrubber]')?.dataset.frame === '{frame}'",
            polling="raf",
            timeout=1000 * most,
        )

    def close(self) -> None:
        """Close the tab and forget what it kept."""
        self._context.close()


@contextmanager
def opened(chromium: Browser, address: str) -> Iterator[Tab]:
    """Open an address in a tab of its own."""
    tab = Tab(chromium)
    try:
        tab.open(address)
        yield tab
    finally:
        tab.close()


def seconds_since(began: float) -> float:
    """Return the seconds since ``time.perf_counter()`` said so."""
    return time.perf_counter() - began
