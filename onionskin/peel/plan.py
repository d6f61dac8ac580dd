"""What is peeled: a model, its batches, and for each optimizer the loss that it minimises and how it steps."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from onionskin.errors import OnionskinError, did_you_mean
from onionskin.models import Example
from onionskin.peel.functions import Outline, outline
from onionskin.peel.recipe import Recipe, read_recipe
from onionskin.peel.rule import by_spelling, rules
from onionskin.peel.trace import Traced, trace

Batch = tuple[Any, Any]


@dataclass(frozen=True)
class Stage:
    """One loss and the optimizer that minimises it; most trainings have one.

    Attributes:
        name: Empty where there is only one.
        step: Called with a model and a batch's tensors by name; gives the loss.
        prefix: What the names of the parameters begin with that its optimizer moves; empty for all.
        moves: Those names.
        recipe: How it steps.
        traced: What the step does.
        outline: That, as functions.
    """

    name: str
    step: Callable[[nn.Module, Mapping[str, Tensor]], Tensor]
    prefix: str
    moves: tuple[str, ...]
    recipe: Recipe
    traced: Traced
    outline: Outline


@dataclass(frozen=True)
class Plan:
    """A training that every level carries out.

    Attributes:
        name: What the programs call it.
        model: The model with its initial weights, in the type that it is peeled in.
        batches: The tensors of each batch by name; step ``i`` takes batch ``i % len(batches)``.
        stages: What is done in a step, in order.
    """

    name: str
    model: nn.Module
    batches: list[dict[str, Tensor]]
    stages: list[Stage] = field(default_factory=list)

    def data(self) -> dict[str, npt.NDArray[Any]]:
        """Return what a program reads: weights ``w/…``, buffers ``b/…``, constants ``c/…``, and the batches."""
        out = {f"w/{name}": value.detach().numpy() for name, value in self.model.named_parameters()}
        out |= {f"b/{name}": value for name, value in self.buffers_of(self.model).items()}
        for stage in self.stages:
            out |= {f"c/{name}": value.numpy() for name, value in stage.traced.constants.items()}
        out |= {name: np.stack([batch[name].numpy() for batch in self.batches]) for name in self.batches[0]}
        return {name: np.array(value, order="C") for name, value in out.items()}

    @staticmethod
    def buffers_of(model: nn.Module) -> dict[str, npt.NDArray[Any]]:
        """Return a model's buffers by name; how many batches BatchNorm has seen is none that anything depends on."""
        buffers = model.named_buffers()
        return {name: value.numpy() for name, value in buffers if not name.endswith("num_batches_tracked")}


def plan(
    model: nn.Module,
    batch: Batch | Sequence[Batch],
    *,
    loss: str | Callable[[Any, Any], Tensor] = "cross_entropy",
    optimizer: str | torch.optim.Optimizer = "sgd:lr=0.125",
    clip: str | None = None,
    schedule: str | None = None,
    dtype: torch.dtype = torch.float64,
    name: str = "",
) -> Plan:
    """Follow one step of a training and return what every level carries out.

    Raises:
        OnionskinError: See :func:`onionskin.peel`.
    """
    batches, calls = _batches(model, batch, dtype)
    twin = copied(model).to(dtype)
    judge = _loss(loss)

    def step(which: nn.Module, tensors: Mapping[str, Tensor]) -> Tensor:
        return judge(calls.outputs(which, tensors), calls.targets(tensors))

    made = Plan(name or type(model).__name__.lower(), twin, batches)
    recipe = read_recipe(optimizer, clip=clip, schedule=schedule)
    made.stages.append(_stage("", step, twin, batches[0], recipe, ""))
    return made


def plan_example(
    example: Example, *, name: str, dtype: torch.dtype = torch.float64, optimizer: str | None = None, loss: Any = None,
    clip: str | None = None, schedule: str | None = None,
) -> Plan:  # fmt: skip
    """Return the plan of an architecture's example, with another loss or optimizer where one is given."""
    batch = (example.inputs, example.targets)
    if not example.phases:
        if example.targets is None:  # the inputs are the targets
            batch = (example.inputs, example.inputs)
        return plan(example.model, batch, loss=loss or example.loss, optimizer=optimizer or example.optimizer,
                    clip=clip, schedule=schedule, dtype=dtype, name=name)  # fmt: skip
    batches, calls = _batches(example.model, batch, dtype)
    made = Plan(name, copied(example.model).to(dtype), batches)
    for phase in example.phases:

        def step(which: nn.Module, tensors: Mapping[str, Tensor], judge: Any = phase.loss) -> Tensor:
            inputs = calls.inputs(tensors)
            found: Tensor = judge(which, inputs[0] if len(inputs) == 1 else inputs, calls.targets(tensors))
            return found

        recipe = read_recipe(phase.optimizer, clip=clip, schedule=schedule)
        made.stages.append(_stage(phase.name, step, made.model, batches[0], recipe, phase.parameters))
    return made


