"""Does augmentation help, which, and when?

A LeNet is trained on 10 or 100 MNIST digits of each class, for the same number of steps with Adam. Every batch of 32
is changed anew: moved by up to 3 pixels, turned by up to 15 degrees, made larger or smaller by up to a fifth, given
noise (deviation 0.3 of that of the pixels), mixed with another one and its label (mixup, α = 0.4), with a square of
10 × 10 pixels blanked (cutout), moved, turned and zoomed at once, or mirrored at random, which is wrong for digits: a
mirrored 2 is no 2.

In a full run each arm takes the better of two learning rates by its accuracy on 300 held-out digits; a quick run has
one. Its accuracy on 1,000 test digits (500 in a quick run) counts, and that on the same digits moved by up to 4
pixels: what a change teaches shows best where the world changes in the same way.

Papers: Simard, Steinkraus & Platt (2003), "Best practices for convolutional neural networks applied to visual
document analysis"; DeVries & Taylor (2017), arXiv 1708.04552, cutout; Zhang and others (2018), arXiv 1710.09412,
mixup.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import torch
from torch import Generator, Tensor

from onionskin.lab import charts
from onionskin.lab.answer import Answer
from onionskin.lab.question import Arm, Measure
from onionskin.lab.questions._compared import sentence
from onionskin.lab.questions._lesson import accuracy, lesson
from onionskin.lab.questions._mixup import mixup
from onionskin.lab.questions._parts import everything, moved, parts, shifted
from onionskin.lab.questions._verdict import all_of, within
from onionskin.lab.results import Results
from onionskin.lab.trial import run_folder
from onionskin.models.lenet import LeNet

CLAIM = (
    "With 10 digits of a class, moving, turning and zooming at once adds at least 3 points of test accuracy, and with "
    "100 it adds less than that; mirroring takes away at least 1 point at 10; trained on moved digits, a network is at "
    "least 20 points better on moved digits."
)
COST = 180
CHANGES = (
    "Photos instead of digits (mirroring then helps), a pretrained network (which has seen changes before), longer "
    "training with strong changes, or data in which the change means something: 6 and 9 under half a turn."
)
MEASURES: Final = {
    "accuracy": Measure("share", "test accuracy", precision=0.01),
    "accuracy moved": Measure("share", "accuracy on test digits moved by up to 4 pixels"),
    "accuracy in training": Measure("share", "accuracy on the unchanged training digits"),
    "rate": Measure("", "learning rate that was taken"),
}


def shift(x: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Move by up to 3 pixels."""
    return shifted(x, 3, generator), y


