"""Makes our entries on the golf board, one function a task: ``python -m bench.golf [TASK …]``. Images take minutes.

Weights are chosen by the part to train on alone. The board's test part decides one thing: which of the sizes tried is
the smallest that passes, as it does for anybody who plays.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - PyTorch's own name for it

from onionskin import data
from onionskin.lab.golf import architecture, board, tasks
from onionskin.lab.golf.entry import quantised, write

Layers = list[dict[str, Any]]
WHO = "Onionskin"
RELU: dict[str, Any] = {"kind": "relu"}


def keep(name: str, task: str, layers: Layers, tensors: dict[str, Tensor], note: str) -> None:
    """Write an entry and say what the board makes of it."""
    print(name, board.verify(write(board.OURS / name, task, WHO, layers, tensors, note)))


def whole(*values: int) -> Tensor:
    return torch.tensor([values], dtype=torch.int8)


def xor() -> None:
    """The perceptron of the books, the distance of two bits, and one number."""
    linear = {"kind": "linear", "out": 2}
    ours = {
        "0.weight": torch.tensor([[1, 1], [1, 1]], dtype=torch.int8),
        "0.bias": torch.tensor([0, -1], dtype=torch.int8),
        "2.weight": whole(1, -2),
        "2.bias": torch.tensor([0], dtype=torch.int8),
    }
    keep("xor-perceptron", "xor", [linear, RELU, {"kind": "linear", "out": 1}], ours,
         "2-2-1 with ReLU: at least one, less twice both")  # fmt: skip
    one = {"kind": "linear", "out": 1, "bias": False}
    keep("xor-distance", "xor", [one, {"kind": "abs"}], {"0.weight": whole(1, -1)}, "|a − b|")
    keep("xor-one-sine", "xor", [{"kind": "sum"}, one, {"kind": "sin"}], {"1.weight": whole(2)},
         "sin 2s of the sum s: one number, since the sine turns twice")  # fmt: skip


def parity() -> None:
    """A cell that keeps the distance of its state and the next bit, and one number."""
    cell = {"kind": "scan", "out": 1, "unit": "abs", "bias": False}
    keep(
        "parity-distance", "parity", [cell], {"0.weight": whole(1), "0.recurrent": whole(-1)}, "h ← |x − h|, bit by bit"
    )
    layers: Layers = [
        {"kind": "flatten"},
        {"kind": "sum"},
        {"kind": "linear", "out": 1, "bias": False},
        {"kind": "sin"},
    ]
    keep("parity-one-sine", "parity", layers, {"2.weight": whole(3)}, "sin 3s: 3 is near enough to π for 8 bits")


def adder() -> None:
    """A leaking sum: h ← a + b + h/2 is the sum so far over 2^t, whose whole part is odd where the bit is 1.

    A little more than π, so that whole numbers fall on the right side: the next float16, 0.03 % above.
    """
    pi = -3.142578125
    cell = {"kind": "scan", "out": 1, "unit": "identity", "gives": "all", "bias": False}
    half = torch.tensor([[0.5]], dtype=torch.float16)
    weight = torch.tensor([[pi, pi]], dtype=torch.float16)
    keep("adder-leaking-sum", "adder", [cell, {"kind": "sin"}], {"0.weight": weight, "0.recurrent": half},
         "h ← −π(a + b) + h/2; the bit is sin h > 0")  # fmt: skip
    keep("adder-two-numbers", "adder", [{"kind": "sum"}, cell, {"kind": "sin"}],
         {"1.weight": weight[:, :1], "1.recurrent": half}, "the same, with a and b added before")  # fmt: skip


def iris() -> None:
    """The kind as a number, by least squares on the petal: setosa 0, versicolor 1, virginica 2."""
    x, y, _, _ = tasks.iris()
    petal = torch.cat([x[:, 2:], torch.ones(len(x), 1)], 1)
    w, v, b = torch.linalg.lstsq(petal, y.float()[:, None]).solution.flatten().tolist()
    tensors = {
        "1.weight": torch.tensor([[w, v]], dtype=torch.float16),
        "1.bias": torch.tensor([b], dtype=torch.float16),
    }
    layers: Layers = [{"kind": "take", "places": [2, 3]}, {"kind": "linear", "out": 1}]
    keep("iris-one-line", "iris", layers, tensors, "a number by the petal's length and width, rounded")


def spam(most: int = 34, fewest: int = 19) -> None:
    """A few words: those that explain most of what is left are added one by one, then the least useful are dropped."""
    from sklearn.linear_model import LogisticRegression

    texts, labels, _, _ = tasks.spam()
    sets = [set(architecture.tokens(text)) for text in texts]
    counts = Counter(word for found in sets for word in found)
    words = [word for word, count in counts.items() if count >= 40 and len(word) <= 32]
    words.sort()
    x = np.array([[word in found for word in words] for found in sets], np.float32)
    y = labels.numpy()

    def fitted(chosen: Sequence[int]) -> Any:
        return LogisticRegression(C=5, max_iter=300).fit(x[:, chosen], y)

    chosen: list[int] = []
    p = np.full(len(y), y.mean())
    for _ in range(most):
        gain = np.abs((y - p) @ x) / np.sqrt((p * (1 - p)) @ x + 3)
        gain[chosen] = 0
        chosen.append(int(gain.argmax()))
        p = fitted(chosen).predict_proba(x[:, chosen])[:, 1]
    while len(chosen) > fewest:
        weak = np.argsort(np.abs(fitted(chosen).coef_[0]) * x[:, chosen].std(0))[:6]
        without = [[c for i, c in enumerate(chosen) if i != j] for j in weak]
        chosen = max(without, key=lambda c: float(fitted(c).score(x[:, c], y)))
    model = fitted(chosen)
    layers: Layers = [{"kind": "words", "words": [words[c] for c in chosen]}, {"kind": "linear", "out": 1}]
    tensors = {"1.weight": torch.tensor(model.coef_).half(), "1.bias": torch.tensor(model.intercept_).half()}
    keep(f"spam-{len(chosen)}-words", "spam", layers, tensors, "which words are in it, and a sum")
    for scale in (0.6, 0.8, 1.0, 1.3, 1.7, 2.2):  # the answer is a sign: any scale will do, and whole numbers are cheap
        small = {name: (t.float() * scale).round().clamp(-8, 7).to(torch.int8) for name, t in tensors.items()}
        sums = torch.from_numpy(x[:, chosen]) @ small["1.weight"].float().T + small["1.bias"]
        right = float(((sums[:, 0] > 0) == labels).double().mean())
        print(f"scale {scale}: {right:.4f} of the training part")
        if right >= 0.958:
            keep(f"spam-{len(chosen)}-words-whole", "spam", layers, small, "the same with whole numbers")
            break


def convolution(out: int, kernel: int, stride: int = 1, padding: int = 0, groups: int = 1) -> dict[str, Any]:
    """Return a convolution; one of each channel by itself has no bias, since a mixing one follows."""
    return {"kind": "conv2d", "out": out, "kernel": kernel, "stride": stride, "padding": padding, "groups": groups,
            "bias": groups == 1}  # fmt: skip


def begin(layers: Layers, x: Tensor) -> dict[str, Tensor]:
    """Return He's first weights, by the sizes that reach each layer."""
    weights: dict[str, Tensor] = {}
    for place, layer in enumerate(layers):
        if layer["kind"] in ("conv2d", "linear"):
            into = x.shape[1] // layer.get("groups", 1)
            shape = (
                (layer["out"], into, layer["kernel"], layer["kernel"])
                if layer["kind"] == "conv2d"
                else (layer["out"], into)
            )
            weights[f"{place}.weight"] = torch.randn(shape) * math.sqrt(2 / math.prod(shape[1:]))
            if layer.get("bias", True):
                weights[f"{place}.bias"] = torch.zeros(layer["out"])
        own = {f"0.{name.split('.')[1]}": w for name, w in weights.items() if name.startswith(f"{place}.")}
        x = architecture.run([layer], own, x)
    return {name: w.requires_grad_() for name, w in weights.items()}


