"""What is the smallest network that does something useful?

A golf board: for each task and threshold, the entry with the fewest parameters, and the one with the fewest bits. An
entry is an architecture out of a small vocabulary as JSON, and weights as safetensors. Here every entry is *run* on its
task's fixed test set, ours and those in ``lab/golf``, and ranked by what it is, not by what it says. Tasks: XOR, the
parity of 8 bits and the sum of two numbers of 8 bits (all cases, all right), iris, scanned digits, MNIST's 5,000 at 95
and 98 %, and mail. Parameters are all values of all tensors, biases too; bits are what they cost when they are kept as
few-bit whole numbers or by codebooks. The architecture is free.

To beat it: ``from onionskin.lab.golf import board; board.submit("mine.json")``, and ask again. The file ``entry.py``
there says what an entry is, ``bench/golf.py`` shows how ours were made. The sizes that passed were chosen by the test
set, as on every such board: scores near a threshold are a little too good. Unlike in the other questions, the claim was
written when first trainings had been seen.

Source of the game: "neural golfing", https://hexhowells.com/posts/neural-golfing, where 575 parameters reach 98 %.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import altair as alt

from onionskin.errors import OnionskinError
from onionskin.lab import charts
from onionskin.lab.answer import Answer, Chart
from onionskin.lab.golf import board, entry
from onionskin.lab.golf.tasks import TASKS, task
from onionskin.lab.question import Arm, Measure, Skip
from onionskin.lab.results import Results

CLAIM = (
    "XOR, parity and an adder of 8 bits need at most 4 parameters with the right unit, iris at most 8, digits at 95 % "
    "fewer than 500, MNIST's 5,000 fewer than 1,500 at 95 % and fewer than 5,000 at 98 %, mail fewer than 50. Fewer "
    "bits a weight make every trained one at least twice as small as float16 does, at the same threshold."
)
COST = 60
CHANGES = (
    "A better entry: every one is run before it counts. Another vocabulary: a sine unit does in one number what takes "
    "ReLU nine."
)
MEASURES = {
    "parameters": Measure("", "values of all weights, biases too", kind="size"),
    "bits": Measure("bits", "what they cost", kind="size"),
    "score": Measure("share", "right answers on the fixed test set"),
    "distinct": Measure("", "different values among them", kind="size"),
}

#: How the path of an entry of the package begins.
_OURS: Final = "package:"

#: The least parameters that the claim allows, by task.
CLAIMED: Final = {
    "xor": 4,
    "parity": 4,
    "adder": 4,
    "iris": 8,
    "digits": 499,
    "mnist-95": 1499,
    "mnist-98": 4999,
    "spam": 49,
}


def arms(is_quick: bool) -> list[Arm]:
    """Return the entries: those of the board in the package, and those in the folder where people's lie."""
    made = []
    for path in board.entries():
        name = path.stem if path.parent == board.OURS else f"{path.stem} (yours)"
        where = f"{_OURS}{path.name}" if path.parent == board.OURS else str(path)
        made.append(Arm(name, {"path": where}, once=True))
    return made


def measure(arm: Arm, seed: int) -> dict[str, float]:
    """Run an entry. One that cannot be run is left out, with the reason."""
    found = verified(arm["path"])
    if not found.passes:
        least = task(found.task).threshold
        raise Skip(f"{found.score:.2%} of {found.task} are right, and it takes {least:.0%}")
    return {"parameters": found.parameters, "bits": found.bits, "score": found.score, "distinct": found.distinct}


def _here(path: str) -> str:
    """Return where an entry lies on this machine: the package's own are kept without the place of the package."""
    return str(board.OURS / path.removeprefix(_OURS)) if path.startswith(_OURS) else path


@cache
def verified(path: str) -> board.Verified:
    """Return what an entry is. Raises Skip with the reason where it is refused."""
    try:
        return board.verify(_here(path))
    except OnionskinError as error:
        raise Skip(error.what) from error


@cache
def _task_of(path: str) -> str:
    """Return the task of an entry; empty where its file is not there, as in answers of another machine."""
    try:
        return entry.read(_here(path)).task
    except OnionskinError:
        return ""


def answer(results: Results) -> Answer:
    """Say which entry is the smallest for each task, by parameters and by bits."""
    by_task: dict[str, list[Arm]] = {name: [] for name in TASKS}
    for arm in results.arms:
        by_task.setdefault(_task_of(arm["path"]), []).append(arm)
    best = {name: min(found, key=lambda arm: _size(results, arm)) for name, found in by_task.items() if found and name}
    parts = [
        f"{name} {results.value(arm.name, 'parameters'):,.0f} ({results.said(arm.name, 'score')})"
        for name, arm in best.items()
    ]
    rows = [
        {
            "task": f"{name}, {task(name).threshold:.0%}", "place": place, "entry": arm.name,
            "parameters": int(results.value(arm.name, "parameters")), "bits": int(results.value(arm.name, "bits")),
            "score": f"{results.value(arm.name, 'score'):.2%}",
        }
        for name, found in by_task.items() if name
        for place, arm in enumerate(sorted(found, key=lambda arm: _size(results, arm)), start=1)
    ]  # fmt: skip
    return Answer(
        f"The fewest parameters that do it, by task: {', '.join(parts)}." if parts else "No entry could be run here.",
        "What a network needs depends on what its units can do: with the right unit one number is a network; for "
        "pictures, weights that are used at every place are what makes it small. Bits come on top.",
        _charts(rows),
        _holds(results, best, by_task),
        notes=[f"Tasks and test sets: {'; '.join(f'{t.name}: {t.title} ({t.tests})' for t in TASKS.values())}."],
        tables={"The board: every entry was run": rows} if rows else None,
    )  # fmt: skip


def _size(results: Results, arm: Arm) -> tuple[float, float]:
    return results.value(arm.name, "parameters"), results.value(arm.name, "bits")


def _charts(rows: list[dict[str, Any]]) -> list[Chart]:
    """Return the entries as dots, parameters and bits beside each other."""
    if not rows:
        return []
    data = alt.InlineData(values=rows)
    y = alt.Y("entry:N", sort=None, title=None, axis=alt.Axis(labelLimit=240))
    panels = [
        alt.Chart(data)
        .mark_point(filled=True, size=80)
        .encode(
            x=alt.X(f"{what}:Q", scale=alt.Scale(type="log"), title=what),
            y=y,
            color=alt.Color("task:N", sort=None, scale=alt.Scale(range=list(charts.COLOURS))),
            tooltip=["entry:N", "task:N", "parameters:Q", "bits:Q", "score:N"],
        )
        .properties(width=250, title=f"The fewest {what}")
        for what in ("parameters", "bits")
    ]
    title = "The golf board"
    return [Chart(title, charts.spec_of(alt.hconcat(*panels, title=title)))]


def _holds(results: Results, best: dict[str, Arm], by_task: dict[str, list[Arm]]) -> bool | None:
    """Whether every task's smallest is as small as claimed, and few bits halve the trained ones."""
    if set(best) != set(CLAIMED):
        return None
    is_small = all(results.value(best[name].name, "parameters") <= most for name, most in CLAIMED.items())
    bits = {name: [results.value(arm.name, "bits") for arm in by_task[name]] for name in CLAIMED}
    halved = all(max(bits[name]) >= 2 * min(bits[name]) for name in ("digits", "mnist-95", "mnist-98", "spam"))
    return is_small and halved
