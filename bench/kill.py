"""Trainings killed (SIGKILL) at random moments of their first ten seconds: how many runs open, and what was lost."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import onionskin as osk

KILLS = 20
QUICK_KILLS = 5

VICTIM = """
import json, sys, time, torch, warnings
import onionskin as osk
from bench.models import SUBJECTS
torch.set_num_threads(1)
subject = SUBJECTS["cnn"]()
optimizer = torch.optim.SGD(subject.model.parameters(), lr=1e-3)
with osk.watch(subject.model, optimizer, probes=subject.inputs[:8], run="run", budget=0.5) as run:
    for step in range(1, 10**9):
        run.log(loss=subject.step(optimizer))
        if run._last_frame_step == step:
            print(json.dumps([time.time(), step]), flush=True)
"""


def measure(quick: bool) -> list[list[str]]:
    """Return how many runs opened, and the age of the oldest frame that was lost."""
    opened, oldest_lost, frames, kills = 0, 0.0, 0, QUICK_KILLS if quick else KILLS
    for _ in range(kills):
        with tempfile.TemporaryDirectory() as folder:
            killed, handed_over = _kill_one(Path(folder))
            run = osk.open_run(Path(folder) / "run")
            kept = {frame.step for frame in run.frames}
            for frame in run.frames:
                for tensor in run.tensors.values():
                    tensor.picture(frame.index)
            opened += 1
            frames += len(kept)
            lost = [killed - when for when, step in handed_over if step not in kept]
            oldest_lost = max([oldest_lost, *lost])
    return [
        ["killed", "opened", "frames read back", "oldest frame lost (s before the kill)"],
        [str(kills), str(opened), str(frames), f"{oldest_lost:.2f}"],
    ]


def _kill_one(folder: Path) -> tuple[float, list[tuple[float, int]]]:
    said = folder / "said"
    path = os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")])
    with said.open("w") as out:
        victim = subprocess.Popen(
            [sys.executable, "-c", VICTIM], cwd=folder, stdout=out, env={**os.environ, "PYTHONPATH": path}
        )
        while not said.stat().st_size:
            time.sleep(0.05)
        time.sleep(random.uniform(0, 10))
        killed = time.time()
        os.kill(victim.pid, signal.SIGKILL)
        victim.wait()
    lines = [line for line in said.read_text().splitlines() if line.endswith("]")]
    return killed, [(when, step) for when, step in map(json.loads, lines)]
