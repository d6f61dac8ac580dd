"""The levels with modules train to the numbers of the model itself, and make every module as the user made it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from onionskin import models, registry
from onionskin.peel import levels
from onionskin.peel.assemble import Program
from onionskin.peel.compare import model_moments, moments
from onionskin.peel.modules import arguments, construction
from onionskin.peel.plan import Plan, plan, plan_example

ZOO = [
    nn.Linear(3, 4),
    nn.Linear(3, 4, bias=False),
    nn.Conv2d(3, 8, 3, stride=2, padding=1),
    nn.Conv2d(4, 8, (3, 5), groups=2, bias=False, dilation=(1, 2), padding="same"),
    nn.Conv1d(3, 4, 3, padding_mode="circular"),
    nn.ConvTranspose2d(3, 4, 2, stride=2, output_padding=1),
    nn.BatchNorm2d(8),
    nn.BatchNorm1d(4, eps=1e-3, momentum=0.25, affine=False),
    nn.LayerNorm(8),
    nn.LayerNorm((4, 8), bias=False),
    nn.LayerNorm(4, elementwise_affine=False),
    nn.GroupNorm(2, 8),
    nn.RMSNorm(8),
    nn.MaxPool2d(3, stride=2, padding=1),
    nn.AvgPool2d(2, count_include_pad=False),
    nn.AdaptiveAvgPool2d((None, 2)),
    nn.RNN(3, 4, 2, nonlinearity="relu", batch_first=True),
    nn.LSTM(3, 4, num_layers=2, bidirectional=True, dropout=0.5),
    nn.LSTM(3, 8, proj_size=2),
    nn.GRU(3, 4, bias=False),
    nn.LSTMCell(3, 4),
    nn.MultiheadAttention(8, 2),
    nn.MultiheadAttention(8, 2, dropout=0.1, bias=False, kdim=3, vdim=4, batch_first=True),
    nn.MultiheadAttention(8, 2, add_bias_kv=True, add_zero_attn=True),
    nn.Embedding(10, 4, padding_idx=0, max_norm=1.5),
    nn.EmbeddingBag(10, 4, mode="sum", include_last_offset=True),
    nn.Upsample(scale_factor=2),
    nn.Upsample(size=(4, 5), mode="bilinear", align_corners=True),
    nn.PixelShuffle(2),
    nn.ReLU(inplace=True),
    nn.GELU(approximate="tanh"),
    nn.LeakyReLU(0.2),
    nn.PReLU(4, init=0.1),
    nn.Softmax(dim=1),
    nn.Hardtanh(-2, 2),
    nn.Softplus(beta=2),
    nn.Dropout(0.1),
    nn.Flatten(),
    nn.Unflatten(1, (2, 3)),
    nn.ZeroPad2d(2),
    nn.ConstantPad2d(1, 3.5),
    nn.Identity(),
]


def written(training: Plan, level: str = "loop") -> Program:
    """Return a program, checked by ruff as a reader's own would be."""
    program: Program = registry.load(levels, level).write(training)
    ruff = shutil.which("ruff") or str(Path(sys.executable).with_name("ruff"))
    for command in (["format", "--check"], ["check", "--select", "E,F", "--ignore", "E501"]):
        done = subprocess.run([ruff, *command, "--isolated", "-"], input=program.source, capture_output=True, text=True,
                              check=False)  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    assert "onionskin" not in program.source
    return program


def agree(training: Plan, program: Program, folder: Path, steps: int = 20) -> None:
    """Run a program beside the model: losses, gradients, weights and buffers are the same at every step."""
    pairs = zip(moments(training, program, folder, steps), model_moments(training, steps), strict=True)
    for step, (have, want) in enumerate(pairs):
        assert have.loss == pytest.approx(want.loss, rel=1e-12, abs=1e-12), f"step {step}"
        for kind in ("weights", "gradients", "buffers"):
            for name, value in getattr(want, kind).items():
                np.testing.assert_allclose(getattr(have, kind)[name], value, rtol=0, atol=1e-12, err_msg=name)


def proved(model: nn.Module, batch: Any, folder: Path, **asked: Any) -> Program:
    """Peel a model, prove both levels, and return the loop."""
    training = plan(model, batch, **asked)
    agree(training, written(training, "line"), folder, steps=3)
    program = written(training)
    agree(training, program, folder, steps=3)
    return program


@pytest.mark.parametrize("name", registry.names(models))
def test_every_architecture_trains_to_the_numbers_of_the_model(name: str, tmp_path: Path) -> None:
    training = plan_example(registry.load(models, name).example(), name=name)
    is_large = sum(parameter.numel() for parameter in training.model.parameters()) > 1_000_000
    agree(training, written(training, "loop"), tmp_path, steps=1 if is_large else 20)
    agree(training, written(training, "line"), tmp_path, steps=1)


