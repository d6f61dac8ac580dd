"""Reads a run over HTTP, file by file and each only once, from any static host.

Many static hosts ignore Range and send the whole file, which a sharding codec would take for the part it asked for.
A run's files are small (shards of 2 MiB), so they are fetched whole and kept while they are likely to be read again.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from zarr.abc.store import ByteRequest, OffsetByteRequest, RangeByteRequest, SuffixByteRequest
from zarr.core.buffer import Buffer, BufferPrototype, default_buffer_prototype
from zarr.storage import FsspecStore, WrapperStore

#: What is kept of files fetched (bytes).
MOST_KEPT: Final = 64 * 2**20


class RemoteStore(WrapperStore[FsspecStore]):
    """A run at an ``http(s)://`` address. Metadata is fetched anew each time: a growing run changes it."""

    def __init__(self, url: str) -> None:
        super().__init__(FsspecStore.from_url(url.rstrip("/"), read_only=True))
        self._kept: OrderedDict[str, Buffer] = OrderedDict()

    async def get(
        self, key: str, prototype: BufferPrototype | None = None, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Return a file or a part of it; None where there is none."""
        whole = self._kept.get(key)
        if whole is None:
            whole = await self._store.get(key, prototype or default_buffer_prototype())
            if whole is None:
                return None
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
