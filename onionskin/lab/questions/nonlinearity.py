"""Why do we need non-linearities?

Networks with 0, 1 and 3 hidden layers of 32 units are trained with nothing and with ReLU between their layers, all with
the same steps of Adam: on two spiral arms of 600 points in the plane (three half turns, noise 0.05), of which 300 are
held out, and on scanned digits of 8 × 8 pixels. Besides the accuracy, one number says how far a trained network is from
being one layer: its logits at the training inputs are fitted by the best single layer (least squares), and the share of
their variance that is left over is its *bend*. Without a non-linearity, W₃(W₂(W₁x + b₁) + b₂) + b₃ is one matrix and
one bias, whatever the depth, so the bend must be 0 up to rounding; with it, more layers can fold the plane more often
(Montúfar, Pascanu, Cho & Bengio 2014, arXiv 1402.1869).

The maps are what networks of the first seed say of every place of the plane. The runs have the plane at every frame,
too: open one, and then Space.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import altair as alt
import torch
from torch import Tensor, nn

from onionskin.lab import charts
from onionskin.lab.answer import Answer, Chart
from onionskin.lab.question import Arm, Measure
from onionskin.lab.questions._descent import accuracy, descend
from onionskin.lab.questions._pictures import Pictures, pictures
from onionskin.lab.questions._verdict import alike, all_of, more
from onionskin.lab.results import Results
from onionskin.lab.trial import run_folder

HIDDEN: Final = 32
TASKS: Final = ("spirals", "digits")
BETWEEN: Final = ("nothing", "ReLU")

#: How many hidden layers are drawn as maps, and how many places a map has across.
DRAWN: Final = (1, 3)
ACROSS: Final = 27

CLAIM = (
    "Layers without a non-linearity between them are one layer, however many: one straight line through the plane, at "
    "most 75 % on the spirals and the same accuracy (within 2 points) on digits at any depth. Three hidden layers "
    "with ReLU reach at least 95 % on the spirals. On digits a non-linearity gives less than 5 points, since one "
    "layer is nearly enough."
)
COST = 150
CHANGES = (
    "Another non-linearity (tanh, GELU) draws rounder borders and says the same; data that a straight line does "
    "separate need none; far more steps, since a deep linear network is one layer that learns at another pace."
)
SEEDS = 8
MEASURES = {
    "accuracy": Measure("share", "test accuracy", precision=0.01),
    "bend": Measure("", "share of the logits' variance that one layer cannot give"),
}


def arms(is_quick: bool) -> list[Arm]:
    """Return both tasks, with and without, at three depths; with no hidden layer there is nothing to put between."""
    steps = {"spirals": 300, "digits": 100} if is_quick else {"spirals": 1500, "digits": 500}
    made = []
    for task in TASKS:
        for between, depths in (("nothing", (0, 1, 3)), ("ReLU", (1, 3))):
            settings = {"task": task, "between": between, "steps": steps[task]}
            made += [Arm(name(task, between, depth), {**settings, "depth": depth}) for depth in depths]
    return made


def name(task: str, between: str, depth: int) -> str:
    """Return what an arm is called."""
    return f"{task}: no hidden layer" if depth == 0 else f"{task}: {depth} hidden, {between} between"


def warm(arm: Arm) -> None:
    """Load the data."""
    examples(arm["task"])


def measure(arm: Arm, seed: int) -> dict[str, float]:
    """Train once."""
    net = trained(arm, seed, is_recorded=seed == 0)
    task = examples(arm["task"])
    return {"accuracy": accuracy(net, task.test_x, task.test_y), "bend": bend(net, task.x)}


def trained(arm: Arm, seed: int, *, is_recorded: bool = False) -> nn.Sequential:
    """Return the network of an arm and a seed: the same one every time."""
    torch.manual_seed(seed)
    task = examples(arm["task"])
    net = network(task.x[0].numel(), arm["between"], arm["depth"], classes=int(task.y.max()) + 1)
    descend(
        net, task.x, task.y, steps=arm["steps"], rate=0.01, adam=True, run=run_folder() if is_recorded else None,
        every=max(1, arm["steps"] // 40),
    )  # fmt: skip
    return net


def network(inputs: int, between: str, depth: int, classes: int) -> nn.Sequential:
    """Return the layers, with ReLU or nothing between them."""
    layers: list[nn.Module] = [nn.Flatten()]
    for before in [inputs, HIDDEN, HIDDEN][:depth]:
        layers += [nn.Linear(before, HIDDEN), *([nn.ReLU()] if between == "ReLU" else [])]
    return nn.Sequential(*layers, nn.Linear(HIDDEN if depth else inputs, classes))


@cache
def examples(task: str) -> Pictures:
    """Return the digits, or the spirals as if they were pictures of two pixels: (n, 2)."""
    return pictures("digits") if task == "digits" else spirals()


def spirals(count: int = 600) -> Pictures:
    """Return two arms wound around each other, the same ones every time, within about ± 1.5."""
    stream = torch.Generator().manual_seed(0)
    arm = torch.arange(count) % 2
    turn = torch.rand(count, generator=stream).sqrt() * 3 * math.pi  # the root: as dense outside as inside
    angle = turn + arm * math.pi
    x = (turn / (2 * math.pi))[:, None] * torch.stack([angle.cos(), angle.sin()], 1)
    x = x + 0.05 * torch.randn(count, 2, generator=stream)
    return Pictures(x[: count // 2], arm[: count // 2], x[count // 2 :], arm[count // 2 :])


@torch.no_grad()
def bend(net: nn.Module, x: Tensor) -> float:
    """Return the share of the logits' variance at ``x`` that the best single layer leaves over."""
    flat = x.flatten(1).double()
    inputs = torch.cat([flat, torch.ones(len(flat), 1, dtype=torch.float64)], 1)
    logits = net(x).double()
    left = logits - inputs @ torch.linalg.lstsq(inputs, logits, driver="gelsd").solution
    return float(left.square().sum() / (logits - logits.mean(0)).square().sum())


