"""Builds small runs with known values, for the tests of everything that reads runs."""

from __future__ import annotations

import time
from pathlib import Path
from unittest import mock

import numpy as np

from onionskin.recording import (
    Budget,
    Dropped,
    Edge,
    ExactEntry,
    FrameData,
    Graph,
    Group,
    Manifest,
    Model,
    Node,
    Note,
    Overhead,
    ProbeArray,
    Probes,
    RunWriter,
    Status,
    TensorEntry,
    Warned,
    arrays,
)
from onionskin.recording.subgrid import measured_values, strides

#: Names, roles and shapes of the tensors of the built run; one is thinned, one is empty, one has no axis.
TENSORS = (
    ("conv.weight", "weight", (4, 1, 3, 3)),
    ("fc.weight", "weight", (10, 800)),
    ("fc.bias", "weight", (10,)),
    ("gain", "weight", ()),
    ("nothing", "weight", (0, 5)),
    ("conv.weight", "gradient", (4, 1, 3, 3)),
    ("fc.weight", "gradient", (10, 800)),
    ("conv", "activation", (2, 4, 6, 6)),
)

FRAMES = 20


def manifest() -> Manifest:
    """Return what the built run says of itself."""
    tensors, offsets = [], {"weight": 0, "gradient": 0, "activation": 0}
    for name, role, shape in TENSORS:
        steps = strides(shape)
        entry = TensorEntry(name, role, shape, "float32", steps, offsets[role], measured_values(int(np.prod(shape))))
        offsets[role] += entry.count
        tensors.append(entry)
    graph = Graph(
        nodes=(
            Node("input", "input", "input", shape=(2, 1, 8, 8)),
            Node("conv", "module", "Conv2d", "", 1, 0.0, ("conv.weight",), (2, 4, 6, 6)),
            Node("head.fc", "module", "Linear", "head", 0, 0.0, ("fc.weight", "fc.bias"), (2, 10)),
            Node("output", "output", "output", layer=3, shape=(2, 10)),
        ),
        groups=(Group("head", "Sequential", "", 2, 0.0),),
        edges=(Edge("input", "conv"), Edge("conv", "head.fc"), Edge("head.fc", "output")),
    )
    probes = Probes(
        count=2,
        inputs=(ProbeArray("input", (2, 1, 8, 8), "float32", is_image=True),),
        outputs=(ProbeArray("output", (2, 10), "float32"),),
        embedding=ProbeArray("embedding", (2, 3), "float32"),
        labels=(3, 7),
        classes=tuple("0123456789"),
    )
    exact = (
        ExactEntry("fc.bias", (10,), "float32", "float32", 0),
        ExactEntry("gain", (), "bfloat16", "float32", 10),
        ExactEntry("steps", (), "int64", "float64", 0),
    )
    return Manifest(
        model=Model("Small", 8_047, 8_047),
        title="small",
        created="2026-01-02T03:04:05+00:00",
        software={"onionskin": "0.1.0", "python": "3.11.7", "torch": "2.13.0", "machine": "test"},
        budget=Budget(0.02),
        tensors=tuple(tensors),
        graph=graph,
        probes=probes,
        exact=exact,
    )


def values(frame: int, role: str) -> np.ndarray:
    """Return the kept values of a role in a frame: (n,) float32."""
    rng = np.random.default_rng([frame, len(role)])
    row = rng.normal(0, 1 + frame, manifest().width(role)).astype(np.float32)
    if role == "gradient" and frame == 3:
        row[:3] = np.nan, np.inf, -np.inf
    return row


def inputs() -> np.ndarray:
    """Return the probes: (2, 1, 8, 8) float32."""
    return np.linspace(-1, 1, 128, dtype=np.float32).reshape(2, 1, 8, 8)


def outputs(frame: int) -> np.ndarray:
    """Return the probes' outputs in a frame: (20,) float32."""
    return np.arange(20, dtype=np.float32) * (frame + 1) / 7


def exact(frame: int) -> dict[str, np.ndarray]:
    """Return the exact rows of a frame."""
    return {
        "float32": np.append(np.arange(10), 1.5).astype(np.float32) / (frame + 3),
        "float64": np.array([2.0**40 + frame]),
    }


def frame_data(frame: int) -> FrameData:
    """Return one frame; the first one has no gradients, as in a real training."""
    roles = ("weight", "gradient", "activation") if frame else ("weight", "activation")
    counts = {role: sum(r == role for _, r, _ in TENSORS) for role in roles}
    return FrameData(
        step=frame * 3,
        time=frame * 0.25,
        cost=0.001 * frame,
        values={role: values(frame, role) for role in roles},
        present={role: np.ones(count, np.bool_) for role, count in counts.items()},
        before=values(frame, "weight") * np.float32(0.99),
        outputs=outputs(frame),
        embedding=np.arange(6, dtype=np.float32) + frame,
        exact=exact(frame),
    )


def status(state: str) -> Status:
    """Return the status of the built run."""
    return Status(
        state=state,
        updated=1_767_323_045.5 if state == "closed" else time.time(),
        pid=4321,
        host="somewhere else",
        ended="finished" if state == "closed" else "",
        overhead=Overhead(wall=2.0, setup=0.01, frames=0.02, steps=0.005),
        dropped=(Dropped("over the budget", 2, 4, 8),),
        warnings=(Warned(0, "something went less well", "do this"),),
        health=(Note("still_layer", "conv has not moved since step 6.", 2, 6, "weight/conv.weight", 1e-7),),
    )


def build_run(path: Path, *, finished: bool = True, chunk_bytes: int = 256) -> Path:
    """Write the run; one that is not finished lies as a kill leaves it: loose chunks, and a status that grows."""
    with mock.patch.object(arrays, "CHUNK_BYTES", chunk_bytes):  # so that a small run has many chunks, and shards
        writer = RunWriter(path, manifest(), probe_inputs=[inputs()])
        for frame in range(FRAMES):
            writer.add_frame(frame_data(frame))
            writer.flush()
    steps = np.arange(1, 3 * FRAMES)
    writer.scalars.set("loss", steps, 1 / steps)
    writer.scalars.set("accuracy", np.array([0, 6, 12]), np.array([0.1, 0.5, 0.9]))
    writer.flush()
    if finished:
        writer.finish(status("closed"))
    else:
        writer.write_status(status("growing"))
    return path
