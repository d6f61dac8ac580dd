"""Peels a model: the same training at seven levels, each a program that stands alone, proved equal."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from onionskin import registry
from onionskin.errors import OnionskinError
from onionskin.learn.learner import Learner
from onionskin.peel import levels
from onionskin.peel.assemble import Program
from onionskin.peel.compare import LEVELS, Agreement, compare, save_data
from onionskin.peel.learned import plan_learner
from onionskin.peel.plan import Batch, Plan, plan

__all__ = ["Peeled", "peel"]

#: What a program's first lines say, by which it is known again.
_MARK = "Run it: "


def peel(
    model: nn.Module | Learner,
    batch: Batch | Sequence[Batch] | None = None,
    *,
    loss: str | Callable[[Any, Any], Tensor] | None = None,
    optimizer: str | torch.optim.Optimizer | None = None,
    clip: str | None = None,
    schedule: str | None = None,
    dtype: torch.dtype = torch.float64,
    name: str = "",
) -> Peeled:
    """Follow one step of a training, so that it can be written at every level.

    Args:
        model: The model with its initial weights, in the mode that it is trained in. It is copied and never changed.
            Or a learner, such as ``osk.vision("digits")``: it has batches, loss and optimizer of its own.
        batch: ``(inputs, targets)``; inputs may be a tuple for ``model(*inputs)``. A list of such pairs of the same
            shapes: step ``i`` takes pair ``i % len(batch)``.
        loss: The name of a loss, or a function of (outputs, targets) that returns a scalar; by default
            ``cross_entropy``.
        optimizer: A name with its settings, such as ``"adam:lr=0.0078125"``, or an optimizer of PyTorch's; by default
            ``sgd:lr=0.125``.
        clip: ``"clip_norm:max_norm=1.0"`` or ``"clip_value:clip_value=0.5"``: what is done to the gradients first.
        schedule: The learning rate's, such as ``"cosine:T_max=50"``.
        dtype: float64 or float32.
        name: What the programs call it; by default the class's name.

    Returns:
        The peeled model: ``.program(level)``, ``.write(level, path)``, ``.check(steps)``.

    Raises:
        OnionskinError: The model decides by the values of its tensors, an operation has no file in
            ``onionskin/peel/ops``, a tensor that is needed is changed in place, the loss is no scalar, the batch has no
            values, or a name is unknown. Nothing was written.
    """
    if dtype not in (torch.float64, torch.float32):
        raise OnionskinError(f"dtype={dtype} is not peeled", fix="use torch.float64 or torch.float32")
    if isinstance(model, Learner):
        if batch is not None:
            raise OnionskinError("a learner was given, and a batch", fix="leave out the batch: a learner has its own")
        options = {"loss": loss, "optimizer": optimizer, "clip": clip, "schedule": schedule, "name": name or None}
        return Peeled(plan_learner(model, dtype=dtype, **options))
    if batch is None:
        raise OnionskinError(
            "there is no batch to follow a step with", fix="give one: osk.peel(model, (inputs, targets))"
        )
    made = plan(model, batch, loss=loss or "cross_entropy", optimizer=optimizer or "sgd:lr=0.125", clip=clip,
                schedule=schedule, dtype=dtype, name=name)  # fmt: skip
    return Peeled(made)


@dataclass(frozen=True, eq=False)
class Peeled:
    """A training that can be written at every level.

    Attributes:
        plan: What every level carries out.
    """

    plan: Plan
    _written: dict[str, Program] = field(default_factory=dict, repr=False)

    def program(self, level: str) -> Program:
        """Return one level as a program.

        Args:
            level: One of ``line loop tensors backward numpy scalars c``.

        Raises:
            OnionskinError: There is no such level, or it does not apply to this model.
        """
        if level not in self._written:
            self._written[level] = registry.load(levels, level).write(self.plan)
        return self._written[level]

    def write(self, level: str, path: str | Path | None = None) -> Path:
        """Write one level as a file that runs, with the weights and batches in an ``.npz`` beside it.

        Args:
            level: As in :meth:`program`.
            path: The file; by default ``<name>_<level>.py`` in the current folder. An older program is replaced.

        Raises:
            OnionskinError: The level does not apply, the file exists and is something else, or cannot be written.
        """
        program = self.program(level)
        place = Path(path) if path is not None else Path(f"{self.plan.name}_{level}.{program.suffix}")
        if place.exists() and _MARK not in place.read_text(errors="replace")[:500]:
            raise OnionskinError(f"{place} exists and was not written by a peel", fix="choose another file with -o")
        try:
            _atomically(place.with_suffix(".npz"), lambda file: save_data(self.plan, file))
            _atomically(place, lambda file: file.write(program.source.encode()))
        except OSError as error:
            raise OnionskinError(f"{place} cannot be written: {error.strerror}",
                                 fix="choose another place with -o, or make room there") from error  # fmt: skip
        return place

    def check(self, *, steps: int = 50, only: Sequence[str] = LEVELS) -> list[Agreement]:
        """Run the levels beside the model and return how they agree.

        Args:
            steps: How many steps; at least one.
            only: Which levels; those that do not apply say so in ``refused``.
        """
        found: list[Agreement] = []
        for so_far in self.checking(steps=steps, only=only):
            found = so_far
        return found

    def checking(self, *, steps: int = 50, only: Sequence[str] = LEVELS) -> Iterator[list[Agreement]]:
        """Do what :meth:`check` does, and yield what is known after every step."""
        if steps < 1:
            raise OnionskinError(f"steps={steps} proves nothing", fix="compare at least one step")
        return compare(self.plan, steps=steps, only=only)


def _atomically(place: Path, write: Callable[[Any], Any]) -> None:
    """Write a file whole or not at all."""
    beside = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            write(file)
        beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)