def _stage(name: str, step: Any, model: nn.Module, batch: dict[str, Tensor], recipe: Recipe, prefix: str) -> Stage:
    moves = tuple(n for n, p in model.named_parameters() if n.startswith(prefix) and p.requires_grad)
    if not moves:
        where = f"whose names begin with '{prefix}'" if prefix else "that wants a gradient"
        raise OnionskinError(
            f"{type(model).__name__} has no parameter {where}", fix="leave requires_grad on for what shall be trained"
        )
    traced = trace(copied(model), batch, lambda twin: step(twin, batch), trainable=lambda n: n in moves)
    return Stage(name, step, prefix, moves, recipe, traced, outline(traced, f"forward_{name}".strip("_")))


def copied(model: nn.Module) -> nn.Module:
    """Return a copy of a model that shares nothing with it. Raises OnionskinError where it cannot be copied."""
    try:
        return copy.deepcopy(model)
    except Exception as error:
        raise OnionskinError(
            f"{type(model).__name__} cannot be copied: {error}",
            fix="give a model that copy.deepcopy copies; keep no tensor of a graph in its attributes",
        ) from error


# ------------------------------------------------------------------ the batch


@dataclass(frozen=True)
class _Calls:
    """Which tensors of a batch the model is called with, and which are its targets."""

    given: tuple[str, ...]
    wanted: tuple[str, ...]
    is_one_target: bool

    def inputs(self, tensors: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
        return tuple(tensors[name] for name in self.given)

    def outputs(self, model: nn.Module, tensors: Mapping[str, Tensor]) -> Any:
        return model(*self.inputs(tensors))

    def targets(self, tensors: Mapping[str, Tensor]) -> Any:
        """Return what the loss compares with: where there are no targets, the inputs are."""
        found = tuple(tensors[name] for name in self.wanted or self.given)
        return found[0] if self.is_one_target or (not self.wanted and len(found) == 1) else found


def _batches(
    model: nn.Module, batch: Batch | Sequence[Batch], dtype: torch.dtype
) -> tuple[list[dict[str, Tensor]], _Calls]:
    if not isinstance(model, nn.Module):
        raise OnionskinError(f"the model is a {type(model).__name__}", fix="pass the torch.nn.Module itself")
    pairs = list(batch) if isinstance(batch, list) else [batch]
    if not pairs or not all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
        raise OnionskinError(
            "the batch is no pair of inputs and targets", fix="pass (inputs, targets), or a list of them"
        )
    given = _names(model, _as_tuple(pairs[0][0], "inputs"))
    targets = pairs[0][1]
    wanted = () if targets is None else ("targets",) if isinstance(targets, Tensor) else tuple(
        f"targets_{i + 1}" for i in range(len(_as_tuple(targets, "targets"))))  # fmt: skip
    calls = _Calls(given, wanted, isinstance(targets, Tensor))
    named = []
    for inputs, aims in pairs:
        tensors = [*_as_tuple(inputs, "inputs"), *(() if aims is None else _as_tuple(aims, "targets"))]
        named.append({n: _prepared(n, t, dtype) for n, t in zip((*given, *wanted), tensors, strict=True)})
    shapes = {tuple((n, tuple(t.shape)) for n, t in each.items()) for each in named}
    if len(shapes) > 1:
        raise OnionskinError(f"the batches have different shapes: {sorted(shapes)[:2]}",
                             fix="leave out the last one, which is shorter, or pad it")  # fmt: skip
    return named, calls


def _as_tuple(thing: Any, what: str) -> tuple[Tensor, ...]:
    found = tuple(thing) if isinstance(thing, (tuple, list)) else (thing,)
    for each in found:
        if not isinstance(each, Tensor):
            raise OnionskinError(
                f"the {what} are a {type(each).__name__}", fix=f"pass {what} as a tensor or a tuple of tensors"
            )
    return found


def _names(model: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[str, ...]:
    names = [n for n, p in inspect.signature(model.forward).parameters.items() if p.kind is not p.VAR_KEYWORD]
    spread = names[: len(inputs)] if len(names) >= len(inputs) else [f"x{i + 1}" for i in range(len(inputs))]
    return tuple("x" if name in ("input", "args") else name for name in spread)


def _prepared(name: str, tensor: Tensor, dtype: torch.dtype) -> Tensor:
    if 0 in tensor.shape:
        raise OnionskinError(f"'{name}' of the batch has no values: its shape is {tuple(tensor.shape)}",
                             fix="give a batch with at least one example")  # fmt: skip
    if tensor.dtype.is_complex:
        raise OnionskinError(f"'{name}' of the batch is complex", fix="give real numbers")
    plain = tensor.detach().cpu().contiguous()
    return plain.to(dtype) if plain.is_floating_point() else plain


def _loss(loss: str | Callable[[Any, Any], Tensor]) -> Callable[[Any, Any], Tensor]:
    if callable(loss):
        return loss
    losses = {each.name: each for each in rules() if each.kind == "loss"}
    if loss not in losses:
        raise OnionskinError(f"no '{loss}' among the losses",
                             fix=did_you_mean(loss, losses, otherwise=f"choose from: {', '.join(losses)}"))  # fmt: skip
    found: Callable[[Any, Any], Tensor] = next(
        function
        for function, each in by_spelling().items()
        if each is losses[loss] and "functional" in function.__module__
    )
    return found
