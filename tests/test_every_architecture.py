"""Every file in onionskin/models builds, says how many parameters it has, and learns from its own example."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from onionskin import models, registry
from onionskin.models import Example, Phase

NAMES = registry.names(models)

LOSSES: dict[str, Callable[..., Tensor]] = {
    "cross_entropy": functional.cross_entropy,
    "mse": functional.mse_loss,
    "bce_with_logits": functional.binary_cross_entropy_with_logits,
}
OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}

#: In how many steps it learns, where sixty would take too long.
STEPS = {"resnet": 6, "efficientnet_lite0": 20, "mobilenet": 40}

#: To what share of its first value the loss must fall, where a quarter is beyond it: noise in its code costs a
#: VAE, and a discriminator's opponent learns as well.
SHARE = {"vae": 0.6, "dcgan": 0.6}


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is(name: str) -> None:
    module = registry.load(models, name)
    model = module.build()
    stated = re.search(r"([\d,]+) parameters", module.build.__doc__ or "")
    assert stated
    assert int(stated[1].replace(",", "")) == sum(p.numel() for p in model.parameters())
    assert "Paper:" in (module.__doc__ or "")


@pytest.mark.parametrize("name", NAMES)
def test_its_example_is_the_same_for_everybody(name: str) -> None:
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    first = example(name)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(2)
    second = example(name)
    assert first.optimizer == second.optimizer
    for one, other in zip(tensors(first), tensors(second), strict=True):
        assert torch.equal(one, other)
        assert one.dtype in (torch.float32, torch.int64, torch.bool)


@pytest.mark.parametrize("name", NAMES)
def test_it_can_be_traced(name: str) -> None:
    case = in_float64(example(name))
    traced = fx.GraphModule(case.model, BufferTracer().trace(case.model))
    outputs = []
    for model in (case.model, traced):
        torch.manual_seed(0)
        outputs.append(call(model, case.inputs))
    assert_equal(*outputs)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", NAMES)
def test_it_learns_from_its_example(name: str, dtype: torch.dtype) -> None:
    case = example(name) if dtype == torch.float32 else in_float64(example(name))
    frozen = {key: p.clone() for key, p in case.model.named_parameters() if not p.requires_grad}
    losses = train(case, STEPS.get(name, 60))
    assert all(math.isfinite(loss) for step in losses for loss in step)
    # Of several phases the first is asked: a generator's loss rises while its discriminator learns.
    assert losses[-1][0] < SHARE.get(name, 0.25) * losses[0][0]
    parameters = dict(case.model.named_parameters())
    assert all(torch.equal(parameters[key], value) for key, value in frozen.items())


class BufferTracer(fx.Tracer):
    """Sees buffers as it sees parameters, so that a mask can be cut to the length of what comes in."""

    proxy_buffer_attributes = True


def example(name: str) -> Example:
    case: Example = registry.load(models, name).example()
    return case


def in_float64(case: Example) -> Example:
    """The same example, for numbers of 64 bits."""

    def double(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(double, value))
        return value.double() if value is not None and value.is_floating_point() else value

    return Example(
        case.model.double(), double(case.inputs), double(case.targets), case.loss, case.optimizer, case.phases
    )


def tensors(case: Example) -> list[Tensor]:
    """Everything an example holds: weights, buffers, inputs and targets."""
    found = [*case.model.parameters(), *case.model.buffers()]
    for value in (case.inputs, case.targets):
        found.extend(value if isinstance(value, tuple) else [] if value is None else [value])
    return found


def assert_equal(one: Any, other: Any) -> None:
    assert type(one) is type(other)
    for a, b in zip(one, other, strict=True) if isinstance(one, tuple) else [(one, other)]:
        assert torch.equal(a, b)


def call(model: nn.Module, inputs: Any) -> Any:
    return model(*inputs) if isinstance(inputs, tuple) else model(inputs)


def train(case: Example, steps: int) -> list[list[float]]:
    """Train on an example; return the losses of every step, one for each phase."""
    torch.manual_seed(0)
    phases = case.phases or (Phase("", plain_loss(case), "", case.optimizer),)
    optimizers = [optimizer(phase.optimizer, case.model, phase.parameters) for phase in phases]
    targets = case.inputs if case.targets is None else case.targets
    losses: list[list[float]] = []
    for _ in range(steps):
        losses.append([])
        for phase, steps_it in zip(phases, optimizers, strict=True):
            steps_it.zero_grad()
            loss = phase.loss(case.model, case.inputs, targets)
            assert loss.shape == ()
            loss.backward()  # type: ignore[no-untyped-call]
            steps_it.step()
            losses[-1].append(loss.item())
    return losses


def plain_loss(case: Example) -> Callable[[nn.Module, Any, Any], Tensor]:
    judge = LOSSES[case.loss] if isinstance(case.loss, str) else case.loss
    return lambda model, inputs, targets: judge(call(model, inputs), targets)


def optimizer(text: str, model: nn.Module, prefix: str) -> torch.optim.Optimizer:
    """Read ``sgd:lr=0.125,momentum=0.5``, for the parameters that may move and whose names begin so."""
    kind, _, rest = text.partition(":")
    settings = {key: float(value) for key, value in (setting.split("=") for setting in rest.split(","))}
    mantissa, _ = math.frexp(settings["lr"])
    assert mantissa == 0.5, "a learning rate should be a power of two"
    moved = [p for key, p in model.named_parameters() if key.startswith(prefix) and p.requires_grad]
    return OPTIMIZERS[kind](moved, **settings)
