"""How long a step takes in plain floats, beside micrograd: the same network, data and losses, garbage collector on.

python -m bench.peel_scalars
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from micrograd.engine import Value
from micrograd.nn import MLP
from torch import nn

from onionskin.peel.compare import run_program
from onionskin.peel.levels import scalars
from onionskin.peel.plan import Plan, plan

#: Whose step is measured how often, in turn: micrograd's takes most of a second.
ROUNDS = 5
STEPS = 20
EXAMPLES = 32
RATE = 0.0625


def network() -> Plan:
    """Return 2-16-16-1 with ReLU (337 parameters), squared distances, and 32 examples."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 1))
    x = torch.randn(EXAMPLES, 2, dtype=torch.float64)
    return plan(net.double(), (x, x.prod(1, keepdim=True)), loss="mse", optimizer=f"sgd:lr={RATE}", name="net")


def micrograd(made: Plan) -> Iterator[float]:
    """Train with micrograd, from the same weights; yield the loss of each step."""
    model = MLP(2, [16, 16, 1])
    linear = [layer for layer in made.model.children() if isinstance(layer, nn.Linear)]
    for layer, own in zip(linear, model.layers, strict=True):
        for weights, bias, neuron in zip(layer.weight.tolist(), layer.bias.tolist(), own.neurons, strict=True):
            neuron.w, neuron.b = [Value(w) for w in weights], Value(bias)
    batch = made.batches[0]
    examples = list(zip(batch["x"].tolist(), batch["targets"].ravel().tolist(), strict=True))
    while True:
        loss = sum((model(x) - target) ** 2 for x, target in examples) * (1 / len(examples))
        model.zero_grad()
        loss.backward()
        for parameter in model.parameters():
            parameter.data -= RATE * parameter.grad
        yield loss.data


def seconds_a_step(step: Callable[[], float], steps: int) -> float:
    """Return the CPU time of a step."""
    gc.collect()
    began = time.process_time()
    for _ in range(steps):
        step()
    return (time.process_time() - began) / steps


def measure(rounds: int = ROUNDS) -> tuple[list[float], list[float]]:
    """Return the CPU time of a step in micrograd and in plain floats, in each round."""
    assert gc.isenabled()
    made = network()
    with TemporaryDirectory() as folder:
        ours = run_program(made, scalars.write(made), Path(folder))["train"](10**9)
        theirs = micrograd(made)
        gap = max(abs(next(ours) - next(theirs)) for _ in range(3))
        assert gap < 1e-12, f"they do not train alike: their losses are apart by {gap:.1e}"
        pairs = [
            (seconds_a_step(lambda: next(theirs), 1), seconds_a_step(lambda: next(ours), STEPS)) for _ in range(rounds)
        ]
    return [a for a, _ in pairs], [b for _, b in pairs]


def main() -> None:
    """Print the times and their ratio."""
    theirs, ours = measure()
    print(f"2-16-16-1, {EXAMPLES} examples a step, float64, garbage collector on")
    for name, times in (("scalars", ours), ("micrograd", theirs)):
        print(f"{name:>10}: {min(times) * 1e3:8.2f} ms at least, {statistics.median(times) * 1e3:8.2f} ms the median")
    ratios = sorted(a / b for a, b in zip(theirs, ours, strict=True))
    print(f"micrograd takes {statistics.median(ratios):.0f} times as long ({ratios[0]:.0f} to {ratios[-1]:.0f})")


if __name__ == "__main__":
    main()
