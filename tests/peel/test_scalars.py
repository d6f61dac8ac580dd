"""The level of plain floats: equal to PyTorch at every step, on Python alone, and refused where it does not apply."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from onionskin.errors import OnionskinError
from onionskin.models import xor
from onionskin.peel.compare import compare, save_data
from onionskin.peel.levels import scalars
from onionskin.peel.plan import Plan, plan, plan_example

LOSSES = ("mse", "l1", "huber", "smooth_l1", "bce_with_logits", "cross_entropy")
OPTIMIZERS = (
    "sgd:lr=0.125",
    "sgd:lr=0.125,momentum=0.5,dampening=0.25,weight_decay=0.25",
    "sgd:lr=0.125,momentum=0.5,nesterov=True",
    "adam:lr=0.015625,weight_decay=0.25,amsgrad=True",
    "adam:lr=0.015625",
    "adamw:lr=0.015625",
)
ACTIVATIONS = (nn.ReLU, nn.Tanh, nn.Sigmoid, nn.GELU, nn.SiLU, nn.Softplus, nn.ELU, nn.LeakyReLU)


class Looked(nn.Module):
    """Ids of words, looked up and scored."""

    def __init__(self) -> None:
        super().__init__()
        self.e = nn.Embedding(5, 3)  # named as the exponentials of the loss are
        self.out = nn.Linear(3, 3, bias=False)

    def forward(self, ids: Tensor) -> Tensor:
        scores: Tensor = self.out(self.e(ids))
        return scores


class Convolutional(nn.Module):
    """A filter or two, pooled and scored."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3, padding=1)
        self.out = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        pooled = F.max_pool2d(self.conv(x).relu(), 2)
        scores: Tensor = self.out(pooled.flatten(1))
        return scores


def mlp(*widths: int, activation: Callable[[], nn.Module] = nn.ReLU) -> nn.Sequential:
    layers: list[nn.Module] = []
    for i, o in pairwise(widths):
        layers += [nn.Linear(i, o), activation()]
    return nn.Sequential(*layers[:-1])


def batch_for(loss: str, inputs: Tensor, outputs: int) -> tuple[Tensor, Tensor]:
    n = len(inputs)
    if loss == "cross_entropy":
        return inputs, torch.randint(0, outputs, (n,))
    return inputs, torch.rand(n, outputs)


def assert_equal(made: Plan, steps: int = 20) -> None:
    *_, (found,) = compare(made, steps=steps, only=("scalars",))
    assert found.steps == steps
    assert found.agrees, f"{found.first} by {found.tensor_gap}"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_small_network_trains_to_the_same_numbers(data: st.DataObject) -> None:
    torch.manual_seed(data.draw(st.integers(0, 999), label="seed"))
    widths = data.draw(st.lists(st.integers(1, 5), min_size=2, max_size=4), label="widths")
    activation = data.draw(st.sampled_from(ACTIVATIONS))
    loss, optimizer = data.draw(st.sampled_from(LOSSES)), data.draw(st.sampled_from(OPTIMIZERS))
    inputs = torch.randn(data.draw(st.integers(1, 4), label="examples"), widths[0])
    batch = batch_for(loss, inputs, widths[-1])
    assert_equal(plan(mlp(*widths, activation=activation), batch, loss=loss, optimizer=optimizer, name="net"))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_moves_the_weights_as_pytorch_does(optimizer: str) -> None:
    torch.manual_seed(0)
    assert_equal(plan(mlp(3, 4, 2), (torch.randn(4, 3), torch.tensor([0, 1, 1, 0])), optimizer=optimizer), steps=50)


def test_an_embedding_is_looked_up_and_names_stay_apart() -> None:
    torch.manual_seed(0)
    ids = torch.tensor([0, 4, 4, 2])
    assert_equal(plan(Looked(), (ids, torch.tensor([0, 1, 2, 0])), optimizer="adam:lr=0.125"))


def test_a_small_convolution_is_written_out() -> None:
    torch.manual_seed(0)
    assert_equal(plan(Convolutional(), (torch.randn(3, 1, 4, 4), torch.tensor([0, 1, 2]))))


def test_xor_learns_its_table_in_plain_floats() -> None:
    assert_equal(plan_example(xor.example(), name="xor"), steps=50)


def test_in_float32_it_stays_as_close_as_float32_is() -> None:
    torch.manual_seed(0)
    batch = (torch.randn(4, 3), torch.tensor([0, 1, 1, 0]))
    assert_equal(plan(mlp(3, 4, 2), batch, dtype=torch.float32))


