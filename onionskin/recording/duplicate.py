"""Copies a run, whole or thinned, into a folder of its own: closed, packed, and naming no machine."""

from __future__ import annotations

import json
import shutil
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from onionskin.errors import OnionskinError
from onionskin.recording.arrays import GrowingArray, ScalarTable, group_metadata, write_json
from onionskin.recording.manifest import ExactEntry, TensorEntry
from onionskin.recording.pack import grows_by_frames, pack_arrays
from onionskin.recording.reader import Run, open_run
from onionskin.recording.stores import root_in_zip
from onionskin.recording.subgrid import strides
from onionskin.recording.thin import Choice

Progress = Callable[[int, int], None]

#: Rows up to this size share a chunk, and are read many at once (bytes).
_SMALL_ROW: Final = 65_536
_BATCH_BYTES: Final = 8 * 2**20


def local_folder(location: str | Path, spare: Path) -> Path:
    """Return the folder of a run on this machine; a ``.zip`` is laid out in ``spare``.

    Raises:
        OnionskinError: It is an address, no run, or the disk is full.
    """
    open_run(location)
    if str(location).startswith(("http://", "https://")):
        raise OnionskinError(f"{location} is on another host", fix="copy the run to this machine, and name that copy")
    path = Path(location)
    if path.is_dir():
        return path
    root = root_in_zip(path)
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            inside = member.removeprefix(f"{root}/") if root else member
            parts = inside.split("/")
            if member.endswith("/") or any(not part or part.startswith(".") or "\\" in part for part in parts):
                continue  # nothing of a run is called so, and none of it leads out of the folder
            target = spare.joinpath(*parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.read(member))
    return spare


def duplicate(
    run: Run,
    folder: Path,
    target: Path,
    choice: Choice,
    progress: Progress | None = None,
    *,
    was_growing: bool = False,
) -> None:
    """Write a copy of what was chosen of a run into a new folder.

    Args:
        run: The run; it may still grow, and what was there when it was opened is copied.
        folder: Where its files lie.
        target: The folder to make.
        choice: What is kept.
        progress: Called with the number of parts done and of all parts.
        was_growing: Whether the copy shall say that it was made while the run grew, though it no longer does.

    Raises:
        OSError: The disk is full or not writable.
        OnionskinError: The run is damaged.
    """
    was_growing = was_growing or run.is_growing
    names = _arrays(folder, choice)
    target.mkdir(parents=True)
    for path in folder.rglob("*"):  # groups, and files that are no part of an array
        inside = path.relative_to(folder)
        is_ours = inside.parts[0] in ("zarr.json", "status") or any(
            parent.as_posix() in names for parent in inside.parents
        )
        if path.is_file() and not path.name.startswith(".") and not is_ours and choice.keeps(inside.as_posix()):
            (target / inside).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target / inside)
    entries = _thinned_entries(run, choice)
    for done, name in enumerate(names):
        if progress:
            progress(done, len(names) + 1)
        if name == "scalars":
            _copy_scalars(run, target, choice)
        elif grows_by_frames(Path(name)):
            _copy_rows(run, name, target, choice, entries)
        else:
            shutil.copytree(folder / name, target / name, ignore=shutil.ignore_patterns(".*"), dirs_exist_ok=True)
    if was_growing and run.status.state == "growing" and not run.is_growing:
        # It was closed meanwhile, and its files moved: what was read may have gaps.
        shutil.rmtree(target)
        run.refresh()
        return duplicate(run, folder, target, choice, progress, was_growing=True)
    pack_arrays(target, len(choice.frames))
    _keep_scales(folder, target, entries)
    _write_words(run, folder, target, choice, entries, was_growing=was_growing)
    if progress:
        progress(len(names) + 1, len(names) + 1)


def _arrays(folder: Path, choice: Choice) -> list[str]:
    found = [path.parent for path in folder.rglob("zarr.json")]
    names = [path.relative_to(folder).as_posix() for path in found if path != folder]
    return sorted(name for name in names if choice.keeps(name) and _is_array(folder / name))


def _is_array(folder: Path) -> bool:
    try:
        return bool(json.loads((folder / "zarr.json").read_bytes()).get("node_type") == "array")
    except (ValueError, AttributeError):
        return False


Entries = list[tuple[int, TensorEntry, TensorEntry]]


