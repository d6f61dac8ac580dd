"""The learning rate to train with: a range test, in which it grows from far too low until the loss explodes.

Paper: Smith (2015), "Cyclical learning rates for training neural networks", arXiv 1506.01186, section 3.3; with the
exponential growth that fastai made common.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from onionskin.errors import OnionskinError
from onionskin.learn.copied import anew, apart, copied
from onionskin.learn.domain import Domain
from onionskin.learn.loop import Batch
from onionskin.learn.report import Axis, Block, Caution, Chart, Mark, Report, Series, Table, Text

if TYPE_CHECKING:
    from onionskin.learn.learner import Learner

#: The loss is over where it has grown to so many times its lowest (smoothed).
_EXPLODED: Final = 4.0

#: What a smoothed loss keeps of the one before.
_KEPT: Final = 0.9

#: The suggestion stands so far below the rate at which the loss is lowest: there it is about to turn.
_BELOW: Final = 8.0

#: A smaller fall than this share of the first loss is noise.
_LEAST_FALL: Final = 0.02


@dataclass(frozen=True)
class Tried:
    """One range test: learning rates and the losses of the batches that they were tried on."""

    rates: tuple[float, ...]
    losses: tuple[float, ...]

    def smoothed(self) -> list[float]:
        """Return the exponential moving average of the losses, without its bias at the start."""
        mean, smooth = 0.0, []
        for k, loss in enumerate(self.losses):
            mean = _KEPT * mean + (1 - _KEPT) * loss
            smooth.append(mean / (1 - _KEPT ** (k + 1)))
        return smooth


def lr_find(
    learner: Learner, *, lowest: float = 1e-6, highest: float = 10.0, steps: int = 100, repeats: int = 3
) -> Report:
    """Try learning rates on a copy of the model, and suggest one. The learner and all random numbers stay as they were.

    Args:
        learner: With its data. Of one that is trained, fresh weights are tried, unless its data are only in memory.
        lowest, highest: The first and the last learning rate.
        steps: How many rates, each for one batch.
        repeats: How often, each time with other batches; the suggestion is the middle one.

    Returns:
        A report; ``facts["lr"]`` is the suggestion, None where the loss never fell.

    Raises:
        OnionskinError: An argument makes no sense, or the data are not at hand.
    """
    if not 0 < lowest < highest < math.inf:
        raise OnionskinError(
            f"lowest={lowest!r} and highest={highest!r}", fix="give 0 < lowest < highest, such as 1e-6, 10"
        )
    if steps < 20 or repeats < 1:
        raise OnionskinError(f"steps={steps!r}, repeats={repeats!r}", fix="give 20 steps or more, and 1 repeat or more")
    if learner.is_trained and learner.domain.settings.get("source") is not None:
        learner = anew(learner)  # a trained model has nothing left to gain, and would suggest noise
    d = learner._with_data().domain
    rates = [lowest * (highest / lowest) ** (k / (steps - 1)) for k in range(steps)]
    tests = []
    for seed in range(learner.seed, learner.seed + repeats):
        with apart(seed):
            torch.set_num_threads(d.recipe.threads or torch.get_num_threads())
            tests.append(_tried(copied(d), rates, seed))
    found = sorted(rate for rate in map(suggestion, tests) if rate is not None)
    return _report(d, tests, found)


def _tried(d: Domain, rates: Sequence[float], seed: int) -> Tried:
    """Train one step with each rate, until the loss explodes."""
    optimizer = d.optimizer(rates[0], d.recipe.weight_decay)
    # Groups may have rates of their own, such as a backbone's: they keep their ratio.
    ratios = [group["lr"] / rates[0] for group in optimizer.param_groups]
    d.trained.train()
    losses: list[float] = []
    mean, best = 0.0, math.inf
    for k, (rate, (inputs, targets)) in enumerate(zip(rates, _batches(d, seed), strict=False)):
        for group, ratio in zip(optimizer.param_groups, ratios, strict=True):
            group["lr"] = rate * ratio
        loss = d.goal.loss(d.trained(*inputs), targets)
        losses.append(loss.item())
        mean = _KEPT * mean + (1 - _KEPT) * losses[-1]
        smooth = mean / (1 - _KEPT ** (k + 1))
        best = min(best, smooth)
        if not math.isfinite(losses[-1]) or smooth > _EXPLODED * best:
            break
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return Tried(tuple(rates[: len(losses)]), tuple(losses))


def _batches(d: Domain, seed: int) -> Iterator[Batch]:
    size, epoch = min(d.recipe.batch, len(d.train)), 0
    while True:
        yield from d.batches(epoch, 0, size=size, seed=seed)
        epoch += 1


def suggestion(test: Tried) -> float | None:
    """Return the rate to train with: an eighth of the one with the lowest loss; None where the loss never fell.

    Where the loss is lowest it has stopped to fall: a rate so high is on the edge. An eighth of it was the best of
    seven rates, a factor of 2 to 16 apart, for digits and MNIST, with SGD and with AdamW. It is rounded to a power of
    two, which every level of the peel reads as the same number.
    """
    smooth = np.array([loss for loss in test.smoothed() if math.isfinite(loss)])
    lowest = int(smooth.argmin())
    if smooth[:lowest].size == 0 or smooth[: lowest + 1].max() - smooth[lowest] < _LEAST_FALL * abs(smooth[0]):
        return None
    return float(2.0 ** round(math.log2(test.rates[lowest] / _BELOW)))


def _report(d: Domain, tests: Sequence[Tried], found: Sequence[float]) -> Report:
    recipe, lr = d.recipe, found[len(found) // 2] if found else None
    blocks: list[Block] = []
    if lr is None:
        answer = "The loss never fell: no learning rate is suggested."
        blocks.append(Caution(answer, "look at the data and the goal first, or begin at another `lowest`; a "
                                      "learner that is "
                              "trained already has nothing left to gain"))  # fmt: skip
    else:
        lowest = [test.rates[int(np.nanargmin(test.smoothed()))] for test in tests]
        answer = f"Train with lr={lr:g}: the recipe has {recipe.lr:g}."
        blocks.append(Text(
            f"The loss is lowest at a rate of {min(lowest):.2g} to {max(lowest):.2g} and grows beyond it. An "
            "eighth of that, to "
            f"a power of two, is where it still falls fast, with room above: {lr:g}. {_beside(lr, recipe.lr)}"
        ))  # fmt: skip
        if len(found) > 1 and found[-1] > 4 * found[0]:
            blocks.append(Caution(f"The tests disagree: they suggest {found[0]:g} to {found[-1]:g}.",
                                  "take more steps or larger batches, or let sweep() decide"))  # fmt: skip
    series = [Series(f"smoothed, test {k + 1}", test.rates, test.smoothed()) for k, test in enumerate(tests)]
    series.append(Series("each batch, test 1", tests[0].rates, tests[0].losses, mark="points"))
    notes = [Mark(lr, "suggested")] if lr is not None else []
    if tests[0].rates[0] <= recipe.lr <= tests[0].rates[-1] and recipe.lr != lr:
        notes.append(Mark(recipe.lr, "recipe"))
    blocks.append(Chart(Axis("learning rate", log=True), Axis("loss of a batch"), series[:24], notes,
                        f"{recipe.optimizer}, batches of {recipe.batch}; it ends where the loss has grown "
                        "fourfold"))  # fmt: skip
    rows = [(k + 1, len(t.rates), t.losses[0], float(np.nanmin(t.smoothed())), t.rates[-1], suggestion(t))
            for k, t in enumerate(tests)]  # fmt: skip
    columns = ["test", "steps", "first loss", "lowest (smoothed)", "last rate", "suggests"]
    blocks.append(Table(columns, rows, "each with other batches"))
    facts = {"lr": lr, "recipe_lr": recipe.lr, "low": found[0] if found else None, "high": found[-1] if found else None}
    return Report("lr_find", "Which learning rate", answer, blocks, facts)


def _beside(lr: float, recipe: float) -> str:
    if recipe / 4 <= lr <= recipe * 4:
        return "It is near the recipe's, which was chosen by whole trainings: keep that."
    return "It is far from the recipe's: the data or the model are unlike those that the recipe was chosen on."
