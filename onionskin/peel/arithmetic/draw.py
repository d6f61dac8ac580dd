"""Draws one example's step as lines of arithmetic: forward, loss, and the derivative of everything the loss depends on.

The model is followed once more, with the first example alone. What the loss of a whole batch is, follows: the mean or
the sum over its examples. A model of which neither is true mixes its examples, and is refused.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor

from onionskin.errors import OnionskinError
from onionskin.peel.arithmetic.drawing import Drawing, place_of
from onionskin.peel.arithmetic.lines import ScalarGraph
from onionskin.peel.arithmetic.scalar import Scalar
from onionskin.peel.functions import all_nodes
from onionskin.peel.plan import Plan, Stage, copied
from onionskin.peel.trace import trace

#: Beyond this, written out arithmetic is no longer read by anybody.
MOST_PARAMETERS: Final = 400

#: How far the arithmetic may be off the model before it is written: far less than any mistake, more than rounding.
_TOLERANCE: Final = 1e-9


def draw(plan: Plan, *, level: str, most: int = MOST_PARAMETERS, fuses: bool) -> ScalarGraph:
    """Return the step of one example.

    Args:
        plan: The training.
        level: Whose lines these are, for what is refused.
        most: How many parameters there may be.
        fuses: Whether a sum that only a function is applied to stands in the function's line.

    Raises:
        OnionskinError: There are more parameters, several losses, random numbers, an operation that mixes the examples
            of a batch, or one that cannot be written as arithmetic on single numbers.
    """
    _refuse_large(plan, level, most)
    stage = plan.stages[0]
    for node in all_nodes(stage.traced.root):
        if node.rule.draws:
            raise OnionskinError(f"{place_of(node)} draws random numbers, which the level {level} does not",
                                 fix="peel the model without it: set its probability to 0")  # fmt: skip
    example = {name: tensor[:1] for name, tensor in _of_one_length(plan.batches[0], level).items()}
    try:
        is_mean = _is_mean(plan, stage, level)
        traced = trace(copied(plan.model), example, lambda m: stage.step(m, example), lambda n: n in stage.moves)
    except (ValueError, RuntimeError, IndexError) as error:
        raise _mixing(plan, level, f"takes no example alone ({str(error).splitlines()[0]})") from error
    graph = Drawing(plan, traced, stage, level).graph(fuses=fuses, is_mean=is_mean)
    _check(plan, stage, graph, example, level)
    return graph


# ------------------------------------------------------------------ what is refused


def _refuse_large(plan: Plan, level: str, most: int) -> None:
    count = sum(parameter.numel() for parameter in plan.model.parameters())
    if count > most:
        raise OnionskinError(f"{plan.name} has {count:,} parameters, and the level {level} writes out up to {most}",
                             fix="peel it at the level numpy, or build a smaller one")  # fmt: skip
    if len(plan.stages) > 1:
        raise OnionskinError(f"{plan.name} trains with {len(plan.stages)} losses, and the level {level} writes out one",
                             fix="peel it at the level numpy, or one of the two models alone")  # fmt: skip


def _of_one_length(batch: Mapping[str, Tensor], level: str) -> Mapping[str, Tensor]:
    lengths = {name: tuple(tensor.shape) for name, tensor in batch.items()}
    if len({shape[:1] for shape in lengths.values()}) != 1 or () in lengths.values():
        raise OnionskinError(f"the tensors of the batch, {lengths}, have no examples in common as their first axis",
                             fix=f"the level {level} takes one example at a time: put the examples first")  # fmt: skip
    return batch


def _mixing(plan: Plan, level: str, why: str) -> OnionskinError:
    found = [node for node in all_nodes(plan.stages[0].traced.root) if node.rule.name.startswith("batch_norm")]
    what = f"{place_of(found[0])} mixes the examples of a batch" if found else f"{plan.name} {why}"
    return OnionskinError(f"{what}, and the level {level} takes one example at a time",
                          fix="peel it at the level numpy" + (", or with LayerNorm" if found else ""))  # fmt: skip


def _is_mean(plan: Plan, stage: Stage, level: str) -> bool:
    """Whether the batch's loss and gradients are the mean over its examples; otherwise they must be the sum."""
    batch = plan.batches[0]
    count = len(next(iter(batch.values())))
    whole = _followed(plan, stage, batch)
    parts = [_followed(plan, stage, {n: t[i : i + 1] for n, t in batch.items()}) for i in range(count)]
    for scale in (count, 1):
        joined = [sum(each) / scale for each in zip(*parts, strict=True)]
        if all(torch.allclose(*pair, rtol=1e-9, atol=1e-12) for pair in zip(joined, whole, strict=True)):
            return scale == count
    raise _mixing(plan, level, "has a loss that is neither the mean nor the sum over the examples of a batch")


def _followed(plan: Plan, stage: Stage, batch: Mapping[str, Tensor]) -> list[Tensor]:
    """Return the loss and the gradients of the model itself, in float64."""
    model = copied(plan.model).double()
    loss = stage.step(model, {n: t.double() if t.is_floating_point() else t for n, t in batch.items()})
    moved = [p for n, p in model.named_parameters() if n in stage.moves]
    found = torch.autograd.grad(loss, moved, allow_unused=True, materialize_grads=True)
    return [loss.detach(), *found]


def _check(plan: Plan, stage: Stage, graph: ScalarGraph, example: Mapping[str, Tensor], level: str) -> None:
    """Refuse to write what does not compute what the model computes."""
    known = leaves(graph, plan.model, example)
    loss, *slopes = _followed(plan, stage, example)
    values = graph.run(known)
    pairs = [(values[graph.names[graph.loss]], loss.item(), "loss")]
    for name, slope in zip(stage.moves, slopes, strict=True):
        cells = graph.weights[name].ravel()
        pairs += [
            (values[graph.gradients[c]] if c in graph.gradients else 0.0, v, f"gradient of {name}")
            for c, v in zip(cells, slope.ravel().tolist(), strict=True)
        ]
    for found, wanted, what in pairs:
        if not math.isclose(found, wanted, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE) and not math.isnan(wanted):
            said = f"the {what} of {plan.name} is {wanted:g}, and would be {found:g} at the level {level}"
            raise OnionskinError(said, fix="report this, with the model: an operation is read wrongly")


def leaves(graph: ScalarGraph, model: torch.nn.Module, example: Mapping[str, Tensor]) -> dict[Scalar, float]:
    """Return the numbers that a step begins with: those of the example, and the weights as they are in a model."""
    parameters = dict(model.named_parameters())
    pairs = [(graph.inputs[name], tensor) for name, tensor in example.items()]
    pairs += [(cells, parameters[name].detach()) for name, cells in graph.weights.items()]
    return {
        cell: float(value)
        for cells, tensor in pairs
        for cell, value in zip(cells.ravel(), tensor.ravel().tolist(), strict=True)
    }
