"""Models of every kind that users bring, each with a batch and a loss, for the tests of the recorder."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations


@dataclass
class Case:
    """One kind of model.

    Attributes:
        model: Made with the seed that the test set.
        batch: Returns the inputs of a step, as the model takes them.
        loss: A scalar from what the model gives.
        optimizer: Over the model's parameters.
        shows: Whether activations are expected.
    """

    model: nn.Module
    batch: Callable[[], tuple[Any, ...]]
    loss: Callable[[Any], Tensor]
    optimizer: torch.optim.Optimizer
    shows: bool = True


def _case(model: nn.Module, *shape: int, loss: Callable[[Any], Tensor] | None = None, **options: Any) -> Case:
    trained = [p for p in model.parameters() if p.requires_grad]
    return Case(
        model,
        lambda: (torch.randn(*shape),),
        loss or (lambda out: out.float().square().mean()),
        torch.optim.SGD(trained, lr=0.01, momentum=0.9),
        **options,
    )


def conv_with_everything() -> Case:
    """Batch norm, dropout and in-place ReLU: buffers, random numbers and reuse of memory."""
    layers = [nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.Dropout(0.3), nn.Flatten()]
    return _case(nn.Sequential(*layers, nn.Linear(144, 5)), 8, 1, 8, 8)


class _Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(11, 6)
        self.body = nn.Linear(6, 6)
        self.head = nn.Linear(6, 11, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, ids: Tensor) -> Tensor:
        h = self.body(self.embed(ids))
        h = h + self.body(h)  # the same module twice
        out: Tensor = self.head(h)
        return out


def tied_weights() -> Case:
    """One parameter under two names, one module called twice."""
    model = _Tied()
    case = _case(model)
    case.batch = lambda: (torch.randint(0, 11, (4, 7)),)
    return case


def two_inputs() -> Case:
    """A plane of inputs, which the recorder shows the model a grid of."""
    return _case(nn.Sequential(nn.Linear(2, 9), nn.BatchNorm1d(9), nn.Tanh(), nn.Dropout(0.2), nn.Linear(9, 3)), 12, 2)


def frozen() -> Case:
    """A backbone that does not train."""
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2))
    model[0].requires_grad_(False)
    return _case(model, 5, 6)


@dataclass
class _Output:
    logits: Tensor
    hidden: Tensor


class _ManyWays(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.left, self.right, self.out = nn.Linear(3, 4), nn.Linear(5, 4), nn.Linear(8, 2)

    def forward(self, pair: tuple[Tensor, Tensor], extra: dict[str, Tensor]) -> dict[str, Any]:
        hidden = torch.cat([self.left(pair[0]), self.right(pair[1])], dim=1).tanh()
        logits = self.out(hidden) * extra["scale"]
        return {"both": (logits, hidden), "data": _Output(logits=logits, hidden=hidden)}


def nested_inputs_and_outputs() -> Case:
    """Tuples, dicts and a dataclass, in and out."""
    case = _case(_ManyWays(), loss=lambda out: out["data"].logits.square().mean())
    case.batch = lambda: ((torch.randn(4, 3), torch.randn(4, 5)), {"scale": torch.rand(4, 1)})
    return case


def sparse_gradients() -> Case:
    """An embedding whose gradient is sparse."""
    model = nn.Sequential(nn.EmbeddingBag(5000, 8, sparse=True), nn.Linear(8, 3))
    case = _case(model)
    case.optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    case.batch = lambda: (torch.randint(0, 5000, (6, 4)),)
    return case


class _SparseWeight(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        dense = torch.randn(80, 100) * (torch.rand(80, 100) < 0.1)
        self.weight = nn.Parameter(dense.to_sparse().coalesce())
        self.rows = nn.Parameter(dense.to_sparse_csr(), requires_grad=False)
        self.bias = nn.Parameter(torch.zeros(80))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = torch.sparse.mm(self.weight, x.T).T + self.bias
        return out


def sparse_weights() -> Case:
    """Parameters that are sparse themselves, as COO and as CSR."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # CSR is in beta
        return _case(_SparseWeight(), 4, 100)


def bfloat16() -> Case:
    """Half-width weights."""
    case = _case(nn.Sequential(nn.Linear(6, 8), nn.GELU(), nn.Linear(8, 2)).to(torch.bfloat16), 4, 6)
    case.batch = lambda: (torch.randn(4, 6).to(torch.bfloat16),)
    return case


def float16() -> Case:
    """The other half-width weights."""
    case = _case(nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 2)).to(torch.float16), 4, 6)
    case.batch = lambda: (torch.randn(4, 6).to(torch.float16),)
    return case


