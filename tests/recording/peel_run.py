"""A peel with known values for any run: a small net at five levels, and its arrays from a real training in NumPy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import numpy as np

from onionskin.recording import Peel, PeelArray, PeelProgram, PeelStep
from onionskin.recording.subgrid import kept_shape, strides
from tests.recording.peel_programs import PROGRAMS

Arrays = dict[tuple[str, str], np.ndarray]

_LINEAR: Final = ("every output is a weighted sum of all inputs", r"y = x W^\top + b")
_RELU: Final = ("what is negative becomes zero", r"y = \max(0, x)")
_LOSS: Final = (
    "minus the log of the probability given to the right class",
    r"L = -\frac1n \sum_i \log \frac{e^{x_{i,t_i}}}{\sum_k e^{x_{ik}}}, \qquad "
    r"\frac{\partial L}{\partial x} = \frac{p - \mathrm{onehot}(t)}{n}",
)
_SGD: Final = (
    "every weight goes a small step against its gradient",
    r"v \leftarrow \mu v + (1 - d)\, (g + \lambda w), \qquad w \leftarrow w - \eta v",
)

#: The steps, by the names that the programs' lines give them.
STEPS: Final = {
    "fc": PeelStep("linear", "a.fc", "forward", "fc", *_LINEAR),
    "act": PeelStep("relu", "a.act", "forward", "act", *_RELU),
    "a": PeelStep("", "a", "forward", "a", "Block a, from its input to its output", ""),
    "b": PeelStep("", "b", "forward", "b", "Block b, from its input to its output", ""),
    "out": PeelStep("linear", "out", "forward", "out", *_LINEAR),
    "loss": PeelStep("cross_entropy", "", "forward", "loss", *_LOSS),
    "d_loss": PeelStep("cross_entropy", "", "backward", "d_out", *_LOSS),
    "d_out_x": PeelStep("linear", "out", "backward", "d_b", *_LINEAR),
    "g_out": PeelStep("linear", "out", "backward", 'g["out.weight"]', *_LINEAR),
    "g_out_b": PeelStep("linear", "out", "backward", 'g["out.bias"]', *_LINEAR),
    "d_b": PeelStep("", "b", "backward", "d_a", "the chain rule through Block b", ""),
    "d_act": PeelStep("relu", "a.act", "backward", "d_fc", *_RELU),
    "d_fc_x": PeelStep("linear", "a.fc", "backward", "d_x", *_LINEAR),
    "g_fc": PeelStep("linear", "a.fc", "backward", 'g[f"{at}.fc.weight"]', *_LINEAR),
    "g_fc_b": PeelStep("linear", "a.fc", "backward", 'g[f"{at}.fc.bias"]', *_LINEAR),
    "d_a": PeelStep("", "a", "backward", "", "the chain rule through Block a", ""),
    "sgd": PeelStep("sgd", "", "update", "w", *_SGD),
}


def peel_of(frames: int, most_kept: int = 512) -> Peel:
    """Return a peel for a run of so many frames, a step of training each. The weights of 1,024 values are thinned."""
    names = list(STEPS)
    programs = tuple(_program(level, text.lstrip("\n"), names) for level, text in PROGRAMS.items())
    arrays: list[PeelArray] = []
    rows: list[np.ndarray] = []
    for moment in _training(frames):
        if not arrays:
            arrays = _laid_out(moment, names, most_kept)
        parts = [
            moment[key][tuple(slice(None, None, s) for s in strides(moment[key].shape, most_kept))] for key in moment
        ]
        rows.append(np.concatenate([part.reshape(-1) for part in parts]).astype(np.float32))
    values = np.stack(rows) if rows else np.zeros((0, 0), np.float32)
    return Peel("numpy", tuple(STEPS.values()), programs, tuple(arrays), values)


def _program(level: str, marked: str, names: list[str]) -> PeelProgram:
    pairs: list[tuple[int, int]] = []
    lines = []
    for number, line in enumerate(marked.splitlines(), start=1):
        text, _, steps = re.sub(r" *(//|#)@ ", "\0", line).partition("\0")
        pairs += [(number, names.index(step)) for step in steps.split()]
        lines.append(text)
    return PeelProgram(level, "\n".join(lines) + "\n", tuple(pairs))


def _laid_out(moment: Arrays, names: list[str], most_kept: int) -> list[PeelArray]:
    arrays, offset = [], 0
    for (step, path), values in moment.items():
        every = strides(values.shape, most_kept)
        size = int(np.prod(kept_shape(values.shape, every)))
        arrays.append(PeelArray(names.index(step), path, values.shape, every, offset, size))
        offset += size
    return arrays


def _training(steps: int) -> Iterator[Arrays]:
    """Yield the arrays of every step by their step and path, as the program on NumPy makes them."""
    rng = np.random.default_rng(4)
    w = {"a": rng.normal(size=(16, 64)) / 8, "b": rng.normal(size=(16, 16)) / 4, "out": rng.normal(size=(10, 16)) / 4}
    bias = {name: np.zeros(len(weight)) for name, weight in w.items()}
    speed = {name: np.zeros_like(weight) for name, weight in w.items()}
    x, targets = rng.normal(size=(32, 64)), np.arange(32) % 10
    x += 1.5 * rng.normal(size=(10, 64))[targets]
    for _ in range(steps):
        kept: Arrays = {}
        h = x
        inputs = {}
        for at in ("a", "b"):
            inputs[at] = h
            kept["fc", at] = h @ w[at].T + bias[at]
            kept["act", at] = kept[at, at] = h = np.maximum(kept["fc", at], 0)
        kept["out", "out"] = logits = h @ w["out"].T + bias["out"]
        p = np.exp(logits - logits.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        kept["loss", ""] = -np.log(p[np.arange(32), targets]).mean()
        kept["d_loss", ""] = d = (p - np.eye(10)[targets]) / 32
        kept["g_out", "out"], kept["g_out_b", "out"] = d.T @ h, d.sum(0)
        kept["d_out_x", "out"] = d = d @ w["out"]
        for at in ("b", "a"):
            kept["d_act", at] = d_fc = d * (kept["act", at] > 0)
            kept["g_fc", at], kept["g_fc_b", at] = d_fc.T @ inputs[at], d_fc.sum(0)
            kept["d_fc_x", at] = d = d_fc @ w[at]
        for name, step in (("a", "g_fc"), ("b", "g_fc"), ("out", "g_out")):
            speed[name] = 0.5 * speed[name] + kept[step, name]
            w[name] = w[name] - 0.125 * speed[name]
            bias[name] = bias[name] - 0.125 * kept[f"{step}_b", name]
            kept["sgd", f"{name}.weight"] = w[name]
        yield kept
