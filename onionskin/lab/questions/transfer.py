"""From scratch or transfer?

The same examples are learned from random weights, and by a network that has learned something else before. Small
pictures: a convolutional network that knows the digits of MNIST learns clothes (where time is short: one that knows the
digits 0 to 4 learns 5 to 9), *frozen* with a new last layer, with *cached features* (the same, but what the frozen part
says is computed once and the last layer fitted to it), and *fine-tuned*. Photos: EfficientNet-Lite0, which knows
ImageNet, on photos of stamps, against a small network on photos of 64 × 64. Text: MiniLM, frozen, on sentences of film
reviews, against a bag of words and pairs of words.

The number of labels runs from a few for each class to all. From the curve of a seed from scratch it is read off how
many labels reach what some labels reach with transfer; the interval is a bootstrap over seeds. Time is the processor's,
on one thread, of learning alone with computing the features of these examples; what pretraining took is not in it, as
somebody else did that. Photos are held out anew by every seed, as there are few.

Sources: Yosinski et al. (2014), "How transferable are features in deep neural networks?", arXiv 1411.1792; Kornblith,
Shlens & Le (2018), "Do better ImageNet models transfer better?", arXiv 1805.08974.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from onionskin.lab.answer import Answer, Chart
from onionskin.lab.charts import lines
from onionskin.lab.question import Arm, Measure
from onionskin.lab.questions import _transfer_small
from onionskin.lab.questions._compared import difference, percent, sentence
from onionskin.lab.results import Results
from onionskin.lab.statistics import Interval, amount, interval

CLAIM = (
    "With ten labels for each class transfer beats from scratch on every task. On photos and text ten labels with "
    "transfer are worth more than fifty from scratch. With all labels of small pictures, from scratch has caught up "
    "(within a point)."
)
COST = 900
SEEDS = 3
CHANGES = (
    "Something to transfer from that is nearer to the task, or further from it; more labels; augmentation, which is "
    "worth most from scratch; a larger network from scratch with hours of training."
)
MEASURES = {
    "accuracy": Measure("share", "accuracy on what is held out", precision=0.01),
    "seconds": Measure("s", "processor's time of learning, with the features that it takes", kind="time"),
    "examples": Measure("examples", "how many labels were used", kind="size"),
}

#: Labels for each class; 0 for all.
_QUICK: Final = {"digits 0-4 → 5-9": (3, 10, 30, 0)}
_FULL: Final = {
    "MNIST → Fashion": (3, 10, 30, 100, 0),
    "stamps": (3, 10, 0),
    "film reviews": (10, 30, 100, 300, 1000, 0),
}

#: A trial of these takes half a minute, and says the least.
_LEFT_OUT: Final = (("stamps", "fine-tuned", 3),)


def arms(is_quick: bool) -> list[Arm]:
    """Return every way with every number of labels."""
    return [
        Arm(_arm(task, way, each), {"task": task, "way": way, "each": each, "steps": 60 if is_quick else 200},
            needs=() if task in _SMALL else ("safetensors", "sklearn"))
        for task, counts in (_QUICK if is_quick else _FULL).items() for way in _ways(task) for each in counts
        if (task, way, each) not in _LEFT_OUT
    ]  # fmt: skip


_SMALL: Final = ("digits 0-4 → 5-9", "MNIST → Fashion")


def _ways(task: str) -> Sequence[str]:
    if task in _SMALL:
        return _transfer_small.WAYS
    from onionskin.lab.questions._transfer_large import WAYS

    return WAYS[task]


def _arm(task: str, way: str, each: int) -> str:
    return f"{task}, {way}, {each or 'all'}"


def warm(arm: Arm) -> None:
    """Load the data, and train or load the network that is taken over."""
    if arm["task"] in _SMALL:
        _transfer_small.pretrained(arm["task"], 0)
    else:
        measure(arm, 0)


def measure(arm: Arm, seed: int) -> dict[str, float]:
    """Learn from so many labels."""
    if arm["task"] in _SMALL:
        return _transfer_small.measured(arm["task"], arm["way"], arm["each"], arm["steps"], seed)
    from onionskin.lab.questions import _transfer_large

    return _transfer_large.measured(arm["task"], arm["way"], arm["each"], seed)


def answer(results: Results) -> Answer:
    """Say what labels with transfer are worth in labels from scratch."""
    tasks = list(dict.fromkeys(arm["task"] for arm in results.arms))
    parts = [said for task in tasks if (said := _said(results, task))]
    beside = f"at 10 labels for each class, the best way to transfer against from scratch: {', '.join(parts)}"
    return Answer(
        sentence=sentence([beside] if parts else []),
        rule="Few labels: take a network that was trained on something alike, keep what it sees, and fit a last layer "
        "in seconds. With thousands of labels, from scratch catches up.",
        charts=[_chart(results, task) for task in tasks],
        claim_holds=_holds(results, tasks),
        notes=(
            *(worth for task in tasks if (worth := _worth(results, task))),
            "Frozen and cached features are the same network, and only the last layer is fitted; caching saves seeing "
            "every example anew in each epoch, and lets the last layer be fitted to its end.",
            "Where all labels from scratch do not reach what transfer does, 'more than' stands before their number; "
            "where the fewest do, 'at most'.",
            "The photos of stamps are few and show some things twice: accuracies are too good, and intervals wide.",
        ),
        tables={"What labels with transfer are worth": _table(results, tasks)},
    )


def _said(results: Results, task: str) -> str:
    """Say how transfer and from scratch compare at ten labels for each class."""
    way, plain = _best(results, task, 10), _arm(task, "from scratch", 10)
    if not way or plain not in results:
        return ""
    gain = difference(results, _arm(task, way, 10), plain, "accuracy")
    right = [results.said(arm, "accuracy") for arm in (_arm(task, way, 10), plain)]
    return f"{task} {right[0]} ({way}) and {right[1]}" + ("" if gain and gain.differs else " (no difference found)")


def _worth(results: Results, task: str) -> str:
    """Say what ten labels for each class with transfer are worth in labels from scratch."""
    way = _best(results, task, 10)
    if not way:
        return ""
    worth, bound = worth_in_labels(results, task, way, 10)
    return f"{task}: these labels are worth {_labels(worth, bound)} from scratch." if worth.count else ""


def _labels(worth: Interval, bound: str) -> str:
    ends = f" ({worth.low:.0f} to {worth.high:.0f})" if worth.count > 1 and worth.low < worth.high else ""
    return f"{bound} {worth.value:.0f} labels{ends}".strip()


def _best(results: Results, task: str, each: int) -> str:
    """Return the way to transfer that is most accurate at a number of labels; empty where there is none."""
    tried = [way for way in _ways(task)[1:] if _arm(task, way, each) in results]
    return max(tried, key=lambda way: results.value(_arm(task, way, each), "accuracy"), default="")


def worth_in_labels(results: Results, task: str, way: str, each: int) -> tuple[Interval, str]:
    """Return how many labels from scratch reach what so many for each class reach with transfer.

    Read off the curve of each seed, which is made to rise, on a logarithmic scale.

    Returns:
        The labels in all with their interval; and ``more than`` where some seed did not reach it with all of them,
        ``at most`` where every seed reached it with the fewest.
    """
    counts = [arm["each"] for arm in results.arms if arm["task"] == task and arm["way"] == "from scratch"]
    found: list[float] = []
    bounds: list[str] = []
    for seed, reached in results.by_seed(_arm(task, way, each), "accuracy").items():
        curve = [(labels[seed], right[seed]) for labels, right in (_curves(results, task, count) for count in counts)
                 if seed in labels and seed in right]  # fmt: skip
        if curve:
            needed, bound = _needed(sorted(curve), reached)
            found.append(needed)
            bounds.append(bound)
    if not found:
        return Interval(math.nan, -math.inf, math.inf, 0), ""
    bound = "more than" if "more than" in bounds else "at most" if set(bounds) == {"at most"} else ""
    worth = interval(np.array(found), "size")
    ends = [n for count in counts for n in _curves(results, task, count)[0].values()]  # nothing is known beyond them
    return replace(worth, low=max(worth.low, min(ends)), high=min(worth.high, max(ends))), bound


def _curves(results: Results, task: str, count: int) -> tuple[dict[int, float], dict[int, float]]:
    name = _arm(task, "from scratch", count)
    return results.by_seed(name, "examples"), results.by_seed(name, "accuracy")


def _needed(curve: Sequence[tuple[float, float]], reached: float) -> tuple[float, str]:
    """Return the labels at which a curve of (labels, accuracy) reaches an accuracy, and whether they are a bound."""
    rising = np.maximum.accumulate([right for _, right in curve])
    logs = np.log([labels for labels, _ in curve])
    if reached > rising[-1]:
        return float(np.exp(logs[-1])), "more than"
    after = int(np.searchsorted(rising, reached))
    if after == 0:
        return float(np.exp(logs[0])), "at most"
    share = (reached - rising[after - 1]) / (rising[after] - rising[after - 1])
    return float(np.exp(logs[after - 1] + share * (logs[after] - logs[after - 1]))), ""


def _holds(results: Results, tasks: Sequence[str]) -> bool | None:
    """Whether all parts of the claim came true; None where one is not decided."""
    verdicts: list[bool | None] = []
    for task in tasks:
        way, plain = _best(results, task, 10), _arm(task, "from scratch", 10)
        if way and plain in results:
            gain = difference(results, _arm(task, way, 10), plain, "accuracy")
            verdicts.append(gain.interval.value > 0 if gain and gain.differs else None)
        if way and task not in _SMALL:
            worth, bound = worth_in_labels(results, task, way, 10)
            classes = results.value(_arm(task, way, 10), "examples") / 10
            enough = worth.value / classes
            verdicts.append(True if enough >= 50 else None if bound == "more than" else False)
        best, last = _best(results, task, 0), _arm(task, "from scratch", 0)
        ahead = difference(results, _arm(task, best, 0), last, "accuracy") if task in _SMALL and best else None
        if ahead:
            verdicts.append(False if ahead.interval.low > 0.01 else True if ahead.interval.high <= 0.01 else None)
    if False in verdicts:
        return False
    return None if None in verdicts or results.is_quick else True


def _chart(results: Results, task: str) -> Chart:
    rows: list[dict[str, Any]] = []
    for arm in results.arms:
        if arm["task"] == task and arm["way"] != "frozen":  # as accurate as cached features
            shown = percent(results.middle(arm.name, "accuracy"))
            rows.append({"x": results.value(arm.name, "examples"), "series": arm["way"], **shown})
    return lines(rows, task, "labels", "accuracy (%)", log_x=True)


def _table(results: Results, tasks: Sequence[str]) -> list[dict[str, Any]]:
    rows = []
    for arm in results.arms:
        if arm["way"] == "from scratch":
            continue
        worth, bound = worth_in_labels(results, arm["task"], arm["way"], arm["each"])
        rows.append({
            "task": arm["task"], "how": arm["way"], "labels": f"{results.value(arm.name, 'examples'):.0f}",
            "accuracy": results.said(arm.name, "accuracy"), "time": results.said(arm.name, "seconds"),
            "labels from scratch for that": _labels(worth, bound) if worth.count else "not measured",
            "and their time": _time(results, arm["task"], worth.value, bound),
        })  # fmt: skip
    return rows


def _time(results: Results, task: str, labels: float, bound: str) -> str:
    """Return what learning from at least so many labels from scratch takes; empty where all are not enough."""
    plain = [arm.name for arm in results.arms if arm["task"] == task and arm["way"] == "from scratch"]
    enough = [name for name in plain if results.value(name, "examples") >= labels - 0.5]
    if bound == "more than" or not enough:
        return "not reached"
    first = min(enough, key=lambda name: results.value(name, "examples"))
    return amount(results.value(first, "seconds"), "s")