def jittered(x: Tensor, scale: float) -> Tensor:
    """Return pictures turned, sheared, sized and moved a little, each in its own way."""
    matrices = torch.zeros(len(x), 2, 3)
    matrices[:, :, :2] = torch.eye(2) + torch.randn(len(x), 2, 2) * scale
    matrices[:, :, 2] = torch.randn(len(x), 2) * 0.08
    least = x.min()  # what comes in at the edges is background
    return (
        F.grid_sample(x - least, F.affine_grid(matrices, list(x.shape), align_corners=False), align_corners=False)
        + least
    )


def batches(x: Tensor, y: Tensor, epochs: int, size: int = 64) -> Iterator[tuple[Tensor, Tensor]]:
    for _ in range(epochs):
        order = torch.randperm(len(x))
        for begins in range(0, len(x) - size + 1, size):
            rows = order[begins : begins + size]
            yield x[rows], y[rows]


def train(layers: Layers, name: str, epochs: int, rate: float, scale: float) -> dict[str, Tensor]:
    """Train with Adam, the learning rate up and down once (Smith & Topin 2017, arXiv 1708.07120)."""
    torch.manual_seed(0)
    images = data.load(name)
    x, y = torch.from_numpy(images.train_x), torch.from_numpy(images.train_y)
    weights = begin(layers, x[:2])
    optimizer = torch.optim.Adam(list(weights.values()), lr=rate)
    steps = epochs * (len(x) // 64)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.15)
    for x_batch, y_batch in batches(x, y, epochs):
        loss = F.cross_entropy(architecture.run(layers, weights, jittered(x_batch, scale)), y_batch)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # it has no types
        optimizer.step()
        schedule.step()
    return {name: w.detach() for name, w in weights.items()}


def images(task: str, label: str, layers: Layers, epochs: int, rate: float, scale: float) -> None:
    """Train a network, and keep it as float16 and as codes of few bits."""
    weights = train(layers, task.split("-")[0], epochs, rate, scale)
    keep_rounded(task, label, layers, weights)


def keep_rounded(task: str, label: str, layers: Layers, weights: dict[str, Tensor]) -> None:
    """Keep a trained network as float16, and by the smallest codebooks with which it still passes."""
    keep(label, task, layers, {name: w.half() for name, w in weights.items()}, "trained with Adam on jittered pictures")
    for bits in (3, 4, 5, 6):
        path = board.OURS / f"{label}-{bits}-bit"
        if board.verify(write(path, task, WHO, layers, quantised(weights, bits), "the same, by codebooks")).passes:
            print(path.name, board.verify(path))
            return
        for suffix in (".json", ".safetensors"):
            path.with_suffix(suffix).unlink()


def digits() -> None:
    """Convolutions of each channel by itself, and mixing ones of one pixel (MobileNet, arXiv 1704.04861)."""
    layers: Layers = [convolution(6, 3, 1, 1), RELU, convolution(6, 3, 2, 1, 6), convolution(10, 1), RELU,
                      convolution(10, 3, 1, 0, 10), convolution(10, 1), {"kind": "mean"}]  # fmt: skip
    images("digits", "digits-separable", layers, 300, 0.02, 0.056)


def mnist_95() -> None:
    """The same idea, one layer deeper."""
    layers: Layers = [convolution(8, 5, 2, 2), RELU, convolution(8, 3, 2, 1, 8), convolution(16, 1), RELU,
                      convolution(16, 3, 1, 1, 16), convolution(16, 1), RELU, convolution(16, 3, 2, 1, 16),
                      convolution(10, 1), {"kind": "mean"}]  # fmt: skip
    images("mnist-95", "mnist-95-separable", layers, 60, 0.02, 0.084)


def mnist_98() -> None:
    """Three convolutions that each halve the picture, and a layer that knows where things are."""
    layers: Layers = [convolution(10, 5, 2, 2), RELU, convolution(16, 3, 2, 1), RELU, convolution(16, 3, 2, 1), RELU,
                      {"kind": "flatten"}, {"kind": "linear", "out": 10}]  # fmt: skip
    images("mnist-98", "mnist-98-halving", layers, 40, 0.005, 0.084)


TASKS = {"xor": xor, "parity": parity, "adder": adder, "iris": iris, "spam": spam, "digits": digits,
         "mnist-95": mnist_95, "mnist-98": mnist_98}  # fmt: skip

if __name__ == "__main__":
    torch.set_num_threads(1)
    Path(board.OURS).mkdir(exist_ok=True)
    for chosen in sys.argv[1:] or TASKS:
        TASKS[chosen]()
