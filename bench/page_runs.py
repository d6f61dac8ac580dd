"""The runs that the page is measured on, made once and kept in a temporary folder: ``python -m bench.page_runs``.

* ``resnet``: a real training of ResNet-18 for small images on noise, 300 frames, one every step.
* ``gpt``: 124 million parameters, 50,000 steps, 2,000 frames. 16 frames are of a real training; training on would take
  days, so their pictures are laid again and again (shards are linked, and take no room), and every frame has statistics
  and every step scalars of its own, in the sizes that the recorder writes.
* ``library``: 500 runs of a real training of a small network, each of its own length.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from onionskin.recording import Status, open_run
from onionskin.recording.arrays import GrowingArray, ScalarTable, write_json
from onionskin.recording.pack import pack_arrays

RESNET_FRAMES: Final = 300
GPT_FRAMES: Final = 2_000
GPT_STEPS: Final = 50_000
GPT_REAL_FRAMES: Final = 16
LIBRARY_RUNS: Final = 500

#: Part of the folder's name: runs of an older make are not measured on.
_MAKE: Final = 1


def prepared(name: str) -> Path:
    """Return a run by name, or the folder of the library; made when it is asked for the first time."""
    place = Path(tempfile.gettempdir()) / f"onionskin-bench-{_MAKE}" / name
    if not place.exists():
        print(f"making the run '{name}' …", file=sys.stderr, flush=True)
        half = place.with_name(f".{name}.half")
        shutil.rmtree(half, ignore_errors=True)
        MAKERS[name](half)
        half.rename(place)
    return place


def _resnet(run: Path) -> None:
    import torch

    from bench.models import resnet

    torch.manual_seed(0)
    subject = resnet()
    images, labels = subject.inputs, torch.arange(8) % 10
    optimizer = torch.optim.SGD(subject.model.parameters(), lr=1e-2, momentum=0.9)
    with _watched(subject.model, optimizer, images, run, labels=labels.tolist()) as recorder:
        for step in range(RESNET_FRAMES - 1):
            chosen = [step % 8, (step + 3) % 8]
            loss = torch.nn.functional.cross_entropy(subject.model(images[chosen]), labels[chosen])
            loss.backward()  # type: ignore[no-untyped-call]  # PyTorch's
            optimizer.step()
            optimizer.zero_grad()
            recorder.log(loss=loss)


def _watched(model: Any, optimizer: Any, probes: Any, run: Path, **named: Any) -> Any:
    import onionskin as osk

    return osk.watch(model, optimizer, probes=probes, run=run, budget=1, every=1, **named)


def _gpt(run: Path) -> None:
    import torch

    from bench.models import gpt_small

    torch.manual_seed(0)
    subject = gpt_small()
    optimizer = torch.optim.SGD(subject.model.parameters(), lr=1e-2)
    with _watched(subject.model, optimizer, subject.inputs, run) as recorder:
        for _ in range(GPT_REAL_FRAMES - 1):
            recorder.log(loss=subject.step(optimizer), val_loss=0.0)
    lengthen(run, GPT_FRAMES, GPT_STEPS)


def lengthen(run: Path, frames: int, steps: int) -> None:
    """Make a closed run of few frames one of many: its pictures again and again, tables of the full size."""
    opened = open_run(run)
    statistics, status = opened.statistics[:], opened.status
    for array in sorted(path.parent for room in ("pictures", "probes") for path in run.glob(f"{room}/*/zarr.json")):
        metadata = json.loads((array / "zarr.json").read_text())
        if metadata.get("dimension_names", [""])[0] != "frame":
            continue
        if (array / "c").is_dir():
            _link_on(array, frames, metadata)
        else:
            _repeat(array, frames, opened.read(array.relative_to(run).as_posix(), slice(None)), metadata)
    rng = np.random.default_rng(0)
    for name in ("frames", "statistics", "scalars"):
        shutil.rmtree(run / name)
    dense = np.unique(np.geomspace(1, steps, frames // 2).astype(int))  # denser early, as the recorder spaces them
    others = np.setdiff1d(np.arange(1, steps), dense)
    taken = np.sort(np.append(dense, rng.choice(others, frames - 1 - len(dense), replace=False)))
    when = GrowingArray(run / "frames", row_shape=(3,), dtype="<f8", dimensions=("frame", "column"), runs_ahead=False)
    table = GrowingArray(
        run / "statistics", row_shape=statistics.shape[1:], dtype="<f4", dimensions=("frame", "tensor", "statistic")
    )
    for row, step in enumerate([0, *taken]):
        when.put(row, np.array([step, 0.8 * step, 0.02]))
        noise = rng.uniform(0.98, 1.02, statistics.shape[1:]).astype(np.float32)
        table.put(row, statistics[row % len(statistics)] * noise)
    for written in (when, table):
        written.finish(frames)
    scalars = ScalarTable(run / "scalars")
    every = np.arange(steps + 1)
    loss = 10.8 * np.exp(-every / 9_000) + 3 + rng.normal(0, 0.08, len(every))
    for name, values in {"time": 0.8 * every, "lr": 1e-2 * (1 - every / steps), "loss": loss}.items():
        scalars.set(name, every, values.astype(np.float64))
    scalars.set("val_loss", every[::250], loss[::250] + 0.1)
    scalars.flush()
    pack_arrays(run, frames)
    _write_status(run, replace(status, overhead=replace(status.overhead, wall=0.8 * steps)))


def _repeat(array: Path, frames: int, rows: Any, metadata: dict[str, Any]) -> None:
    """Make a small array longer by its rows, in turn."""
    shutil.rmtree(array)
    longer = GrowingArray(array, row_shape=rows.shape[1:], dtype=rows.dtype, dimensions=metadata["dimension_names"])
    for row in range(frames):
        longer.put(row, rows[row % len(rows)])
    longer.finish(frames)


def _link_on(array: Path, frames: int, metadata: dict[str, Any]) -> None:
    """Make an array longer by links to its whole shards, in turn."""
    a_shard = metadata["chunk_grid"]["configuration"]["chunk_shape"][0]
    shards = sorted((array / "c").iterdir(), key=lambda path: int(path.name))
    whole = metadata["shape"][0] // a_shard
    if whole == 0:
        raise RuntimeError(f"{array} has less than one whole shard: record more frames")
    for number in range(whole, -(-frames // a_shard)):
        target = array / "c" / str(number)
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(shards[number % whole], target, copy_function=os.link)
    write_json(array / "zarr.json", {**metadata, "shape": [frames, *metadata["shape"][1:]]})


def _write_status(run: Path, status: Status) -> None:
    write_json(
        run / "status" / "zarr.json",
        {"zarr_format": 3, "node_type": "group", "attributes": {"status": status.to_json()}},
    )


def _library(folder: Path) -> None:
    import torch
    from torch import nn

    folder.mkdir(parents=True)
    torch.manual_seed(0)
    images, labels = torch.randn(32, 1, 8, 8), torch.arange(32) % 10
    for number in range(LIBRARY_RUNS):
        model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(288, 10))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
        run = folder / f"run-{number:03}"
        with _watched(model, optimizer, images[:4], run, labels=labels[:4].tolist()) as recorder:
            for _ in range(8 + number % 24):
                loss = torch.nn.functional.cross_entropy(model(images), labels)
                loss.backward()  # type: ignore[no-untyped-call]  # PyTorch's
                optimizer.step()
                optimizer.zero_grad()
                recorder.log(loss=loss)


def _tensorboard(folder: Path) -> None:
    """Log what the ResNet run keeps as TensorBoard does: the loss, and each weight and gradient as a histogram."""
    from torch.utils.tensorboard import SummaryWriter

    run = open_run(prepared("resnet"))
    writer = SummaryWriter(str(folder))
    for step, loss in enumerate(run.scalars["loss"]):
        if np.isfinite(loss):
            writer.add_scalar("loss", loss, step)
    rows = {role: run.read(f"pictures/{role}", slice(None)) for role in ("weight", "gradient")}
    for tensor in run.tensors.values():
        if tensor.entry.role not in rows:
            continue
        start, scales = tensor.entry.offset, tensor.statistic("scale")
        for frame, scale in zip(run.frames, scales, strict=True):
            if np.isfinite(scale):
                codes = rows[tensor.entry.role][frame.index, start : start + tensor.entry.count]
                writer.add_histogram(tensor.entry.key, codes * scale, frame.step)
    writer.close()


MAKERS: Final[dict[str, Callable[[Path], None]]] = {
    "resnet": _resnet,
    "gpt": _gpt,
    "library": _library,
    "tensorboard": _tensorboard,
}


if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)
    for chosen in sys.argv[1:] or MAKERS:
        print(prepared(chosen))
