"""A Zarr v3 array that grows along its first axis, safe to kill at any moment.

Stock ``zarr`` appends through a read-modify-write of metadata and zlib: 13 ms for a frame of 300 kB, measured. A
recorder that promises 2 % of wall time cannot pay that, so the bytes are written here (0.6 ms): plain chunk files,
gzip from ISA-L, each put in place by one rename. The tests read every array back with stock ``zarr`` and ``zarrita``.

While a run grows, an array's declared shape runs ahead of its rows, by doubling, so that a frame does not rewrite
the metadata of every array. How many frames there are is said in one place: the shape of the ``frames`` array,
which is written last.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
from isal import isal_zlib
from isal.isal_zlib import IsalError

from onionskin.recording.fields import broken

#: Rows of small arrays share a chunk until it holds this many bytes: the last chunk is rewritten with every row.
CHUNK_BYTES: Final = 65_536

#: gzip container, level 1 of ISA-L: level 2 and 3 win nothing on sampled weights.
_GZIP_WINDOW: Final = 31
_GZIP_LEVEL: Final = 1

_FIRST_CAPACITY: Final = 64


def write_atomically(path: Path, content: bytes) -> None:
    """Put ``content`` at ``path`` in one rename, so that a reader or a kill never sees half of it.

    Raises:
        OSError: The disk is full or not writable; nothing is left behind, and the old content stands.
    """
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_bytes(content)
        os.replace(beside, path)  # noqa: PTH105  pathlib's own parses the path again: half the cost of a small write
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a metadata document atomically. Raises OSError, as :func:`write_atomically` does."""
    write_atomically(path, json.dumps(content, separators=(",", ":"), allow_nan=False).encode())


def compress(raw: bytes | memoryview) -> bytes:
    """Return ``raw`` as one gzip member."""
    return isal_zlib.compress(raw, _GZIP_LEVEL, _GZIP_WINDOW)


def group_metadata(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ``zarr.json`` of a group."""
    return {"zarr_format": 3, "node_type": "group", "attributes": dict(attributes)}


def array_metadata(
    *,
    shape: Sequence[int],
    chunks: Sequence[int],
    dtype: np.dtype[Any],
    dimensions: Sequence[str],
    separator: str = ".",
    codecs: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return the ``zarr.json`` of an array (Zarr v3 core specification, "Array metadata")."""
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": list(shape),
        "data_type": dtype.name,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(chunks)}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": separator}},
        "fill_value": "NaN" if dtype.kind == "f" else 0,
        "codecs": list(codecs) if codecs is not None else [*plain_codecs(dtype)],
        "attributes": {},
        "dimension_names": list(dimensions),
    }


def plain_codecs(dtype: np.dtype[Any]) -> list[dict[str, Any]]:
    """Return the codecs of one chunk: little-endian bytes, then gzip."""
    endian = {} if dtype.itemsize == 1 else {"configuration": {"endian": "little"}}
    return [{"name": "bytes", **endian}, {"name": "gzip", "configuration": {"level": _GZIP_LEVEL}}]


