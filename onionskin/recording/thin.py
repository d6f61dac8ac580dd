"""Chooses what of a run goes into a smaller copy of it, by one rule.

Everything, if it fits. Else there are fewer frames, evenly chosen, and what a frame holds is left out in this order
until sixty of them fit: decision maps, the values beside the peel's programs, optimizer state, gradients, exact
weights, and then all but 1,024 and all but 256 values of a picture. Only then are there fewer than sixty. The first and
the last frame, those with a health note and those in which a probe was learned go before others. A curve of a long run
keeps 4,096 of its values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from onionskin.errors import OnionskinError
from onionskin.recording.pack import grows_by_frames
from onionskin.recording.reader import Run
from onionskin.recording.subgrid import PICTURE_VALUES

#: So many frames still look like motion: before there are fewer, something else is left out.
ENOUGH_FRAMES: Final = 60

#: At most so many values of a curve are kept: more than a screen has columns.
CURVE_VALUES: Final = 4096

#: What is left out, in this order: the parts of a run folder, and their name in a sentence.
_PARTS: Final = (
    (("space",), "the decision maps"),
    (("peel/values",), "the values beside the peel’s programs"),
    (("pictures/optimizer",), "the optimizer’s state"),
    (("pictures/gradient",), "the gradients"),
    (("exact", "model.onnx"), "the exact weights"),
    (("practice",), "the reports"),
)
_PICTURES: Final = (1024, 256)


@dataclass(frozen=True)
class Choice:
    """What a copy keeps.

    Attributes:
        frames: The frames, in order.
        without: Parts of the folder that are left out: files, arrays, or groups with all that is in them.
        picture_values: The most values of a tensor that are kept.
        curve_values: The most values of a scalar that are kept.
        left_out: The same in words, for whoever looks at the copy.
    """

    frames: tuple[int, ...]
    without: tuple[str, ...] = ()
    picture_values: int = PICTURE_VALUES
    curve_values: int = 2**53
    left_out: tuple[str, ...] = ()

    def keeps(self, path: str) -> bool:
        """Return whether a file, array or group of the folder is kept."""
        return not any(path == part or path.startswith(f"{part}/") for part in self.without)


def choose(
    run: Run, folder: Path, most_bytes: int, frames: range | int | None = None, without: tuple[str, ...] = ()
) -> Choice:
    """Choose what of a run fits into ``most_bytes``.

    Args:
        run: The run.
        folder: Where its files lie.
        most_bytes: How many bytes its files may have.
        frames: The frames to choose from, or how many there may be; by default all.
        without: Parts that have no use where the copy goes, and are left out without a word.

    Raises:
        OnionskinError: Not even two frames fit.
    """
    every = tuple(frames) if isinstance(frames, range) else tuple(range(len(run.frames)))
    most = len(every) if not isinstance(frames, int) else max(1, min(frames, len(every)))
    enough = min(ENOUGH_FRAMES, most)
    sizes = _sizes(folder)
    fits = 0
    choice = Choice(every)
    for choice in _ways(run, folder, Choice(every, without)):
        fixed, per_frame = _cost(run, sizes, choice)
        fits = int((most_bytes - fixed) / max(per_frame, 1e-9)) if per_frame else most
        if fits >= enough:
            break
    if fits < min(2, most):
        raise OnionskinError(
            f"not even two frames of {run.location} fit into {most_bytes / 1e6:.1f} MB",
            fix="allow more with --max-mb, or share it as a folder: onionskin publish RUN DIR",
        )
    return with_frames(run, choice, min(fits, most), every)


def with_frames(run: Run, choice: Choice, count: int, every: tuple[int, ...] | None = None) -> Choice:
    """Return a choice with ``count`` of the frames, and with the words for it."""
    every = every if every is not None else choice.frames
    frames = even(every, _telling_frames(run), count)
    words = [words for words in choice.left_out if not words.endswith(" frames")]
    left = len(run.frames) - len(frames)
    return replace(
        choice, frames=frames, left_out=(*([f"{left:,} of {len(run.frames):,} frames"] if left else []), *words)
    )


def even(frames: tuple[int, ...], first: frozenset[int], count: int) -> tuple[int, ...]:
    """Return ``count`` of the frames, spread evenly: the first and the last, and those of ``first`` before others."""
    if count >= len(frames):
        return frames
    wanted = [frame for frame in frames if frame in first and frame not in (frames[0], frames[-1])]
    half = max(0, count // 2 - 1)  # that they do not take all the room: motion needs even steps
    if len(wanted) > half:
        wanted = [wanted[i] for i in np.linspace(0, len(wanted) - 1, half).round().astype(int)] if half else []
    kept = {frames[-1], *wanted} | ({frames[0]} if count > 1 else set())
    # The widest gap is halved until there are as many as asked for.
    order = sorted(kept)
    places = {frame: i for i, frame in enumerate(frames)}
    while len(order) < count:
        widest = max(range(len(order) - 1), key=lambda i: places[order[i + 1]] - places[order[i]])
        middle = (places[order[widest]] + places[order[widest + 1]]) // 2
        order.insert(widest + 1, frames[middle])
    return tuple(order)


def _ways(run: Run, folder: Path, choice: Choice) -> Iterator[Choice]:
    """From everything to the least, each with what it leaves out in words."""
    yield choice
    longest = len(run.steps)
    if longest > CURVE_VALUES:
        words = f"all but {CURVE_VALUES:,} values of each curve"
        choice = replace(choice, curve_values=CURVE_VALUES, left_out=(*choice.left_out, words))
        yield choice
    for parts, name in _PARTS:
        if any(_holds_values(folder / part) for part in parts):
            there = tuple(part for part in parts if (folder / part).exists())
            choice = replace(choice, without=(*choice.without, *there), left_out=(*choice.left_out, name))
            yield choice
    for values in _PICTURES:
        words = f"all but {values:,} values of each picture"
        others = tuple(said for said in choice.left_out if not said.endswith(" of each picture"))
        choice = replace(choice, picture_values=values, left_out=(*others, words))
        yield choice


def _holds_values(part: Path) -> bool:
    return part.is_file() or any(path.name != "zarr.json" for path in part.rglob("*") if path.is_file())


def _sizes(folder: Path) -> dict[str, int]:
    """Return the bytes of every array and other file of the folder, by its path inside."""
    arrays = {path.parent for path in folder.rglob("zarr.json") if path.parent != folder}
    sizes: dict[str, int] = {}
    for path in folder.rglob("*"):
        if path.is_file() and not path.name.startswith("."):
            owner = next((parent for parent in path.parents if parent in arrays), path)
            name = owner.relative_to(folder).as_posix()
            sizes[name] = sizes.get(name, 0) + path.stat().st_size
    return sizes


def _cost(run: Run, sizes: dict[str, int], choice: Choice) -> tuple[float, float]:
    """Return the bytes that a copy has whatever its frames, and those of each frame."""
    fixed = per_frame = 0.0
    for name, size in sizes.items():
        if not choice.keeps(name):
            continue
        if name == "scalars":
            fixed += size * min(1.0, choice.curve_values / max(1, len(run.steps)))
        elif grows_by_frames(Path(name)):
            role = name.removeprefix("pictures/")
            share = _share(run, role, choice.picture_values) if role != name else 1.0
            per_frame += share * size / max(1, len(run.frames))
        else:
            fixed += size
    return fixed, per_frame


def _share(run: Run, role: str, values: int) -> float:
    """Return which share of a role's values is kept."""
    counts = [tensor.count for tensor in run.manifest.tensors if tensor.role == role]
    return sum(min(count, values) for count in counts) / max(1, sum(counts))


def _telling_frames(run: Run) -> frozenset[int]:
    """Return the frames that have a health note, and those from which on a probe's answer was right."""
    telling = {note.frame for note in run.health if note.frame >= 0}
    probes = run.manifest.probes
    outputs = probes.outputs[0] if probes.outputs and probes.labels else None
    if outputs is not None and len(outputs.shape) == 2 and len(probes.labels) == outputs.shape[0]:
        count, width = outputs.shape
        rows = run.read("probes/outputs", slice(0, len(run.frames)))[:, outputs.offset : outputs.offset + count * width]
        if rows.shape[1] == count * width and width > 1:
            wrong = np.nan_to_num(rows).reshape(-1, count, width).argmax(2) != np.array(probes.labels)
            for of_probe in wrong.T:
                (at,) = np.nonzero(of_probe)
                telling.add(int(at[-1]) + 1 if len(at) else 0)
    return frozenset(telling)
