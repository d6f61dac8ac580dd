"""Watching a compiled model adds no graph break and no recompilation, and changes no number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch._dynamo.utils import counters

import onionskin as osk

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:torch", "ignore::UserWarning:torch")


@pytest.fixture(autouse=True)
def _fresh_dynamo() -> Iterator[None]:
    torch._dynamo.reset()
    counters.clear()
    yield
    torch._dynamo.reset()


class _Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm, self.drop = nn.Linear(8, 16), nn.BatchNorm1d(16), nn.Dropout(0.2)
        self.last = nn.Linear(16, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.last(self.drop(self.norm(self.first(x)).relu()))
        return out


def _network() -> _Network:
    torch.manual_seed(0)
    return _Network()


def _whole(model: nn.Module) -> Callable[..., Any]:
    return torch.compile(model, backend="aot_eager")


def _in_place(model: nn.Module) -> Callable[..., Any]:
    model.compile(backend="aot_eager")
    return model


def _a_part(model: nn.Module) -> Callable[..., Any]:
    assert isinstance(model, _Network)
    part: Any = torch.compile(model.first, backend="aot_eager")
    model.first = part
    return model


def _a_step(model: nn.Module) -> Callable[..., Any]:
    return torch.compile(lambda x: model(x), backend="aot_eager")


def _train(compile_: Callable[[nn.Module], Callable[..., Any]], run: Path | None) -> tuple[list[float], dict[str, int]]:
    counters.clear()
    torch._dynamo.reset()
    model = _network()
    forward = compile_(model)
    watched = forward if isinstance(forward, nn.Module) else model
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    torch.manual_seed(1)
    x = torch.randn(16, 8)
    recorder = osk.watch(watched, optimizer, probes=x[:4], run=run, budget=1, every=2) if run else None
    losses = []
    for _ in range(8):
        loss = forward(x).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    if recorder:
        recorder.close()
    counted = {name: sum(counter.values()) for name, counter in counters.items()}
    return losses, {name: counted.get(name, 0) for name in ("graph_break", "recompiles", "stats", "frames")}


@pytest.mark.parametrize("compile_", [_whole, _in_place, _a_part, _a_step])
def test_no_break_and_no_recompilation(compile_: Callable[[nn.Module], Callable[..., Any]], tmp_path: Path) -> None:
    plain, before = _train(compile_, None)
    watched, after = _train(compile_, tmp_path / "run")
    assert watched == plain
    assert after == before
    assert before["stats"] > 0  # something was compiled
    run = osk.open_run(tmp_path / "run")
    assert len(run.frames) == 5
    assert not run.warnings
    assert {"activation/relu", "activation/first", "weight/first.weight"} <= set(run.tensors)


def test_a_compiled_optimizer_is_heard(tmp_path: Path) -> None:
    model = _network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    step = torch.compile(optimizer.step, backend="eager")
    with osk.watch(model, optimizer, run=tmp_path / "run", budget=1, every=1):
        for _ in range(3):
            model(torch.randn(4, 8)).square().mean().backward()
            step()
    assert [frame.step for frame in osk.open_run(tmp_path / "run").frames] == [0, 1, 2, 3]
