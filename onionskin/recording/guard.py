"""Opens the arrays of a run that may come from a stranger, so that nothing in it can fill this machine's memory."""

from __future__ import annotations

import zlib
from typing import Any, Final

import numpy as np
import zarr
from isal import isal_zlib
from zarr.abc.codec import Codec
from zarr.abc.store import Store
from zarr.codecs import BytesCodec, GzipCodec, ShardingCodec
from zarr.core.array_spec import ArraySpec
from zarr.core.buffer import Buffer
from zarr.core.metadata import ArrayV3Metadata
from zarr.registry import register_codec

from onionskin.recording.fields import MOST, broken

#: No chunk of a run is larger than this, inflated (bytes).
LARGEST_CHUNK: Final = 64 * 2**20

_GZIP_WINDOW: Final = 31


class BoundedGzip(GzipCodec):
    """gzip that inflates a chunk to its declared size and no further: a "gzip bomb" stops there.

    It inflates through ISA-L, which is also several times faster than zlib.
    """

    def _decode_sync(self, chunk_bytes: Buffer, chunk_spec: ArraySpec) -> Buffer:
        expected = int(np.prod(chunk_spec.shape)) * _itemsize(chunk_spec)
        inflater = isal_zlib.decompressobj(_GZIP_WINDOW)
        raw = inflater.decompress(chunk_bytes.to_bytes(), expected + 1)
        if len(raw) != expected or not inflater.eof or inflater.unused_data:
            raise zlib.error(f"a chunk does not inflate to its {expected:,} bytes")
        return chunk_spec.prototype.buffer.from_bytes(raw)

    async def _decode_single(self, chunk_bytes: Buffer, chunk_spec: ArraySpec) -> Buffer:
        return self._decode_sync(chunk_bytes, chunk_spec)


register_codec("gzip", BoundedGzip)


def open_array(store: Store, path: str) -> zarr.Array[Any]:
    """Open one array, and check what it declares before anything is allocated for it.

    Raises:
        FileNotFoundError: There is no such array.
        OnionskinError: It declares what no run has.
    """
    name = f"{BoundedGzip.__module__}.{BoundedGzip.__qualname__}"
    with zarr.config.set({"codecs.gzip": name}):
        array = zarr.open_array(store, path=path, mode="r")
    metadata = array.metadata
    if not isinstance(metadata, ArrayV3Metadata) or not all(map(_is_known, metadata.codecs)):
        raise broken(f"'{path}' is coded in a way that no run is")
    if max(array.shape, default=0) > MOST or array.dtype.kind not in "fiub":
        raise broken(f"'{path}' says that it is {array.dtype} of shape {array.shape}")
    # A shard is read chunk by chunk, but its index is read whole: 16 bytes a chunk.
    chunks_a_shard = float(np.prod(array.shards or (1,))) / max(1.0, float(np.prod(array.chunks)))
    if array.dtype.itemsize * float(np.prod(array.chunks)) > LARGEST_CHUNK or 16 * chunks_a_shard > LARGEST_CHUNK:
        raise broken(f"'{path}' says that it has chunks of {array.chunks} and shards of {array.shards}")
    return array


def _is_known(codec: Codec) -> bool:
    if isinstance(codec, ShardingCodec):
        return all(isinstance(inner, (BytesCodec, BoundedGzip)) for inner in codec.codecs)
    return isinstance(codec, (BytesCodec, BoundedGzip))


def _itemsize(spec: ArraySpec) -> int:
    return spec.dtype.to_native_dtype().itemsize
