"""The training of a model of modules, in parts: its classes, its losses, what it reads, its optimizers."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from onionskin.peel.assemble import Written
from onionskin.peel.classes import Definition, Definitions, ties
from onionskin.peel.forwards import ForwardWriter, Surroundings, access
from onionskin.peel.helpers import Helpers
from onionskin.peel.modules import arguments
from onionskin.peel.plan import Plan, Stage
from onionskin.peel.recipe import Chosen
from onionskin.peel.scopes import Scope, Scoping, classes
from onionskin.peel.source import written_out
from onionskin.peel.trace import Region, Value
from onionskin.peel.writing import Statement, Tag, literal

#: Names of a program that no variable of a forward may take.
_TAKEN = frozenset(["nn", "F", "OrderedDict"])


@dataclass(frozen=True)
class StageText:
    """One stage, written.

    Attributes:
        name: As in the plan; empty where there is only one.
        loss: The function that gives the loss, where it is more than one call.
        statements: What gives the loss within the loop, from the batch on.
        loss_name: The variable that the loss is in.
        given: What the loss is found from.
    """

    name: str
    loss: Written | None
    statements: list[Statement]
    loss_name: str
    given: list[str]


@dataclass(frozen=True)
class Parts:
    """The parts of a program of modules.

    Attributes:
        helpers: The operations' functions.
        classes: The modules' classes.
        model: The expression that makes the model.
        stages: How each loss is found.
        after: What is done to the model once it is made: weights tied, frozen, parts set to evaluate.
        constants: The constants that modules hold as buffers.
    """

    helpers: list[str]
    classes: list[Definition]
    model: str
    stages: list[StageText]
    after: list[str]
    constants: set[str]

    @property
    def written(self) -> list[Written]:
        """The functions and methods of which is known what their lines do."""
        methods = [each for definition in self.classes for each in definition.written]
        return methods + [stage.loss for stage in self.stages if stage.loss]


def write_parts(plan: Plan) -> Parts:
    """Write everything but the frame: twice, so that what never differs can be left out."""
    helpers = Helpers("torch")
    _write(plan, helpers)
    helpers.settle()
    return _write(plan, helpers)


def _write(plan: Plan, helpers: Helpers) -> Parts:
    constants: dict[str, Tensor] = {}
    for stage in plan.stages:
        constants |= stage.traced.constants
    scoping = Scoping(constants)
    steps = [scoping.step(stage.traced.root, stage.traced.loss) for stage in plan.stages]
    taken = _TAKEN | helpers.names
    around = Surroundings(plan.model, scoping, helpers, {}, taken)
    definitions = Definitions(classes(steps, scoping), around, steps)
    model = definitions.model_text()
    stages = [_stage(stage, step, around, scoping) for stage, step in zip(plan.stages, steps, strict=True)]
    after = [
        f"model{access(plan.model, '', second)} = model{access(plan.model, '', first)}"
        for first, second in ties(plan.model)
        if (first, second) not in definitions.tied
    ]
    after += [*_frozen(plan.model), *_evaluating(plan.model)]
    return Parts(helpers.source(), definitions.out, model, stages, after, definitions.constants)


# ------------------------------------------------------------------ losses


def _stage(stage: Stage, step: Scope, around: Surroundings, scoping: Scoping) -> StageText:
    """Return how a stage's loss is found: the model is called and its outputs are judged, or the loss does it all."""
    loss_name = f"loss_{stage.name}" if stage.name else "loss"
    name = f"{stage.name}_loss" if stage.name else "loss_fn"
    names = {value: value.name for value in stage.traced.inputs}
    writer = ForwardWriter(step, around, settings={}, optional=set(), arguments=names)
    calls = step.calls()
    within, known, first = step, list(stage.traced.inputs), writer.forward[:0]
    if [call.path for call in calls] == [""] and step.items[0] is calls[0]:
        within = _judgement(step, scoping, stage.traced.loss)
        known, first = [*calls[0].outputs, *known], writer.forward[:1]
    given = [writer.names.of(value) for value in known if value in within.inputs]
    if first and len(writer.forward) == 2:
        only = Statement(writer.forward[1].text.replace("loss = ", f"{loss_name} = ", 1), "", writer.forward[1].tag)
        return StageText(stage.name, None, [*first, only], loss_name, given)
    called = {value: writer.names.of(value) for value in within.inputs}
    inner = ForwardWriter(within, around, settings={}, optional=set(), arguments=called)
    call = Statement(f"{loss_name} = {name}({', '.join(given)})", "", Tag("", "", "forward", loss_name))
    return StageText(stage.name, _function(name, given, inner.statements()), [*first, call], loss_name, given)