def answer(results: Results) -> Answer:
    """Say what depth gives with and without, and draw what the plane looks like to each."""
    parts = []
    for task in TASKS:
        said = [
            f"{arm.name.removeprefix(f'{task}: ')} {results.said(arm.name, 'accuracy')}" for arm in _of(results, task)
        ]
        if said:
            parts.append(f"on {task}: {', '.join(said)}")
    bends = {
        b: [results.value(a.name, "bend") for a in results.arms if a["between"] == b and a["depth"]] for b in BETWEEN
    }
    straight = (
        f"without a non-linearity at most {max(bends['nothing']):.1g} of the answer is bent" if bends["nothing"] else ""
    )
    bent = f"with ReLU at least {min(bends['ReLU']):.1g}" if bends["ReLU"] else ""
    again = "The maps are of networks trained anew with the first seed: answers over the plane are kept in runs alone."
    return Answer(
        f"{_sentence('; '.join(parts))} {_sentence(', '.join(part for part in (straight, bent) if part))}",
        "Two layers with nothing between them are one layer: a straight line, whatever the depth. Put a non-linearity "
        "between every two, or save yourself the second.",
        [*_maps(results), charts.bars(results, "accuracy", "Test accuracy by depth")],
        _holds(results),
        notes=[again],
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _of(results: Results, task: str) -> Sequence[Arm]:
    return [arm for arm in results.arms if arm["task"] == task]


def _maps(results: Results) -> list[Chart]:
    """Return one chart with the decision map of each depth, with and without."""
    drawn = [arm for arm in _of(results, "spirals") if arm["depth"] in DRAWN]
    if not drawn:
        return []
    title = "What each says of every place of the plane"
    keys = [(arm.name, arm["between"], arm["depth"], arm["steps"]) for arm in drawn]
    spec = charts.spec_of(alt.concat(*(_panel(key[0]) for key in keys), columns=2, title=title))
    # The rows are put in last: Altair would look each of them over, which takes seconds.
    return [Chart(title, {**spec, "datasets": {"points": _points(), **{key[0]: _map(*key) for key in keys}}})]


@cache
def _map(title: str, between: str, depth: int, steps: int) -> list[dict[str, float]]:
    """Return ``{x, x2, y, y2, p}``, squares with p the probability of the second arm, over a square."""
    net = trained(Arm(title, {"task": "spirals", "between": between, "depth": depth, "steps": steps}), seed=0)
    axis = torch.linspace(-1.6, 1.6, ACROSS)
    places = torch.cartesian_prod(axis, axis)
    with torch.no_grad():
        second = net(places).softmax(1)[:, 1]
    step = float(axis[1] - axis[0])
    ends = [{"x": float(x), "x2": float(x) + step, "y": float(y), "y2": float(y) + step} for x, y in places - step / 2]
    return [{**{key: round(value, 3) for key, value in place.items()}, "p": round(float(p), 2)}
            for place, p in zip(ends, second, strict=True)]  # fmt: skip


def _points() -> list[dict[str, float]]:
    """Return half of the held-out points."""
    task = examples("spirals")
    return [{"x": round(float(p[0]), 3), "y": round(float(p[1]), 3), "arm": int(a)}
            for p, a in zip(task.test_x[:150], task.test_y[:150], strict=True)]  # fmt: skip


def _panel(title: str) -> Any:
    """Return the chart of a map with points on it; its rows are to come under the name of the arm."""
    shade = alt.Color("p:Q", title="says: 2nd", scale=alt.Scale(scheme="blueorange", domain=[0, 1], reverse=True))
    x = alt.X("x:Q", title=None, scale=alt.Scale(nice=False, zero=False))
    y = alt.Y("y:Q", title=None, scale=alt.Scale(nice=False, zero=False))
    ground = alt.Chart(alt.NamedData(title)).mark_rect().encode(x=x, x2="x2:Q", y=y, y2="y2:Q", color=shade)
    colour = alt.Color("arm:N", title="is: arm", scale=alt.Scale(domain=[0, 1], range=["#a04a0a", "#12407a"]))
    dots = alt.Chart(alt.NamedData("points")).mark_circle(size=24, opacity=1, stroke="white", strokeWidth=0.5)
    both = alt.layer(ground, dots.encode(x=x, y=y, color=colour)).resolve_scale(color="independent")
    return both.properties(width=220, height=220, title=title)


def _holds(results: Results) -> bool | None:
    flat = {task: [name(task, "nothing", depth) for depth in (0, 1, 3)] for task in TASKS}
    folded = {task: name(task, "ReLU", 3) for task in TASKS}
    if not all(arm in results for arm in [*flat["spirals"], *flat["digits"], *folded.values()]):
        return None
    digits = [results.difference(arm, flat["digits"][0], "accuracy") for arm in flat["digits"][1:]]
    gain = results.difference(folded["digits"], flat["digits"][0], "accuracy")
    found = [results.middle(arm, "accuracy") for arm in flat["spirals"]]
    best = results.middle(folded["spirals"], "accuracy")
    return all_of(
        all(i.value < 0.75 for i in found),
        all(results.value(arm, "bend") < 1e-6 for task in TASKS for arm in flat[task]),
        True if best.low >= 0.95 else False if best.high < 0.95 else None,
        *(alike(pair, within=0.02) for pair in digits),
        None if (over := more(gain, than=0.05)) is None else not over,
    )
