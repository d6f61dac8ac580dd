"""What changes first when a network learns?

An MLP and a small ResNet-18 (4 channels in its first stage) on scanned digits of 8 × 8 pixels, a LeNet on MNIST, and
the MLP with Adam in place of SGD, are recorded by ``osk.watch`` at every step, and the run is read back by
``osk.open_run``: what is measured here is what anybody can read out of a run. Movement of a layer at step t is |w_t −
w_0| / |w_0|, over all its weight matrices and kernels (a stage of the ResNet counts as one layer; biases and norms,
which begin at 0 and 1, are left out). A layer has made half of its way at the first step at which |w_t − w_0| is half
of what it is at the last step. Ties go to the layer nearer to the output.

Related: Raghu et al. (2017), "SVCCA", arXiv 1706.05806, find that the lower layers *settle* first, over a whole
training. That is about where a layer ends; this is about when it leaves.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import altair as alt
import numpy as np
import numpy.typing as npt
import torch
from torch import nn

import onionskin as osk
from onionskin.lab import charts
from onionskin.lab.answer import Answer, Chart
from onionskin.lab.question import Arm, Measure
from onionskin.lab.questions._descent import accuracy
from onionskin.lab.questions._pictures import Pictures, pictures
from onionskin.lab.results import Results
from onionskin.lab.trial import run_folder
from onionskin.models import lenet, mlp, resnet

#: The steps at which movement is kept, and for how many layers at most.
STEPS: Final = (1, 3, 10, 30, 100, 200)
MOST: Final = 6
LAYERS: Final = {
    "MLP": ("fc1", "fc2", "out"),
    "LeNet": ("conv1", "conv2", "fc1", "fc2"),
    "ResNet": ("conv1", "layer1", "layer2", "layer3", "layer4", "fc"),
}

CLAIM = (
    "The output layer changes first. With SGD it has moved farthest after the first step, relative to its size, in "
    "most seeds of every network, and it has made half of its way no later than the first layer. With Adam all layers "
    "of the MLP move alike at first, within a factor of 2 after the first step, as each weight moves by the learning "
    "rate."
)
COST = 200
CHANGES = (
    "The scale of the first weights (a layer that begins small moves far, relative to itself), a learning rate with "
    "warm-up, a head that begins at zero, fine-tuning, and the end of the training: half of the way is of the way "
    "gone by then."
)
SEEDS = 5
MEASURES = {
    "first": Measure("", "which layer, from 1, has made half of its way first", precision=0.5),
    "farthest": Measure("", "which layer, from 1, has moved farthest after the first step"),
    "accuracy": Measure("share", "test accuracy at the last step"),
    **{f"half_{n}": Measure("steps", f"until layer {n} has made half of its way") for n in range(1, MOST + 1)},
    **{
        f"moved_{n}_{step}": Measure("", f"movement of layer {n} after step {step}, relative", kind="size")
        for n in range(1, MOST + 1)
        for step in STEPS
    },
}


def arms(is_quick: bool) -> list[Arm]:
    """Return the networks."""
    steps = 30 if is_quick else 200
    sgd = {"adam": False, "rate": 0.05, "steps": steps}
    return [
        Arm("MLP", {"net": "MLP", "data": "digits", **sgd}),
        Arm("MLP with Adam", {"net": "MLP", "data": "digits", **sgd, "adam": True, "rate": 0.003}),
        Arm("LeNet", {"net": "LeNet", "data": "mnist", **sgd}),
        Arm("ResNet", {"net": "ResNet", "data": "digits", **sgd}),
    ]


def warm(arm: Arm) -> None:
    """Load the pictures."""
    pictures(arm["data"])


def measure(arm: Arm, seed: int) -> dict[str, float]:
    """Record a training and read the run back; those of the first seed are kept to be looked at."""
    kept = run_folder() if seed == 0 else None
    with tempfile.TemporaryDirectory() as folder:
        run = kept or Path(folder) / "run"
        reached = record(arm, pictures(arm["data"]), run, is_looked_at=kept is not None)
        steps, moved = movement(run, LAYERS[arm["net"]])
    way = moved / moved[:, -1:]
    half = [int(steps[np.argmax(layer >= 0.5)]) for layer in way]
    after_one = moved[:, np.searchsorted(steps, 1)]
    found = {"first": 1 + _last_of(half, min(half)), "farthest": 1 + int(after_one.argmax()), "accuracy": reached}
    for n, layer in enumerate(moved, start=1):
        found[f"half_{n}"] = half[n - 1]
        found |= {f"moved_{n}_{s}": float(layer[np.searchsorted(steps, s)]) for s in STEPS if s <= arm["steps"]}
    return found


def _last_of(values: Sequence[int], value: int) -> int:
    return len(values) - 1 - list(reversed(values)).index(value)


def record(arm: Arm, data: Pictures, run: Path, *, is_looked_at: bool) -> float:
    """Train and record at every step; return the test accuracy. What nobody will look at has weights alone."""
    net = build(arm["net"])
    optimizer: torch.optim.Optimizer = (
        torch.optim.Adam(net.parameters(), lr=arm["rate"])
        if arm["adam"]
        else torch.optim.SGD(net.parameters(), lr=arm["rate"])
    )
    shown: dict[str, Any] = {"probes": data.x[:8], "labels": data.y[:8]} if is_looked_at else {"roles": "weight"}
    with osk.watch(net, optimizer, run=run, every=1, budget=1, **shown) as recorder:
        for _ in range(arm["steps"]):
            rows = torch.randint(len(data.x), (32,))
            loss = nn.functional.cross_entropy(net(data.x[rows]), data.y[rows])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # it has no types
            optimizer.step()
            recorder.log(loss=loss)
    return accuracy(net, data.test_x, data.test_y)


def build(name: str) -> nn.Module:
    """Return a network for grey pictures of ten classes."""
    if name == "ResNet":
        return resnet.build(18, width=4, channels=1)
    return mlp.build() if name == "MLP" else lenet.build()


def movement(path: Path, layers: Sequence[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the steps of a run's frames, (t,), and |w_t − w_0| / |w_0| of its layers, (layers, t)."""
    run = osk.open_run(path)
    weights = [run.exact(frame.index) for frame in run.frames]
    rows = []
    for layer in layers:
        names = [name for name, w in weights[0].items() if name.split(".")[0] == layer and w.ndim > 1]
        flat = np.stack([np.concatenate([w[name].ravel() for name in names]) for w in weights]).astype(np.float64)
        rows.append(np.linalg.norm(flat - flat[0], axis=1) / np.linalg.norm(flat[0]))
    return np.array([frame.step for frame in run.frames]), np.array(rows)


