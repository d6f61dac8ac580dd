"""The page in a real browser, as a person handles it: keys, mouse, eyes."""

from __future__ import annotations

import io
import re
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Locator, expect

#: Screenshots are kept here to be looked at.
SHOTS = Path(__file__).parents[2] / "test-results"

#: What a growing run does not have before its first frame, and no more once it is packed: the page has to ask, and the
#: browser notes each answer of 404.
_NOT_THERE = re.compile(r"/((frames|scalars)/zarr\.json|c\.[\d.]+)$")

#: The browser asks for the icon when it pleases, also of a server that the test has just closed.
_ICON = re.compile(r"/icon-[\w-]+\.svg$")


class Look:
    """One page that is looked at.

    Attributes:
        complaints: Errors and warnings of the page, and requests to anywhere but its own server.
    """

    def __init__(
        self,
        chromium: Browser,
        address: str,
        view: str,
        *,
        width: int,
        height: int,
        scale: float,
        offline: bool = False,
    ) -> None:
        self.complaints: list[str] = []
        self.address = address
        self._host = urlsplit(address).netloc
        context = chromium.new_context(viewport={"width": width, "height": height}, device_scale_factor=scale)
        context.set_offline(offline)
        self.page = context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self._complain(str(error)))
        self.page.on("request", lambda request: self._check(request.url))
        self.page.on("dialog", lambda dialog: self._complain(f"a dialog: {dialog.message}"))
        self.page.goto(f"{address}#{view}" if view else address)

    def _hear(self, message: ConsoleMessage) -> None:
        is_absent = "404" in message.text and _NOT_THERE.search(message.location["url"])
        is_too_late = "net::ERR_" in message.text and _ICON.search(message.location["url"])
        if message.type in ("error", "warning") and not (is_absent or is_too_late):
            self._complain(f"{message.text} {message.location['url']}")

    def _complain(self, text: str) -> None:
        self.complaints.append(text)

    def _check(self, url: str) -> None:
        if urlsplit(url).scheme in ("http", "https") and urlsplit(url).netloc != self._host:
            self._complain(f"asked for {url}")

    def by(self, testid: str, **data: str | int) -> Locator:
        """Return the elements of a test id, narrowed by their ``data-`` attributes."""
        narrowed = "".join(f'[data-{name}="{value}"]' for name, value in data.items())
        return self.page.locator(f'[data-testid="{testid}"]{narrowed}')

    def wait_for_frame(self, frame: int | None = None) -> int:
        """Wait until a frame is shown (this one, if it is said), and return its index."""
        scrubber = self.by("scrubber")
        if frame is None:
            self.page.wait_for_selector('[data-testid="scrubber"]:not([data-frame="-1"])')
        else:
            expect(scrubber).to_have_attribute("data-frame", str(frame))
        self.settle()
        return self.frame

    @property
    def frame(self) -> int:
        """The index of the frame that is shown."""
        return int(self.by("scrubber").get_attribute("data-frame") or -1)

    def settle(self) -> None:
        """Wait until what was asked of the page has been drawn: two frames of its own."""
        self.page.evaluate("() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
        self.settle()

    def picture(self, target: Locator | None = None) -> Image.Image:
        """Return what an element looks like, or the whole page."""
        taken = (target or self.page).screenshot()
        return Image.open(io.BytesIO(taken)).convert("RGB")

    def keep(self, name: str) -> None:
        """Keep a screenshot to be looked at."""
        SHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png")

    def close(self) -> None:
        self.page.context.close()


def colours(image: Image.Image) -> int:
    """Return how many colours a picture has: a blank one has few."""
    found = image.getcolors(maxcolors=1 << 24)
    return len(found or [])


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return the share of pixels that differ visibly (by more than 8 of 255 in a channel)."""
    from PIL import ImageChops

    assert one.size == other.size
    worst = ImageChops.difference(one, other)
    data = worst.tobytes()
    return sum(max(data[i : i + 3]) > 8 for i in range(0, len(data), 3)) / (len(data) / 3)
