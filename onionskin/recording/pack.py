"""Packs a finished run: many small chunk files become a few shards, and on request one ``.zip``.

The compressed bytes of every chunk are laid end to end before an index (Zarr v3 ``sharding_indexed`` codec), not
compressed anew, so packing runs at the speed of the disk. An array is packed beside its loose chunks and taken over by
one rename of its ``zarr.json``: a kill in between leaves a run that opens.
"""

from __future__ import annotations

import itertools
import math
import shutil
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import google_crc32c

from onionskin.errors import OnionskinError
from onionskin.recording.arrays import read_json, write_atomically, write_json
from onionskin.recording.fields import broken
from onionskin.recording.scales import describe_scales

#: A shard holds chunks up to about this size: small enough to fetch whole where a server knows no Range.
SHARD_BYTES: Final = 2 * 2**20

#: Offset and length of a chunk that is not there (Zarr v3, sharding codec).
_ABSENT: Final = 2**64 - 1


def pack(run: str | Path, *, zipped: bool = False, progress: Callable[[int, int], None] | None = None) -> Path:
    """Pack a run folder in place, and with ``zipped`` also write ``<run>.zip`` beside it.

    A run that was killed is closed by this: every array is declared as long as there are frames.

    Args:
        run: A run folder that has stopped growing.
        zipped: Write one file that opens as a run as well.
        progress: Called with the number of arrays done and of all arrays.

    Returns:
        The folder, or the zip.

    Raises:
        OnionskinError: It is no run folder, it still grows, or the disk is full; the run is as it was.
    """
    from onionskin.recording.reader import open_run

    opened = open_run(run)
    folder = Path(run)
    if not folder.is_dir():
        raise OnionskinError(f"{run} is no folder", fix="a .zip or an address is packed already")
    if opened.is_growing:
        raise OnionskinError(
            f"{run} is still being recorded by process {opened.status.pid}",
            fix="wait until the training has ended",
        )
    try:
        pack_arrays(folder, len(opened.frames), progress)
        (folder / ".reserve").unlink(missing_ok=True)
        return _zip(folder) if zipped else folder
    except OSError as error:
        raise OnionskinError(
            f"packing {run} stopped: {error.strerror or error}", fix="make space on the disk and pack again"
        ) from error


def pack_arrays(folder: Path, frames: int, progress: Callable[[int, int], None] | None = None) -> None:
    """Pack every array of a run of ``frames`` frames. Raises OSError, and OnionskinError on damaged metadata."""
    arrays = sorted(path.parent for path in folder.rglob("zarr.json") if _is_array(path))
    for done, array in enumerate(arrays):
        if progress:
            progress(done, len(arrays))
        try:
            if array == folder / "statistics":
                describe_scales(array, frames)
            pack_array(array, frames if grows_by_frames(array.relative_to(folder)) else None)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise broken(f"{array / 'zarr.json'} does not describe a growing array ({error})") from error


def _is_array(path: Path) -> bool:
    return bool(read_json(path).get("node_type") == "array")


def grows_by_frames(array: Path) -> bool:
    """Return whether an array, by its path inside the run, has a row for each frame."""
    return array.parts[0] in ("frames", "pictures", "statistics", "exact", "space", "peel") or array.parts[-1] in (
        "outputs",
        "embedding",
    )


