"""Promise 1: a watched training is bit-identical to an unwatched one, whatever the model does in its forward."""

from __future__ import annotations

import copy
import io
import random
import sys
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import onionskin as osk
from onionskin.errors import OnionskinWarning
from tests.watch.zoo import CASES, Case

STEPS = 6


def _train(make: Callable[[], Case], run: Path | None) -> tuple[list[Any], Case]:
    """Train a few steps, and return everything that a recorder could have changed."""
    torch.manual_seed(3)
    random.seed(3)
    np.random.seed(3)
    case = make()
    seen: list[Any] = []
    counted = 0

    def count(*_: object) -> None:
        nonlocal counted
        counted += 1

    if not isinstance(case.model, torch.jit.ScriptModule):
        case.model.register_forward_hook(count)
    printed = io.StringIO()
    with redirect_stdout(printed):
        probes = copy.deepcopy(case.batch())
        recorder = osk.watch(case.model, case.optimizer, probes=probes, run=run, budget=1, every=1) if run else None
        for _ in range(STEPS):
            loss = case.loss(case.model(*case.batch()))
            case.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            case.optimizer.step()
            if recorder:
                recorder.log(loss=loss)
            seen.append(loss.detach().clone())
            seen += [p.grad.detach().clone() for p in case.model.parameters() if p.grad is not None]
            seen += [value.detach().clone() for value in case.model.state_dict().values()]
        if recorder:
            recorder.close()
    modes = [module.training for module in case.model.modules()]
    hooks = [len(module._forward_hooks) + len(module._forward_pre_hooks) for module in case.model.modules()]
    state = [getattr(case.model, name, None) for name in ("hidden", "calls", "log")]
    streams: list[Any] = [torch.get_rng_state(), np.random.get_state(legacy=False), random.getstate()]
    return [*seen, modes, hooks, state, streams, counted, printed.getvalue()], case


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, torch.Tensor):
        if a.layout != torch.strided:
            a, b = a.to_dense(), b.to_dense()
        return bool(torch.equal(a, b)) or (a.dtype == b.dtype and bool(((a == b) | (a.isnan() & b.isnan())).all()))
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)


@pytest.mark.parametrize("name", CASES)
def test_watched_is_unwatched(name: str, tmp_path: Path) -> None:
    unwatched, _ = _train(CASES[name], None)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", OnionskinWarning)
        watched, case = _train(CASES[name], tmp_path / "run")
    assert _same(unwatched, watched)
    run = osk.open_run(tmp_path / "run")
    assert [frame.step for frame in run.frames] == list(range(0 if name != "lazy" else 1, STEPS + 1))
    shown = [entry for entry in run.manifest.tensors if entry.role == "activation"]
    assert bool(shown) == case.shows
    assert any("reaches a module" in str(w.message) or "TorchScript" in str(w.message) for w in said) != case.shows
    assert not any("recording step" in warning.what for warning in run.warnings)


@pytest.mark.parametrize("name", CASES)
def test_what_is_recorded_is_what_there_was(name: str, tmp_path: Path) -> None:
    """The weights of the last frame are the weights of the model, by value and by statistics."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OnionskinWarning)
        _, case = _train(CASES[name], tmp_path / "run")
    run = osk.open_run(tmp_path / "run")
    parameters = dict(case.model.named_parameters(remove_duplicate=False))
    weights = [tensor for tensor in run.tensors.values() if tensor.entry.role == "weight"]
    assert len(weights) == len(list(case.model.parameters()))
    for tensor in weights:
        value = parameters[tensor.entry.name].detach()
        value = value.to_dense() if value.layout != torch.strided else value
        value = torch.view_as_real(value) if value.is_complex() else value
        assert tuple(value.shape) == tensor.entry.shape
        picture = tensor.picture(-1)
        assert picture is not None
        kept = value[tuple(slice(None, None, step) for step in tensor.entry.strides)].float().numpy()
        largest = float(np.abs(kept).max(initial=0))
        np.testing.assert_allclose(picture, kept, atol=largest / 65_000)
        if value.numel():
            assert tensor.statistic("norm")[-1] == pytest.approx(float(value.double().norm()), rel=1e-4)
            assert tensor.statistic("max")[-1] == pytest.approx(float(value.max()), rel=1e-4, abs=1e-6)
    if run.manifest.exact:
        state = case.model.state_dict()
        reloaded = run.weights(-1)
        assert set(reloaded) == set(state)
        assert all(_same(state[key].detach(), value) for key, value in reloaded.items())


def test_any_moment_can_be_reloaded(tmp_path: Path) -> None:
    """A model that is loaded from a frame gives the outputs that the frame recorded."""
    _, case = _train(CASES["conv_with_everything"], tmp_path / "run")
    run = osk.open_run(tmp_path / "run")
    model = case.model.eval()
    (inputs,) = run.probes.inputs()
    for frame in (0, 3, STEPS):
        model.load_state_dict(run.weights(frame))
        with torch.no_grad():
            outputs = model(torch.from_numpy(inputs)).numpy()
        np.testing.assert_array_equal(outputs, run.probes.outputs(frame)[0])


def test_gradients_are_those_of_the_step(tmp_path: Path) -> None:
    """They are read after the step and before they are zeroed; the update ratio is that of the step."""
    torch.manual_seed(0)
    model = nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    gradients, ratios = [], []
    with osk.watch(model, optimizer, run=tmp_path / "run", budget=1, every=1):
        for _ in range(4):
            before = model.weight.detach().clone()
            model(torch.randn(8, 4)).square().mean().backward()
            assert model.weight.grad is not None
            gradients.append(model.weight.grad.clone())
            optimizer.step()
            optimizer.zero_grad(set_to_none=False)
            ratios.append(float((model.weight.detach() - before).norm() / before.norm()))
    tensor = osk.open_run(tmp_path / "run").tensors["gradient/weight"]
    for i, gradient in enumerate(gradients):
        picture = tensor.picture(i + 1)
        assert picture is not None
        np.testing.assert_allclose(picture, gradient.numpy(), atol=float(gradient.abs().max()) / 65_000)
    weight = osk.open_run(tmp_path / "run").tensors["weight/weight"]
    np.testing.assert_allclose(weight.statistic("ratio")[1:], ratios, rtol=1e-4)


def test_stdout_of_other_threads_is_not_swallowed() -> None:
    import threading

    from onionskin.watch.isolate import isolated

    printed = io.StringIO()
    with redirect_stdout(printed), isolated([]):
        print("mine")
        other = threading.Thread(target=lambda: print("theirs"))
        other.start()
        other.join()
    assert printed.getvalue() == "theirs\n"
    assert sys.stdout is not printed
