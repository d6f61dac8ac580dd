"""Serves the page and the runs over HTTP: bytes with Range, and server-sent events when a run grows.

It answers no question that a run folder answers: the page reads runs itself, here as from any static host.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from onionskin.errors import OnionskinError
from onionskin.recording.status import status_from_json
from onionskin.view.built import page_folder
from onionskin.view.files import RunFiles
from onionskin.view.lab import NAME, answer_file, is_lab, lab_among
from onionskin.view.shelf import Shelf

#: Where to look for a free port when none is asked for.
FIRST_PORT: Final = 8700
MOST_PORTS: Final = 100

#: How often a growing run is looked at (seconds), and how often a quiet connection is kept alive.
TAIL_SECONDS: Final = 0.2
ALIVE_SECONDS: Final = 10.0

#: The page runs its own code and nothing else (WebAssembly too, which runs models), and no other page may read the runs
#: through it.
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data: blob:; "
    "style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}

LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Shown:
    """A server that listens: its address, such as ``http://127.0.0.1:8700/``, the runs it shows, and the lab."""

    address: str
    runs: tuple[str, ...]
    lab: str | None = None


async def serve(
    locations: Sequence[str | Path],
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    ready: Callable[[Shown], None] | None = None,
) -> None:
    """Serve runs until cancelled.

    Args:
        locations: Runs, folders of runs, or the folder of a lab.
        host: Where to listen. Anything but this machine lets others read the runs.
        port: The port; by default the first free one from 8700.
        ready: Called once it listens.

    Raises:
        OnionskinError: A location is no run, two are labs, the port is taken, or the page was not built.
    """
    shelf, lab = Shelf(locations), lab_among(locations)
    page = page_folder()
    listening = listen(host, port)
    runner = web.AppRunner(_application(shelf, lab, page, host), access_log=None)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        shown_host = f"[{host}]" if ":" in host else host
        if ready:
            address = f"http://{shown_host}:{listening.getsockname()[1]}/"
            ready(Shown(address, shelf.locations, str(lab) if lab else None))
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def _application(shelf: Shelf, lab: Path | None, page: Path, host: str) -> web.Application:
    application = web.Application(middlewares=[guarded(host)])

    async def index(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(page / "index.html", headers={"Cache-Control": "no-cache"})

    async def library(_request: web.Request) -> web.StreamResponse:
        shown: dict[str, Any] = {"runs": await asyncio.to_thread(shelf.listed)}
        if lab is not None and is_lab(lab):
            shown["lab"] = True
        return web.json_response(shown, headers={"Cache-Control": "no-cache"})

    async def answers(request: web.Request) -> web.StreamResponse:
        path = answer_file(lab, request.match_info["name"]) if lab is not None else None
        if path is None:
            raise web.HTTPNotFound(text="there is no such answer\n")
        return web.FileResponse(path, headers={"Cache-Control": "no-cache", "Content-Type": "application/json"})

    async def run_file(request: web.Request) -> web.StreamResponse:
        run = _run_of(request, shelf)
        inside = request.match_info["inside"]
        path = run.path(inside)
        headers = {"Cache-Control": "no-cache", "Content-Type": _content_type(inside)}
        if path is not None:
            return web.FileResponse(path, headers=headers)
        try:
            content = None if run.folder is not None else await run.read(inside)
        except (OSError, OnionskinError) as error:
            raise web.HTTPBadGateway(text=f"{error}\n") from error
        if content is None:
            raise web.HTTPNotFound(text="there is no such file in this run\n")
        return _part_of(content, request, headers)

    async def live(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache", **HEADERS}
        )
        with contextlib.suppress(ConnectionResetError):  # the page was closed: nothing to tell, and no error
            await _tail(request, response, _run_of(request, shelf))
        return response

    async def close(_application: web.Application) -> None:
        await shelf.close()

    application.on_cleanup.append(close)
    application.router.add_get("/", index)
    application.router.add_get("/runs.json", library)
    application.router.add_get(f"/lab/{{name:{NAME}}}.json", answers)
    application.router.add_get(r"/runs/{run:\d+}/live", live)
    application.router.add_get(r"/runs/{run:\d+}/{inside:.+}", run_file)
    application.router.add_static("/assets", page / "assets")
    return application


def _run_of(request: web.Request, shelf: Shelf) -> RunFiles:
    number = request.match_info["run"]
    files = shelf.files(int(number)) if len(number) <= 6 else None
    if files is None:
        raise web.HTTPNotFound(text="there is no such run\n")
    return files


def guarded(host: str) -> Any:
    """Return the middleware of every server of ours that listens at ``host``."""

    @web.middleware
    async def guard(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Refuse a request that a foreign page made under another name for this machine (DNS rebinding)."""
        name = request.host.rsplit(":", 1)[0].strip("[]") if request.host.count(":") != 2 else request.host.strip("[]")
        if host in LOOPBACK and name not in LOOPBACK:
            raise web.HTTPForbidden(text="open the page as http://127.0.0.1\n")
        response = await handler(request)
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    return guard


async def _tail(request: web.Request, response: web.StreamResponse, run: RunFiles) -> None:
    """Send an event whenever the run has grown, until it has ended. The page then reads what is new itself."""
    await response.prepare(request)
    seen: tuple[int, ...] | None = None
    told = time.monotonic()
    while True:
        stamp = run.stamp()
        is_growing = _is_growing(run)
        if stamp != seen or not is_growing:
            seen, told = stamp, time.monotonic()
            await response.write(f"event: grown\ndata: {json.dumps({'growing': is_growing})}\n\n".encode())
        elif time.monotonic() - told > ALIVE_SECONDS:
            told = time.monotonic()
            await response.write(b": still here\n\n")
        if not is_growing:
            await response.write(b"event: ended\ndata: {}\n\n")
            return
        await asyncio.sleep(TAIL_SECONDS)


def _is_growing(run: RunFiles) -> bool:
    path = run.path("status/zarr.json")
    if path is None:
        return False
    try:
        content = json.loads(path.read_bytes())
        return status_from_json(content["attributes"]["status"]).is_growing(time.time())
    except (OSError, ValueError, KeyError, TypeError, OnionskinError):
        return False


def _part_of(content: bytes, request: web.Request, headers: dict[str, str]) -> web.Response:
    """Return what a Range asks for of a file that is held in memory."""
    try:
        wanted = request.http_range
    except ValueError:
        raise web.HTTPRequestRangeNotSatisfiable(headers={"Content-Range": f"bytes */{len(content)}"}) from None
    if wanted.start is None and wanted.stop is None:
        return web.Response(body=content, headers={**headers, "Accept-Ranges": "bytes"})
    start, stop, _ = wanted.indices(len(content))
    if start >= len(content):
        raise web.HTTPRequestRangeNotSatisfiable(headers={"Content-Range": f"bytes */{len(content)}"})
    where = {"Content-Range": f"bytes {start}-{stop - 1}/{len(content)}", "Accept-Ranges": "bytes"}
    return web.Response(status=206, body=content[start:stop], headers={**headers, **where})


def _content_type(inside: str) -> str:
    return "application/json" if inside.endswith(".json") else "application/octet-stream"


def listen(host: str, port: int | None) -> socket.socket:
    """Return a socket that listens; without a port at the first free one from 8700. Raises OnionskinError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    last: OSError | None = None
    for candidate in [port] if port is not None else range(FIRST_PORT, FIRST_PORT + MOST_PORTS):
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, candidate))
            listening.listen(64)
        except (OSError, OverflowError) as error:
            listening.close()
            last = error if isinstance(error, OSError) else OSError(str(error))
            continue
        return listening
    raise OnionskinError(
        f"cannot listen on {host}:{port or FIRST_PORT}: {last.strerror if last else 'no free port'}",
        fix="choose another --port, or leave it out to take a free one",
    )
