"""A decision tree distilled from a network: it learns what the network says, also of pictures that nobody labelled.

Paper: Craven & Shavlik (1995), "Extracting tree-structured representations of trained networks", NIPS 8.
"""

from __future__ import annotations

import pickle
from functools import cache
from typing import Any, Final

import torch
from torch import Tensor, nn

from onionskin.lab.questions._fitting import accuracy, fit, small
from onionskin.lab.questions._stopwatch import processor_seconds
from onionskin.lab.trial import run_folder
from onionskin.models import mlp

KINDS: Final = ("network", "tree distilled", "tree on labels")

#: So many pictures are made of each that there is, with noise of this deviation, for the network to label.
_COPIES: Final = 3
_NOISE: Final = 0.3

#: Pictures are asked about so many at once.
_AT_ONCE: Final = 256


@cache
def _network(data: str, seed: int) -> nn.Module:
    pictures = small(data)
    torch.manual_seed(seed)
    model = mlp.MLP(pictures.train_x[0].numel(), 128, 10)
    fit(model, pictures.train_x, pictures.train_y, steps=500, run=run_folder() if seed == 0 else None)
    return model


def _says(model: nn.Module, x: Tensor) -> Tensor:
    with torch.no_grad():
        said: Tensor = model(x).argmax(1)
    return said


def measured(kind: str, data: str, seed: int) -> dict[str, float]:
    """Return seconds for a picture, agreement with the network, accuracy, and bytes."""
    pictures, model = small(data), _network(data, seed)
    x = pictures.test_x[:_AT_ONCE]
    said = _says(model, pictures.test_x)
    if kind == "network":
        seconds = processor_seconds(lambda: _says(model, x)) / len(x)
        size = 4 * sum(p.numel() for p in model.parameters())
        right = accuracy(model, pictures.test_x, pictures.test_y)
        return {"seconds": seconds, "agreement": 1.0, "accuracy": right, "bytes": size}
    tree = _tree(pictures.train_x, pictures.train_y, model if kind == "tree distilled" else None, seed)
    answers = torch.from_numpy(tree.predict(pictures.test_x.flatten(1).numpy()))
    rows = x.flatten(1).numpy()
    return {
        "seconds": processor_seconds(lambda: tree.predict(rows)) / len(x),
        "agreement": float((answers == said).float().mean()),
        "accuracy": float((answers == pictures.test_y).float().mean()),
        "bytes": len(pickle.dumps(tree)),
    }


def _tree(x: Tensor, y: Tensor, teacher: nn.Module | None, seed: int) -> Any:
    from sklearn.tree import DecisionTreeClassifier

    torch.manual_seed(seed)
    if teacher is not None:
        x = torch.cat([x, *(x + _NOISE * torch.randn_like(x) for _ in range(_COPIES))])
        y = _says(teacher, x)
    return DecisionTreeClassifier(random_state=seed).fit(x.flatten(1).numpy(), y.numpy())
