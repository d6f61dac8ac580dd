"""Records a level into a run folder: the same pictures as any training's, so that the page lays levels over each other.

The level's own weights, gradients and running averages are put into a model that the recorder looks at, step by step.
Beside the run lie the programs of all levels, what each of their lines does, and the arrays of the NumPy program at
every frame.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from onionskin.errors import OnionskinError
from onionskin.peel.assemble import Program
from onionskin.peel.compare import LEVELS, Moment, moments, one_thread, run_program
from onionskin.peel.plan import Plan, copied
from onionskin.peel.rule import rule
from onionskin.peel.start import Peeled
from onionskin.peel.values import Arrays, Reader
from onionskin.peel.writing import Tag
from onionskin.recording.peel import Peel, PeelArray, PeelProgram, PeelStep, save_peel
from onionskin.recording.subgrid import kept_shape, strides
from onionskin.watch import watch

#: The level whose arrays are kept: it has every gradient, and nothing of it is hidden in a library.
_READ = "numpy"

#: So many values of an array are kept at a frame.
_KEPT = 1024

#: At most so many frames.
_FRAMES = 100


class Watched:
    """One level's training being recorded. ``for step in watched: …``, then look at ``watched.path``.

    Args:
        peeled: What is trained.
        level: Which level trains.
        run: The run folder to make; a number is added if it exists.
        steps: How many steps.

    Raises:
        OnionskinError: The level does not apply to the model, or the folder cannot be made.
    """

    def __init__(self, peeled: Peeled, level: str, *, run: str | Path, steps: int) -> None:
        if steps < 1:
            raise OnionskinError(f"steps={steps} trains nothing", fix="ask for at least one step")
        self._peeled = peeled
        self._level = level
        self._program = peeled.program(level)
        self._steps = steps
        self._model = copied(peeled.plan.model)
        inputs, labels = _probes(peeled.plan)
        self._recorder: Any = watch(
            self._model,
            probes=inputs,
            labels=labels,
            run=run,
            budget=1,
            every=max(1, -(-steps // _FRAMES)),
            tags=["peel", level],
        )
        self.path: Path = self._recorder.path

    def __iter__(self) -> Iterator[int]:
        plan = self._peeled.plan
        rows: list[Arrays] = [{}]  # the first frame shows the initial weights: nothing was computed yet
        with TemporaryDirectory(prefix="onionskin-peel-") as folder, one_thread(), self._recorder as recorder:
            reader, losses = _reading(self._peeled, Path(folder), self._steps)
            (Path(folder) / "level").mkdir()
            for step, moment in enumerate(moments(plan, self._program, Path(folder) / "level", self._steps)):
                with reader.watching():
                    next(losses)
                self._show(moment)
                recorder.step()
                recorder.log(loss=moment.loss)
                if recorder.last_frame_step == step + 1:
                    rows.append(dict(reader.arrays))
                yield step
        if recorder.last_frame_step == self._steps and self._steps % self._every():
            rows.append(dict(reader.arrays))
        save_peel(self.path, _peel(self._peeled, rows))

    def _every(self) -> int:
        return max(1, -(-self._steps // _FRAMES))

    def _show(self, moment: Moment) -> None:
        """Put a level's arrays where the recorder looks."""
        with torch.no_grad():
            for name, parameter in self._model.named_parameters():
                parameter.copy_(torch.from_numpy(np.asarray(moment.weights[name])))
                gradient = moment.gradients.get(name)
                parameter.grad = None if gradient is None else torch.from_numpy(np.array(gradient)).to(parameter.dtype)
            for name, buffer in self._model.named_buffers():
                if name in moment.buffers:
                    buffer.copy_(torch.from_numpy(np.asarray(moment.buffers[name])))


def _probes(plan: Plan) -> tuple[Any, Any]:
    """Return what the model is shown at every frame: the inputs of the first batch, with their classes."""
    batch = plan.batches[0]
    inputs = tuple(value for name, value in batch.items() if not name.startswith("targets"))
    targets = batch.get("targets")
    is_classes = targets is not None and targets.dtype == torch.int64 and targets.ndim == 1
    return inputs if len(inputs) > 1 else inputs[0], targets if is_classes else None


