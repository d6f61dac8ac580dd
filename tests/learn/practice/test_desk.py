"""The page to decide on suspects, in a real browser: by keys alone, saved at once, and for nobody but its own page."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

import onionskin as osk
from onionskin.learn.decisions import Decision, decide, read_decisions
from onionskin.learn.desk import Desk, Opened, serve
from onionskin.learn.domain import Domain
from onionskin.learn.suspects import Suspect, Suspicions
from tests.browser import browser
from tests.view.access import violations_of


class Served:
    """A desk on a thread of its own, with three suspects."""

    def __init__(self, domain: Domain, file: Path) -> None:
        self.desk = Desk(domain, SUSPECTS, file, "digits")
        opened: list[Opened] = []
        self._loop = asyncio.new_event_loop()
        self._task = self._loop.create_task(serve(self.desk, ready=opened.append))
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        until = time.monotonic() + 10
        while not opened and time.monotonic() < until:
            time.sleep(0.01)
        self.address = opened[0].address

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._task)
        except asyncio.CancelledError:
            pass
        finally:
            self._loop.close()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()

    def ask(self, path: str, method: str = "GET", body: str | None = None, **headers: str) -> tuple[int, str]:
        address = urlsplit(self.address)
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=10)
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, names)
        response = connection.getresponse()
        content = response.read().decode()
        connection.close()
        return response.status, content


SUSPECTS = Suspicions(
    (
        Suspect(3, "row 3", "label", 0.98, "3", "8"),
        Suspect(5, "row 5", "duplicate", 1.0, "5", "", "row 4", "valid", 4),
        Suspect(7, "row 7", "outlier", 0.999, "7"),
    ),
    rows=osk.vision("digits").domain.train,
    doubts=None,
)


@pytest.fixture(scope="module")
def domain() -> Domain:
    return osk.vision("digits").domain


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "digits.decisions.csv"


@pytest.fixture
def served(domain: Domain, file: Path) -> Iterator[Served]:
    desk = Served(domain, file)
    yield desk
    desk.close()


@pytest.fixture
def page(chromium: Browser, served: Served) -> Iterator[Page]:
    page = chromium.new_page(viewport={"width": 1280, "height": 800})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(served.address)
    yield page
    page.close()
    assert [said for said in complaints if "409" not in said and "net::ERR" not in said] == []


def _at(page: Page, place: int) -> None:
    expect(page.locator("body")).to_have_attribute("data-shown", str(place))


def _decided(file: Path) -> dict[str, tuple[str, str]]:
    return {where: (d.decision, d.label) for where, d in read_decisions(file).items()} if file.exists() else {}


def test_every_suspect_is_decided_by_keys_and_saved_at_once(page: Page, file: Path) -> None:
    _at(page, 0)
    expect(page.locator("#question")).to_have_text("“3”, or rather “8”?")
    expect(page.locator("#example img")).to_have_js_property("naturalWidth", 8)
    page.keyboard.press("r")
    _at(page, 1)
    assert _decided(file) == {"row 3": ("relabel", "8")}
    expect(page.locator("#example figure")).to_have_count(2)  # beside what it is the same as
    page.keyboard.press("d")
    _at(page, 2)
    page.keyboard.press("u")  # the last is taken back, and comes back
    _at(page, 1)
    assert _decided(file) == {"row 3": ("relabel", "8")}
    page.keyboard.press("a")
    _at(page, 2)
    page.keyboard.press("l")
    expect(page.locator("#labels")).to_be_focused()
    page.keyboard.type("4")
    page.keyboard.press("Enter")
    expect(page.locator("#count")).to_have_text("3 of 3 decided")
    expect(page.locator("#done")).to_contain_text(f"onionskin train digits --decisions {file}")
    assert _decided(file) == {"row 3": ("relabel", "8"), "row 5": ("accept", ""), "row 7": ("relabel", "4")}
    page.keyboard.press("ArrowLeft")
    _at(page, 1)
    expect(page.locator("#state")).to_have_text("Decided: it stays as it is.")
    page.reload()
    expect(page.locator("#count")).to_have_text("3 of 3 decided")


def test_the_buttons_do_the_same(page: Page, file: Path) -> None:
    _at(page, 0)
    page.locator("#drop").click()
    _at(page, 1)
    page.locator("#after").click()
    _at(page, 2)
    page.locator("#labels").select_option("2")
    expect(page.locator("#count")).to_have_text("2 of 3 decided")
    assert _decided(file) == {"row 3": ("drop", ""), "row 7": ("relabel", "2")}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible_and_fits_a_phone(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    _at(page, 0)
    assert violations_of(page) == []
    page.set_viewport_size({"width": 390, "height": 780})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_what_was_decided_before_counts_and_the_next_open_one_is_shown(
    domain: Domain, chromium: Browser, file: Path
) -> None:
    decide(file, Decision("row 3", "label", "accept"))
    desk = Served(domain, file)
    page = chromium.new_page()
    page.goto(desk.address)
    _at(page, 1)
    expect(page.locator("#count")).to_have_text("1 of 3 decided")
    page.close()
    desk.close()


def test_what_cannot_be_written_is_said_and_not_passed_by(page: Page, file: Path) -> None:
    _at(page, 0)
    file.mkdir()  # nothing can be written there
    page.keyboard.press("d")
    expect(page.get_by_role("alert")).to_contain_text("cannot be written")
    _at(page, 0)
    expect(page.locator("#count")).to_have_text("0 of 3 decided")


def test_a_server_that_has_ended_is_said(page: Page, served: Served, file: Path) -> None:
    _at(page, 0)
    page.route("**/decisions", lambda route: route.abort())
    page.keyboard.press("d")
    expect(page.get_by_role("alert")).to_contain_text("Nobody answers")
    assert not file.exists()


def test_nobody_else_gets_in(served: Served, file: Path) -> None:
    word = urlsplit(served.address).path
    assert len(word) > 20
    body = json.dumps({"row": 3, "decision": "drop"})
    kind = {"Content_Type": "application/json"}
    assert served.ask("/")[0] in (403, 404)
    assert served.ask("/guess/suspects.json")[0] == 403
    assert served.ask(f"{word}suspects.json", Host="evil.example")[0] == 403
    assert served.ask(f"{word}suspects.json", Sec_Fetch_Site="cross-site")[0] == 403
    assert served.ask(f"{word}decisions", "POST", body, Origin="http://evil.example", **kind)[0] == 403
    assert served.ask(f"{word}decisions", "POST", body, Content_Type="text/plain")[0] == 415  # what a form can send
    assert served.ask(f"{word}decisions", "POST", "{", **kind)[0] == 400
    nonsense: tuple[Any, ...] = (
        {"row": 4, "decision": "drop"},
        {"row": True, "decision": "drop"},
        {"row": 3, "decision": "burn"},
        [],
    )
    for wrong in nonsense:
        assert served.ask(f"{word}decisions", "POST", json.dumps(wrong), **kind)[0] == 400
    relabel = json.dumps({"row": 3, "decision": "relabel", "label": "eleven"})
    status, told = served.ask(f"{word}decisions", "POST", relabel, **kind)
    assert status == 409
    assert "there is no class 'eleven'" in told
    assert served.ask(f"{word}decisions", "POST", " " * 100_000, **kind)[0] == 413
    assert served.ask(f"{word}examples/12")[0] == 404  # no suspect
    assert served.ask(f"{word}../server.py")[0] in (403, 404)
    assert not file.exists()
    assert served.ask(f"{word}decisions", "POST", body, **kind)[0] == 200
    assert _decided(file) == {"row 3": ("drop", "")}
