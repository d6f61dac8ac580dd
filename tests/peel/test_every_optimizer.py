"""The walk over the optimizers in ``onionskin/peel/ops``: each against PyTorch's class, step after step.

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


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_defaults_are_those_of_pytorch(name: str) -> None:
    defaults = inspect.signature(pytorch(rule(name)).__init__).parameters
    own = inspect.signature(rule(name).source.update).parameters
    settings_of = [each for each in own.values() if each.name not in ("w", "g", "state")]
    assert settings_of
    for setting in settings_of:
        assert setting.default == defaults[setting.name].default, setting.name


# ---------------------------------------------------------------------- how it is run


def pytorch(each: Rule) -> Any:
    """Return the class or function of PyTorch that a file's settings are those of."""
    target: Any = torch
    for part in each.spellings[0].split(".")[1:]:
        target = getattr(target, part)
    return target


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