def _reading(peeled: Peeled, folder: Path, steps: int) -> tuple[Reader, Iterator[Any]]:
    """Start the NumPy program beside the level, to read its arrays."""
    program = peeled.program(_READ)
    namespace = run_program(peeled.plan, program, folder)
    return Reader(program, namespace), namespace["train"](steps)


# ------------------------------------------------------------------ what is kept


def _peel(peeled: Peeled, rows: list[Arrays]) -> Peel:
    """Return the programs of all levels, what their lines do, and the arrays at every frame."""
    programs = list(_programs(peeled))
    numbers: dict[tuple[str, str, str, int], int] = {}
    steps: list[PeelStep] = []
    of_tag: dict[Tag, int] = {}
    first = sorted(programs, key=lambda program: program.level != _READ)  # what is kept there numbers the steps
    numbered = {program.level: _numbered(program, numbers, steps, of_tag) for program in first}
    written = [numbered[program.level] for program in programs]
    arrays, values = _values(rows, of_tag)
    return Peel(_READ, tuple(steps), tuple(written), arrays, values)


def _programs(peeled: Peeled) -> Iterator[Program]:
    for level in LEVELS:
        try:
            yield peeled.program(level)
        except OnionskinError:  # it does not apply: the page shows those that do
            continue


def _numbered(
    program: Program, numbers: dict[tuple[str, str, str, int], int], steps: list[PeelStep], of_tag: dict[Tag, int]
) -> PeelProgram:
    """Number what a program's lines do: the n-th time a module does something is the same step at every level."""
    seen: Counter[tuple[str, str, str]] = Counter()
    own: dict[Tag, int] = {}
    lines = []
    for line, tag in sorted(program.lines.items()):
        if tag.part == "module":  # it makes the layer, and stands for what that does first
            if (made := numbers.get((tag.op, tag.path, "forward", 0))) is not None:
                lines.append((line, made))
            continue
        if tag not in own:
            kind = (tag.op, tag.path, tag.part)
            key = (*kind, seen[kind])
            seen[kind] += 1
            if key not in numbers:
                numbers[key] = len(steps)
                steps.append(_step(tag))
            own[tag] = numbers[key]
        lines.append((line, own[tag]))
    if program.level == _READ:
        of_tag.update(own)
    return PeelProgram(program.level, program.source, tuple(lines))


def _step(tag: Tag) -> PeelStep:
    known = rule(tag.op) if tag.op else None
    sentence = known.sentence if known else f"everything that {tag.path or 'the model'} does"
    return PeelStep(tag.op, tag.path, tag.part, tag.variable, sentence, known.formula if known else "")


def _values(rows: list[Arrays], of_tag: Mapping[Tag, int]) -> tuple[tuple[PeelArray, ...], npt.NDArray[np.float32]]:
    """Return where each array's kept values stand in a row, and the rows; what was not computed yet is NaN."""
    arrays: list[PeelArray] = []
    columns: list[npt.NDArray[np.float32]] = []
    offset = 0
    for (tag, place), array in rows[-1].items():
        if tag not in of_tag:
            continue
        steps = strides(array.shape, _KEPT)
        picked = tuple(slice(None, None, step) for step in steps)
        size = int(np.prod(kept_shape(array.shape, steps)))
        block = np.full((len(rows), size), np.nan, np.float32)
        for row, kept in zip(block, rows, strict=True):
            found = kept.get((tag, place))
            if found is not None and found.shape == array.shape:
                row[:] = found[picked].ravel()
        arrays.append(PeelArray(of_tag[tag], place, array.shape, steps, offset, size))
        columns.append(block)
        offset += size
    return tuple(arrays), np.concatenate(columns, axis=1) if columns else np.zeros((len(rows), 0), np.float32)
