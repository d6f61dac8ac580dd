"""A run that grows as it is told: ``python -m bench.grower FROM TO`` writes a run like another, as a recorder does.

Each line of its input says how many steps and frames to append; the answer is the moment (seconds since 1970) at which
they stood on the disk for everybody to see.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from onionskin.recording import FrameData, Overhead, Run, RunWriter, Status, open_run


def main(source: Path, target: Path) -> None:
    """Write the run, and do what standard input says until it ends."""
    run = open_run(source)
    writer = RunWriter(target, run.manifest, probe_inputs=run.probes.inputs())
    frames = [_frame_of(run, index) for index in range(len(run.frames))]
    rng = np.random.default_rng(0)
    began, step = time.time(), 0

    def say(state: str) -> None:
        wall = time.time() - began
        writer.write_status(Status(state, time.time(), os.getpid(), "bench", overhead=Overhead(wall=wall)))

    say("growing")
    print(time.time(), flush=True)
    for line in sys.stdin:
        steps, count = map(int, line.split())
        for number in range(count):
            step_of_frame = step + (number + 1) * steps // count
            like = frames[writer.frames % len(frames)]
            writer.add_frame(FrameData(step_of_frame, time.time() - began, 0.001, **like))
        new = np.arange(step + 1, step + steps + 1)
        for name, values in {
            "loss": 2.3 * np.exp(-new / 1e5) + rng.normal(0, 0.02, steps),
            "lr": np.full(steps, 0.01),
            "time": time.time() - began + new * 1e-3,
        }.items():
            writer.scalars.set(name, new, values)
        step += steps
        writer.flush()
        revealed = time.time()
        say("growing")
        print(revealed, flush=True)
    writer.finish(Status("closed", time.time(), os.getpid(), "bench", "finished"))


def _frame_of(run: Run, index: int) -> dict[str, Any]:
    """Return the values of a recorded frame, as the writer takes them."""
    values: dict[str, npt.NDArray[np.float32]] = {}
    present: dict[str, npt.NDArray[np.bool_]] = {}
    for role in ("weight", "activation", "gradient"):
        tensors = [tensor for tensor in run.tensors.values() if tensor.entry.role == role]
        pictures = [tensor.picture(index) for tensor in tensors]
        if not tensors:
            continue
        values[role] = np.concatenate(
            [
                np.zeros(tensor.entry.count, np.float32) if picture is None else picture.ravel()
                for tensor, picture in zip(tensors, pictures, strict=True)
            ]
        ).astype(np.float32)
        present[role] = np.array([picture is not None for picture in pictures])
    outputs = np.concatenate([output.ravel() for output in run.probes.outputs(index)]).astype(np.float32)
    embedding = run.probes.embedding(index)
    flat = None if embedding is None else embedding.ravel()
    return {"values": values, "present": present, "outputs": outputs, "embedding": flat}


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
