"""What the browser tests share: one Chromium, one real training, and a page that is watched for errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from onionskin.learn.domains.vision import vision
from tests.browser import browser
from tests.view.look import Look
from tests.view.served import Served

Show = Callable[..., Look]

# A page that is slow on a busy machine is not wrong: what is waited for is a state, and this is when to give it up.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One a module: while it is open its event loop runs in this thread, and asyncio can run no other one."""
    with browser() as opened:
        yield opened


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run: scikit-learn's digits, 2,640 steps, and with all time to spend 231 frames on any machine."""
    run = tmp_path_factory.mktemp("trained") / "digits"
    vision("digits").fit(run=run, budget=1.0)
    return run


@pytest.fixture
def show(chromium: Browser) -> Iterator[Show]:
    """Open the page on runs: ``show(run, "frame=3")``. Whatever the page complains of fails the test."""
    looks: list[Look] = []
    servers: list[Served] = []

    def open_page(*runs: Path, view: str = "", width: int = 1440, height: int = 820, scale: float = 1) -> Look:
        servers.append(Served(*runs))
        looks.append(Look(chromium, servers[-1].address, view, width=width, height=height, scale=scale))
        return looks[-1]

    yield open_page
    for look in looks:
        look.close()
    for server in servers:
        server.close()
    for look in looks:
        assert look.complaints == []