def test_batches_take_turns_and_frozen_weights_stay() -> None:
    torch.manual_seed(0)
    net = mlp(2, 3, 2)
    net[0].weight.requires_grad_(False)
    batches = [(torch.randn(2, 2), torch.tensor([0, 1])) for _ in range(3)]
    assert_equal(plan(net, batches))


def test_the_sum_over_the_examples_is_no_mean() -> None:
    torch.manual_seed(0)

    def summed(outputs: Tensor, targets: Tensor) -> Tensor:
        return nn.functional.mse_loss(outputs, targets, reduction="sum")

    assert_equal(plan(mlp(2, 2, 1), (torch.randn(3, 2), torch.rand(3, 1)), loss=summed, optimizer="sgd:lr=0.0625"))


# ---------------------------------------------------------------------- the program


def xor_like() -> Plan:
    torch.manual_seed(0)
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    return plan(mlp(2, 2, 1), (x, torch.tensor([[0.0], [1.0], [1.0], [0.0]])), loss="mse", name="xor")


def test_the_program_runs_on_python_alone(tmp_path: Path) -> None:
    made = xor_like()
    place = tmp_path / "xor_scalars.py"
    place.write_text(scalars.write(made).source)
    save_data(made, place.with_suffix(".npz"))
    run = subprocess.run([sys.executable, "-I", "-S", str(place), "3"], capture_output=True, text=True, check=True)
    lines = run.stdout.splitlines()
    assert len(lines) == 3
    with torch.no_grad():
        wanted = nn.functional.mse_loss(made.model(made.batches[0]["x"]), made.batches[0]["targets"])
    assert float(lines[0].split()[-1]) == pytest.approx(wanted.item(), abs=1e-6)


def test_the_program_reads_as_one_would_write_it() -> None:
    source = scalars.write(xor_like()).source
    assert "layer_1_2 = max(0.0, layer_0_w21 * x1 + layer_0_w22 * x2 + layer_0_b2)" in source
    said = re.sub(r"\n +# ", " ", source)
    assert "every output is a weighted sum of all inputs; 1, relu, (2,) to (2,): what is negative becomes 0." in said
    assert max(map(len, source.splitlines())) <= 88


def test_every_line_is_known_by_what_it_does() -> None:
    program = scalars.write(xor_like())
    lines = program.source.splitlines()
    for number, tag in program.lines.items():
        if lines[number - 1].startswith(f"    {tag.variable} ="):
            assert tag.part == ("backward" if tag.variable.startswith("d_") else "forward")
    assert {tag.op for tag in program.lines.values()} == {"linear", "relu", "mse"}


@pytest.mark.parametrize("fits", [shutil.which("ruff") or str(Path(sys.executable).with_name("ruff"))])
def test_the_program_stands_as_ruff_would_format_it(fits: str) -> None:
    source = scalars.write(xor_like()).source
    command = [fits, "format", "--isolated", "--check", "--stdin-filename", "xor.py", "-"]
    assert subprocess.run(command, input=source, text=True, check=False, capture_output=True).returncode == 0


# ---------------------------------------------------------------------- what is refused


def refusal(model: nn.Module, batch: Any, **kwargs: Any) -> str:
    with pytest.raises(OnionskinError) as error:
        scalars.write(plan(model, batch, **kwargs))
    assert error.value.fix
    return error.value.what


def test_more_than_400_parameters_are_too_many_to_read() -> None:
    what = refusal(mlp(20, 20, 2), (torch.randn(2, 20), torch.tensor([0, 1])), name="large")
    assert "462 parameters" in what
    assert "400" in what


def test_a_loss_that_looks_at_all_examples_together_is_refused() -> None:
    def weighed(outputs: Tensor, targets: Tensor) -> Tensor:
        return nn.functional.cross_entropy(outputs, targets, weight=torch.tensor([1.0, 3.0], dtype=outputs.dtype))

    what = refusal(mlp(2, 2), (torch.randn(3, 2), torch.tensor([0, 1, 1])), loss=weighed)
    assert "neither the mean nor the sum" in what


def test_batch_norm_mixes_examples_and_dropout_draws() -> None:
    batch = (torch.randn(3, 2), torch.tensor([0, 1, 1]))
    assert "1 (batch_norm) mixes the examples" in refusal(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)), batch)
    assert "random numbers" in refusal(nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5)), batch)


def test_tensors_without_a_common_first_axis_are_refused() -> None:
    def near_zero(outputs: Tensor, targets: Tensor) -> Tensor:
        return nn.functional.mse_loss(outputs, torch.zeros_like(outputs))

    assert "first axis" in refusal(mlp(2, 1), (torch.randn(3, 2), torch.rand(1, 3)), loss=near_zero)
