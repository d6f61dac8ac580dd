"""Reads a run over HTTP, file by file and each only once, from any static host.

Many static hosts ignore Range and send the whole file, which a sharding codec would take for the part it asked for.
A run's files are small (shards of 2 MiB), so they are fetched whole and kept while they are likely to be read again.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import aiohttp
from zarr.abc.store import ByteRequest, OffsetByteRequest, RangeByteRequest, SuffixByteRequest
from zarr.core.buffer import Buffer, BufferPrototype, default_buffer_prototype
from zarr.storage import FsspecStore, WrapperStore

from onionskin.recording.fields import LARGEST_FILE, too_large

#: What is kept of files fetched (bytes).
MOST_KEPT: Final = 64 * 2**20

_PART: Final = 2**18

#: A host that says nothing for so long (seconds) has failed.
SILENCE_SECONDS = 30.0


async def fetch(session: aiohttp.ClientSession, url: str) -> bytes | None:
    """Return the file at an address; None where there is none.

    Raises:
        OSError: The host cannot be reached, falls silent, or does not hand it out.
        OnionskinError: It is larger than any file of a run; no more than that was read.
    """
    patience = aiohttp.ClientTimeout(total=None, sock_connect=SILENCE_SECONDS, sock_read=SILENCE_SECONDS)
    try:
        async with session.get(url, timeout=patience) as response:
            if response.status in (404, 410):
                return None
            if response.status >= 400:
                raise OSError(f"it answered {response.status} {response.reason}")
            content = bytearray()
            async for part in response.content.iter_chunked(_PART):
                content += part
                if len(content) > LARGEST_FILE:
                    raise too_large(url, len(content))
            return bytes(content)
    except aiohttp.ClientError as error:
        raise OSError(str(error)) from error


class RemoteStore(WrapperStore[FsspecStore]):
    """A run at an ``http(s)://`` address. Metadata is fetched anew each time: a growing run changes it."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        super().__init__(FsspecStore.from_url(self._url, read_only=True))
        self._kept: OrderedDict[str, Buffer] = OrderedDict()

    async def get(
        self, key: str, prototype: BufferPrototype | None = None, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Return a file or a part of it; None where there is none. Raises as :func:`fetch` does."""
        whole = self._kept.get(key)
        if whole is None:
            content = await fetch(await self._store.fs.set_session(), f"{self._url}/{key}")
            if content is None:
                return None
            whole = (prototype or default_buffer_prototype()).buffer.from_bytes(content)
            if "/c/" in f"/{key}":  # a shard never changes once it is there
                self._keep(key, whole)
        if isinstance(byte_range, RangeByteRequest):
            return whole[byte_range.start : byte_range.end]
        if isinstance(byte_range, OffsetByteRequest):
            return whole[byte_range.offset :]
        if isinstance(byte_range, SuffixByteRequest):
            return whole[max(0, len(whole) - byte_range.suffix) :]
        return whole

    def _keep(self, key: str, content: Buffer) -> None:
        self._kept[key] = content
        while sum(map(len, self._kept.values())) > MOST_KEPT:
            self._kept.popitem(last=False)