def _thinned_entries(run: Run, choice: Choice) -> Entries:
    """Return of every kept tensor its row in ``statistics``, its entry as it was, and as it is in the copy."""
    entries: Entries = []
    offsets: dict[str, int] = {}
    for row, entry in enumerate(run.manifest.tensors):
        if not choice.keeps(f"pictures/{entry.role}"):
            continue
        kept = entry.kept
        if entry.count <= choice.picture_values:
            more: tuple[int, ...] = (1,) * len(kept)
        elif entry.role == "activation":  # every probe stays
            more = (1, *strides(kept[1:], max(1, choice.picture_values // max(1, kept[0]))))
        else:
            more = strides(kept, choice.picture_values)
        offset = offsets.get(entry.role, 0)
        steps = tuple(step * again for step, again in zip(entry.strides, more, strict=True))
        fields = {**vars(entry), "strides": steps, "offset": offset}
        new = TensorEntry(**fields)
        offsets[entry.role] = offset + new.count
        entries.append((row, entry, new))
    return entries


def _copy_rows(run: Run, name: str, target: Path, choice: Choice, entries: Entries) -> None:
    """Copy the chosen rows of an array that grows by frames."""
    array = run.open(name)
    columns = _columns(name, entries, array.shape[1] if array.ndim > 1 else 1)
    grown: GrowingArray | None = None
    row_bytes = int(np.prod(array.shape[1:])) * array.dtype.itemsize
    batch = max(1, _BATCH_BYTES // max(1, row_bytes)) if row_bytes <= _SMALL_ROW else 1
    rows: npt.NDArray[Any] = np.empty(0)
    first = stop = 0
    for place, frame in enumerate(choice.frames):
        if frame >= array.shape[0]:
            break  # it joined later, and has no more than these
        if not first <= frame < stop:
            first, stop = frame, min(frame + batch, array.shape[0])
            rows = run.read(name, slice(first, stop))
        row = rows[frame - first]
        row = row if columns is None else _take(row, columns)
        if grown is None:
            dimensions = array.metadata.to_dict().get("dimension_names")
            grown = GrowingArray(
                target / name,
                row_shape=row.shape,
                dtype=array.dtype,
                dimensions=[str(axis) for axis in dimensions] if isinstance(dimensions, (list, tuple)) else [],
            )
        grown.put(place, row)
    if grown is not None:
        grown.finish(len(choice.frames))


def _columns(name: str, entries: Entries, width: int) -> npt.NDArray[np.int64] | None:
    """Return which values of a row are kept, -1 for one that is missing; None where it is copied as it is."""
    if name == "statistics":
        return np.array([row if row < width else -1 for row, _, _ in entries], np.int64)
    role = name.removeprefix("pictures/")
    if role == name:
        return None
    kept = [np.zeros(0, np.int64)]
    for _, old, new in entries:
        if old.role == role:
            grid = old.offset + np.arange(old.count).reshape(old.kept)
            again = tuple(slice(None, None, n // max(1, o)) for o, n in zip(old.strides, new.strides, strict=True))
            kept.append(grid[again].reshape(-1))
    columns = np.concatenate(kept)
    return np.where(columns < width, columns, -1)


def _take(row: npt.NDArray[Any], columns: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    fill = np.nan if row.dtype.kind == "f" else 0
    taken = row[np.maximum(columns, 0)] if len(row) else np.full((len(columns), *row.shape[1:]), fill, row.dtype)
    taken[columns < 0] = fill
    return taken


def _copy_scalars(run: Run, target: Path, choice: Choice) -> None:
    """Copy the curves, each with at most so many of its values, evenly chosen, its first and last among them."""
    table = ScalarTable(target / "scalars")
    for name, values in run.scalars.items():
        kept = values.astype(np.float64)
        (there,) = np.nonzero(np.isfinite(kept))
        if len(there) > choice.curve_values:
            chosen = there[np.linspace(0, len(there) - 1, choice.curve_values).round().astype(int)]
            thinned = np.full_like(kept, np.nan)
            thinned[chosen] = kept[chosen]
            kept = thinned
        if len(kept):
            table.set(name, np.arange(len(kept)), kept)
    table.flush()


def _keep_scales(folder: Path, target: Path, entries: Entries) -> None:
    """Let the copy have the colours of the run, though it has fewer frames to tell them from."""
    path = target / "statistics" / "zarr.json"
    if not path.is_file():
        return
    scales = json.loads((folder / "statistics" / "zarr.json").read_bytes()).get("attributes", {}).get("scales")
    rows = [row for row, _, _ in entries]
    try:
        kept = {name: [scales[name][row] for row in rows] for name in ("usual", "largest")}
    except (KeyError, TypeError, IndexError):
        return  # of a run that does not say them: they were measured anew
    content = json.loads(path.read_bytes())
    write_json(path, {**content, "attributes": {**content.get("attributes", {}), "scales": kept}})


def _write_words(run: Run, folder: Path, target: Path, choice: Choice, entries: Entries, *, was_growing: bool) -> None:
    """Write what the copy says of itself: the manifest and the status, the last of its files."""
    content = json.loads((folder / "zarr.json").read_bytes())["attributes"]["onionskin"]
    content["tensors"] = [json.loads(json.dumps(vars(new))) for _, _, new in entries]
    exact: tuple[ExactEntry, ...] = run.manifest.exact if choice.keeps("exact") else ()
    content["exact"] = [json.loads(json.dumps(vars(entry))) for entry in exact]
    if not choice.keeps("space"):
        content["space"] = None
    if not choice.keeps("practice"):
        content.pop("practice", None)
    earlier = run.manifest.thinned
    left_out = (*(earlier.left_out if earlier else ()), *choice.left_out)
    if left_out or was_growing:
        content["thinned"] = {
            "frames": earlier.frames if earlier else len(run.frames),
            "left_out": list(left_out),
            "was_growing": was_growing or bool(earlier and earlier.was_growing),
        }
    status = run.status.to_json()
    places = {frame: place for place, frame in enumerate(choice.frames)}
    for note in status["health"]:
        note["frame"] = places.get(note["frame"], -1)
    status |= {"host": "", "pid": 0}
    if was_growing:
        status |= {"state": "closed", "updated": time.time(), "ended": "finished"}
    if not choice.keeps("model.onnx") and "model" in status:
        status["model"] = None
    (target / "status").mkdir(exist_ok=True)
    write_json(target / "status" / "zarr.json", group_metadata({"status": status}))
    write_json(target / "zarr.json", group_metadata({"onionskin": content}))
