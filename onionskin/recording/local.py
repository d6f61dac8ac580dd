"""Reads a run folder on this machine's disk, and no file in it that is larger than any of a run."""

from __future__ import annotations

from zarr.abc.store import ByteRequest
from zarr.core.buffer import Buffer, BufferPrototype
from zarr.storage import LocalStore

from onionskin.recording.fields import LARGEST_FILE, too_large


class FolderStore(LocalStore):
    """A run folder, read only."""

    async def get(
        self, key: str, prototype: BufferPrototype | None = None, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Return a file or a part of it; None where there is none. Raises OnionskinError when it is too large."""
        path = self.root / key
        if path.is_file() and path.stat().st_size > LARGEST_FILE:
            raise too_large(key, path.stat().st_size)
        return await super().get(key, prototype, byte_range)
