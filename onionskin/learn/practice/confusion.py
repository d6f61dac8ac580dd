"""What is taken for what: a matrix of classes, a table of labels, or numbers against those that were predicted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from onionskin.errors import OnionskinError
from onionskin.learn.goals.any_of import AnyOf
from onionskin.learn.goals.one_of import OneOf
from onionskin.learn.intervals import wilson
from onionskin.learn.judged import Judged, judged
from onionskin.learn.report import Axis, Block, Chart, Matrix, Report, Series, Table, Text
from onionskin.learn.report.blocks import Cell

if TYPE_CHECKING:
    from onionskin.learn.learner import Learner

#: A matrix of more classes is not read: those that are confused most are kept.
_MOST_CLASSES: Final = 40
_MOST_PAIRS: Final = 20

#: Points of a chart of numbers.
_MOST_POINTS: Final = 2000

Counts = npt.NDArray[np.int64]


def confusion(learner: Learner, *, part: str = "valid") -> Report:
    """Return what is taken for what: classes, labels, or numbers.

    Args:
        learner: With its data, whose goal is one of several classes, any of several labels, or a number.
        part: ``valid``: the examples held out; or ``train``.

    Raises:
        OnionskinError: The learner does none of these, or its data are not at hand.
    """
    seen = judged(learner, part)
    goal = seen.domain.goal
    if isinstance(goal, OneOf):
        return _of_classes(seen, goal.classes)
    if isinstance(goal, AnyOf):
        return _of_labels(seen, goal.classes)
    if callable(getattr(goal, "values", None)):
        return _of_numbers(seen, goal)
    raise OnionskinError(f"a learner of {seen.domain.name} with the goal '{type(goal).__name__}' confuses no classes",
                         fix="see worst(), and slices() for its measure by group")  # fmt: skip


def _of_classes(seen: Judged, classes: Sequence[str]) -> Report:
    true, said = seen.targets.numpy(), seen.outputs.argmax(1).numpy()
    counts: Counts = np.bincount(true * len(classes) + said, minlength=len(classes) ** 2).reshape(len(classes), -1)
    wrong = counts - np.diag(np.diag(counts))
    pairs = [(int(i), int(j)) for i, j in zip(*np.nonzero(wrong), strict=True)]
    pairs.sort(key=lambda pair: (-wrong[pair], pair))
    total, missed = int(counts.sum()), int(wrong.sum())
    answer = f"All {total:,} are right." if not pairs else (
        f"{missed:,} of {total:,} are taken for another class, most often "
        f"'{classes[pairs[0][0]]}' for '{classes[pairs[0][1]]}' ({int(wrong[pairs[0]])} of "
        f"{int(counts[pairs[0][0]].sum())})."
    )  # fmt: skip
    blocks: list[Block] = [_matrix(counts, wrong, classes)]
    if pairs:
        rows = [(classes[i], classes[j], int(wrong[i, j]), int(counts[i].sum()), *_shares(wrong[i, j], counts[i].sum()),
                 int(wrong[j, i])) for i, j in pairs[:_MOST_PAIRS]]  # fmt: skip
        columns = ["is", "taken for", "times", "of", "share", "from", "to", "the other way round"]
        blocks.append(Table(columns, rows, f"most confused pairs, {min(len(pairs), _MOST_PAIRS)} of {len(pairs)}; "
                            "from and to are the interval of 95 %"))  # fmt: skip
    blocks.append(_measures(np.diag(counts), counts.sum(0), counts.sum(1), classes))
    facts: dict[str, Cell] = {"examples": total, "wrong": missed, "accuracy": 1 - missed / total}
    if pairs:
        facts["most_confused"] = f"{classes[pairs[0][0]]} → {classes[pairs[0][1]]}"
    return Report("confusion", "What is taken for what", answer, blocks, facts)


def _matrix(counts: Counts, wrong: Counts, classes: Sequence[str]) -> Matrix:
    """Return the matrix; of many classes, those that are confused most."""
    kept: list[int] = list(range(len(classes)))
    caption = "a row is what something is, a column what it is taken for"
    if len(classes) > _MOST_CLASSES:
        kept = sorted(np.argsort(-(wrong.sum(0) + wrong.sum(1)), kind="stable")[:_MOST_CLASSES].tolist())
        caption += f"; the {_MOST_CLASSES} classes of {len(classes)} that are confused most"
    names = [classes[k] for k in kept]
    return Matrix(names, names, counts[np.ix_(kept, kept)].tolist(), caption)


def _measures(both: Counts, said: Counts, true: Counts, classes: Sequence[str]) -> Table:
    """Return how many of what is said are right, and how many of what there is are found."""
    rows = [(name, int(t), _ratio(b, s), *_shares(b, s)[1:], _ratio(b, t), *_shares(b, t)[1:], _ratio(2 * b, s + t))
            for name, b, s, t in zip(classes, both, said, true, strict=True)]  # fmt: skip
    rows.sort(key=lambda row: -1.0 if row[7] is None else row[7])
    columns = ["class", "examples", "precision", "from", "to", "recall", "from", "to", "F1"]
    return Table(columns, rows[:300], "precision: of what is said, how many are right; recall: of what there "
                                      "is, how many "
                 "are found; from and to are intervals of 95 %")  # fmt: skip


def _of_labels(seen: Judged, classes: Sequence[str]) -> Report:
    true, said = seen.targets.numpy() > 0.5, seen.outputs.numpy() > 0
    both, missed, extra = (true & said).sum(0), (true & ~said).sum(0), (~true & said).sum(0)
    swapped: Counts = (true & ~said).astype(np.int64).T @ (~true & said).astype(np.int64)
    hardest = int(np.argmax(missed + extra))
    wrong = int((missed + extra).sum())
    answer = f"All labels of {len(true):,} examples are right." if not wrong else (
        f"{wrong:,} of {true.size:,} yes-or-no answers are wrong, most of them about '{classes[hardest]}': "
        f"{int(missed[hardest])} missed and {int(extra[hardest])} said in vain."
    )  # fmt: skip
    order = np.argsort(-(missed + extra), kind="stable")[:_MOST_CLASSES].tolist()
    counts = np.stack([both, missed, extra, (~true & ~said).sum(0)], 1)[order]
    names = [classes[k] for k in order]
    blocks: list[Block] = [
        Matrix(
            names,
            ["rightly said", "missed", "said in vain", "rightly left out"],
            counts.tolist(),
            "each label by itself",
        ),
        _measures(both, said.sum(0), true.sum(0), classes),
    ]
    if swapped.any():
        blocks.append(Matrix(names, names, swapped[np.ix_(order, order)].tolist(),
                             "a row is a label that was missed, a column one that was said in vain of the same "
                             "example"))  # fmt: skip
    f1 = 2 * both.sum() / max(1, true.sum() + said.sum())
    facts: dict[str, Cell] = {
        "examples": len(true), "wrong": wrong, "f1": float(f1), "hardest": classes[hardest]
    }  # fmt: skip
    return Report("confusion", "Which labels are missed, and which said in vain", answer, blocks, facts)


def _of_numbers(seen: Judged, goal: Any) -> Report:
    true = goal.values(seen.targets).double().numpy().reshape(-1)
    said = goal.values(seen.outputs).double().numpy().reshape(-1)
    errors = said - true
    name = getattr(goal, "name", "rating")
    log = bool(getattr(goal, "log", False))
    picked = np.linspace(0, len(true) - 1, min(_MOST_POINTS, len(true))).astype(int)
    both = [float(true.min()), float(true.max())]
    chart = Chart(Axis(f"{name}, true", log=log), Axis(f"{name}, predicted", log=log),
                  [Series("examples", true[picked], said[picked], mark="points"), Series("no error", both, both)],
                  caption=f"{len(picked):,} of {len(true):,} examples")  # fmt: skip
    rows = []
    for part in np.array_split(np.argsort(true, kind="stable"), min(5, len(true))):
        off = errors[part]
        ends = f"{true[part].min():.4g} to {true[part].max():.4g}"
        rows.append((ends, len(part), float(off.mean()), float(np.abs(off).mean()), float(np.sqrt((off**2).mean()))))
    table = Table([f"true {name}", "examples", "mean error", "mean absolute error", "RMSE"], rows,
                  "fifths of the examples by what is true; a mean error says on which side the predictions "
                  "lie")  # fmt: skip
    median, bias = float(np.median(np.abs(errors))), float(errors.mean())
    side = "above" if bias > 0 else "below"
    answer = (f"Half of the predictions are within {median:.3g} of the true {name}; on average they lie "
              f"{abs(bias):.3g} "
              f"{side} it.")  # fmt: skip
    facts = {"examples": len(true), "median_absolute_error": median, "mean_error": bias,
             "mean_absolute_error": float(np.abs(errors).mean())}  # fmt: skip
    words = Text("A low first row and a high last one that err in opposite directions mean that the model keeps to the "
                 "middle: what it cannot tell apart it predicts as the mean.")  # fmt: skip
    return Report("confusion", f"{name}: predicted and true", answer, [chart, table, words], facts)


def _ratio(part: Any, whole: Any) -> float | None:
    return float(part) / float(whole) if whole else None


def _shares(part: Any, whole: Any) -> tuple[float | None, float | None, float | None]:
    if not whole:
        return None, None, None
    return float(part) / float(whole), *wilson(float(part), int(whole))