@pytest.mark.parametrize("module", ZOO, ids=str)
def test_a_layer_is_made_as_it_was_made(module: nn.Module) -> None:
    found = arguments(module)
    assert found is not None
    text = construction(type(module), {name: repr(value) for name, value in found.items()})
    made = eval(text, {"nn": nn})
    assert repr(made) == repr(module)
    assert {n: v.shape for n, v in made.state_dict().items()} == {n: v.shape for n, v in module.state_dict().items()}


def test_what_is_a_default_is_not_said() -> None:
    found = arguments(nn.Conv2d(3, 64, (3, 3), padding=(1, 1)))
    assert found == {"in_channels": 3, "out_channels": 64, "kernel_size": 3, "padding": 1}


def test_a_layer_that_does_not_tell_how_it_was_made_is_not_guessed() -> None:
    assert arguments(nn.TransformerEncoderLayer(8, 2)) is None


# ------------------------------------------------------------------ models


class Residual(nn.Module):
    """A block with a shortcut that some have."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.fc = nn.Linear(inputs, outputs)
        self.drop = nn.Dropout(0.25)
        self.shortcut = nn.Linear(inputs, outputs, bias=False) if inputs != outputs else None

    def forward(self, x: Tensor) -> Tensor:
        kept = x if self.shortcut is None else self.shortcut(x)
        out: Tensor = self.drop(functional.relu(self.fc(x))) + kept
        return out


class Net(nn.Module):
    """Blocks of two widths, a list of alike ones, a weight of its own, a buffer, a tied head."""

    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.first = Residual(6, 4)
        self.blocks = nn.ModuleList(Residual(4, 4) for _ in range(3))
        self.shift = nn.Parameter(torch.randn(4))
        self.register_buffer("scale", torch.full((4,), 0.5))
        self.left = nn.Linear(4, 4)
        self.right = nn.Linear(4, 4)
        self.right.weight = self.left.weight

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x) + self.shift
        for block in self.blocks:
            x = block(x)
        out: Tensor = self.right(functional.relu(self.left(x * self.scale)))
        return out


class Scaled(nn.Module):
    """Does something else when it is given a second thing, and takes a number by the call."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(6, 6)

    def forward(self, x: Tensor, other: Tensor | None = None, by: float = 0.5) -> Tensor:
        out: Tensor = self.fc(x) * by
        return out if other is None else out + other


class CalledTwice(nn.Module):
    """Calls one module in two ways, with numbers that differ, and hands on a weight of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.scaled = Scaled()
        self.out = nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        first = self.scaled(x, by=2.0)
        out: Tensor = self.out(self.scaled(self.scaled(first, by=3.0), first))
        return out


class Shared(nn.Module):
    """Has one layer under two names, constants, a part that does nothing, and one that is never called."""

    def __init__(self) -> None:
        super().__init__()
        self.left = nn.Linear(6, 6)
        self.right = self.left
        self.nothing = nn.Identity()
        self.idle = nn.Linear(2, 2)
        self.out = nn.Linear(6, 4)
        self.by = torch.linspace(0, 1, 6, dtype=torch.float64)

    def forward(self, x: Tensor) -> Tensor:
        x = self.nothing(self.right(functional.relu(self.left(x * self.by))))
        out: Tensor = self.out(x + torch.arange(6))
        return out


class Pair(nn.Sequential):
    """A row under a name of its own."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(nn.Linear(inputs, outputs), nn.ReLU())


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (CalledTwice(), ["def forward_2(self, x, ", "self.scaled.forward_2(", "number=2.0"]),
        (Shared(), ["self.idle = nn.Linear(2, 2)", 'self.register_buffer("constant"', "torch.arange(6)"]),
        (nn.Sequential(Pair(6, 5), Pair(5, 4)), ["class Pair(nn.Sequential)", "nn.Sequential(Pair(6, 5), Pair(5, 4))"]),
        (nn.Sequential(OrderedDict(a=nn.Linear(6, 5), b=nn.Linear(5, 4))), ["OrderedDict(a=nn.Linear(6, 5), b="]),
    ],
    ids=["called twice", "shared", "a row of its own", "named children"],
)
def test_odd_models_are_peeled_as_they_are(model: nn.Module, says: list[str], batch: Any, tmp_path: Path) -> None:
    source = proved(model, batch, tmp_path, name="odd").source
    for text in says:
        assert text in source


@pytest.fixture
def batch() -> tuple[Tensor, Tensor]:
    stream = np.random.default_rng(3)
    return torch.from_numpy(stream.standard_normal((8, 6))), torch.from_numpy(stream.integers(0, 4, 8))


def test_a_block_is_one_class_whose_parameters_are_what_differs(batch: Any, tmp_path: Path) -> None:
    source = proved(Net(), batch, tmp_path, name="net").source
    assert source.count("class Residual(nn.Module)") == 1
    assert "def __init__(self, in_features, shortcut=False)" in source
    assert "self.first = Residual(6, shortcut=True)" in source
    assert "nn.ModuleList(Residual(4) for _ in range(3))" in source
    assert "for block in self.blocks:" in source
    assert "self.right.weight = self.left.weight" in source


