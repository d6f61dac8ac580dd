"""The networks that are measured on: of one size each, on random inputs of the right shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, relu, scaled_dot_product_attention


@dataclass(frozen=True)
class Subject:
    """A network with a batch: ``loss()`` runs the forward."""

    name: str
    model: nn.Module
    inputs: Tensor
    loss: Callable[[Tensor], Tensor]

    def step(self, optimizer: torch.optim.Optimizer) -> Tensor:
        """Make one training step, and return the loss."""
        loss = self.loss(self.model(self.inputs))
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()
        return loss

    @property
    def parameters(self) -> int:
        """How many parameters it has."""
        return sum(p.numel() for p in self.model.parameters())


def _classifier(name: str, model: nn.Module, *shape: int) -> Subject:
    targets = torch.randint(0, 10, (shape[0],))
    return Subject(name, model, torch.randn(*shape), lambda logits: cross_entropy(logits, targets))


def mlp() -> Subject:
    """About half a millisecond a step on one core."""
    layers = (nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))
    return _classifier("MLP", nn.Sequential(*layers), 64, 256)


def cnn() -> Subject:
    """One million parameters."""
    layers = (
        nn.Conv2d(3, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64 * 8 * 8, 240), nn.ReLU(), nn.Linear(240, 10),
    )  # fmt: skip
    return _classifier("CNN 1 M", nn.Sequential(*layers), 32, 3, 32, 32)


class _Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        changes = inputs != outputs
        self.short = (
            nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
            if changes
            else nn.Identity()
        )

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(relu(self.bn1(self.conv1(x)))))
        return relu(y + self.short(x))


class _ResNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU())
        widths = [(64, 64, 1), (64, 64, 1), (64, 128, 2), (128, 128, 1)]
        widths += [(128, 256, 2), (256, 256, 1), (256, 512, 2), (512, 512, 1)]
        self.blocks = nn.Sequential(*(_Block(*width) for width in widths))
        self.fc = nn.Linear(512, 10)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.fc(self.blocks(self.stem(x)).mean((2, 3)))
        return logits


def resnet() -> Subject:
    """ResNet-18 for small images: 11.2 million parameters in 62 tensors."""
    return _classifier("ResNet-18 11 M", _ResNet(), 8, 3, 32, 32)


class _Layer(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.ln1, self.ln2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        n, t, d = x.shape
        q, k, v = (part.view(n, t, self.heads, -1).transpose(1, 2) for part in self.qkv(self.ln1(x)).chunk(3, -1))
        y = scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(n, t, d)
        x = x + self.proj(y)
        out: Tensor = x + self.down(torch.nn.functional.gelu(self.up(self.ln2(x))))
        return out


class _GPT(nn.Module):
    def __init__(self, width: int, words: int, context: int, layers: int = 12) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(words, width), nn.Embedding(context, width)
        self.layers = nn.ModuleList(_Layer(width, heads=12) for _ in range(layers))
        self.ln = nn.LayerNorm(width)
        self.head = nn.Linear(width, words, bias=False)
        self.head.weight = self.tokens.weight

    def forward(self, ids: Tensor) -> Tensor:
        x = self.tokens(ids) + self.places(torch.arange(ids.shape[1]))
        for layer in self.layers:
            x = layer(x)
        logits: Tensor = self.head(self.ln(x))
        return logits


def _language(name: str, width: int, words: int, context: int) -> Subject:
    ids = torch.randint(0, words, (1, 16))
    return Subject(name, _GPT(width, words, context), ids, lambda out: cross_entropy(out.flatten(0, 1), ids.flatten()))


def gpt_small() -> Subject:
    """GPT-2-small-like, random weights: 124 million parameters in 148 tensors."""
    return _language("GPT-2 124 M", 768, 50257, 1024)


def gpt_tiny() -> Subject:
    """The same 148 tensors with 11 million parameters in all."""
    return _language("GPT 11 M", 252, 8000, 256)


SUBJECTS = {make.__name__: make for make in (mlp, cnn, resnet, gpt_small, gpt_tiny)}
