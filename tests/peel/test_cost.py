"""What a step costs: against figures counted by hand, and against a machine that is measured."""

from __future__ import annotations

import json

import pytest
import torch
from torch import nn

from onionskin import models, registry
from onionskin.peel.cost import Cost, cost
from onionskin.peel.plan import Plan, plan, plan_example
from onionskin.peel.roofline import Roofline, roofline

ROOF = Roofline(flops=1e11, bandwidth=1e10, spread=0.0, note="")  # 10 FLOP a byte


def _products(found: Cost) -> list[tuple[str, int]]:
    return [(row.path, row.forward) for row in found.rows if row.op.startswith(("conv", "linear"))]


def test_lenet_costs_what_one_counts_by_hand() -> None:
    made = plan_example(registry.load(models, "lenet").example(), name="lenet")
    n = 10
    assert _products(cost(made, ROOF)) == [
        ("conv1", n * 8 * 24 * 24 * 25),
        ("conv2", n * 16 * 8 * 8 * 8 * 25),
        ("fc1", n * 256 * 64),
        ("fc2", n * 64 * 10),
    ]


def test_the_first_layer_gives_nothing_back_to_its_input() -> None:
    made = plan_example(registry.load(models, "lenet").example(), name="lenet")
    rows = {row.path: row for row in cost(made, ROOF).rows if row.op.startswith("conv")}
    assert rows["conv1"].backward == rows["conv1"].forward
    assert rows["conv2"].backward == 2 * rows["conv2"].forward


def _resnet18() -> Plan:
    """A ResNet-18 for 224 × 224 without its norms, which are no products."""

    class Block(nn.Module):
        def __init__(self, inputs: int, outputs: int, stride: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
            self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
            self.down = nn.Conv2d(inputs, outputs, 1, stride, bias=False) if inputs != outputs else nn.Identity()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y: torch.Tensor = (self.conv2(self.conv1(x).relu()) + self.down(x)).relu()
            return y

    widths = [
        (64, 64, 1),
        (64, 64, 1),
        (64, 128, 2),
        (128, 128, 1),
        (128, 256, 2),
        (256, 256, 1),
        (256, 512, 2),
        (512, 512, 1),
    ]
    stem = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000)]
    net = nn.Sequential(*stem, *(Block(*width) for width in widths), *head)
    return plan(net, (torch.randn(1, 3, 224, 224), torch.tensor([3])), dtype=torch.float32, name="resnet")


def test_resnet_18_takes_the_known_1_8_billion_multiply_adds() -> None:
    assert sum(count for _, count in _products(cost(_resnet18(), ROOF))) == 1_814_073_344


def test_bytes_and_intensity_are_those_of_the_stated_convention() -> None:
    made = plan(nn.Linear(784, 128), (torch.randn(64, 784), torch.randint(0, 128, (64,))), dtype=torch.float32)
    row = cost(made, ROOF).rows[0]
    x, weight, bias, y = 64 * 784, 128 * 784, 128, 64 * 128
    assert (row.op, row.parameters, row.shape) == ("linear", weight + bias, (64, 128))
    assert row.moved == 4 * ((x + weight + bias + y) + (y + x + weight + bias) + (weight + bias))
    assert row.flop == 2 * 2 * 64 * 784 * 128


def test_a_row_stands_under_the_roof_that_bounds_it() -> None:
    made = plan(
        nn.Sequential(nn.Linear(512, 512), nn.ReLU()), (torch.randn(512, 512), torch.randn(512, 512)), loss="mse"
    )
    found = cost(made, ROOF)
    linear, relu, _ = found.rows
    assert (found.bound(linear), found.bound(relu)) == ("compute", "memory")
    assert found.at_best(linear) == pytest.approx(linear.flop / 1e11 * 1e6)
    assert found.at_best(relu) == pytest.approx(relu.moved / 1e10 * 1e6)
    assert found.microseconds == pytest.approx(sum(map(found.at_best, found.rows)))


def test_a_view_costs_nothing() -> None:
    made = plan(nn.Sequential(nn.Flatten(), nn.Linear(12, 2)), (torch.randn(4, 3, 4), torch.tensor([0, 1, 1, 0])))
    row = cost(made, ROOF).rows[0]
    assert (row.op, row.forward, row.backward, row.moved) == ("flatten", 0, 0, 0)


def test_it_is_written_as_a_table_and_as_json() -> None:
    made = plan_example(registry.load(models, "mlp").example(), name="mlp")
    found = cost(made, ROOF)
    kept = json.loads(json.dumps(found.to_json()))
    assert [row["path"] for row in kept["rows"]] == [row.path for row in found.rows]
    assert kept["total"]["forward"] == found.total.forward == sum(row.forward for row in found.rows)
    assert found.table().row_count == len(found.rows) + 1


def test_this_machine_is_measured() -> None:
    found = roofline(seconds=0.1)
    assert 1e8 < found.flops < 1e13
    assert 1e8 < found.bandwidth < 1e13
    assert found.ridge == found.flops / found.bandwidth
