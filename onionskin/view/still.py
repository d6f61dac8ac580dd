"""Pictures of a run, taken of the page itself: one after the other, each once its frame is whole on the screen."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, quote

from onionskin.errors import OnionskinError
from onionskin.recording.reader import open_run
from onionskin.view.chromium import chromium
from onionskin.view.server import Shown, serve

if TYPE_CHECKING:
    from playwright.sync_api import Page

#: How long a frame may take to come to the screen (milliseconds).
_PATIENCE: Final = 60_000

_TWO_FRAMES: Final = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@dataclass(frozen=True)
class Shot:
    """How a run is looked at.

    Attributes:
        width, height: In pixels.
        state: What the page's address holds, by name: ``{"view": "space", "theme": "dark"}``.
    """

    width: int = 1280
    height: int = 720
    state: dict[str, str] = field(default_factory=dict)

    def hash(self, frame: int) -> str:
        """Return the part of the page's address that makes this picture of a frame."""
        state = {**self.state, "still": "1", "frame": str(frame)}
        return "#" + "&".join(f"{name}={quote(value, safe='/,')}" for name, value in state.items())


def state_of(link: str) -> dict[str, str]:
    """Return the state in a link that was copied from the page, or in the part after its ``#``."""
    return {name: value for name, value in parse_qsl(link.partition("#")[2] or link) if name != "run"}


def size_of(text: str) -> tuple[int, int]:
    """Return the sides of ``1280x720``. Raises OnionskinError for what no encoder takes."""
    sides = text.lower().split("x")
    if len(sides) != 2 or not all(side.isdecimal() and 64 <= int(side) <= 4096 for side in sides):
        raise OnionskinError(f"'{text}' is no size", fix="give width x height in pixels, such as --size 1280x720")
    if any(int(side) % 2 for side in sides):
        raise OnionskinError(f"{text} has an odd side", fix="give even numbers: a video has a colour for 2 x 2 pixels")
    return int(sides[0]), int(sides[1])


def kind_of(out: Path, kinds: tuple[str, ...]) -> str:
    """Return what the name of a file says that it is. Raises OnionskinError for what cannot be made."""
    kind = out.suffix.removeprefix(".").lower()
    if kind not in kinds:
        raise OnionskinError(f"{out.name} is no {' or '.join(kinds)}", fix=f"give a name such as {out.stem}.{kinds[0]}")
    if not out.absolute().parent.is_dir():
        raise OnionskinError(f"there is no folder {out.absolute().parent}", fix="make it first")
    return kind


class Camera:
    """The page of one run, ready to be photographed."""

    def __init__(self, page: Page, address: str, shot: Shot) -> None:
        self._page = page
        self._shot = shot
        self._address = address
        self._is_open = False

    def png(self, frame: int) -> bytes:
        """Return the picture of a frame. Raises OnionskinError when it does not come."""
        self._show(frame)
        return self._page.screenshot(animations="disabled")

    def svg(self, frame: int) -> str:
        """Return the map of a frame as vectors, for the view that has one. Raises OnionskinError."""
        self._show(frame)
        drawn = self._page.evaluate("() => window.onionskin?.mapSVG?.() ?? ''")
        if not isinstance(drawn, str) or "<svg" not in drawn:
            raise OnionskinError("this view has no picture of vectors", fix="make a .png instead")
        return drawn

    def _show(self, frame: int) -> None:
        from playwright.sync_api import Error

        hash_ = self._shot.hash(frame)
        try:
            if self._is_open:
                self._page.evaluate("hash => { location.hash = hash }", hash_)
            else:
                self._page.goto(self._address + hash_)
            self._page.wait_for_selector(f"[data-testid=still][data-frame='{frame}']", timeout=_PATIENCE)
            if not self._is_open:  # a view's own code, fonts, and what is known of all frames
                self._page.wait_for_load_state("networkidle", timeout=_PATIENCE)
                self._page.evaluate("() => document.fonts.ready.then(() => true)")
                self._is_open = True
            if self._shot.state.get("view") == "space":
                self._page.wait_for_selector(f"[data-testid=space][data-frame='{frame}']", timeout=_PATIENCE)
            self._page.evaluate(_TWO_FRAMES)
        except Error as error:
            said = self._page.locator("[role=alert]").all_inner_texts() if not self._page.is_closed() else []
            what = " ".join(said) or str(error).splitlines()[0]
            raise OnionskinError(
                f"frame {frame} did not come: {what}", fix="look at it with: onionskin view"
            ) from error


@contextmanager
def camera(run: str | Path, shot: Shot) -> Iterator[Camera]:
    """Serve a run to a Chromium without a window. Raises OnionskinError when either cannot be had."""
    with _served(run) as address, chromium() as browser:
        is_dark = shot.state.get("theme") == "dark"
        page = browser.new_page(
            viewport={"width": shot.width, "height": shot.height},
            color_scheme="dark" if is_dark else "light",
            reduced_motion="reduce",
        )
        yield Camera(page, address, shot)


def frames_of(run: str | Path, asked: str) -> range:
    """Return the frames of ``A:B`` (either may be left out, both are taken, negative ones count from the end)."""
    opened = open_run(run)
    first, colon, last = asked.partition(":")
    try:
        begin, end = int(first or 0), int(last or -1) if colon else int(first)
    except ValueError:
        raise OnionskinError(f"'{asked}' are no frames", fix="give the first and the last: --frames 0:100") from None
    indices = range(opened.frame_index(begin), opened.frame_index(end) + 1)
    if not indices:
        raise OnionskinError(f"'{asked}' holds no frame", fix="give the first and the last: --frames 0:100")
    return indices


@contextmanager
def _served(run: str | Path) -> Iterator[str]:
    """Serve a run on a thread of its own. Yields its address."""
    ready: list[Shown] = []
    failed: list[BaseException] = []
    is_settled = threading.Event()
    loop = asyncio.new_event_loop()

    def listen(shown: Shown) -> None:
        ready.append(shown)
        is_settled.set()

    task = loop.create_task(serve([run], ready=listen))

    def work() -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(task)
        except asyncio.CancelledError:
            pass
        except Exception as error:  # noqa: BLE001  said by who waits
            failed.append(error)
        finally:
            is_settled.set()
            loop.close()

    thread = threading.Thread(target=work, name="onionskin-server", daemon=True)
    thread.start()
    is_settled.wait()
    if failed:
        thread.join()
        raise failed[0]
    try:
        yield ready[0].address
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()
