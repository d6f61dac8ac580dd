"""Watched and unwatched trainings of equal steps in turns, each in a process of its own; shares are medians of pairs.

Wall time is what a user waits; CPU time (all threads, the writer's too) says the same with less of the machine's noise.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

#: A training has to be longer than the recorder's early credit (10 s) to keep its budget to the letter.
SECONDS: Final = 40.0
QUICK_SECONDS: Final = 16.0
PAIRS: Final = 5
QUICK_PAIRS: Final = 2

CHILD = """
import json, resource, sys, time, torch, warnings
import onionskin as osk
from bench.models import SUBJECTS
torch.set_num_threads(1)
warnings.simplefilter("ignore")
name, budget, steps = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
torch.manual_seed(0)
subject = SUBJECTS[name]()
optimizer = torch.optim.SGD(subject.model.parameters(), lr=1e-3, momentum=0.9)
for _ in range(3):
    subject.step(optimizer)
if not steps:
    began, steps = time.perf_counter(), 0
    while time.perf_counter() - began < 5:
        subject.step(optimizer)
        steps += 1
    print(json.dumps([steps, time.perf_counter() - began]))
    sys.exit()
cpu, wall = time.process_time(), time.perf_counter()
run = osk.watch(subject.model, optimizer, probes=subject.inputs[:8], run="run", budget=budget) if budget else None
for _ in range(steps):
    loss = subject.step(optimizer)
    if run:
        run.log(loss=loss)
if run:
    run.close()
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
said = osk.open_run("run") if run else None
print(json.dumps({"wall": wall, "cpu": cpu, "frames": len(said.frames) if said else 0,
                  "own": said.overhead.share if said else 0}))
"""


def measure(quick: bool) -> list[list[str]]:
    """Return the shares of three budgets on two networks."""
    rows = [["network", "ms a step", "budget", "share of wall", "share of CPU", "by its own clock", "frames"]]
    budgets = (0.01, 0.02, 0.05)
    for name in ("cnn", "resnet"):
        count, seconds = _child(name, 0, 0)
        steps = int((QUICK_SECONDS if quick else SECONDS) * count / seconds)
        plain: list[dict[str, float]] = []
        watched: dict[float, list[dict[str, float]]] = {budget: [] for budget in budgets}
        for _ in range(QUICK_PAIRS if quick else PAIRS):
            for budget in random.sample((0.0, *budgets), len(budgets) + 1):
                result = _child(name, budget, steps)
                (watched[budget] if budget else plain).append(result)
        base = {kind: statistics.median(one[kind] for one in plain) for kind in ("wall", "cpu")}
        for budget in budgets:
            shares = {k: [(one[k] - base[k]) / one[k] for one in watched[budget]] for k in ("wall", "cpu")}
            own = statistics.median(one["own"] for one in watched[budget])
            frames = statistics.median(one["frames"] for one in watched[budget])
            step_ms = 1e3 * base["wall"] / steps
            rows.append(
                [
                    name,
                    f"{step_ms:.1f}",
                    f"{budget:.0%}",
                    _spread(shares["wall"]),
                    _spread(shares["cpu"]),
                    f"{own:.2%}",
                    f"{frames:.0f}",
                ]
            )
    return rows


def _spread(shares: list[float]) -> str:
    return f"{statistics.median(shares):.2%} ({min(shares):.2%} to {max(shares):.2%})"


def _child(name: str, budget: float, steps: int) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")])
        done = subprocess.run(
            [sys.executable, "-c", CHILD, name, str(budget), str(steps)],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=True,
        )
    return json.loads(done.stdout)
