"""One model as programs of several levels, what each of their lines does, and the arrays of one level at every frame.

They lie in an optional group ``peel`` that a reader who does not know it passes by. It is written after the training
and put in place by one rename, and the manifest names it last: a kill leaves either no peel or a whole one.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from onionskin.errors import OnionskinError
from onionskin.recording.arrays import GrowingArray, group_metadata, write_json
from onionskin.recording.fields import Fields, broken
from onionskin.recording.subgrid import kept_shape

if TYPE_CHECKING:
    from onionskin.recording.reader import Run

#: The levels, from one line down; a run has those that apply to its model.
LEVELS: Final = ("line", "loop", "tensors", "backward", "numpy", "scalars", "paper", "c")

#: What a step belongs to.
PARTS: Final = ("forward", "backward", "update")

#: No peel has more than this: of levels, bytes of a program, steps, arrays, and (line, step) pairs of a program.
MOST_LEVELS: Final = 9
MOST_SOURCE: Final = 200_000
MOST_STEPS: Final = 20_000
MOST_ARRAYS: Final = 20_000
MOST_LINES: Final = 100_000

#: Nor longer texts: a name (op, path, variable), a sentence, a formula.
MOST_TEXT: Final = {"op": 300, "path": 300, "variable": 300, "sentence": 2_000, "formula": 4_000}

#: Nor more values: in a frame (a chunk of 16 MiB), and in all of them (1 GiB).
MOST_WIDTH: Final = 2**22
MOST_VALUES: Final = 2**28


@dataclass(frozen=True)
class PeelStep:
    """What a line does. Lines of several levels that do the same name the same step.

    Attributes:
        op: The operation's name; empty for a call of a module's function.
        path: The path of the module, as the model names it.
        part: One of :data:`PARTS`.
        variable: The array that the line makes.
        sentence: What it does, in one sentence.
        formula: The same in TeX; empty where there is none.
    """

    op: str
    path: str
    part: str
    variable: str
    sentence: str
    formula: str


@dataclass(frozen=True)
class PeelProgram:
    """One level: its text, and what its lines do.

    Attributes:
        level: Its name, one of :data:`LEVELS`.
        source: Its text.
        lines: (line, step) pairs: the line's number from 1, and an index into the steps. A line may do several
            steps and stand in several pairs; one that does nothing to an array is not there.
    """

    level: str
    source: str
    lines: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class PeelArray:
    """An array whose values were kept at every frame.

    Attributes:
        step: The index of the step that makes it.
        path: The call it is of: a function that serves eight blocks has eight arrays for a line.
        shape: The whole array's.
        strides: One an axis; ``kept[i, j] = array[i * strides[0], j * strides[1]]``.
        offset: Where its kept values begin in a row of the values.
        size: How many are kept, at least one.
    """

    step: int
    path: str
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int
    size: int


@dataclass(frozen=True)
class Peel:
    """The peel of a run.

    Attributes:
        level: The level whose own arrays these are.
        steps: What lines do, shared by all programs.
        programs: The levels, in order.
        arrays: The arrays that were kept.
        values: (frame, value) float32, one row a frame of the run; NaN where a frame has none.
    """

    level: str
    steps: tuple[PeelStep, ...]
    programs: tuple[PeelProgram, ...]
    arrays: tuple[PeelArray, ...]
    values: npt.NDArray[np.float32]


@dataclass(frozen=True)
class PeelEntry:
    """What the manifest says of a peel: whose arrays were kept, and which levels there are."""

    level: str
    levels: tuple[str, ...]


def save_peel(folder: Path, peel: Peel) -> None:
    """Put a peel into the folder of a run that has stopped growing; an older one is replaced.

    Raises:
        OnionskinError: The peel contradicts itself or the run; the run is as it was.
        OSError: The disk is full or not writable; the run is as it was, or has no peel.
    """
    from onionskin.recording.pack import pack_array
    from onionskin.recording.reader import open_run

    _check(peel, len(open_run(folder).frames))
    document = folder / "zarr.json"
    metadata = json.loads(document.read_bytes())
    manifest = metadata["attributes"]["onionskin"]
    beside, place = folder / ".peel.new", folder / "peel"
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    if peel.values.size:
        width = peel.values.shape[1]
        array = GrowingArray(
            beside / "values", row_shape=(width,), dtype="<f4", dimensions=("frame", "value"), runs_ahead=False
        )
        for row, values in enumerate(peel.values):
            array.put(row, values)
        array.finish(len(peel.values))
        pack_array(beside / "values", len(peel.values))
    write_json(beside / "zarr.json", group_metadata({"peel": _to_json(peel)}))
    if place.exists():  # nobody is told of the one while the other comes
        write_json(document, _with(metadata, {k: v for k, v in manifest.items() if k != "peel"}))
        shutil.rmtree(place)
    beside.rename(place)
    entry = PeelEntry(peel.level, tuple(program.level for program in peel.programs))
    write_json(document, _with(metadata, {**manifest, "peel": asdict(entry)}))


def read_peel(run: Run) -> Peel | None:
    """Return the peel of a run, or None where nobody has asked for one.

    A copy that leaves the values out has no arrays either. Raises OnionskinError on a damaged one.
    """
    if run.manifest.peel is None:
        return None
    content = Fields(run.attributes("peel", "peel"), "peel")
    frames = len(run.frames)
    peel = Peel(
        level=run.manifest.peel.level,
        steps=content.items("steps", _step),
        programs=content.items("programs", _program),
        arrays=content.items("arrays", _array),
        values=np.zeros((frames, 0), np.float32),
    )
    if not run.has_array("peel/values"):
        peel = Peel(peel.level, peel.steps, peel.programs, (), peel.values)
    else:
        array = run.open("peel/values")
        if array.ndim != 2 or array.shape[0] != frames or array.dtype != np.float32 or array.size > MOST_VALUES:
            raise broken(f"its peel/values is {array.dtype} of shape {array.shape}, and it has {frames} frames")
        peel = Peel(peel.level, peel.steps, peel.programs, peel.arrays, run.read("peel/values", slice(None)))
    if (wrong := _contradiction(peel, frames)) is not None:
        raise broken(wrong)
    if tuple(program.level for program in peel.programs) != run.manifest.peel.levels:
        raise broken("its peel has other levels than its manifest says")
    return peel


def peel_from_json(f: Fields) -> PeelEntry:
    """Read what a manifest says of a peel. Raises OnionskinError when it contradicts itself."""
    entry = PeelEntry(f.text("level"), f.texts("levels"))
    if wrong := _wrong_levels(entry.level, entry.levels):
        raise broken(wrong)
    return entry


def _to_json(peel: Peel) -> dict[str, Any]:
    usual, largest = _scales(peel)
    return {
        "steps": [asdict(step) for step in peel.steps],
        "programs": [
            {"level": p.level, "source": p.source, "lines": [number for pair in p.lines for number in pair]}
            for p in peel.programs
        ],
        "arrays": [asdict(array) for array in peel.arrays],
        "scales": {"usual": usual, "largest": largest},
    }


def _scales(peel: Peel) -> tuple[list[float], list[float]]:
    """Return of each array what one colour scale for all frames is made of, as a run's statistics have it.

    Over the frames, of the largest finite magnitude of each: the middle one of those above 0, and the largest.
    """
    usual, largest = [], []
    for array in peel.arrays:
        part = np.abs(peel.values[:, array.offset : array.offset + array.size])
        part[~np.isfinite(part)] = 0
        of_frames = np.sort(part.max(axis=1, initial=0))
        above = of_frames[of_frames > 0]
        usual.append(float(above[len(above) // 2]) if len(above) else 0.0)
        largest.append(float(of_frames[-1]) if len(of_frames) else 0.0)
    return usual, largest


def _step(f: Fields) -> PeelStep:
    return PeelStep(*(f.text(name) for name in ("op", "path", "part", "variable", "sentence", "formula")))


def _program(f: Fields) -> PeelProgram:
    numbers = f.wholes("lines")
    if len(numbers) % 2:
        raise broken("the lines of a program in its peel are cut short")
    pairs = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    return PeelProgram(f.text("level"), f.text("source"), pairs)


def _array(f: Fields) -> PeelArray:
    return PeelArray(
        f.whole("step"), f.text("path"), f.shape("shape"), f.shape("strides"), f.whole("offset"), f.whole("size")
    )


def _check(peel: Peel, frames: int) -> None:
    """Refuse a peel that readers would refuse. Raises OnionskinError."""
    wrong = _contradiction(peel, frames)
    if wrong is None and peel.values.dtype != np.float32:
        wrong = f"the values of the peel are {peel.values.dtype}"
    if wrong is not None:
        raise OnionskinError(wrong, fix="keep fewer or smaller arrays, or write the peel of this very run")


def _contradiction(peel: Peel, frames: int) -> str | None:
    """Return what is wrong with a peel of a run of ``frames`` frames; None where nothing is."""
    if wrong := _wrong_levels(peel.level, [program.level for program in peel.programs]):
        return wrong
    if len(peel.steps) > MOST_STEPS or len(peel.arrays) > MOST_ARRAYS:
        return f"its peel has {len(peel.steps):,} steps and {len(peel.arrays):,} arrays"
    for step in peel.steps:
        long = [name for name, most in MOST_TEXT.items() if len(getattr(step, name)) > most]
        if long or step.part not in PARTS:
            return f"a step of its peel is '{step.part}', and has {long[0] if long else 'no text'} of too many letters"
    for program in peel.programs:
        if wrong := _wrong_program(program, len(peel.steps)):
            return wrong
    if peel.values.ndim != 2 or len(peel.values) != frames:
        return f"its peel has values of shape {peel.values.shape}, and the run has {frames} frames"
    width = peel.values.shape[1]
    if width > MOST_WIDTH or width * frames > MOST_VALUES:
        return f"its peel has {width:,} values at each of {frames:,} frames"
    for array in peel.arrays:
        if wrong := _wrong_array(array, len(peel.steps), width):
            return wrong
    return None


def _wrong_levels(own: str, levels: Sequence[str]) -> str | None:
    known = all(0 < len(level) <= 40 for level in levels)
    if not known or len(set(levels)) != len(levels) or len(levels) > MOST_LEVELS or own not in levels:
        return f"its peel is of the level {own[:40]!r}, and has {len(levels)} levels"
    return None


def _wrong_program(program: PeelProgram, steps: int) -> str | None:
    # Characters are counted first: what is far too long is not encoded to find out how long it is.
    if len(program.source) > MOST_SOURCE or len(program.source.encode()) > MOST_SOURCE:
        return f"the program {program.level} has {len(program.source):,} letters or more, not {MOST_SOURCE:,} at most"
    last = program.source.count("\n") + 1
    if len(program.lines) > MOST_LINES or any(not 1 <= line <= last or at >= steps for line, at in program.lines):
        return f"the program {program.level} has {last} lines, and {steps} steps are known: one of its pairs is neither"
    return None


def _wrong_array(array: PeelArray, steps: int, width: int) -> str | None:
    if array.step >= steps or len(array.path) > MOST_TEXT["path"]:
        return f"an array of the peel is of step {array.step}, and there are {steps}"
    if len(array.strides) != len(array.shape) or 0 in array.strides:
        return f"an array of the peel has shape {array.shape} and strides {array.strides}"
    size = math.prod(kept_shape(array.shape, array.strides))
    if size != array.size or not size or array.offset + size > width:
        return f"an array of the peel has {array.size} values at {array.offset} of {width}, and shape {array.shape}"
    return None


def _with(metadata: dict[str, object], manifest: dict[str, object]) -> dict[str, object]:
    return {**metadata, "attributes": {"onionskin": manifest}}
