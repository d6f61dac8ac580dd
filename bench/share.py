"""The share of time that recording takes, from outside: two equal trainings take turns, and one of them is watched.

A whole training against a whole training tells nothing on a machine that is shared: its speed drifts by a tenth within
a minute. So the two take turns in one process, an eighth of a second each, in random order, and what drifts touches
both. While the plain one runs, the recorder's clock stands still, as if its training had paused; its writer is waited
for inside its own turn. The interval is a bootstrap over the turns.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import torch

import onionskin as osk
from bench.models import SUBJECTS

#: A training has to be longer than ten seconds to keep its budget to the letter (the credit of the beginning).
SECONDS: Final = 90.0
QUICK_SECONDS: Final = 20.0
TURN_SECONDS: Final = 0.12
BUDGETS: Final = (0.01, 0.02, 0.05)


def measure(quick: bool) -> list[list[str]]:
    """Return the shares of three budgets on two networks."""
    rows = [["network", "ms a step", "budget", "share of wall", "share of CPU", "by its own clock", "frames"]]
    for name in ("cnn", "resnet"):
        for budget in BUDGETS:
            one = _child(name, budget, QUICK_SECONDS if quick else SECONDS)
            rows.append(
                [
                    name,
                    f"{1e3 * one['step']:.1f}",
                    f"{budget:.0%}",
                    _interval(one["wall"]),
                    _interval(one["cpu"]),
                    f"{one['own']:.2%}",
                    str(one["frames"]),
                ]
            )
    return rows


def _interval(shares: list[float]) -> str:
    low, middle, high = shares
    return f"{middle:.2%} ({low:.2%} to {high:.2%})"


def _child(name: str, budget: float, seconds: float) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")])
        done = subprocess.run(
            [sys.executable, "-m", "bench.share", name, str(budget), str(seconds)],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=True,
        )
    return json.loads(done.stdout)


# ---------------------------------------------------------------------- one pair of trainings


def _take_turns(name: str, budget: float, seconds: float) -> dict[str, Any]:
    plain, watched = SUBJECTS[name](), SUBJECTS[name]()
    watched.model.load_state_dict(plain.model.state_dict())
    optimizers = [torch.optim.SGD(s.model.parameters(), lr=1e-3, momentum=0.9) for s in (plain, watched)]
    for subject, optimizer in zip((plain, watched), optimizers, strict=True):
        subject.step(optimizer)  # the first step makes the optimizer's state
    began = time.perf_counter()
    plain.step(optimizers[0])
    steps = max(1, round(TURN_SECONDS / (time.perf_counter() - began)))
    run = osk.watch(watched.model, optimizers[1], probes=watched.inputs[:8], run="run", budget=budget)

    def plain_turn() -> None:
        for _ in range(steps):
            plain.step(optimizers[0])

    def watched_turn() -> None:
        for _ in range(steps):
            run.log(loss=watched.step(optimizers[1]))
        _wait_for_the_writer(run)

    turns: dict[str, list[tuple[float, float]]] = {"plain": [], "watched": []}
    while sum(wall for wall, _ in turns["watched"]) < seconds:
        for who in random.sample(("plain", "watched"), 2):
            turns[who].append(_timed(plain_turn if who == "plain" else watched_turn))
            if who == "plain":
                _pause(run, turns[who][-1][0])
    run.close()
    recorded = osk.open_run("run")
    return {
        "step": sum(wall for wall, _ in turns["plain"]) / len(turns["plain"]) / steps,
        "wall": _shares([w for w, _ in turns["plain"]], [w for w, _ in turns["watched"]]),
        "cpu": _shares([c for _, c in turns["plain"]], [c for _, c in turns["watched"]]),
        "own": (recorded.overhead.frames + recorded.overhead.steps) / recorded.overhead.wall,
        "frames": len(recorded.frames),
    }


def _timed(turn: Any) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    turn()
    return time.perf_counter() - wall, time.process_time() - cpu


def _pause(run: osk.Recorder, seconds: float) -> None:
    """Let a recorder's clock stand still for a time that has passed: its training was not running."""
    run._ledger.began += seconds
    run._alarm += seconds
    run._next_hand_over += seconds


def _wait_for_the_writer(run: osk.Recorder) -> None:
    writer = run._background
    while writer is not None and not writer._inbox.empty():
        time.sleep(0.0002)


def _shares(plain: list[float], watched: list[float]) -> list[float]:
    """Return the share of the watched time that is more than the plain: 5th, 50th and 95th per cent of 2,000 draws."""
    pairs = list(zip(plain, watched, strict=True))
    draws = []
    for _ in range(2000):
        chosen = random.choices(pairs, k=len(pairs))
        without, with_it = sum(p for p, _ in chosen), sum(w for _, w in chosen)
        draws.append((with_it - without) / with_it)
    draws.sort()
    return [draws[100], draws[1000], draws[1900]]


if __name__ == "__main__":
    import warnings

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    print(json.dumps(_take_turns(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]))))
