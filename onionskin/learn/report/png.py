"""Writes pixels as PNG with nothing but zlib: a report needs no imaging library (PNG specification, third edition)."""

from __future__ import annotations

import struct
import zlib
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from onionskin.errors import OnionskinError

#: The colour types by how many channels there are: grey, grey with alpha, RGB, RGBA.
_COLOUR_TYPE: Final = {1: 0, 2: 4, 3: 2, 4: 6}


def png_of(pixels: npt.ArrayLike, *, most: int = 256) -> bytes:
    """Return an array as a PNG; a larger one keeps every so manyth of its pixels, so that a gallery stays small.

    Args:
        pixels: (height, width) or (height, width, channels) with 1 to 4 channels. Bytes as they are; real numbers
            from 0 to 1, and what is beyond is cut.
        most: The most pixels of a side.

    Raises:
        OnionskinError: It has another shape.
    """
    array: npt.NDArray[Any] = np.asarray(pixels)
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[2] not in _COLOUR_TYPE or 0 in array.shape:
        raise OnionskinError(
            f"an array of shape {array.shape} is no picture", fix="give (height, width) or (height, width, channels)"
        )
    step = -(-max(array.shape[:2]) // most)
    array = array[::step, ::step]
    if array.dtype == bool:
        array = array.astype(np.float32)
    if array.dtype.kind == "f":
        array = np.nan_to_num(array, nan=0.0, posinf=1.0, neginf=0.0).clip(0, 1) * 255
        array = array.round()
    array = array.clip(0, 255).astype(np.uint8)
    height, width, channels = array.shape
    rows = np.zeros((height, 1 + width * channels), np.uint8)  # each begins with its filter: 0, none
    rows[:, 1:] = array.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPE[channels], 0, 0, 0)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", zlib.compress(rows.tobytes(), 6)),
            _chunk(b"IEND", b""),
        ]
    )


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
