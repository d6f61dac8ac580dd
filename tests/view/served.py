"""A server of runs on a thread of its own, for the tests."""

from __future__ import annotations

import asyncio
import http.client
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from onionskin.view import Shown, serve


class Served:
    """A server on a thread of its own."""

    def __init__(self, *locations: Path | str, host: str = "127.0.0.1") -> None:
        self._ready: list[Shown] = []
        self._host = host
        self._loop = asyncio.new_event_loop()
        self._task = self._loop.create_task(serve(locations, host=host, ready=self._ready.append))
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        until = time.monotonic() + 10
        while not self._ready and time.monotonic() < until and self._thread.is_alive():
            time.sleep(0.01)
        assert self._ready, self._task
        self.address = self._ready[0].address

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

    def get(self, path: str, **headers: str) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Ask with the path exactly as it is given: no client tidies it up."""
        address = urlsplit(self.address)
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=10)
        connection.putrequest("GET", path, skip_host="host" in headers)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response.status, response.headers, content