def _judgement(step: Scope, scoping: Scoping, loss: Value) -> Scope:
    """Return what is done with the outputs of the model."""
    nodes = step.nodes()
    made = {value for node in nodes for value in node.outputs}
    used = [value for node in nodes for value in node.values() if value not in made and not scoping.is_own(value, "")]
    return Scope(Region("", None), "own", list(nodes), list(dict.fromkeys(used)), [loss])


def _function(name: str, given: list[str], statements: list[Statement]) -> Written:
    body = "\n".join(f"    {line}" for each in statements for line in str(each).splitlines())
    return Written(name, f"def {name}({', '.join(given)}):\n{body}\n", [each.tag for each in statements])


# ------------------------------------------------------------------ what is done to the model


def _frozen(model: nn.Module) -> Iterator[str]:
    """Yield the lines that freeze what is frozen, in as few as there are."""
    wants = {name: parameter.requires_grad for name, parameter in model.named_parameters()}
    if all(wants.values()):
        return
    freeze = list(_cover(model, "", {name for name, wanted in wants.items() if not wanted}, set(wants)))
    free = list(_cover(model, "", {name for name, wanted in wants.items() if wanted}, set(wants)))
    if len(free) + 1 < len(freeze):
        yield "model.requires_grad_(False)  # frozen, but for:"
        freeze = []
    else:
        free = []
    yield from (f"model{access(model, '', path)}.requires_grad_(False)" for path in freeze)
    yield from (f"model{access(model, '', path)}.requires_grad_()" for path in free)


def _cover(module: nn.Module, path: str, chosen: set[str], known: set[str]) -> Iterator[str]:
    """Yield the fewest modules and weights that hold all of the chosen weights and no others."""
    names = {f"{path}.{name}".strip(".") for name, _ in module.named_parameters()} & known
    if not names & chosen:
        return
    if names <= chosen:
        yield path
        return
    own = (f"{path}.{name}".strip(".") for name, _ in module.named_parameters(recurse=False))
    yield from (name for name in own if name in chosen)
    for name, child in module.named_children():
        yield from _cover(child, f"{path}.{name}".strip("."), chosen, known)


def _evaluating(model: nn.Module) -> Iterator[str]:
    """Yield the lines that set those parts to evaluate that were not training."""
    modes: dict[str, bool] = {}
    for path, module in model.named_modules():
        inside = any(path.startswith(f"{leaf}.") for leaf in modes)
        if not inside and arguments(module) is not None:
            modes[path] = module.training
    if not model.training and not any(modes.values()):
        yield "model.eval()"
        return
    yield from (f"model{access(model, '', path)}.eval()" for path in _still(model, "", modes))


def _still(module: nn.Module, path: str, modes: dict[str, bool]) -> Iterator[str]:
    inside = [mode for leaf, mode in modes.items() if leaf == path or leaf.startswith(f"{path}." if path else "")]
    if not inside or all(inside):
        return
    if not any(inside):
        yield path
        return
    for name, child in module.named_children():
        yield from _still(child, f"{path}.{name}".strip("."), modes)


# ------------------------------------------------------------------ optimizers


def optimizer_lines(plan: Plan) -> list[str]:
    """Return the lines that make each stage's optimizer, and the schedule of its learning rate."""
    out = []
    for stage in plan.stages:
        chosen = stage.recipe.optimizer
        given = ", ".join([parameters_of(plan, stage), *settings(chosen, keep=("lr",))])
        out += [f"{_named('optimizer', stage)} = {_spelled(chosen)}({given})", *schedule_lines(stage)]
    return out


def schedule_lines(stage: Stage) -> list[str]:
    """Return the line that makes the schedule of a stage's learning rate, where it has one."""
    chosen = stage.recipe.schedule
    if chosen is None:
        return []
    if chosen.is_lambda:
        values = {key: literal(value) for key, value in chosen.settings.items()}
        own = [f"lambda step: {written_out(chosen.function, values, 'np')}"]
    else:
        own = settings(chosen)
    given = ", ".join([_named("optimizer", stage), *own])
    return [f"{_named('scheduler', stage)} = {_spelled(chosen)}({given})"]


def stage_statements(plan: Plan, stage: Stage, text: StageText) -> list[Statement]:
    """Return what is done in a step for one stage."""
    recipe, optimizer = stage.recipe, _named("optimizer", stage)
    said = stage is plan.stages[0]  # once is enough
    out = [Statement(f"{optimizer}.zero_grad()", "forget the last step's gradients" * said), *text.statements]
    known = "autograd finds every weight's gradient" * said
    out.append(Statement(f"{text.loss_name}.backward()", known, Tag("", "", "backward", "")))
    if recipe.clip:
        given = ", ".join([parameters_of(plan, stage), *settings(recipe.clip)])
        out.append(Statement(f"{_spelled(recipe.clip)}({given})", recipe.clip.rule.sentence * said))
    out.append(
        Statement(
            f"{optimizer}.step()",
            recipe.optimizer.rule.sentence * said,
            Tag(recipe.optimizer.rule.name, "", "update", ""),
        )
    )
    if recipe.schedule:
        out.append(Statement(f"{_named('scheduler', stage)}.step()"))
    return out


