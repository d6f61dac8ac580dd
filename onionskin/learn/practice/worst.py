"""The examples with the highest loss, to be looked at: the shortest way to what is wrong with data or model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from onionskin.errors import OnionskinError
from onionskin.learn.domain import Rows
from onionskin.learn.goals.one_of import OneOf
from onionskin.learn.judged import Judged, judged, score, sureness
from onionskin.learn.report import Axis, Block, Caution, Chart, Gallery, Item, Report, Series, Table

if TYPE_CHECKING:
    from onionskin.learn.learner import Learner

#: More are not looked at.
MOST: Final = 200

#: A model that is wrong and surer than this may be right: its label is worth a look.
_SURE: Final = 0.95


def worst(learner: Learner, count: int = 16, *, part: str = "valid") -> Report:
    """Return the examples with the highest loss, the worst first, with what they are said to be and taken for.

    Args:
        learner: With its data.
        count: How many, up to 200.
        part: ``valid``: the examples held out; or ``train``: where labels are wrong, it shows there as well.

    Raises:
        OnionskinError: It makes no sense, or the data are not at hand.
    """
    if not 1 <= count <= MOST:
        raise OnionskinError(f"count={count!r}", fix=f"give 1 to {MOST}")
    seen = judged(learner, part)
    order = np.argsort(-seen.losses, kind="stable")[:count]
    measure = score(seen)
    answers, labels = seen.answers(order.tolist()), seen.told(order.tolist())
    items = []
    for place, answer, label in zip(order, answers, labels, strict=True):
        example = seen.domain.shown(int(seen.rows[place]))
        items.append(Item(example.png, example.text[:1000], sureness(answer), label, answer.text, example.where,
                          seen.losses[place]))  # fmt: skip
    total = float(seen.losses.sum())
    share = float(seen.losses[order].sum()) / total if total else 0.0
    sure = [a for a, label in zip(answers, labels, strict=True) if (a.confidence or 0) > _SURE and a.text != label]
    held = "held-out" if part == "valid" else "training"
    said = (
        f"The {len(order)} worst of {len(seen.rows):,} {held} examples carry {100 * share:.0f} % of all loss; "
        f"{measure.name} is {measure.shown(measure.value())}."
    )
    blocks: list[Block] = []
    if sure:
        blocks.append(Caution(
            f"{len(sure)} of these {len(order)} are taken for something else with more than {100 * _SURE:.0f} % "
            "confidence: either the model has learned something wrong, or the label is wrong.",
            "look at them below; clean() ranks all labels by how doubtful they are",
        ))  # fmt: skip
    blocks.append(Gallery(items, "said to be → taken for; the number is the loss"))
    if isinstance(seen.domain.goal, OneOf):
        blocks.append(_by_class(seen, order))
    blocks.append(_by_rank(seen))
    facts = {"examples": len(seen.rows), "shown": len(order), "share_of_loss": share, "sure_and_wrong": len(sure),
             "highest_loss": float(seen.losses.max()), "mean_loss": float(seen.losses.mean()),
             measure.name.lower(): measure.value()}  # fmt: skip
    return Report("worst", "The worst mistakes", said, blocks, facts)


def _by_class(seen: Judged, order: Rows) -> Table:
    """Return which classes the mistakes are of, those with most of the loss first."""
    classes = seen.domain.goal.classes  # type: ignore[attr-defined]
    targets, wrong = seen.targets.numpy(), (seen.outputs.argmax(1) != seen.targets).numpy()
    shown = np.isin(np.arange(len(targets)), order)
    rows = [(name, int((targets == k).sum()), int(wrong[targets == k].sum()), int(shown[targets == k].sum()),
             float(seen.losses[targets == k].sum() / max(seen.losses.sum(), 1e-30)))
            for k, name in enumerate(classes) if (targets == k).any()]  # fmt: skip
    rows.sort(key=lambda row: -row[4])
    return Table(["class", "examples", "wrong", "shown above", "share of all loss"], rows[:50], "by what they are")


def _by_rank(seen: Judged) -> Chart:
    losses = np.sort(seen.losses)[::-1]
    ranks = np.unique(np.geomspace(1, len(losses), min(400, len(losses))).round().astype(int))
    return Chart(Axis("rank, the worst "
                      "first", log=True), Axis("loss"), [Series("loss", ranks.tolist(), losses[ranks - 1].tolist())],
                 caption="steep at first: a few odd examples; a long shoulder: something that was not "
                         "learned")  # fmt: skip
