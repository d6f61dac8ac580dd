"""The proof: all levels are run beside the model itself, and every number is compared at every step.

A level is never promised to give equal *bits*: sums in another order round differently. Promised is 1e-12 in float64
and 1e-5 in float32, of the loss and of every weight, gradient and running average, relative to the tensor.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from threadpoolctl import threadpool_limits

from onionskin import registry
from onionskin.errors import OnionskinError
from onionskin.peel import levels
from onionskin.peel.assemble import Program
from onionskin.peel.plan import Plan, copied
from onionskin.peel.stream import SharedStream

Arrays = Mapping[str, npt.NDArray[Any]]

#: From the top down.
LEVELS: Final = ("line", "loop", "tensors", "backward", "numpy", "scalars", "c")

#: How far a number may be off, relative to its tensor.
TOLERANCES: Final = {torch.float64: 1e-12, torch.float32: 1e-5}

#: A tensor of nothing but rounding (the gradient of a bias before BatchNorm is 0 by mathematics) has no size of its
#: own: it counts relative to this share of the largest value of its kind.
_FLOOR: Final = 1e-3


@dataclass(frozen=True)
class Moment:
    """What a level says after a step: the loss, and all tensors by kind and name."""

    loss: float
    weights: Arrays
    gradients: Arrays
    buffers: Arrays


@dataclass
class Agreement:
    """How far a level is from the model itself.

    Attributes:
        level: Its name.
        steps: How many steps were compared.
        loss_gap: The largest |Δ loss|, relative to the loss where that is above 1.
        tensor_gap: The largest relative gap of any tensor at any step.
        worst: That tensor, such as ``gradient conv1.weight``.
        first: The first tensor and step that were further off than allowed, ``gradient fc.weight, step 3``, or empty.
        seconds: Seconds a step, the median.
        refused: Why the level does not apply to this model, or empty.
    """

    level: str
    steps: int = 0
    loss_gap: float = 0.0
    tensor_gap: float = 0.0
    worst: str = ""
    first: str = ""
    seconds: float = math.nan
    refused: str = ""
    _times: list[float] = field(default_factory=list, repr=False)

    @property
    def agrees(self) -> bool:
        """Whether nothing was further off than allowed."""
        return not self.first


def compare(
    plan: Plan, *, steps: int = 50, only: Sequence[str] = LEVELS, programs: Mapping[str, Program] | None = None
) -> Iterator[list[Agreement]]:
    """Run the levels beside the model, step by step; yield how they agree after each step.

    Args:
        plan: The training.
        steps: How many steps.
        only: Which levels.
        programs: Programs to run in the place of those that would be written.

    Raises:
        OnionskinError: A level that was asked for alone does not apply to this model.
    """
    tolerance = TOLERANCES[next(plan.model.parameters()).dtype]
    with TemporaryDirectory(prefix="onionskin-peel-") as folder, one_thread():
        found = [Agreement(level) for level in only]
        running: dict[str, Iterator[Moment]] = {}
        for each in found:
            try:
                level = registry.load(levels, each.level)
                program = (programs or {}).get(each.level) or level.write(plan)
                running[each.level] = moments(plan, program, Path(folder), steps)
            except OnionskinError as error:
                if len(only) == 1:
                    raise
                each.refused = error.what
        for step, wanted in zip(range(steps), model_moments(plan, steps), strict=False):
            for each in found:
                if each.level in running:
                    began = time.perf_counter()
                    moment = next(running[each.level])
                    each._times.append(time.perf_counter() - began)
                    each.seconds = float(np.median(each._times))
                    _note(each, step, moment, wanted, tolerance)
            yield found


def _note(each: Agreement, step: int, moment: Moment, wanted: Moment, tolerance: float) -> None:
    each.steps = step + 1
    gap = abs(moment.loss - wanted.loss) / max(1.0, abs(wanted.loss))
    gap = gap if not math.isnan(gap) or math.isnan(wanted.loss) else math.inf
    each.loss_gap = max(each.loss_gap, gap)
    if gap > tolerance and not each.first:
        each.first = f"loss, step {step}"
    kinds = (("gradient", moment.gradients, wanted.gradients), ("weight", moment.weights, wanted.weights),
             ("buffer", moment.buffers, wanted.buffers))  # fmt: skip
    for kind, have, want in kinds:
        if not have and kind != "weight":
            continue
        largest = max((float(np.abs(value).max(initial=0)) for value in want.values()), default=0.0)
        for name, value in want.items():
            gap = _gap(have.get(name), value, _FLOOR * largest)
            if gap > each.tensor_gap:
                each.tensor_gap, each.worst = gap, f"{kind} {name}"
            if gap > tolerance and not each.first:
                each.first = f"{kind} {name}, step {step}"


def _gap(have: Any, want: npt.NDArray[Any], floor: float) -> float:
    """Return the largest difference of two arrays, relative to the largest value of the one that is wanted."""
    if have is None or np.shape(have) != want.shape:
        return math.inf
    size = max(float(np.abs(want).max(initial=0)), floor)
    gap = float(np.abs(np.subtract(have, want, dtype=np.float64)).max(initial=0))
    if math.isnan(gap):
        return 0.0 if np.array_equal(have, want, equal_nan=True) else math.inf
    return gap / size if size else gap


@contextmanager
def one_thread() -> Iterator[None]:
    """Small networks are no faster on more threads, and the time of a step means more on one."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):  # the matrix products of NumPy
            yield
    finally:
        torch.set_num_threads(threads)