def _named(what: str, stage: Stage) -> str:
    return f"{what}_{stage.name}" if stage.name else what


def parameters_of(plan: Plan, stage: Stage) -> str:
    """Return the expression of the weights that a stage moves."""
    prefix = stage.prefix.rstrip(".")
    if not prefix:
        return "model.parameters()"
    if any(path == prefix for path, _ in plan.model.named_modules()):
        inside = {n for n, p in plan.model.named_parameters() if n.startswith(f"{prefix}.") and p.requires_grad}
        if inside == set(stage.moves):
            return f"model{access(plan.model, '', prefix)}.parameters()"
    return f'[p for name, p in model.named_parameters() if name.startswith("{stage.prefix}")]'


def settings(chosen: Chosen, keep: tuple[str, ...] = ()) -> list[str]:
    """Return the settings of an optimizer, a clipping or a schedule that are not PyTorch's defaults."""
    known = inspect.signature(chosen.as_torch()).parameters
    # What only the formula needs, such as the rate that a schedule begins at, PyTorch takes from the optimizer.
    asked = {key: value for key, value in chosen.settings.items() if key in known}
    return [
        f"{key}={literal(value)}"
        for key, value in asked.items()
        if key in keep or known[key].default is inspect.Parameter.empty or known[key].default != value
    ]


def _spelled(chosen: Chosen) -> str:
    return re.sub(r"^torch\.nn\.", "nn.", chosen.rule.spellings[0])


# ------------------------------------------------------------------ the frame


def imports(text: str, *more: str) -> list[str]:
    """Return the imports of a program."""
    out = ["import math"] if re.search(r"\bmath\.", text) else []
    out += ["import sys"]
    out += ["from collections import OrderedDict"] if "OrderedDict(" in text else []
    out += ["from pathlib import Path", "", "import numpy as np", "import torch"]
    out += ["import torch.nn.functional as F"] if re.search(r"\bF\.", text) else []
    return [*out, "from torch import nn", *more]


def model_lines(plan: Plan, parts: Parts, text: str, *, batches: Iterable[str]) -> Iterator[str]:
    """Yield the lines that read the data, name the batches, and make the model."""
    yield 'data = np.load(Path(__file__).with_suffix(".npz"))'
    yield "data = {name: torch.from_numpy(data[name]) for name in data}"
    yield from batches
    if re.search(r"\brng\b", text):
        yield "rng = np.random.default_rng(0)  # every level draws from this stream"
    yield ""
    is_double = any(p.dtype == torch.float64 for p in plan.model.parameters())
    yield f"model = {parts.model}" + (".double()" if is_double else "")
    yield from parts.after
    yield from _loading(plan, parts)


def _loading(plan: Plan, parts: Parts) -> Iterator[str]:
    data = {name[2:] for name in plan.data() if name[1:2] == "/"}
    unused = {name for stage in plan.stages for name in stage.traced.constants} - parts.constants
    counted = any(name.endswith("num_batches_tracked") for name, _ in plan.model.named_buffers())
    why = "Tied weights stand there once: strict=False." if ties(plan.model) else ""
    why = "How many batches BatchNorm has seen does not matter: strict=False." if counted else why
    kinds = ["w"] + ["b"] * any(key.startswith("b/") for key in plan.data()) + ["c"] * bool(parts.constants)
    prefixes = ", ".join(f'"{kind}/"' for kind in kinds)
    test = f'name.startswith("{kinds[0]}/")' if len(kinds) == 1 else f"name[:2] in ({prefixes})"
    if parts.constants and data & unused:
        why = why or "Numbers that a forward makes itself stand there too: strict=False."
    yield f"weights = {{name[2:]: value for name, value in data.items() if {test}}}"
    if why:
        yield f"# {why}"
    yield "model.load_state_dict(weights" + (", strict=False)" if why else ")")


def total(parts: Parts) -> str:
    """Return the expression of what a step yields."""
    losses = [stage.loss_name for stage in parts.stages]
    return f"({' + '.join(losses)}).item()" if len(losses) > 1 else f"{losses[0]}.item()"


def described(plan: Plan) -> str:
    """Return how many parameters there are."""
    return f"{sum(parameter.numel() for parameter in plan.model.parameters()):,} parameters."


END = """

if __name__ == "__main__":
    for step, loss in enumerate(train(int(sys.argv[1]) if len(sys.argv) > 1 else 20)):
        print(f"step {step:3d}  loss {loss:.6f}")
"""