def rotate(x: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Turn by up to 15 degrees."""
    return moved(x, degrees=_between(len(x), -15, 15, generator)), y


def zoom(x: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Make larger or smaller by up to a fifth."""
    return moved(x, zoom=_between(len(x), 0.8, 1.2, generator)), y


def all_three(x: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Move, turn and zoom."""
    n = len(x)
    right, down = (_between(n, -3, 3, generator) for _ in "xy")
    turn, size = _between(n, -15, 15, generator), _between(n, 0.8, 1.2, generator)
    return moved(x, degrees=turn, zoom=size, right=right, down=down), y


def noise(x: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Add noise to every pixel."""
    return x + 0.3 * torch.randn(x.shape, generator=generator), y


def cutout(x: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Blank a square of 10 × 10 pixels."""
    corner = torch.randint(0, 19, (len(x), 2), generator=generator)
    place = torch.arange(28)
    inside = [(place >= c[:, None]) & (place < c[:, None] + 10) for c in corner.T]
    square = inside[0][:, None, :, None] & inside[1][:, None, None, :]
    return torch.where(square, x.min(), x), y


def flip(x: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Mirror every other digit."""
    mirrored = torch.rand(len(x), generator=generator) < 0.5
    return torch.where(mirrored[:, None, None, None], x.flip(3), x), y


def _between(n: int, low: float, high: float, generator: Generator) -> Tensor:
    return low + (high - low) * torch.rand(n, generator=generator)


WAYS: Final[dict[str, Callable[[Tensor, Tensor, Generator], tuple[Tensor, Tensor]] | None]] = {
    "none": None, "shift": shift, "rotate": rotate, "zoom": zoom, "shift + rotate + zoom": all_three, "noise": noise,
    "mixup": mixup, "cutout": cutout, "flip": flip,
}  # fmt: skip

#: Of these a run is recorded.
SHOWN: Final = ("none", "shift + rotate + zoom")


def arms(is_quick: bool) -> list[Arm]:
    """Return every way of changing, with 10 and with 100 digits of a class."""
    ways = list(WAYS) if not is_quick else ["none", "shift", "shift + rotate + zoom", "mixup", "flip"]
    found = []
    for each in (10, 100):
        for way in ways if each == 10 or not is_quick else ["none", "shift + rotate + zoom"]:
            size = {"steps": 100, "tests": 500} if is_quick else {"steps": 400, "tests": 1000}
            rates = (0.003,) if is_quick else (0.001, 0.004)
            settings = {"way": way, "each": each, "rates": rates, **size}
            found.append(Arm(_name(way, each), settings))
    return found


def _name(way: str, each: int) -> str:
    return f"{way}, {each} a class"


def warm(arm: Arm) -> None:
    """Load the digits."""
    everything("mnist")


def measure(arm: Arm, seed: int) -> dict[str, float]:
    """Train with a way of changing, and test on digits as they are and moved."""
    digits = parts("mnist", seed, train=3600, held=300, test=arm["tests"])
    rows = torch.cat([(digits.y == k).nonzero()[: arm["each"], 0] for k in range(10)])
    x, y = digits.x[rows], digits.y[rows]
    best: tuple[float, float, LeNet] | None = None
    for rate in arm["rates"]:
        torch.manual_seed(seed)
        model = LeNet()
        is_shown = seed == 0 and rate == arm["rates"][-1] and arm["each"] == 10 and arm["way"] in SHOWN
        run = run_folder() if is_shown else None
        lesson(model, x, y, steps=arm["steps"], rate=rate, seed=seed, change=WAYS[arm["way"]], run=run)
        held = accuracy(model, digits.held_x, digits.held_y)
        if best is None or held > best[0]:
            best = held, rate, model
    if best is None:
        raise ValueError("an arm without learning rates")
    elsewhere = shifted(digits.test_x, 4, torch.Generator().manual_seed(seed))
    return {
        "accuracy": accuracy(best[2], digits.test_x, digits.test_y),
        "accuracy moved": accuracy(best[2], elsewhere, digits.test_y),
        "accuracy in training": accuracy(best[2], x, y),
        "rate": best[1],
    }


def answer(results: Results) -> Answer:
    """Say what each way adds to nothing, with few and with more digits."""
    said, all_three_adds, holds = [], {}, []
    for each in (10, 100):
        plain = _name("none", each)
        ways = [arm for arm in results.arms if arm["each"] == each and arm["way"] != "none"]
        if plain not in results or not ways:
            continue
        gains = {arm["way"]: results.difference(arm.name, plain, "accuracy") for arm in ways}
        best = max(gains, key=lambda way: gains[way].interval.value)
        said.append(
            f"with {each} digits of a class, {results.said(plain, 'accuracy')} without augmentation and "
            f"{results.said(_name(best, each), 'accuracy')} with {best}: {gains[best]}"
        )
        if "shift + rotate + zoom" in gains:
            all_three_adds[each] = gains["shift + rotate + zoom"].interval
        if each == 10:
            if "flip" in gains:
                said.append(f"mirroring: {gains['flip']}")
                holds.append(within(gains["flip"].interval, -math.inf, -0.01))
            if _name("shift", 10) in results:
                gain = results.difference(_name("shift", 10), plain, "accuracy moved")
                said.append(f"on moved digits, training with moved ones: {gain}")
                holds.append(within(gain.interval, 0.2))
    if len(all_three_adds) == 2:
        few, more = all_three_adds[10], all_three_adds[100]
        holds.append(within(few, 0.03))
        holds.append((more.value < few.value) if min(few.count, more.count) > 1 else None)
    shown = [charts.bars(results, "accuracy", "Test accuracy", name="test accuracy"),
             charts.bars(results, "accuracy moved", "Accuracy on digits moved by up to 4 pixels",
                         name="accuracy on moved digits")]  # fmt: skip
    return Answer(
        sentence=sentence(said),
        rule="Change pictures in the ways in which new ones will differ, and in no way that changes what they mean.",
        charts=shown,
        claim_holds=all_of(*holds),
    )
