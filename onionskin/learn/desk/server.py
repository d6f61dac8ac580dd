"""Serves suspects to decide on, to this machine alone, and writes each decision down before it answers.

Its address has a random word in it that no other page knows; requests under another name for this machine, from another
page, or of another kind than the page's own are refused. The page runs its own code and nothing else.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from onionskin.errors import OnionskinError
from onionskin.learn.decisions import DECISIONS, Decision, decide, key_of, read_decisions
from onionskin.learn.domain import Domain
from onionskin.learn.goals.one_of import OneOf
from onionskin.learn.suspects import Suspect, Suspicions
from onionskin.view.server import HEADERS, guarded, listen

_HOST: Final = "127.0.0.1"
_FILES: Final = {"": "page.html", "desk.js": "desk.js", "desk.css": "desk.css"}
_TYPES: Final = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}

#: No request is larger (bytes), and no more suspects go to the page.
_MOST_BYTES: Final = 65_536
_MOST_SUSPECTS: Final = 5_000

#: So much of a text is shown.
_MOST_LETTERS: Final = 20_000


@dataclass(frozen=True)
class Opened:
    """A desk that listens: its address, with the word that opens it."""

    address: str


class Desk:
    """Suspects, and what was decided of them.

    Args:
        domain: What the suspects are of.
        found: The suspects.
        file: Where decisions are written; those that are there already count.
        source: How the data are called on the command line, for what is said at the end.

    Raises:
        OnionskinError: The file is there and is no file of decisions.
    """

    def __init__(self, domain: Domain, found: Suspicions, file: Path, source: str) -> None:
        self._domain = domain
        self._file = file
        self._source = source
        self.suspects = found.suspects[:_MOST_SUSPECTS]
        self._by_row = {suspect.row: suspect for suspect in reversed(self.suspects)}
        self._rows = {s.row for s in self.suspects} | {s.other_row for s in self.suspects if s.other_row >= 0}
        self.made = read_decisions(file) if file.exists() else {}

    @property
    def decided(self) -> int:
        """How many suspects are decided."""
        return len({key_of(s.where) for s in self.suspects} & self.made.keys())

    def listed(self) -> dict[str, Any]:
        """Return what the page is told at first."""
        goal = self._domain.goal
        return {
            "source": self._source,
            "file": str(self._file),
            "what": self._domain.understood.what,
            "classes": list(goal.classes) if isinstance(goal, OneOf) else [],
            "suspects": [vars(suspect) for suspect in self.suspects],
            "made": {s.where: _told(self.made[key]) for s in self.suspects if (key := key_of(s.where)) in self.made},
        }

    def example(self, row: int) -> dict[str, Any]:
        """Return one example as a person sees it. Raises KeyError for what is no suspect."""
        if row not in self._rows:
            raise KeyError(row)
        shown = self._domain.shown(row)
        png = None if shown.png is None else base64.b64encode(shown.png).decode()
        return {"png": png, "text": shown.text[:_MOST_LETTERS], "where": shown.where, "label": shown.label}

    def decide(self, suspect: Suspect, decision: str, label: str) -> Decision | None:
        """Write down what was decided, and return what now counts; None after an undo. Raises OnionskinError."""
        goal = self._domain.goal
        if decision == "relabel" and isinstance(goal, OneOf):
            goal.number(label)
        made = decide(
            self._file, Decision(suspect.where, suspect.issue, decision, label if decision == "relabel" else "")
        )
        if decision == "undo":
            self.made.pop(key_of(suspect.where), None)
            return None
        self.made[key_of(suspect.where)] = made
        return made

    def suspect(self, row: int) -> Suspect:
        """Return the suspect of a row. Raises KeyError."""
        return self._by_row[row]


def _told(decision: Decision) -> dict[str, str]:
    return {"decision": decision.decision, "label": decision.label}


async def serve(desk: Desk, *, port: int | None = None, ready: Callable[[Opened], None] | None = None) -> None:
    """Serve a desk until cancelled.

    Args:
        desk: What to decide on.
        port: By default the first free one from 8700.
        ready: Called once it listens.

    Raises:
        OnionskinError: The port is taken.
    """
    word = secrets.token_urlsafe(18)
    listening = listen(_HOST, port)
    runner = web.AppRunner(_application(desk, word), access_log=None)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        if ready:
            ready(Opened(f"http://{_HOST}:{listening.getsockname()[1]}/{word}/"))
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def _application(desk: Desk, word: str) -> web.Application:
    application = web.Application(middlewares=[guarded(_HOST), _opened(word)], client_max_size=_MOST_BYTES)

    async def file(request: web.Request) -> web.StreamResponse:
        name = _FILES.get(request.match_info["file"])
        if name is None:
            raise web.HTTPNotFound(text="there is no such file\n")
        path = Path(__file__).with_name(name)
        headers = {"Content-Type": f"{_TYPES[path.suffix]}; charset=utf-8", "Cache-Control": "no-store"}
        return web.Response(body=path.read_bytes(), headers=headers)

    async def listed(_request: web.Request) -> web.StreamResponse:
        return web.json_response(desk.listed(), headers={"Cache-Control": "no-store"})

    async def example(request: web.Request) -> web.StreamResponse:
        try:
            shown = await asyncio.to_thread(desk.example, int(request.match_info["row"]))
        except KeyError:
            raise web.HTTPNotFound(text="there is no such suspect\n") from None
        return web.json_response(shown, headers={"Cache-Control": "no-store"})

    writing = asyncio.Lock()

    async def decided(request: web.Request) -> web.StreamResponse:
        suspect, decision, label = _asked(desk, await _json(request))
        try:
            async with writing:
                made = await asyncio.to_thread(desk.decide, suspect, decision, label)
        except OnionskinError as error:
            return web.json_response({"what": error.what, "fix": error.fix}, status=409)
        return web.json_response({"where": suspect.where, "made": None if made is None else _told(made)})

    application.router.add_get(r"/{word}/{file:(desk\.(js|css))?}", file)
    application.router.add_get("/{word}/suspects.json", listed)
    application.router.add_get(r"/{word}/examples/{row:\d{1,15}}", example)
    application.router.add_post("/{word}/decisions", decided)
    return application


def _opened(word: str) -> Any:
    @web.middleware
    async def opened(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Let in who knows the word, and refuse what another page has sent, which its browser says."""
        given = request.match_info.get("word", "")
        if not hmac.compare_digest(given.encode(errors="replace"), word.encode()):
            raise web.HTTPForbidden(text="open the address that onionskin clean has printed\n", headers=HEADERS)
        origin = request.headers.get("Origin", f"http://{request.host}")
        site = request.headers.get("Sec-Fetch-Site", "same-origin")
        if origin != f"http://{request.host}" or site not in ("same-origin", "none"):
            raise web.HTTPForbidden(text="this is another page's request\n", headers=HEADERS)
        return await handler(request)

    return opened


async def _json(request: web.Request) -> Any:
    if request.content_type != "application/json":  # what a form of another page cannot send
        raise web.HTTPUnsupportedMediaType(text="send JSON\n")
    try:
        return await request.json()
    except (ValueError, RecursionError):
        raise web.HTTPBadRequest(text="this is no JSON\n") from None


def _asked(desk: Desk, content: Any) -> tuple[Suspect, str, str]:
    """Return what a request decides. Raises HTTPBadRequest for what decides nothing."""
    if isinstance(content, dict):
        row, decision, label = content.get("row"), content.get("decision"), content.get("label", "")
        if type(row) is int and decision in DECISIONS and isinstance(label, str) and len(label) <= 1_000:
            try:
                return desk.suspect(row), decision, label
            except KeyError:
                pass
    raise web.HTTPBadRequest(text="this decides nothing\n")
