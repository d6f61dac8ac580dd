"""The walk over the optimizers, schedules and clips in ``onionskin/peel/ops``: each against PyTorch's, step after step.

What is run is the text that a program gets, in NumPy and in PyTorch, with settings that each file's ``trial`` draws.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from onionskin.peel import source
from onionskin.peel.rule import Library, Rule, rule, rules
from tests.peel.picked import Picked

OPTIMIZERS = [each.name for each in rules() if each.kind == "optimizer"]

SCHEDULES = [each.name for each in rules() if each.kind == "schedule"]

CLIPS = [each.name for each in rules() if each.kind == "clip"]

STEPS = 40

LIBRARIES: list[Library] = ["np", "torch"]

_few = settings(
    max_examples=12, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", OPTIMIZERS)
@_few
@given(data=st.data())
def test_weights_go_as_with_pytorch(name: str, library: Library, data: st.DataObject) -> None:
    pick = Picked(data)
    chosen: dict[str, Any] = rule(name).source.trial(pick)
    begin = [pick.normal(3, 2).detach(), pick.normal(4).detach(), pick.normal(1).detach()]
    theirs = [torch.nn.Parameter(each.clone()) for each in begin]
    optimizer = pytorch(rule(name))(theirs, **chosen)
    ours = [converted(each, library) for each in begin]
    states: list[dict[str, Any]] = [{} for _ in ours]
    update = written(rule(name).source.update, chosen, library)
    for step in range(STEPS):
        for w, parameter, state in zip(ours, theirs, states, strict=True):
            parameter.grad = pick.normal(*parameter.shape).detach() * 10.0 ** pick.random.integers(-3, 2)
            update(w, converted(parameter.grad, library), state)
        optimizer.step()
        for w, parameter in zip(ours, theirs, strict=True):
            assert_close(w, parameter, f"{name} in {library} with {chosen} after step {step}")


@pytest.mark.parametrize("name", SCHEDULES)
@_few
@given(data=st.data())
def test_learning_rate_goes_as_with_pytorch(name: str, data: st.DataObject) -> None:
    pick = Picked(data)
    chosen: dict[str, Any] = rule(name).source.trial(pick)
    lr = pick.choice([0.25, 0.125])
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr)
    theirs = schedule(name, optimizer, chosen)
    function = rule(name).source.factor
    constants = {**chosen, "lr": lr} if "lr" in inspect.signature(function).parameters else chosen
    factor = written(function, constants, "np")
    steps = chosen["total"] + 1 if name == "warmup_cosine" else STEPS
    for step in range(steps):
        assert lr * factor(step) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-13, abs=1e-14), step
        optimizer.step()
        theirs.step()


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", CLIPS)
@_few
@given(data=st.data())
def test_gradients_are_clipped_as_with_pytorch(name: str, library: Library, data: st.DataObject) -> None:
    pick = Picked(data)
    chosen: dict[str, Any] = rule(name).source.trial(pick)
    parameters = [torch.nn.Parameter(pick.normal(*shape).detach()) for shape in ((3, 2), (4,), (1,))]
    gradients = [pick.normal(*parameter.shape).detach() for parameter in parameters]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
    g = {str(number): converted(gradient, library) for number, gradient in enumerate(gradients)}
    written(rule(name).source.clip, chosen, library)(g)
    pytorch(rule(name))(parameters, **chosen)
    for got, gradient in zip(g.values(), gradients, strict=True):  # PyTorch has clipped them in place
        assert_close(got, gradient, f"{name} in {library} with {chosen}")


@pytest.mark.parametrize("name", [*OPTIMIZERS, *CLIPS, *(name for name in SCHEDULES if name != "warmup_cosine")])
def test_defaults_are_those_of_pytorch(name: str) -> None:
    theirs = inspect.signature(pytorch(rule(name))).parameters
    function = {"optimizer": "update", "clip": "clip", "schedule": "factor"}[rule(name).kind]
    # cycle_momentum would change the optimizer, too: it has to be given as False.
    given = {"w", "g", "state", "step", "cycle_momentum", *(["lr"] if name in SCHEDULES else [])}
    own = list(inspect.signature(getattr(rule(name).source, function)).parameters.values())
    for setting in [each for each in own if each.name not in given]:
        wanted = theirs[setting.name].default
        required = setting.default is inspect.Parameter.empty
        assert wanted is inspect.Parameter.empty or wanted is None if required else setting.default == wanted, setting


# ---------------------------------------------------------------------- how it is run


def pytorch(each: Rule) -> Any:
    """Return the class or function of PyTorch that a file's settings are those of."""
    target: Any = torch
    for part in each.spellings[0].split(".")[1:]:
        target = getattr(target, part)
    return target


def schedule(name: str, optimizer: torch.optim.Optimizer, chosen: dict[str, Any]) -> Any:
    """Return the schedule in PyTorch; where it has none, as one puts it together there."""
    if name != "warmup_cosine":
        return pytorch(rule(name))(optimizer, **chosen)
    lr, warmup, total, floor = optimizer.param_groups[0]["lr"], chosen["warmup"], chosen["total"], chosen["floor"]
    rising = torch.optim.lr_scheduler.LinearLR(optimizer, 1 / warmup, 1.0, max(warmup - 1, 1))
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, total - warmup, floor * lr)
    return torch.optim.lr_scheduler.SequentialLR(optimizer, [rising, falling], [warmup])


def written(function: Callable[..., Any], chosen: dict[str, Any], library: Library) -> Callable[..., Any]:
    """Return a function as it stands in a program that has these settings, and the defaults of the others."""
    defaults = {n: p.default for n, p in inspect.signature(function).parameters.items() if p.default is not p.empty}
    text = source.as_function(function, "written", {**defaults, **chosen}, library, {})
    namespace: dict[str, Any] = {"math": math, "np" if library == "np" else "torch": np if library == "np" else torch}
    exec(text, namespace)
    return namespace["written"]  # type: ignore[no-any-return]  # what exec defines has no type


def converted(tensor: Tensor, library: Library) -> Any:
    return tensor.detach().clone().numpy() if library == "np" else tensor.detach().clone()


def assert_close(got: Any, wanted: Tensor, what: str) -> None:
    """Within 1e-14 of the size of the whole array."""
    expected = wanted.detach().numpy()
    scale = max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(np.asarray(got), expected, rtol=0, atol=1e-14 * scale, err_msg=what)
