"""What a learner says of examples whose answer is known, and what each of them adds to its measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from onionskin.errors import OnionskinError, did_you_mean
from onionskin.learn.domain import Domain, Rows, joined
from onionskin.learn.goals import Answer
from onionskin.learn.goals.any_of import AnyOf
from onionskin.learn.goals.number import Number
from onionskin.learn.goals.one_of import OneOf
from onionskin.learn.intervals import Values, bootstrap, wilson

if TYPE_CHECKING:
    from onionskin.learn.learner import Learner

#: Examples at a time.
_PORTION = 256


@dataclass(frozen=True)
class Judged:
    """Examples, and what was said of them.

    Attributes:
        domain: Whose they are.
        part: ``valid`` or ``train``.
        rows: Their numbers, (n,).
        outputs, targets: Of each, what the goal keeps: (n, …).
        losses: Of each, (n,).
    """

    domain: Domain
    part: str
    rows: Rows
    outputs: Any
    targets: Any
    losses: Values

    def answers(self, places: Sequence[int]) -> list[Answer]:
        """Return what is said of some of them, by their places among ``rows``."""
        d = self.domain
        d.trained.eval()
        with torch.no_grad():
            return d.goal.answers(d.trained(*d.batch(self.rows[list(places)])[0])) if len(places) else []

    def told(self, places: Sequence[int]) -> list[str]:
        """Return what some of them are said to be, for people."""
        return [self.domain.goal.told(target) for target in self.domain.targets(self.rows[list(places)])]


def judged(learner: Learner, part: str = "valid") -> Judged:
    """Return what a learner says of its own examples, without augmentation and in eval mode.

    Args:
        learner: With its data.
        part: ``valid``: those held out; or ``train``.

    Raises:
        OnionskinError: The learner has no data at hand, or there is no such part.
    """
    d = learner._with_data().domain
    if part not in ("valid", "train"):
        raise OnionskinError(f"there is no part '{part}' of the data",
                             fix=did_you_mean(part, ["valid", "train"], otherwise="choose valid or train"))  # fmt: skip
    rows = d.valid if part == "valid" else d.train
    was_training = d.trained.training
    d.trained.eval()
    kept, targets, losses = [], [], []
    with torch.no_grad():
        for start in range(0, len(rows), _PORTION):
            inputs, target = d.batch(rows[start : start + _PORTION])
            outputs = d.trained(*inputs)
            losses.append(d.goal.losses(outputs, target).double().numpy())
            kept.append(d.goal.kept(outputs, target))
            targets.append(target)
    d.trained.train(was_training)
    return Judged(d, part, rows, joined(kept), joined(targets), np.concatenate(losses))


@dataclass(frozen=True)
class Score:
    """A measure as a ratio of sums over examples, so that it can be taken of any group of them.

    Attributes:
        name: Of the measure: ``accuracy``.
        higher: Whether a higher one is better.
        top, bottom: (n,) what each example adds.
        is_root: Whether the measure is the root of the ratio.
        is_share: Whether each example is right or wrong.
    """

    name: str
    higher: bool
    top: Values
    bottom: Values
    is_root: bool = False
    is_share: bool = False

    def value(self, inside: npt.NDArray[np.bool_] | None = None) -> float:
        """Return it of a group; NaN where it has none."""
        top, bottom = (self.top, self.bottom) if inside is None else (self.top[inside], self.bottom[inside])
        return float(self._of(np.array(top.sum() / bottom.sum()))) if bottom.sum() else float("nan")

    def interval(self, inside: npt.NDArray[np.bool_] | None = None) -> tuple[float, float]:
        """Return its interval of 95 %: Wilson's of a share, else by the bootstrap."""
        top, bottom = (self.top, self.bottom) if inside is None else (self.top[inside], self.bottom[inside])
        return wilson(float(top.sum()), len(top)) if self.is_share else bootstrap(top, bottom, self._of)

    def shown(self, value: float) -> str:
        """Return a value for people."""
        if value != value:
            return "–"
        return f"{100 * value:.1f} %" if self.is_share else f"{value:.3g}"

    def shown_with(self, inside: npt.NDArray[np.bool_] | None = None) -> str:
        """Return it with its interval: ``97.2 % (95.1–98.4)``."""
        low, high = self.interval(inside)
        said = self.shown(self.value(inside))
        if low != low:
            return said
        return f"{said} ({100 * low:.1f}–{100 * high:.1f})" if self.is_share else f"{said} ({low:.3g}–{high:.3g})"

    def _of(self, ratio: Values) -> Values:
        return np.sqrt(ratio) if self.is_root else ratio


def score(seen: Judged) -> Score:
    """Return the measure that decides as sums over examples; of a goal that has no such one, the mean loss."""
    goal = seen.domain.goal
    ones = np.ones(len(seen.rows))
    if isinstance(goal, OneOf):
        right = (seen.outputs.argmax(1) == seen.targets).double().numpy()
        return Score("accuracy", True, right, ones, is_share=True)
    if isinstance(goal, AnyOf):
        said, true = seen.outputs > 0, seen.targets > 0.5
        both = (said & true).sum(1)
        return Score("F1", True, 2.0 * both.numpy(), (said.sum(1) + true.sum(1)).double().numpy())
    if goal.measure == "rmse" and isinstance(getattr(goal, "deviation", None), float):
        return Score("RMSE", False, _squares(goal, seen), ones, is_root=True)
    return Score("loss", False, seen.losses, ones)


def _squares(goal: Any, seen: Judged) -> Values:
    """Return squared errors in the unit that the goal measures in."""
    if isinstance(goal, Number):
        squares: Values = seen.losses * goal.deviation**2
        return squares
    errors: Tensor = (goal.values(seen.outputs) - goal.values(seen.targets)) ** 2
    return errors.double().numpy().reshape(-1)


def sureness(answer: Answer) -> str:
    """Return how sure an answer is, for people; nothing where a model does not say."""
    return "" if answer.confidence is None else f"{100 * answer.confidence:.0f} % sure"
