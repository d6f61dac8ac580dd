"""Finds a Chromium and opens it without a window: what pictures and videos of the page are taken with."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from onionskin.errors import OnionskinError

if TYPE_CHECKING:
    from playwright.sync_api import Browser

#: WebGL2 drawn by the processor, and no network but the page's own.
FLAGS: Final = (
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def found() -> str | None:
    """Return the path of a Chromium on this machine; None leaves it to Playwright's own."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Open a headless Chromium.

    Raises:
        OnionskinError: Playwright is not installed, or there is no Chromium that starts.
    """
    try:
        from playwright.sync_api import Error, sync_playwright
    except ModuleNotFoundError as error:
        raise OnionskinError("Playwright is not installed", fix="pip install 'onionskin[video]'") from error
    with sync_playwright() as playwright:
        try:
            opened = playwright.chromium.launch(executable_path=found(), args=list(FLAGS), handle_sigint=False)
        except Error as error:
            first_line = str(error).strip().splitlines()[0]
            raise OnionskinError(
                f"no Chromium could be started: {first_line}",
                fix="install Chromium or Chrome, or run: python -m playwright install chromium",
            ) from error
        try:
            yield opened
        finally:
            opened.close()
