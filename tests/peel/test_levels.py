"""Every architecture is peeled, and every level that applies to it trains to the same numbers."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import torch
from torch import nn

import onionskin as osk
from onionskin import models, registry
from onionskin.models import resnet
from onionskin.peel.compare import LEVELS
from onionskin.peel.start import Peeled
from onionskin.peel.target import peel_target

#: What applies to every model.
ALWAYS = ("line", "loop", "tensors", "backward", "numpy")

#: What a level may import, besides what Python brings.
LIBRARIES = {
    "line": {"numpy", "torch"},
    "loop": {"numpy", "torch"},
    "tensors": {"numpy", "torch"},
    "backward": {"numpy", "torch"},
    "numpy": {"numpy"},
    "scalars": set(),
}


@cache
def peeled(name: str) -> Peeled:
    return peel_target(name)


@pytest.mark.parametrize("name", registry.names(models))
def test_every_level_trains_to_the_same_numbers(name: str) -> None:
    for each in peeled(name).check(steps=20):
        assert each.agrees, f"{each.level}: {each.first}"
        assert each.level not in ALWAYS or not each.refused, f"{each.level}: {each.refused}"
        assert each.refused or each.steps == 20
        assert not each.refused or name not in ("xor", "logistic") or each.level == "scalars"


@pytest.mark.parametrize("name", ["mlp", "lenet", "gpt"])
def test_in_float32_they_agree_to_1e_5(name: str) -> None:
    for each in peel_target(name, dtype="float32").check(steps=10):
        assert each.agrees, f"{each.level}: {each.first}"


@pytest.mark.parametrize("name", registry.names(models))
def test_programs_read_like_a_persons(name: str, tmp_path: Path) -> None:
    """Formatted as ruff does, without a name that is unknown or unused, and without us."""
    for level in ALWAYS:
        source = peeled(name).program(level).source
        (tmp_path / f"{level}.py").write_text(source)
        assert "onionskin" not in source.lower()
        imported = {
            (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name or "").split(".")[0]  # type: ignore[union-attr]
            for node in ast.walk(ast.parse(source))
            if isinstance(node, (ast.Import, ast.ImportFrom))
        }
        assert imported - set(sys.stdlib_module_names) <= LIBRARIES[level]
        if level == "backward":
            assert not {"autograd", "requires_grad", ".backward()"} & set(source.replace("(", " (").split())
    ruff = [str(Path(sys.executable).with_name("ruff"))]
    options = ["--isolated", "--no-cache"]
    subprocess.run([*ruff, "format", "--check", *options, str(tmp_path)], check=True, capture_output=True)
    judged = subprocess.run(
        [*ruff, "check", *options, "--select", "E,F", "--ignore", "E501", str(tmp_path)], capture_output=True, text=True
    )
    assert judged.returncode == 0, judged.stdout


def test_a_program_stands_alone(tmp_path: Path) -> None:
    """In an empty folder, with nothing of ours on the path."""
    losses = {}
    for level in (*ALWAYS, "scalars"):
        place = peeled("xor").write(level, tmp_path / f"{level}.py")
        done = subprocess.run([sys.executable, "-I", place.name, "5"], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        losses[level] = done.stdout
        assert len(done.stdout.splitlines()) == 5
    assert len(set(losses.values())) == 1, losses


def test_a_block_stands_there_once_however_often_it_is_called() -> None:
    source = peeled("resnet").program("numpy").source
    assert source.count("def basic_block(") == 1
    assert source.count("def basic_block_backward(") == 1
    assert source.count(" = basic_block(") == 8
    assert "basic_block_2" not in source
    assert len(source.splitlines()) < 400


def test_a_block_that_reads_the_batch_does_not_stand_for_those_behind_it() -> None:
    """No gradient flows out of the first block, and only it has a projection in its shortcut."""
    torch.manual_seed(0)
    blocks = resnet.BasicBlock(3, 8, stride=2), resnet.BasicBlock(8, 8)
    model = nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4))
    own = osk.peel(model, (torch.randn(8, 3, 16, 16), torch.arange(8) % 4))
    for each in own.check(steps=3, only=ALWAYS):
        assert each.agrees, f"{each.level}: {each.first}"


def test_every_line_that_does_something_says_what() -> None:
    program = peeled("mlp").program("numpy")
    lines = program.source.splitlines()
    found = {lines[number - 1].strip().split(" = ")[0]: tag for number, tag in program.lines.items()}
    assert (found["fc1"].op, found["fc1"].path, found["fc1"].part) == ("linear", "fc1", "forward")
    assert (found['g["fc2.bias"]'].op, found['g["fc2.bias"]'].part) == ("linear", "backward")
    for level in ALWAYS:
        forward = {(t.op, t.path) for t in peeled("mlp").program(level).lines.values() if t.part == "forward" and t.op}
        assert {("linear", "fc1"), ("linear", "fc2"), ("linear", "out"), ("cross_entropy", "")} <= forward, level


def test_a_wrong_program_is_found_out() -> None:
    """The proof can fail: a program with a mistake is named with its first tensor and step."""
    from dataclasses import replace

    from onionskin.peel.compare import compare

    own = peeled("mlp")
    program = own.program("numpy")
    wrong = replace(
        program, source=program.source.replace('g["fc2.bias"] = d_fc2.sum(axis=0)', 'g["fc2.bias"] = d_fc2[0]')
    )
    assert wrong.source != program.source
    *_, found = compare(own.plan, steps=3, only=("numpy", "tensors"), programs={"numpy": wrong})
    assert found[0].first == "gradient fc2.bias, step 0"
    assert found[1].agrees


class Tangled(nn.Module):
    """Weights used twice, a buffer, a shape that depends on the batch, several outputs, and an in-place ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.shared = nn.Linear(6, 6)
        self.register_buffer("scale", torch.full((6,), 0.5))
        self.act = nn.ReLU(inplace=True)
        self.out = nn.Linear(12, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        a = self.act(self.shared(x)) * self.scale
        b = self.shared(a)
        left, right = torch.cat([a, b], dim=1).view(x.size(0), 2, -1).unbind(1)
        out: torch.Tensor = self.out(torch.cat([right, left], dim=1))
        return out


@pytest.mark.parametrize(
    "optimizer", ["sgd:lr=0.125,momentum=0.5,nesterov=True", "adamw:lr=0.0078125", "rmsprop:lr=0.0078125"]
)
def test_what_users_write(optimizer: str) -> None:
    torch.manual_seed(0)
    batches = [(torch.randn(5, 6), torch.randint(0, 3, (5,))) for _ in range(3)]
    own = osk.peel(Tangled(), batches, optimizer=optimizer, clip="clip_norm:max_norm=1.0", schedule="cosine:T_max=20")
    for each in own.check(steps=20, only=ALWAYS):
        assert each.agrees, f"{each.level}: {each.first}"


def test_the_model_and_the_random_stream_are_left_alone() -> None:
    torch.manual_seed(0)
    model, batch = Tangled(), (torch.randn(5, 6), torch.randint(0, 3, (5,)))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.random.get_rng_state()
    osk.peel(model, batch).check(steps=3, only=ALWAYS)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_dropout_draws_from_one_stream_at_every_level() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.25), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3))
    own = osk.peel(model, (torch.randn(5, 6), torch.randint(0, 3, (5,))))
    for each in own.check(steps=10, only=ALWAYS):
        assert each.agrees, f"{each.level}: {each.first}"


def test_all_levels_are_there() -> None:
    from onionskin.peel import levels

    assert set(registry.names(levels)) == {*LEVELS, "paper"}
