"""How long a step takes in C, beside NumPy: CPU time on one thread, the two in turn.

python -m bench.peel_c
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d

from onionskin import registry
from onionskin.peel import levels
from onionskin.peel.compare import save_data
from onionskin.peel.compiled import compiled
from onionskin.peel.plan import Plan, plan

ROUNDS = 9


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


def plans() -> dict[str, tuple[Plan, int]]:
    """Return the nets that are measured, at batch 64 in float32, with the steps of a measurement."""
    torch.manual_seed(0)
    targets = torch.randint(0, 10, (64,))
    mlp = plan(MLP(), (torch.randn(64, 784), targets), optimizer="sgd:lr=0.0625", dtype=torch.float32, name="mlp")
    cnn = plan(CNN(), (torch.randn(64, 1, 28, 28), targets), optimizer="sgd:lr=0.0625", dtype=torch.float32, name="cnn")
    return {"MLP 784-128-10": (mlp, 1000), "CNN": (cnn, 60)}


def prepared(made: Plan, level: str, folder: Path) -> list[str]:
    """Write a level into a folder, compile it if it is C, and return the command that runs it."""
    program = registry.load(levels, level).write(made)
    place = folder / f"{made.name}_{level}.{program.suffix}"
    place.write_text(program.source)
    save_data(made, place.with_suffix(".npz"))
    return [str(compiled(place))] if level == "c" else [sys.executable, str(place)]


def seconds_a_step(command: list[str], steps: int) -> float:
    """Return the CPU time of a step: of a long run, less that of a short one, which is all start and reading."""
    return (_cpu_seconds(command, steps + 5) - _cpu_seconds(command, 5)) / steps


def _cpu_seconds(command: list[str], steps: int) -> float:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen([*command, str(steps)], stdout=subprocess.DEVNULL, env=environment) as running:
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise RuntimeError(f"{command} ended with {running.returncode}")
    return used.ru_utime + used.ru_stime


def measure(made: Plan, steps: int) -> tuple[list[float], list[float]]:
    """Return the seconds a step of NumPy and of C, in rounds."""
    with TemporaryDirectory() as folder:
        commands = [prepared(made, level, Path(folder)) for level in ("numpy", "c")]
        rounds = [[seconds_a_step(command, steps) for command in commands] for _ in range(ROUNDS)]
    return [numpy for numpy, _ in rounds], [c for _, c in rounds]


def main() -> None:
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    for name, (made, steps) in plans().items():
        numpy, c = measure(made, steps)
        ratios = sorted(b / a for a, b in zip(numpy, c, strict=True))
        for level, times in (("numpy", numpy), ("c", c)):
            print(f"{name}: {level} {min(times) * 1e6:,.0f} µs a step, median {statistics.median(times) * 1e6:,.0f}")
        by_round = f"by round {ratios[0]:.2f} to {ratios[-1]:.2f}, median {statistics.median(ratios):.2f}"
        print(f"{name}: c / numpy {min(c) / min(numpy):.2f} at the minima; {by_round}")


if __name__ == "__main__":
    main()
