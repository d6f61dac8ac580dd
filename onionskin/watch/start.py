"""Starts a recording: checks what it is given, before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from onionskin.errors import OnionskinError
from onionskin.recording.earlier import Earlier, earlier
from onionskin.recording.manifest import Budget
from onionskin.recording.tags import as_tags
from onionskin.watch.bystander import Bystander
from onionskin.watch.camera import About
from onionskin.watch.paths import default_path, free_path
from onionskin.watch.probe import MOST_PROBES, Call, as_call, first_few
from onionskin.watch.recorder import Recorder, check_optimizer
from onionskin.watch.tensors import choose, parameters, unwrapped

__all__ = ["Recorder", "watch"]


def watch(
    model: nn.Module | Mapping[str, nn.Module],
    optimizer: torch.optim.Optimizer | Iterable[torch.optim.Optimizer] | None = None,
    *,
    probes: Any = None,
    run: str | Path | None = None,
    budget: float = 0.02,
    every: int | None = None,
    only: str | Iterable[str] | None = None,
    roles: str | Iterable[str] | None = None,
    labels: Sequence[int] | torch.Tensor | None = None,
    classes: Sequence[str] | None = None,
    space: bool = True,
    tags: str | Iterable[str] = (),
    continues: int | None = None,
) -> Recorder:
    """Record a training into a run folder while it runs.

    Watched and unwatched trainings are bit-identical on the CPU. Nothing that goes wrong while recording reaches the
    training: it is said once as a warning, and written into the run.

    Args:
        model: The model, or several by name. ``torch.compile``d, DistributedDataParallel and DataParallel models
            are looked through.
        optimizer: The optimizer or optimizers whose steps are heard. Without one, call ``run.step()`` yourself.
        probes: Inputs to show the model at every frame: a batch for ``model(x)``, a tuple for ``model(a, b)``, a dict
            for ``model(a=…, b=…)``; for several models a dict of these by the model's name. At most 64 examples.
        run: The folder to make; by default ``runs/<script>-<n>``. If it exists, a number is added.
        budget: The most wall time to take, as a share; 1 for no limit.
        every: Take a frame each so many steps, as far as the budget allows, instead of more at the start.
        only: Shell patterns of the tensors to record, such as ``["conv*", "fc.weight"]``.
        roles: Some of ``weight``, ``gradient``, ``activation``, ``optimizer``; by default all but the last.
        labels: The right answer of each probe: class numbers, (n,).
        classes: A name for each class.
        space: Where the probes are pairs of numbers, (n, 2), also show the model an even grid of such pairs at every
            frame, and keep what its outputs and hidden units make of them.
        tags: A few words to find the run by in the library, such as ``["bn", "lr=0.1"]``.
        continues: Go on with the recording in ``run``, which was stopped or killed, from this step on: what it has of
            later steps is dropped. Load the weights and the optimizer's state of that step first.

    Returns:
        The recorder: ``run.log(loss=loss)``, ``run.step()``, ``run.close()``, ``run.path``. In a distributed training
        rank 0 records, and the recorders of other ranks do nothing.

    Raises:
        OnionskinError: An argument makes no sense, or the folder cannot be made; nothing was written.
    """
    models = _models(model)
    optimizers = _optimizers(optimizer)
    limits = _budget(budget, every)
    choice = choose(roles, only, space=space)
    words = as_tags(tags)
    calls = _calls(models, probes)
    if torch.distributed.is_available() and torch.distributed.is_initialized() and torch.distributed.get_rank() != 0:
        return Bystander()
    notices = list(_mismatches(models, optimizers))
    before = _earlier(run, continues) if continues is not None else None
    wanted = Path(run) if run is not None else default_path()
    path = before.path if before else free_path(wanted)
    if run is not None and path != wanted:
        notices.append((f"{wanted} exists already: recording to {path}", "choose another path with run=…"))
    about = About(path.name, _labels(labels), tuple(map(str, classes or ())), words)
    return Recorder(models, optimizers, calls, path=path, budget=limits, choice=choice, about=about, notices=notices,
                    after=before)  # fmt: skip


def _earlier(run: str | Path | None, step: int) -> Earlier:
    if run is None:
        raise OnionskinError("continues=… without a run", fix="say which one goes on: run='runs/bears-1'")
    return earlier(Path(run), step)


def _models(model: object) -> dict[str, nn.Module]:
    models = dict(model) if isinstance(model, Mapping) and not isinstance(model, nn.Module) else {"": model}
    for name, inner in models.items():
        if not isinstance(inner, nn.Module):
            raise OnionskinError(
                f"{f'model {name!r}' if name else 'the model'} is a {type(inner).__name__}, not a torch.nn.Module",
                fix="pass the module itself, or a dict of modules: {'generator': g, 'critic': c}",
            )
    if not models:
        raise OnionskinError("there is no model in the dict", fix="pass at least one: {'generator': g}")
    return {str(name): unwrapped(inner) for name, inner in models.items() if isinstance(inner, nn.Module)}


def _optimizers(optimizer: object) -> list[torch.optim.Optimizer]:
    if optimizer is None:
        return []
    several = isinstance(optimizer, Iterable) and not isinstance(optimizer, (str, bytes, Mapping))
    optimizers: list[Any] = list(optimizer) if several else [optimizer]  # type: ignore[call-overload]
    for each in optimizers:
        check_optimizer(each)
    return optimizers


def _budget(budget: object, every: object) -> Budget:
    if isinstance(budget, bool) or not isinstance(budget, (int, float)) or not 0 < budget <= 1:
        raise OnionskinError(
            f"budget={budget!r} is no share of wall time", fix="give a number above 0 and up to 1, such as 0.02 for 2 %"
        )
    if every is not None and (isinstance(every, bool) or not isinstance(every, int) or every < 1):
        raise OnionskinError(
            f"every={every!r} is no number of steps", fix="give a whole number from 1, or leave it out"
        )
    return Budget(float(budget), every)


def _calls(models: Mapping[str, nn.Module], probes: Any) -> dict[str, Call]:
    if probes is None:
        return {}
    if "" in models:
        return {"": first_few(as_call(probes), MOST_PROBES)}
    if not isinstance(probes, Mapping) or not set(probes) <= set(models):
        raise OnionskinError(
            f"the probes of several models are a {type(probes).__name__}",
            fix=f"give a dict by model: {{{', '.join(f'{name!r}: …' for name in models)}}}",
        )
    return {name: first_few(as_call(value), MOST_PROBES) for name, value in probes.items()}


def _labels(labels: Sequence[int] | torch.Tensor | None) -> tuple[int, ...]:
    if labels is None:
        return ()
    values = labels.tolist() if isinstance(labels, torch.Tensor) else list(labels)
    try:
        numbers = tuple(int(value) for value in values[:MOST_PROBES])
    except (TypeError, ValueError):
        numbers = (-1,)
    if any(number < 0 for number in numbers):
        raise OnionskinError("labels are not class numbers", fix="give one whole number from 0 for each probe")
    return numbers


def _mismatches(
    models: Mapping[str, nn.Module], optimizers: Sequence[torch.optim.Optimizer]
) -> Iterable[tuple[str, str]]:
    """Yield what looks like a mistake, with its remedy: an optimizer that trains none of the models' parameters."""
    own = {id(parameter) for parameter in parameters(models).values()}
    for optimizer in optimizers:
        groups = getattr(optimizer, "param_groups", [])
        if not any(id(parameter) in own for group in groups for parameter in group["params"]):
            yield (
                f"none of the parameters of {type(optimizer).__name__} belong to the model",
                "make the optimizer from the parameters of the model that is watched",
            )
