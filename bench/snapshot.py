"""One snapshot of all weights and gradients, in turns in one process: CPU time of all threads and children.

Peers are used as their documentation says: TensorBoard ``add_histogram``, W&B ``watch(log="all")`` offline, Aim
``Distribution``. Ours is a frame of both roles without probes, coded, compressed and on the disk.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import torch

import onionskin as osk
from bench.models import SUBJECTS, Subject
from onionskin.recording.arrays import folder_bytes

Snap = Callable[[int], None]


def measure(quick: bool) -> list[list[str]]:
    """Return milliseconds and bytes a snapshot, and the ratios to ours."""
    rows = [["network", "recorder", "CPU ms", "wall ms", "kB on disk", "ours costs"]]
    for name in ("mlp", "cnn", "resnet"):
        with tempfile.TemporaryDirectory() as folder:
            # In a process that ends without its exit handlers: Aim's would wait for a folder that is gone.
            command = [sys.executable, "-m", "bench.snapshot", name, "8" if quick else "25", folder]
            done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            results = Path(folder) / "results.json"
            if not results.is_file():
                raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
            rows += _rows(SUBJECTS[name]().name, json.loads(results.read_text()))
    return rows


def _rows(subject: str, results: dict[str, dict[str, float]]) -> list[list[str]]:
    ours = results["Onionskin"]["cpu"]
    return [
        [
            subject,
            name,
            f"{1e3 * one['cpu']:.1f}",
            f"{1e3 * one['wall']:.1f}",
            f"{one['kilobytes']:.0f}",
            "" if name == "Onionskin" else f"1/{one['cpu'] / ours:.1f} of it",
        ]
        for name, one in results.items()
    ]


def _take_turns(subject: Subject, repetitions: int, folder: Path) -> dict[str, dict[str, float]]:
    """Take snapshots with each recorder in turn, and return the medians."""
    subject.loss(subject.model(subject.inputs)).backward()
    cpu: dict[str, list[float]] = {}
    wall: dict[str, list[float]] = {}
    recorders: dict[str, Snap] = {}
    for name, make in (("Onionskin", _ours), ("TensorBoard", _tensorboard), ("W&B", _wandb), ("Aim", _aim)):
        (folder / name).mkdir()
        recorders[name] = make(subject, folder / name)
        recorders[name](0)
    before = {name: folder_bytes(folder / name) for name in recorders}
    for turn in range(1, repetitions + 1):
        for name, snap in recorders.items():
            busy, began = _cpu_seconds(), time.perf_counter()
            snap(turn)
            wall.setdefault(name, []).append(time.perf_counter() - began)
            cpu.setdefault(name, []).append(_cpu_seconds() - busy)
    time.sleep(1.5)  # what was kept back reaches the disk
    return {
        name: {
            "cpu": statistics.median(cpu[name]),
            "wall": statistics.median(wall[name]),
            "kilobytes": (folder_bytes(folder / name) - before[name]) / repetitions / 1e3,
        }
        for name in recorders
    }


def _cpu_seconds() -> float:
    """CPU time of this process, all its threads, and its children: W&B writes from a process of its own."""
    used = time.process_time()
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            used += sum(child.cpu_times()[:2])
    return used


def _ours(subject: Subject, place: Path) -> Snap:
    recorder = osk.watch(subject.model, roles=("weight", "gradient"), run=place / "run", budget=1, every=1)
    writer = recorder._background

    def snap(turn: int) -> None:
        recorder.step()
        assert writer is not None
        while writer.frames_written < turn + 2:  # frame 0 came with watching: wait for the writer's thread
            time.sleep(0.0005)

    return snap


def _tensorboard(subject: Subject, place: Path) -> Snap:
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(str(place))

    def snap(turn: int) -> None:
        for name, p in subject.model.named_parameters():
            writer.add_histogram(name, p, turn)
            writer.add_histogram(f"{name}.grad", p.grad, turn)
        writer.flush()

    return snap


def _wandb(subject: Subject, place: Path) -> Snap:
    import wandb
    from wandb.integration.torch.wandb_torch import TorchHistory

    os.environ["WANDB_SILENT"] = "true"
    run = wandb.init(mode="offline", dir=str(place), project="bench", settings=wandb.Settings(console="off"))
    history = TorchHistory()

    def snap(turn: int) -> None:
        # What watch(log="all") does in its hooks, called directly so that no forward and backward is counted.
        for name, p in subject.model.named_parameters():
            history.log_tensor_stats(p.data.cpu(), f"parameters/{name}")
            history.log_tensor_stats((p if p.grad is None else p.grad).data, f"gradients/{name}")
        run.log({"loss": 1.0}, step=turn)

    return snap


def _aim(subject: Subject, place: Path) -> Snap:
    from aim import Distribution, Run

    run = Run(repo=str(place), system_tracking_interval=None, log_system_params=False)

    def snap(turn: int) -> None:
        for name, p in subject.model.named_parameters():
            gradient = p if p.grad is None else p.grad
            run.track(Distribution(p.detach().numpy()), name=name, step=turn, context={"of": "weights"})
            run.track(Distribution(gradient.detach().numpy()), name=name, step=turn, context={"of": "gradients"})

    return snap


if __name__ == "__main__":
    torch.set_num_threads(1)
    where = Path(sys.argv[3])
    turns = _take_turns(SUBJECTS[sys.argv[1]](), int(sys.argv[2]), where)
    (where / "results.json").write_text(json.dumps(turns))
    os._exit(0)
