"""A frame of weights and gradients by the size of the model: cost goes with the number of tensors, not of parameters.

Each network in a process of its own; memory is the growth of its peak (the kernel's account) while it is recorded.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

CHILD = """
import json, resource, statistics, sys, time, torch, warnings
import onionskin as osk
from bench.models import SUBJECTS
torch.set_num_threads(1)
warnings.simplefilter("ignore")
subject = SUBJECTS[sys.argv[1]]()
repetitions = int(sys.argv[2])
subject.loss(subject.model(subject.inputs)).backward()
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before = peak()
recorder = osk.watch(subject.model, roles=("weight", "gradient"), run="run", budget=1, every=1)
writer, cpu, wall = recorder._background, [], []
for turn in range(repetitions + 3):
    busy, began = time.process_time(), time.perf_counter()
    recorder.step()
    while writer.frames_written < turn + 2:
        time.sleep(0.0005)
    cpu.append(time.process_time() - busy); wall.append(time.perf_counter() - began)
memory = peak() - before
from pathlib import Path
size = sum(p.stat().st_size for role in ("weight", "gradient") for p in Path(f"run/pictures/{role}").glob("c.*"))
frames = writer.frames_written
recorder.close()
print(json.dumps({"name": subject.name, "parameters": subject.parameters, "cpu": statistics.median(cpu[3:]),
                  "least": min(cpu[3:]), "wall": statistics.median(wall[3:]), "memory": memory,
                  "kilobytes": size / frames / 1e3, "tensors": len(list(subject.model.parameters()))}))
"""


def measure(quick: bool) -> list[list[str]]:
    """Return the cost of a frame of three networks, and the ratio to the 11-million one with as many tensors."""
    rows = [["network", "parameters", "tensors", "CPU ms a frame", "ratio", "kB a frame", "peak extra memory (MiB)"]]
    results = [_child(name, 10 if quick else 40) for name in ("gpt_tiny", "gpt_small", "resnet")]
    base = results[0]["cpu"]
    return rows + [_row(one, one["cpu"] / base) for one in results]


def _row(one: dict[str, Any], ratio: float) -> list[str]:
    return [
        one["name"],
        f"{one['parameters']:,}",
        str(one["tensors"]),
        f"{1e3 * one['cpu']:.1f} (least {1e3 * one['least']:.1f})",
        f"{ratio:.2f}",
        f"{one['kilobytes']:.0f}",
        f"{one['memory']:.0f}",
    ]


def _child(name: str, repetitions: int) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")])
        done = subprocess.run(
            [sys.executable, "-c", CHILD, name, str(repetitions)],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=True,
        )
    return json.loads(done.stdout)