# ------------------------------------------------------------------ what runs


def model_moments(plan: Plan, steps: int) -> Iterator[Moment]:
    """Train the model itself, with PyTorch's autograd and optimizer; yield what it says after each step."""
    model = copied(plan.model)
    kept = dict(model.named_parameters())
    machines = [_Machine(stage, kept) for stage in plan.stages]
    stream = SharedStream()
    for step in range(steps):
        batch = plan.batches[step % len(plan.batches)]
        losses, gradients = [], {}
        for stage, machine in zip(plan.stages, machines, strict=True):
            model.zero_grad()
            with stream:
                loss = stage.step(model, batch)
            loss.backward()  # type: ignore[no-untyped-call]  # PyTorch's method has no types here
            machine.clip()
            losses.append(loss.item())
            gradients = {n: _array(kept[n].grad).copy() for n in stage.moves if kept[n].grad is not None}
            machine.step()
        yield Moment(sum(losses), {n: _array(v) for n, v in kept.items()}, gradients, plan.buffers_of(model))


class _Machine:
    """PyTorch's own optimizer, clipping and schedule of one stage."""

    def __init__(self, stage: Any, parameters: Mapping[str, torch.nn.Parameter]) -> None:
        recipe = stage.recipe
        self._moved = [parameters[name] for name in stage.moves]
        self._optimizer = recipe.optimizer.as_torch()(self._moved, **recipe.optimizer.settings)
        self._clip = recipe.clip
        self._schedule = (
            recipe.schedule.as_torch()(self._optimizer, **recipe.schedule.settings) if recipe.schedule else None
        )

    def clip(self) -> None:
        if self._clip:
            self._clip.as_torch()(self._moved, **self._clip.settings)

    def step(self) -> None:
        self._optimizer.step()
        if self._schedule:
            self._schedule.step()


def moments(plan: Plan, program: Program, folder: Path, steps: int) -> Iterator[Moment]:
    """Run a program in a folder of its own; yield what it says after each step."""
    level = registry.load(levels, program.level)
    if hasattr(level, "moments"):  # a level that is no Python knows itself how it runs
        found: Iterator[Moment] = level.moments(plan, program, folder, steps)
        return found
    return _python_moments(plan, program, folder, steps)


def _python_moments(plan: Plan, program: Program, folder: Path, steps: int) -> Iterator[Moment]:
    namespace = run_program(plan, program, folder)
    for loss in namespace["train"](steps):
        yield _read(namespace, float(loss))


def run_program(plan: Plan, program: Program, folder: Path) -> dict[str, Any]:
    """Write a program and what it reads into a folder, execute its definitions, and return its names."""
    place = folder / f"{plan.name}_{program.level}.py"
    place.write_text(program.source)
    save_data(plan, place.with_suffix(".npz"))
    namespace: dict[str, Any] = {"__name__": place.stem, "__file__": str(place)}
    with torch.random.fork_rng(devices=[]):  # modules draw initial weights, which those of the file replace
        exec(compile(program.source, str(place), "exec"), namespace)
    return namespace


def save_data(plan: Plan, file: Any) -> None:
    """Write everything that a program reads: see :meth:`Plan.data`."""
    arrays: dict[str, Any] = plan.data()
    np.savez(file, **arrays)


def _read(namespace: Mapping[str, Any], loss: float) -> Moment:
    """Return what a program's names hold: its arrays, its tensors, its model, or its numbers."""
    if "model" in namespace:
        model = namespace["model"]
        kept = dict(model.named_parameters())
        buffers = {n: _array(v) for n, v in model.named_buffers() if not n.endswith("num_batches_tracked")}
        gradients = {n: _array(v.grad) for n, v in kept.items() if v.grad is not None}
        return Moment(loss, {n: _array(v) for n, v in kept.items()}, gradients, buffers)
    if "arrays" in namespace:
        return Moment(loss, _arrays(namespace["arrays"]()), _arrays(namespace["gradients"]()), {})
    weights, gradients = _arrays(namespace["w"]), _arrays(namespace.get("g", {}))
    return Moment(loss, weights, gradients, _arrays(namespace.get("buffers", {})))


def _arrays(named: Mapping[str, Any]) -> dict[str, npt.NDArray[Any]]:
    return {name: _array(value) for name, value in named.items()}


def _array(value: Any) -> npt.NDArray[Any]:
    return value.detach().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)