def pack_array(folder: Path, rows: int | None) -> None:
    """Pack one array, unless it is packed or a single chunk; ``rows`` is its true length where that is known.

    Raises OSError, and what damaged metadata raises.
    """
    metadata = read_json(folder / "zarr.json")
    if metadata["codecs"][0]["name"] == "sharding_indexed":
        return
    shape, chunks = list(metadata["shape"]), list(metadata["chunk_grid"]["configuration"]["chunk_shape"])
    if rows is not None:
        shape[0] = rows
    grid = [math.ceil(size / chunk) for size, chunk in zip(shape, chunks, strict=True)]
    loose = {path.name: path for path in folder.iterdir() if path.name.startswith("c.")}
    if math.prod(grid) <= 1:
        if shape != metadata["shape"]:
            write_json(folder / "zarr.json", {**metadata, "shape": shape})
        return
    average = sum(path.stat().st_size for path in loose.values()) / max(1, len(loose))
    chunks_a_shard = max(1, min(grid[0], int(SHARD_BYTES / max(1.0, average))))
    for first, *others in itertools.product(range(0, grid[0], chunks_a_shard), *map(range, grid[1:])):
        names = [".".join(map(str, ["c", i, *others])) for i in range(first, first + chunks_a_shard)]
        shard = _shard([loose[name].read_bytes() if name in loose else None for name in names])
        path = folder / "c" / "/".join(map(str, [first // chunks_a_shard, *others]))
        if shard is None:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, shard)
    write_json(folder / "zarr.json", _sharded(metadata, shape, chunks, chunks_a_shard))
    for path in loose.values():
        path.unlink()


def unpack_array(folder: Path) -> None:
    """Lay the chunks of a packed array loose again, so that it can grow; a kill leaves it packed or loose.

    Raises OSError, and what damaged metadata raises.
    """
    metadata = read_json(folder / "zarr.json")
    codec = metadata["codecs"][0]
    if codec["name"] != "sharding_indexed":
        return
    chunks = list(codec["configuration"]["chunk_shape"])
    shard_rows = metadata["chunk_grid"]["configuration"]["chunk_shape"][0] // chunks[0]
    grid = [math.ceil(size / chunk) for size, chunk in zip(metadata["shape"], chunks, strict=True)]
    for shard, *others in itertools.product(range(math.ceil(grid[0] / shard_rows)), *map(range, grid[1:])):
        path = folder / "c" / "/".join(map(str, [shard, *others]))
        if path.is_file():
            for within, content in enumerate(_chunks(path.read_bytes(), shard_rows)):
                if content is not None:
                    name = ".".join(map(str, ["c", shard * shard_rows + within, *others]))
                    write_atomically(folder / name, content)
    loose = {
        **metadata,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunks}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "."}},
        "codecs": codec["configuration"]["codecs"],
    }
    write_json(folder / "zarr.json", loose)
    if (folder / "c").is_dir():
        shutil.rmtree(folder / "c")


def _chunks(shard: bytes, count: int) -> Iterator[bytes | None]:
    """Yield the chunks of a shard. Raises ValueError where its index does not fit it."""
    start = len(shard) - 16 * count - 4
    if start < 0 or google_crc32c.value(shard[start:-4]) != struct.unpack("<I", shard[-4:])[0]:
        raise ValueError("a shard is damaged")
    index = struct.unpack(f"<{2 * count}Q", shard[start:-4])
    for offset, length in zip(index[::2], index[1::2], strict=True):
        if offset != _ABSENT and offset + length > start:
            raise ValueError("a shard's index leads out of it")
        yield None if offset == _ABSENT else shard[offset : offset + length]


def _shard(chunks: list[bytes | None]) -> bytes | None:
    """Return a shard: the chunks, then the index, (offset, length) of each as uint64, then its CRC32C."""
    if all(chunk is None for chunk in chunks):
        return None
    index, position = [], 0
    for chunk in chunks:
        index += [_ABSENT, _ABSENT] if chunk is None else [position, len(chunk)]
        position += len(chunk or b"")
    packed = struct.pack(f"<{len(index)}Q", *index)
    checksum = struct.pack("<I", google_crc32c.value(packed))
    return b"".join([*(chunk for chunk in chunks if chunk is not None), packed, checksum])


def _sharded(metadata: dict[str, Any], shape: list[int], chunks: list[int], chunks_a_shard: int) -> dict[str, Any]:
    codec = {
        "name": "sharding_indexed",
        "configuration": {
            "chunk_shape": chunks,
            "codecs": metadata["codecs"],
            "index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}],
            "index_location": "end",  # where zarrita, too, looks for it
        },
    }
    return {
        **metadata,
        "shape": shape,
        "chunk_grid": {
            "name": "regular",
            "configuration": {"chunk_shape": [chunks[0] * chunks_a_shard, *chunks[1:]]},
        },
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "codecs": [codec],
    }


def _zip(folder: Path) -> Path:
    """Write the run as one zip, stored and not deflated: its chunks are compressed already."""
    target = folder.with_name(folder.name + ".zip")
    beside = folder.with_name(f".{folder.name}.zip.new")
    try:
        with zipfile.ZipFile(beside, "w", zipfile.ZIP_STORED) as archive:
            for path in _files(folder):
                archive.write(path, path.relative_to(folder).as_posix())
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    return target


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith("."))