def float64() -> Case:
    """Double-width weights."""
    case = _case(nn.Sequential(nn.Linear(6, 8), nn.Softplus(), nn.Linear(8, 2)).double(), 4, 6)
    case.batch = lambda: (torch.randn(4, 6, dtype=torch.float64),)
    return case


class _Odd(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(1.5))
        self.nothing = nn.Parameter(torch.zeros(0, 3))
        self.phase = nn.Parameter(torch.randn(3, dtype=torch.complex64))
        self.seen: Tensor
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.seen += 1
        return (x * self.phase).abs() * self.gain + self.nothing.sum()


def scalar_empty_and_complex() -> Case:
    """A parameter without an axis, one without values, a complex one, and a counter."""
    return _case(_Odd(), 4, 3)


class _Stateful(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.GRU(3, 5, batch_first=True)
        self.out = nn.Linear(5, 1)
        self.hidden: Tensor | None = None
        self.calls = 0
        self.log: list[float] = []

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        y, hidden = self.rnn(x, self.hidden)
        self.hidden = hidden.detach()
        self.log.append(float(hidden.detach().sum()))
        print("forward", self.calls)
        out: Tensor = self.out(y)
        return out


def state_outside_buffers() -> Case:
    """A recurrent net that keeps its hidden state, counts its calls, keeps a list and prints."""
    return _case(_Stateful(), 4, 6, 3)


class _Random(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.generator = torch.Generator().manual_seed(5)

    def forward(self, x: Tensor) -> Tensor:
        x = x + torch.rand(4) + random.random() + float(np.random.rand())
        x = x + torch.rand(4, generator=self.generator)
        out: Tensor = self.fc(x)
        return out


def randomness_in_the_forward() -> Case:
    """Numbers from PyTorch, Python and NumPy, and from a generator of its own."""
    return _case(_Random(), 3, 4)


def reparametrized() -> Case:
    """Spectral and weight norm: weights that are computed before every forward, with buffers that move."""
    return _case(
        nn.Sequential(parametrizations.spectral_norm(nn.Linear(4, 6)), parametrizations.weight_norm(nn.Linear(6, 2))),
        5, 4,
    )  # fmt: skip


def lazy() -> Case:
    """Layers that learn their size from the first batch."""
    model = nn.Sequential(nn.LazyLinear(7), nn.ReLU(), nn.LazyLinear(2))
    return Case(
        model,
        lambda: (torch.randn(4, 6),),
        lambda out: out.square().mean(),
        torch.optim.SGD(model.parameters(), lr=0.1),
    )


class _Classifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, batch_first=True)
        self.embed = nn.Embedding(20, 8)
        self.place = nn.Parameter(torch.randn(5, 8))
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.head = nn.Linear(8, 3)

    def forward(self, ids: Tensor) -> Tensor:
        out: Tensor = self.head(self.encoder(self.embed(ids) + self.place).mean(1))
        return out


def transformer() -> Case:
    """An encoder whose layers have a fused path in eval mode."""
    case = _case(_Classifier())
    case.batch = lambda: (torch.randint(0, 20, (4, 5)),)
    return case


def scripted() -> Case:
    """TorchScript: its state cannot be set aside, so it is recorded without activations."""
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # deprecated, and still in use
        return _case(torch.jit.script(model), 6, 4, shows=False)


class _Reaching(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.helpers = _Holder(nn.BatchNorm1d(4))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.helpers.module(self.fc(x))
        return out


class _Holder:
    def __init__(self, module: nn.Module) -> None:
        self.module = module


def module_behind_an_object() -> Case:
    """Batch norm that is no attribute of the model: showing the probes would move its averages."""
    return _case(_Reaching(), 6, 4, shows=False)


class _Functional(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(2, 1, 3))
        self.out = nn.Linear(12, 2)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(F.conv1d(x, self.weight, padding=1))
        y = F.scaled_dot_product_attention(y, y, y)
        out: Tensor = self.out(y.flatten(1))
        return out


def functional() -> Case:
    """Weights used by functions, not by modules."""
    return _case(_Functional(), 4, 1, 6)


CASES: dict[str, Callable[[], Case]] = {
    make.__name__: make
    for make in (
        conv_with_everything, tied_weights, frozen, nested_inputs_and_outputs, sparse_gradients, sparse_weights,
        bfloat16, float16, float64, scalar_empty_and_complex, state_outside_buffers, randomness_in_the_forward,
        reparametrized, lazy, transformer, scripted, module_behind_an_object, functional, two_inputs,
    )
}  # fmt: skip
