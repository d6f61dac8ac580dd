"""The loss around the path of the weights: a few small arrays beside those of a run, written after its training.

They lie in an optional group ``landscape`` that a reader who does not know it passes by. The manifest names it last, so
that a kill leaves either no landscape or a whole one.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from onionskin.recording.arrays import group_metadata, save_array, write_json
from onionskin.recording.fields import Fields, broken

if TYPE_CHECKING:
    from onionskin.recording.reader import Run

Floats = npt.NDArray[np.float64]

#: The columns of ``landscape/path``: ``off`` is the distance of the weights from the plane, ``loss`` is their own.
PATH_COLUMNS: Final = ("step", "x", "y", "off", "loss")

#: A grid has at most so many points along an axis, and at least so many.
MOST_RESOLUTION: Final = 201
LEAST_RESOLUTION: Final = 3


@dataclass(frozen=True)
class LandscapeEntry:
    """The plane that the loss was evaluated on, after the training (``onionskin landscape``).

    Attributes:
        source: Whose loss it is: the name of a training, or a script.
        examples: How many examples it is the loss of; 0 where the script alone knows.
        resolution: Points of the grid along each axis.
        left, right, bottom, top: The ends of the grid, as distances from the last weights along the two axes.
        share_x, share_y: Which share of the path's variance each axis holds, 0 to 1.
        created: When it was made, ISO 8601.
    """

    source: str
    examples: int
    resolution: int
    left: float
    right: float
    bottom: float
    top: float
    share_x: float
    share_y: float
    created: str = ""


@dataclass(frozen=True)
class Landscape:
    """The loss on a plane through the last weights, along the two main axes of the path.

    Attributes:
        entry: What the plane is, and what the loss was taken of.
        loss: (row, column); rows from ``entry.bottom`` up, columns from ``entry.left`` on.
        path: (frame, 5), the columns :data:`PATH_COLUMNS`; a loss that was not taken is NaN.
    """

    entry: LandscapeEntry
    loss: Floats
    path: Floats


def save_landscape(folder: Path, landscape: Landscape) -> None:
    """Put a landscape into a run folder; an older one is replaced.

    Raises:
        OSError: The disk is full or not writable; the run is as it was, or has no landscape.
    """
    document = folder / "zarr.json"
    metadata = json.loads(document.read_bytes())
    manifest = metadata["attributes"]["onionskin"]
    beside, place = folder / ".landscape.new", folder / "landscape"
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    save_array(beside / "loss", landscape.loss, ("row", "column"))
    save_array(beside / "path", landscape.path, ("frame", "column"))
    write_json(beside / "zarr.json", group_metadata({"columns": list(PATH_COLUMNS)}))
    if place.exists():  # nobody is told of the one while the other comes
        write_json(document, _with(metadata, {k: v for k, v in manifest.items() if k != "landscape"}))
        shutil.rmtree(place)
    beside.rename(place)
    write_json(document, _with(metadata, {**manifest, "landscape": asdict(landscape.entry)}))


def _with(metadata: dict[str, object], manifest: dict[str, object]) -> dict[str, object]:
    return {**metadata, "attributes": {"onionskin": manifest}}


def read_landscape(run: Run) -> Landscape | None:
    """Return the landscape of a run, or None where nobody has asked for one. Raises OnionskinError on a damaged one."""
    entry = run.manifest.landscape
    if entry is None or not run.has_array("landscape/loss") or not run.has_array("landscape/path"):
        return None
    for name, shape in (("loss", (entry.resolution, entry.resolution)), ("path", (None, len(PATH_COLUMNS)))):
        found = run.open(f"landscape/{name}").shape
        if len(found) != 2 or any(want not in (None, have) for want, have in zip(shape, found, strict=True)):
            raise broken(f"its landscape/{name} has the shape {found}")
    loss, path = (run.read(f"landscape/{name}", slice(None)).astype(np.float64) for name in ("loss", "path"))
    return Landscape(entry, loss, path)


def landscape_from_json(f: Fields) -> LandscapeEntry:
    """Read what a manifest says of a landscape. Raises OnionskinError when it contradicts itself."""
    entry = LandscapeEntry(
        source=f.text("source"),
        examples=f.whole("examples"),
        resolution=f.whole("resolution"),
        left=f.number("left"),
        right=f.number("right"),
        bottom=f.number("bottom"),
        top=f.number("top"),
        share_x=f.number("share_x"),
        share_y=f.number("share_y"),
        created=f.text("created", otherwise=""),
    )
    if not (
        entry.left < entry.right
        and entry.bottom < entry.top
        and LEAST_RESOLUTION <= entry.resolution <= MOST_RESOLUTION
    ):
        raise broken(f"its landscape has {entry.resolution} points from {entry.left} to {entry.right}")
    return entry
