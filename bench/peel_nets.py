"""The nets that the levels of the peel are measured on, in float32, one batch each."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d

from onionskin.models import gpt, resnet
from onionskin.peel.plan import Plan, plan


class MLP(nn.Module):
    """784-128-10."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(784, 128)
        self.out = nn.Linear(128, 10)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.out(self.fc1(x).relu())
        return y


class CNN(nn.Module):
    """LeNet's size: two convolutions, two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 5)
        self.conv2 = nn.Conv2d(8, 16, 5)
        self.fc1 = nn.Linear(256, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = max_pool2d(self.conv1(x), 2).relu()
        x = max_pool2d(self.conv2(x), 2).relu()
        y: Tensor = self.fc2(self.fc1(x.flatten(1)).relu())
        return y


def mlp() -> Plan:
    """Batch 64 of 784 values."""
    return _plan(MLP(), torch.randn(64, 784), torch.randint(0, 10, (64,)), "mlp")


def cnn() -> Plan:
    """Batch 64 of grey images, 28 × 28."""
    return _plan(CNN(), torch.randn(64, 1, 28, 28), torch.randint(0, 10, (64,)), "cnn")


def resnet18() -> Plan:
    """Batch 16 of colour images, 32 × 32."""
    return _plan(resnet.build(), torch.randn(16, 3, 32, 32), torch.randint(0, 10, (16,)), "resnet18")


def small_gpt() -> Plan:
    """Batch 8 of 64 tokens, width 64, four heads, two blocks."""
    model = gpt.build(vocabulary=64, context=64, width=64, heads=4, blocks=2)
    tokens = torch.randint(0, 64, (8, 65))
    example = gpt.example()
    torch.manual_seed(0)
    return plan(model, (tokens[:, :-1], tokens[:, 1:]), loss=example.loss, optimizer="sgd:lr=0.00390625",
                dtype=torch.float32, name="gpt")  # fmt: skip


def _plan(model: nn.Module, inputs: Tensor, targets: Tensor, name: str) -> Plan:
    return plan(model, (inputs, targets), optimizer="sgd:lr=0.00390625", dtype=torch.float32, name=name)


#: By name: how it is made, the steps of a round, and the bar of the issue for NumPy against PyTorch's modules.
NETS: dict[str, tuple[Callable[[], Plan], int]] = {
    "MLP 784-128-10": (mlp, 200),
    "CNN": (cnn, 20),
    "ResNet-18, 32 × 32": (resnet18, 2),
    "GPT, 2 blocks": (small_gpt, 10),
}
