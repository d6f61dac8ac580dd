"""A step between frames: watched and logged against plain, on a step of half a millisecond, in turns of 100 steps."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import torch

import onionskin as osk
from bench.models import mlp


def measure(quick: bool) -> list[list[str]]:
    """Return the microseconds that the hook and ``run.log(loss=loss)`` add to a step."""
    plain, watched = mlp(), mlp()
    optimizers = [torch.optim.SGD(subject.model.parameters(), lr=1e-3) for subject in (plain, watched)]
    times: dict[str, list[float]] = {"plain": [], "watched": []}
    with tempfile.TemporaryDirectory() as folder:
        # So small a budget pays for no frame after the first two: what is left is the step itself, and handing over.
        run = osk.watch(watched.model, optimizers[1], probes=watched.inputs[:8], run=Path(folder) / "run", budget=1e-6)
        for turn in range(60 if quick else 300):
            for name in ("plain", "watched") if turn % 2 else ("watched", "plain"):
                began = time.perf_counter()
                for _ in range(100):
                    if name == "plain":
                        plain.step(optimizers[0])
                    else:
                        run.log(loss=watched.step(optimizers[1]))
                times[name].append((time.perf_counter() - began) / 100)
        run.close()
    extra = [w - p for w, p in zip(times["watched"][5:], times["plain"][5:], strict=True)]
    base = statistics.median(times["plain"])
    low, high = statistics.quantiles(extra, n=4)[0], statistics.quantiles(extra, n=4)[2]
    return [
        ["plain step", "added by watching and logging (µs)", "middle half of the turns (µs)"],
        [f"{1e6 * base:.0f} µs", f"{1e6 * statistics.median(extra):.1f}", f"{1e6 * low:.1f} to {1e6 * high:.1f}"],
    ]