class GrowingArray:
    """One array of a growing run: rows are appended, and columns may be added later.

    A row that fills its chunk is written at once. Rows that share a chunk are kept until :meth:`flush`, so that a
    burst of small frames costs one file and not one a frame.

    Args:
        folder: Where the array lives; made with the first row.
        row_shape: The shape of one row. Its first axis may :meth:`widen` later; the chunk width stays.
        dtype: Little-endian NumPy type of the values. Missing floats are NaN, missing integers 0.
        dimensions: A name for every axis, the row axis first.
        runs_ahead: Whether the declared shape may be longer than the rows there are, until :meth:`finish`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        row_shape: Sequence[int],
        dtype: npt.DTypeLike,
        dimensions: Sequence[str],
        runs_ahead: bool = True,
    ) -> None:
        self.folder = folder
        self.rows = 0
        self._dtype = np.dtype(dtype).newbyteorder("<")
        self._row_shape = tuple(row_shape)
        self._dimensions = tuple(dimensions)
        self._chunk_width = max(1, row_shape[0])
        row_bytes = self._chunk_width * int(np.prod(row_shape[1:])) * self._dtype.itemsize
        self._chunk_rows = max(1, min(1024, CHUNK_BYTES // row_bytes))
        self._runs_ahead = runs_ahead
        self._declared = (-1, -1)
        self._chunks: dict[tuple[int, int], npt.NDArray[Any]] = {}
        self._changed: set[tuple[int, int]] = set()

    @classmethod
    def reopened(cls, folder: Path, rows: int, *, runs_ahead: bool = True) -> Self:
        """Return an array of loose chunks that goes on after its first ``rows`` rows; later ones read as missing.

        Nothing is written before :meth:`flush`. Raises OSError, and what damaged metadata raises.
        """
        metadata = read_json(folder / "zarr.json")
        shape = [int(size) for size in metadata["shape"]]
        chunks = [int(size) for size in metadata["chunk_grid"]["configuration"]["chunk_shape"]]
        self = cls(folder, row_shape=shape[1:], dtype=str(metadata["data_type"]), runs_ahead=runs_ahead,
                   dimensions=[str(name) for name in metadata.get("dimension_names") or ()])  # fmt: skip
        self._chunk_rows, self._chunk_width = chunks[0], chunks[1]
        self.rows = min(rows, shape[0])
        index, within = divmod(self.rows, self._chunk_rows)
        for block in range(-(-max(1, shape[1]) // self._chunk_width) if within else 0):
            chunk = self._chunk(index, block)
            with contextlib.suppress(FileNotFoundError):
                chunk[:within] = inflated(folder / self._name(index, block), chunk.shape, self._dtype)[:within]
            if runs_ahead:  # rows that its exact shape hides may stay: they are not to be seen missing before it is cut
                self._changed.add((index, block))
        return self

    def clear_later(self) -> None:
        """Remove the chunks that hold nothing but rows after those of :meth:`reopened`, and shards. Raises OSError."""
        kept = -(-self.rows // self._chunk_rows)
        for path in self.folder.glob("c.*"):
            number = path.name.split(".")[1]
            if not number.isdigit() or int(number) >= kept:
                path.unlink()
        if (self.folder / "c").is_dir():
            shutil.rmtree(self.folder / "c")

    def widen(self, width: int) -> None:
        """Let rows be ``width`` long from now on; earlier rows read as missing there."""
        self._row_shape = (width, *self._row_shape[1:])

    def put(self, row: int, values: npt.NDArray[Any]) -> None:
        """Append one row, or replace the last one. Rows left out read as missing.

        Raises:
            OSError: The disk refused; rows written before stand.
        """
        index, within = divmod(row, self._chunk_rows)
        if any(key[0] != index for key in self._chunks):
            self.flush()
            self._chunks.clear()
        for block in range(-(-max(1, self._row_shape[0]) // self._chunk_width)):
            part = values[block * self._chunk_width : (block + 1) * self._chunk_width]
            self._chunk(index, block)[within, : len(part)] = part
            self._changed.add((index, block))
        self.rows = max(self.rows, row + 1)
        if within == self._chunk_rows - 1:
            self.flush()
            self._chunks.clear()

    def flush(self) -> None:
        """Write what was kept back, and declare a shape that holds it. Raises OSError; call again later."""
        for index, block in sorted(self._changed):
            self.folder.mkdir(parents=True, exist_ok=True)
            name = self._name(index, block)
            content = compress(self._chunks[index, block].data.cast("B"))
            if self._chunk_rows == 1:  # nobody knows of this row yet: it needs no rename to be whole
                (self.folder / name).write_bytes(content)
            else:
                write_atomically(self.folder / name, content)
        self._changed.clear()
        # Of an array without rows there is nothing to declare, and no folder yet: the first frame is still being taken.
        if self.rows and (self.rows > self._declared[0] or self._row_shape[0] != self._declared[1]):
            self._declare(max(_FIRST_CAPACITY, 2 * self.rows) if self._runs_ahead else self.rows)

    def finish(self, rows: int) -> None:
        """Write what was kept back and declare exactly ``rows`` rows, once no more will come. Raises OSError."""
        if self.rows:
            self.flush()
            self._declare(rows)

    def _name(self, index: int, block: int) -> str:
        return ".".join(["c", str(index), str(block), *["0"] * (len(self._row_shape) - 1)])

    def _chunk(self, index: int, block: int) -> npt.NDArray[Any]:
        if (index, block) not in self._chunks:
            fill = float("nan") if self._dtype.kind == "f" else 0
            shape = (self._chunk_rows, self._chunk_width, *self._row_shape[1:])
            self._chunks[index, block] = np.full(shape, fill, self._dtype)
        return self._chunks[index, block]

    def _declare(self, rows: int) -> None:
        if self._declared == (rows, self._row_shape[0]):
            return
        metadata = array_metadata(
            shape=(rows, *self._row_shape),
            chunks=(self._chunk_rows, self._chunk_width, *self._row_shape[1:]),
            dtype=self._dtype,
            dimensions=self._dimensions,
        )
        write_json(self.folder / "zarr.json", metadata)
        self._declared = (rows, self._row_shape[0])


class ScalarTable:
    """The scalars of every step: a (step, name) table of float64 that grows along both axes.

    A value may arrive late (a loss that was still on its way from an accelerator), so any recorded step can be set;
    chunks that changed are written by :meth:`flush`.
    """

    STEPS_A_CHUNK: Final = 1024
    NAMES_A_CHUNK: Final = 8

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: list[str] = []
        self.rows = 0
        self._chunks: dict[tuple[int, int], npt.NDArray[np.float64]] = {}
        self._changed: set[tuple[int, int]] = set()
        self._columns: dict[str, int] = {}
        self._declared: tuple[int, int] = (-1, -1)

    def reopen(self, rows: int) -> None:
        """Go on with the table of loose chunks that is there, after its first ``rows`` rows, and write that.

        Raises OSError, and what damaged metadata raises.
        """
        metadata = read_json(self.folder / "zarr.json")
        self.names = [str(name) for name in metadata["attributes"]["names"]]
        self._columns = {name: column for column, name in enumerate(self.names)}
        self.rows = min(rows, int(metadata["shape"][0]))
        newest, within = divmod(self.rows, self.STEPS_A_CHUNK)
        for block in range(-(-len(self.names) // self.NAMES_A_CHUNK) if within else 0):
            chunk = self._chunks[newest, block] = self._load((newest, block))
            chunk[within:] = np.nan
            self._changed.add((newest, block))
        self._write()
        kept = newest + (within > 0)
        for path in self.folder.glob("c.*"):
            number = path.name.split(".")[1]
            if not number.isdigit() or int(number) >= kept:
                path.unlink()
        if (self.folder / "c").is_dir():
            shutil.rmtree(self.folder / "c")

    def set(self, name: str, steps: npt.NDArray[np.int64], values: npt.NDArray[np.float64]) -> None:
        """Set values of one name, (n,) each; the last one of a step stands.

        Raises:
            OSError: A chunk that was written before cannot be read.
        """
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = len(self.names)
            self.names.append(name)
        block, within = divmod(column, self.NAMES_A_CHUNK)
        for index in range(int(steps.min()) // self.STEPS_A_CHUNK, int(steps.max()) // self.STEPS_A_CHUNK + 1):
            rows = steps - index * self.STEPS_A_CHUNK
            here = (rows >= 0) & (rows < self.STEPS_A_CHUNK)
            if (index, block) not in self._chunks:
                self._chunks[index, block] = self._load((index, block))
            self._chunks[index, block][rows[here], within] = values[here]
            self._changed.add((index, block))
        self.rows = max(self.rows, int(steps.max()) + 1)

    def flush(self) -> None:
        """Write what changed, the values before the shape that reveals them. Raises OSError; call again later."""
        if self._changed:
            self._write()

    def _write(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for key in sorted(self._changed):
            raw = self._chunks[key].data.cast("B")
            write_atomically(self.folder / f"c.{key[0]}.{key[1]}", compress(raw))
        self._changed.clear()
        shape = (self.rows, len(self.names))
        if shape != self._declared:
            chunks = (self.STEPS_A_CHUNK, self.NAMES_A_CHUNK)
            metadata = array_metadata(shape=shape, chunks=chunks, dtype=np.dtype("<f8"), dimensions=("step", "name"))
            metadata["attributes"] = {"names": self.names}
            write_json(self.folder / "zarr.json", metadata)
            self._declared = shape
        newest = (self.rows - 1) // self.STEPS_A_CHUNK
        self._chunks = {key: chunk for key, chunk in self._chunks.items() if key[0] >= newest}

    def _load(self, key: tuple[int, int]) -> npt.NDArray[np.float64]:
        shape = (self.STEPS_A_CHUNK, self.NAMES_A_CHUNK)
        try:
            return inflated(self.folder / f"c.{key[0]}.{key[1]}", shape, np.dtype("<f8")).copy()
        except FileNotFoundError:
            return np.full(shape, np.nan, "<f8")


def inflated(path: Path, shape: Sequence[int], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Return the values of a loose chunk. Raises OSError, and ValueError where the file does not hold just them."""
    expected = math.prod(shape) * dtype.itemsize
    inflater = isal_zlib.decompressobj(_GZIP_WINDOW)
    try:
        raw = inflater.decompress(path.read_bytes(), expected + 1)
    except IsalError as error:  # type: ignore[misc]  # its stubs say that it is a value
        raise ValueError(f"{path} is no gzip: {error}") from error
    if len(raw) != expected:
        raise ValueError(f"{path} does not inflate to its {expected:,} bytes")
    return np.frombuffer(raw, dtype).reshape(shape)


def read_json(path: Path) -> dict[str, Any]:
    """Return a metadata document. Raises OSError, and OnionskinError where it is none."""
    try:
        content = json.loads(path.read_bytes())
    except ValueError as error:
        raise broken(f"{path} is no JSON ({error})") from error
    if not isinstance(content, dict):
        raise broken(f"{path} is no Zarr metadata")
    return content


def save_array(folder: Path, values: npt.NDArray[Any], dimensions: Sequence[str]) -> None:
    """Write a whole array as one chunk: what does not grow, such as the probes. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    little = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"), copy=False)
    chunks = [max(1, size) for size in values.shape]
    raw = little.tobytes()
    if little.size:
        name = ".".join(["c", *["0"] * values.ndim])
        write_atomically(folder / name, compress(raw))
    metadata = array_metadata(shape=values.shape, chunks=chunks, dtype=little.dtype, dimensions=dimensions)
    write_json(folder / "zarr.json", metadata)


def folder_bytes(folder: Path) -> int:
    """Return the size in bytes of all files below ``folder``."""
    return sum(entry.stat().st_size for entry in folder.rglob("*") if entry.is_file())
