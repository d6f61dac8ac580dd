"""Promise 3: what a frame keeps, and the memory it needs, do not depend on the size of the model."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import onionskin as osk
from onionskin.recording.subgrid import PICTURE_VALUES


def test_a_picture_keeps_real_values_of_an_even_grid(tmp_path: Path) -> None:
    model = nn.Linear(700, 900)
    with osk.watch(model, run=tmp_path / "run") as recorder:
        recorder.step()
    tensor = osk.open_run(tmp_path / "run").tensors["weight/weight"]
    picture = tensor.picture(0)
    assert picture is not None
    assert picture.size <= PICTURE_VALUES
    rows, columns = tensor.entry.strides
    kept = model.weight.detach().numpy()[::rows, ::columns]
    np.testing.assert_allclose(picture, kept, atol=np.abs(kept).max() / 65_000)
    assert tensor.entry.showing == f"showing {picture.size:,} of 630,000"


def test_statistics_of_a_large_tensor_are_measured_on_a_sample(tmp_path: Path) -> None:
    """Two million values, measured on 262,144: within half a percent for values like any weight's."""
    torch.manual_seed(0)
    model = nn.Linear(2000, 1000)
    nn.init.normal_(model.weight, std=0.1)
    with osk.watch(model, run=tmp_path / "run") as recorder:
        recorder.step()
    run = osk.open_run(tmp_path / "run")
    tensor = run.tensors["weight/weight"]
    assert (tensor.entry.measured, tensor.entry.size) == (262_144, 2_000_000)
    assert tensor.statistic("norm")[0] == pytest.approx(float(model.weight.detach().norm()), rel=5e-3)
    assert tensor.statistic("std")[0] == pytest.approx(0.1, rel=5e-3)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_one_bad_value_in_a_large_tensor_is_counted_once_it_is_seen(tmp_path: Path, bad: float) -> None:
    model = nn.ModuleDict({"a": nn.Linear(2000, 1000, bias=False), "b": nn.Linear(300, 300, bias=False)})
    with torch.no_grad():
        model.get_parameter("a.weight")[3, 5] = bad  # the sample does not meet it …
        model.get_parameter("b.weight")[0, 0] = bad  # … but it meets this one, and then every value is looked at
    with osk.watch(model, run=tmp_path / "run") as recorder:
        recorder.step()
    run = osk.open_run(tmp_path / "run")
    column = "nan" if bad != bad else "inf"
    assert run.tensors["weight/a.weight"].statistic(column)[0] == 1
    assert run.tensors["weight/b.weight"].statistic(column)[0] == 1
    assert np.isfinite(run.tensors["weight/a.weight"].statistic("norm")[0])


MEASURE = """
import resource, sys, torch
from torch import nn
import onionskin as osk
torch.set_num_threads(1)
width = int(sys.argv[1])
model = nn.Sequential(*(nn.Linear(width, width, bias=False) for _ in range(6)))
for p in model.parameters():
    p.grad = torch.ones_like(p)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
optimizer.step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with osk.watch(model, optimizer, run="run", budget=1, every=1):
    for _ in range(8):
        optimizer.step()
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def test_extra_memory_does_not_grow_with_the_model(tmp_path: Path) -> None:
    """Six layers of 4 and of 64 million values; measured in processes of their own, by the kernel's account."""
    took = {}
    for width in (800, 3200):
        folder = tmp_path / str(width)
        folder.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, str(width)], cwd=folder, capture_output=True, text=True, check=True
        )
        took[width] = float(done.stdout)
    assert took[3200] < 100, took
    assert took[3200] < took[800] + 40, took
