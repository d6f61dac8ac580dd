"""Says beside the statistics of a closed run where its scales lie, so that a page draws before it has read them all.

One colour scale serves a tensor for the whole run: it follows from the scale of its codes in every frame. Of 2,000
frames of GPT-2 these are 40 MB of statistics, and of all that two numbers a tensor are used.
"""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from isal import isal_zlib

from onionskin.recording.arrays import write_json
from onionskin.recording.statistics import COLUMN


def describe_scales(statistics: Path, frames: int) -> None:
    """Write ``attributes.scales`` of a statistics array that is not packed yet.

    It says of the scale of each tensor over the frames that have a picture of it the middle one of those above 0, and
    the largest; 0 where there is none. An array that is damaged stays without.

    Raises:
        OSError: The disk refused.
    """
    metadata = json.loads((statistics / "zarr.json").read_bytes())
    if metadata["codecs"][0]["name"] == "sharding_indexed":
        return
    try:
        table = _scales(statistics, metadata, frames)
    except Exception:  # noqa: BLE001  however it is damaged, whoever reads the run will be told
        return
    usual, largest = [], []
    for column in table.T:
        known = np.sort(column[(column > 0) & np.isfinite(column)])
        usual.append(float(known[len(known) // 2]) if len(known) else 0.0)
        largest.append(float(known[-1]) if len(known) else 0.0)
    attributes = {**metadata.get("attributes", {}), "scales": {"usual": usual, "largest": largest}}
    write_json(statistics / "zarr.json", {**metadata, "attributes": attributes})


def _scales(statistics: Path, metadata: dict[str, Any], frames: int) -> npt.NDArray[np.float32]:
    """Return the scale of every tensor in every frame: (frames, tensors), NaN where there is none."""
    chunk = tuple(metadata["chunk_grid"]["configuration"]["chunk_shape"])
    tensors = metadata["shape"][1]
    grid = (math.ceil(frames / chunk[0]), math.ceil(tensors / chunk[1]))
    table = np.full((grid[0] * chunk[0], grid[1] * chunk[1]), np.nan, np.float32)
    for row, block in itertools.product(*map(range, grid)):
        file = statistics / f"c.{row}.{block}.0"
        if file.is_file():
            raw = isal_zlib.decompressobj(31).decompress(file.read_bytes(), 4 * math.prod(chunk))
            values = np.frombuffer(raw, "<f4").reshape(chunk)
            part = np.s_[row * chunk[0] : (row + 1) * chunk[0], block * chunk[1] : (block + 1) * chunk[1]]
            table[part] = values[:, :, COLUMN["scale"]]
    return table[:frames, :tensors]