def test_dropout_draws_from_the_stream_of_every_level(batch: Any, tmp_path: Path) -> None:
    program = proved(nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.5), nn.Linear(8, 4)), batch, tmp_path, name="drops")
    assert "class Dropout(nn.Module)" in program.source
    assert "model = nn.Sequential(nn.Linear(6, 8), Dropout(" in program.source


def test_what_was_frozen_or_evaluating_is_so_again(batch: Any, tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.Dropout(0.5), nn.Linear(5, 4))
    model[0].requires_grad_(False)
    model[1].eval()
    model[2].eval()
    source = proved(model, batch, tmp_path, name="frozen").source
    assert "model[0].requires_grad_(False)" in source
    assert "model[1].eval()" in source
    assert "model[2].eval()" in source
    assert "class Dropout" not in source


def test_a_head_alone_is_trained(batch: Any, tmp_path: Path) -> None:
    model = Net().requires_grad_(False)
    model.shift.requires_grad_()
    source = proved(model, batch, tmp_path, name="head").source
    assert "model.requires_grad_(False)" in source
    assert "model.shift.requires_grad_()" in source


def test_several_batches_come_in_turn(batch: Any, tmp_path: Path) -> None:
    x, y = batch
    source = proved(nn.Sequential(nn.Linear(6, 4)), [(x, y), (x * 2, y), (x - 1, y)], tmp_path, name="turns").source
    assert 'i = step % len(data["x"])' in source


def test_float32_is_not_doubled(batch: Any, tmp_path: Path) -> None:
    training = plan(nn.Sequential(nn.Linear(6, 4)), batch, dtype=torch.float32, name="single")
    assert ".double()" not in written(training).source


def test_a_loss_of_several_operations_is_a_function(batch: Any, tmp_path: Path) -> None:
    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        return functional.cross_entropy(outputs * 0.5, targets) * 2

    source = proved(nn.Sequential(nn.Linear(6, 4)), batch, tmp_path, name="judged", loss=loss).source
    assert "def loss_fn(" in source
    assert "loss = loss_fn(" in source


def test_settings_of_the_optimizer_that_are_defaults_are_not_said(batch: Any, tmp_path: Path) -> None:
    asked = {"optimizer": "adam:lr=0.0078125,eps=1e-06", "name": "adam"}
    source = proved(nn.Sequential(nn.Linear(6, 4)), batch, tmp_path, **asked).source
    assert "torch.optim.Adam(model.parameters(), lr=0.0078125, eps=1e-06)" in source


def test_a_layer_without_a_known_maker_is_written_out(batch: Any, tmp_path: Path) -> None:
    class Own(nn.Linear):
        def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - as nn.Linear calls it
            return functional.relu(super().forward(input))

    source = proved(nn.Sequential(Own(6, 5), Own(5, 4)), batch, tmp_path, name="own").source
    assert "class Own(nn.Module)" in source
    assert "self.weight = nn.Parameter(torch.empty(" in source


def test_lines_say_what_they_do(batch: Any) -> None:
    program = written(plan(Net(), batch, name="net"))
    lines = program.source.splitlines()
    said = {lines[number - 1].strip(): tag for number, tag in program.lines.items()}
    made = next(tag for text, tag in said.items() if text.startswith("self.fc = nn.Linear(in_features, 4)"))
    assert (made.op, made.path, made.part) == ("linear", "first.fc", "module")
    called = next(tag for text, tag in said.items() if text.startswith("fc = self.fc(x)"))
    assert (called.op, called.path, called.part, called.variable) == ("linear", "first.fc", "forward", "fc")
    assert next(tag for text, tag in said.items() if text.startswith("loss.backward()")).part == "backward"
    assert next(tag for text, tag in said.items() if text.startswith("optimizer.step()")).op == "sgd"


def test_values_are_called_what_the_users_function_calls_them() -> None:
    source = written(plan_example(registry.load(models, "gpt").example(), name="gpt")).source
    assert "q, k, v = " in source
    assert "y = scores @ v" in source


def test_what_another_module_calls_a_value_is_not_its_name() -> None:
    source = written(plan_example(registry.load(models, "resnet").example(), name="resnet")).source
    assert "y = self.conv1(x)" in source
    assert source.count("shortcut = ") == 1  # the block's, and not the network's


def test_the_one_line_stands_before_what_it_hides(batch: Any) -> None:
    program = written(plan(nn.Sequential(nn.Linear(6, 4)), batch, name="short"), "line")
    assert "return fit(model, batches, F.cross_entropy, SGD, steps, lr=0.125)" in program.source
    assert program.source.index("return fit(") < program.source.index("def fit(")
