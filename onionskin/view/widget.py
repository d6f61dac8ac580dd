"""The notebook's widget: the page in the output of a cell, and its run through the messages of the kernel.

No server and no port: the page asks for files, and the kernel answers. While a cell runs a kernel answers nothing, but
it can speak. So of a run that this very process records, a thread sends what is new by itself, and the page grows while
its training holds the kernel.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import anywidget
import traitlets

from onionskin.errors import OnionskinError
from onionskin.recording.arrays import folder_bytes
from onionskin.recording.fields import LARGEST_FILE
from onionskin.recording.reader import open_run
from onionskin.recording.status import Status
from onionskin.view.built import single_page, widget_script
from onionskin.view.export import name_of
from onionskin.view.files import RunFiles

#: How often a growing run is looked at (seconds): enough to look alive, and the training is left alone.
LOOK_SECONDS: Final = 0.75

#: A run up to this size is sent whole, so that it can be looked at while another cell holds the kernel (bytes).
SMALL_BYTES: Final = 32_000_000

#: Files that are sent at once are kept below this (bytes).
_MESSAGE_BYTES: Final = 4_000_000


class RunWidget(anywidget.AnyWidget):
    """One run in the output of one cell.

    Args:
        location: A run folder, a ``.zip`` or an address.
        height: How high it is (CSS pixels).
        hash: What is looked at, as the page's address says it: ``#frame=12&view=probes``.
    """

    _esm = ""
    page = traitlets.Unicode().tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)
    hash = traitlets.Unicode().tag(sync=True)
    height = traitlets.Int().tag(sync=True)

    def __init__(self, location: str | Path, *, height: int = 640, hash: str = "") -> None:  # noqa: A002  as in a URL
        open_run(location)  # says what is wrong before there is an empty frame
        self.files = RunFiles(location)
        super().__init__(_esm=widget_script(), page=single_page(), name=name_of(location), height=height, hash=hash)
        self.on_msg(self._hear)
        if self.files.folder is not None:
            threading.Thread(target=self._tell, name="onionskin-widget", daemon=True).start()

    def representation(self) -> dict[str, Any]:
        """Return what makes a notebook show the widget, by type."""
        shown = self._repr_mimebundle_()
        return {kind: content for kind, content in (shown[0] if shown else {}).items() if kind != "text/plain"}

    def _hear(self, _widget: object, content: Any, _buffers: object) -> None:
        """Answer the page. What it says is taken for a stranger's: a path leads nowhere but into the run."""
        if not isinstance(content, dict) or content.get("kind") != "read":
            return
        asked, path = content.get("id"), content.get("path")
        if not isinstance(asked, int) or not isinstance(path, str):
            return
        try:
            found = self._read(path)
        except OnionskinError as error:
            self.send({"kind": "refused", "id": asked, "what": error.what, "fix": error.fix})
        except OSError as error:
            fix = "see whether the run is where it was, then run the cell again"
            self.send({"kind": "refused", "id": asked, "what": f"{path} cannot be read: {error}", "fix": fix})
        else:
            answer = {"kind": "answer", "id": asked, "isThere": found is not None}
            self.send(answer, [found] if found is not None else [])

    def _read(self, path: str) -> bytes | None:
        if self.files.folder is None:
            return _waited_for(self.files, path)
        found = self.files.path(path)
        if found is None:
            return None
        if found.stat().st_size > LARGEST_FILE:
            raise OnionskinError(f"{path} is larger than any file of a run", fix="pack it again: onionskin pack RUN")
        try:
            return found.read_bytes()
        except FileNotFoundError:  # it was packed at this moment
            return None

    def _status(self) -> Status | None:
        try:
            return open_run(self.files.location).status
        except OnionskinError:
            return None

    def _tell(self) -> None:
        """Send what the page will ask for, and say when the run has grown, until it has ended. Runs on a thread."""
        sent: dict[str, tuple[int, int]] = {}
        stamp: tuple[int, ...] | None = None
        was_growing = False
        while self.comm is not None:
            now, status = self.files.stamp(), self._status()
            is_growing = _is_growing(status)
            if now != stamp or not is_growing:
                stamp = now
                with contextlib.suppress(OSError):  # it was packed at this moment: the next look tells
                    self._send_all(sent, listed=_is_ours(status) if is_growing else self._is_small())
                    if is_growing or was_growing:
                        self.send({"kind": "grown", "growing": is_growing})
                    if not is_growing:
                        return
            was_growing = is_growing
            time.sleep(LOOK_SECONDS)

    def _send_all(self, sent: dict[str, tuple[int, int]], *, listed: bool) -> None:
        """Send all that is new and list it, or say that files have to be asked for. Raises OSError."""
        names = self._push(sent) if listed else None
        self.send({"kind": "listed", "names": names})

    def _is_small(self) -> bool:
        return self.files.folder is not None and folder_bytes(self.files.folder) <= SMALL_BYTES

    def _push(self, sent: dict[str, tuple[int, int]]) -> list[str]:
        """Send the files that are new or have changed. Returns the names of all. Raises OSError."""
        folder = self.files.folder
        assert folder is not None
        for name in [name for name in sent if not (folder / name).is_file()]:
            del sent[name]  # packed, into one of a new name
        # `frames` is what reveals the rest: it is read before it, and sent after it.
        revealing = list(_changed(folder, "frames", sent))
        others = _changed(folder, "", sent)
        batch: list[tuple[str, bytes]] = []
        for name, content in others:
            batch.append((name, content))
            if sum(len(content) for _, content in batch) > _MESSAGE_BYTES:
                self._send_files(batch)
                batch = []
        self._send_files([*batch, *revealing])
        return list(sent)

    def _send_files(self, files: list[tuple[str, bytes]]) -> None:
        if files:
            self.send({"kind": "files", "names": [name for name, _ in files]}, [content for _, content in files])


def _changed(folder: Path, below: str, sent: dict[str, tuple[int, int]]) -> Iterator[tuple[str, bytes]]:
    """Give the files below a part of the folder that were not sent as they are now."""
    for path in sorted((folder / below).rglob("*")):
        if path.name.startswith(".") or not path.is_file():
            continue
        name, facts = path.relative_to(folder).as_posix(), path.stat()
        stamp = (facts.st_mtime_ns, facts.st_size)
        if sent.get(name) != stamp and facts.st_size <= LARGEST_FILE:
            content = path.read_bytes()
            sent[name] = stamp
            yield name, content


def _is_growing(status: Status | None) -> bool:
    return status is not None and status.is_growing(time.time())


def _is_ours(status: Status | None) -> bool:
    """Return whether this process records the run: then nobody answers while it trains."""
    return status is not None and status.pid == os.getpid() and status.host == socket.gethostname()


def _waited_for(files: RunFiles, path: str) -> bytes | None:
    """Read a file of a zip or an address. The notebook's own loop runs in this thread: another one waits."""
    found: list[bytes | None] = []
    failed: list[Exception] = []

    async def read() -> bytes | None:
        try:
            return await files.read(path)
        finally:
            await files.close()  # its connections belong to this loop

    def wait() -> None:
        try:
            found.append(asyncio.run(read()))
        except (OSError, OnionskinError) as error:
            failed.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return found[0]