def answer(results: Results) -> Answer:
    """Say which layer was first, in how many seeds."""
    parts = [_said(results, arm) for arm in results.arms]
    drawn = [_heats(results)]
    rows = [
        {"series": arm.name, "x": (n - 1) / (len(LAYERS[arm["net"]]) - 1), "y": results.value(arm.name, f"half_{n}")}
        for arm in results.arms for n in range(1, len(LAYERS[arm["net"]]) + 1)
    ]  # fmt: skip
    place = "from the first layer (0) to the last (1)"
    drawn.append(charts.lines(rows, "When each layer has made half of its way", place, "step", by="network"))
    return Answer(
        f"{'; '.join(parts)}.",
        "Look at the run, not at the end. Which layer moves first hangs on how small its first weights are and on the "
        "optimiser as much as on its place: no depth is always first.",
        drawn,
        _holds(results),
        notes=["The runs of the first seed are kept: open one, and its tensors move under the scrubber."],
    )


def _heats(results: Results) -> Chart:
    """Return how far each layer has moved by each step, a table for every network."""
    panels = []
    every = [results.value(arm.name, f"moved_{n}_{step}") for arm in results.arms
             for n, _ in enumerate(LAYERS[arm["net"]], start=1) for step in STEPS if step <= arm["steps"]]  # fmt: skip
    colour = charts.readable(every, log=True, field="moved")
    for arm in results.arms:
        layers = list(LAYERS[arm["net"]])
        cells = [
            {"step": step, "layer": layer, "moved": results.value(arm.name, f"moved_{n}_{step}")}
            for n, layer in enumerate(layers, start=1) for step in STEPS if step <= arm["steps"]
        ]  # fmt: skip
        x = alt.X("step:O", title="step", axis=alt.Axis(labelAngle=0))
        base = alt.Chart(alt.InlineData(values=cells)).encode(x=x, y=alt.Y("layer:N", sort=layers, title=None))
        scale = alt.Scale(type="log", scheme="viridis")
        shade = alt.Color("moved:Q", title="|w_t − w_0| / |w_0|", scale=scale, legend=alt.Legend(format=".2g"))
        digits = base.mark_text(fontSize=10).encode(text=alt.Text("moved:Q", format=".2g"), color=colour)
        both = alt.layer(base.mark_rect().encode(color=shade), digits)
        panels.append(both.properties(width=230, title=arm.name))
    title = "How far each layer has moved, relative to where it began"
    return Chart(title, charts.spec_of(alt.concat(*panels, columns=2, title=title)))


def _said(results: Results, arm: Arm) -> str:
    """Return which layers were farthest after one step and half-way first, with the counts of seeds."""
    layers = LAYERS[arm["net"]]
    far, first = (Counter(int(n) for n in results.values(arm.name, key)) for key in ("farthest", "first"))
    (f, f_count), (h, h_count) = far.most_common(1)[0], first.most_common(1)[0]
    count = sum(far.values())
    return (f"{arm.name}: {layers[f - 1]} had moved farthest after one step in {f_count} of {count} seeds, and "
            f"{layers[h - 1]} was half-way first in {h_count}")  # fmt: skip


def _holds(results: Results) -> bool | None:
    if (
        len(results.arms) < len(arms(results.is_quick))
        or min(results.middle(a.name, "first").count for a in results.arms) < 3
    ):
        return None
    outermost = []
    for arm in results.arms:
        last = len(LAYERS[arm["net"]])
        if arm["adam"]:
            one = [results.value(arm.name, f"moved_{n}_1") for n in range(1, last + 1)]
            outermost.append(max(one) < 2 * min(one))
        else:
            farthest = results.values(arm.name, "farthest") == last
            is_no_later = results.value(arm.name, f"half_{last}") <= results.value(arm.name, "half_1")
            outermost.append(bool(farthest.mean() > 0.5) and is_no_later)
    return all(outermost)
