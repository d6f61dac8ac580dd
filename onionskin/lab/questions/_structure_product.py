"""A linear layer by looking up: inputs are cut into pieces, each piece is replaced by the nearest of a few, and the
products of these few with the weights lie ready in a table.

Papers: Jégou, Douze & Schmid (2011), "Product quantization for nearest neighbor search", TPAMI 33; Blalock & Guttag
(2017), "Bolt", arXiv 1706.10283; Blalock & Guttag (2021), "Multiplying matrices without multiplying", arXiv 2106.10860.
"""

# Shapes: n examples, i inputs, o outputs; p pieces of s values, k values that each may be replaced by.

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from onionskin.lab.questions._fitting import fit, small
from onionskin.lab.questions._stopwatch import processor_seconds
from onionskin.lab.trial import run_folder
from onionskin.models import mlp

#: How many values a piece has.
PIECE: Final = 16

_AT_ONCE: Final = 64
_ROUNDS: Final = 8


class Quantised(NamedTuple):
    """A layer as tables.

    Attributes:
        middles: (p, k, s), what pieces are replaced by.
        table: (p · k, o), their products with the weights.
        bias: (o,).
    """

    middles: Tensor
    table: Tensor
    bias: Tensor

    def __call__(self, x_ni: Tensor) -> Tensor:
        """Return what the layer would give, nearly: (n, o)."""
        p, k, s = self.middles.shape
        pieces = x_ni.reshape(len(x_ni), p, s).transpose(0, 1)  # (p, n, s)
        # The nearest has the largest x·m − m·m/2: the square of x is the same for all.
        near = torch.baddbmm(self.middles.square().sum(2)[:, None] / -2, pieces, self.middles.transpose(1, 2))
        rows = near.argmax(2).T + torch.arange(p) * k  # (n, p)
        return functional.embedding_bag(rows, self.table, mode="sum") + self.bias


def quantised(layer: nn.Linear, x_ni: Tensor, k: int) -> Quantised:
    """Return a layer as tables, fitted to examples of its inputs by k-means in each piece.

    Args:
        layer: Its inputs are a multiple of :data:`PIECE`.
        x_ni: The examples, at least k.
        k: How many values a piece may be replaced by.
    """
    pieces = x_ni.reshape(len(x_ni), -1, PIECE).transpose(0, 1)  # (p, n, s)
    middles = pieces[:, torch.randperm(len(x_ni))[:k]].clone()
    for _ in range(_ROUNDS):
        near = torch.cdist(pieces, middles).argmin(2)  # (p, n)
        member = functional.one_hot(near, k).float()  # (p, n, k)
        sizes = member.sum(1)[:, :, None]
        means = torch.bmm(member.transpose(1, 2), pieces) / sizes.clamp(min=1)
        middles = torch.where(sizes > 0, means, middles)
    weights = layer.weight.detach().reshape(layer.out_features, -1, PIECE)  # (o, p, s)
    table = torch.einsum("pks,ops->pko", middles, weights)
    return Quantised(middles, table.reshape(-1, layer.out_features).contiguous(), layer.bias.detach())


@cache
def _network(seed: int, steps: int) -> mlp.MLP:
    digits = small("mnist")
    torch.manual_seed(seed)
    model = mlp.MLP(784, 512, 10)
    fit(model, digits.train_x, digits.train_y, steps=steps, run=run_folder() if seed == 0 else None)
    return model


def measured(k: int, steps: int, seed: int) -> dict[str, float]:
    """Replace the first layer of a network, 784 → 512, by tables of k values a piece; 0 leaves it as it is.

    Returns:
        Seconds for an example of 64, agreement of the network's answers, accuracy, bytes, and the layer's error.
    """
    model, digits = _network(seed, steps), small("mnist")
    x, y = digits.test_x.flatten(1), digits.test_y
    torch.manual_seed(seed)
    layer = quantised(model.fc1, digits.train_x.flatten(1)[:2000], k) if k else model.fc1
    some = x[:_AT_ONCE].contiguous()
    with torch.no_grad():
        exact, near = model.fc1(x), layer(x)
        told, answers = (model.out(model.fc2(h.relu()).relu()).argmax(1) for h in (exact, near))
        seconds = processor_seconds(lambda: layer(some), repeats=10) / len(some)
    size = sum(t.numel() for t in layer) if isinstance(layer, Quantised) else sum(p.numel() for p in layer.parameters())
    return {
        "seconds": seconds, "bytes": 4 * size, "agreement": float((told == answers).float().mean()),
        "accuracy": float((answers == y).float().mean()),
        "error": float((near - exact).norm() / (exact - exact.mean(0)).norm()),
    }  # fmt: skip
