"""What is in the data: counts, sizes, examples, what is there twice, and what leaks from training into validation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from onionskin.learn.domain import Domain, Rows
from onionskin.learn.goals.one_of import OneOf
from onionskin.learn.report import Axis, Block, Caution, Cell, Chart, Gallery, Item, Report, Series, Table, Text

if TYPE_CHECKING:
    import pandas as pd

    from onionskin.learn.learner import Learner

#: So many examples are shown of each class, and so many in all.
_A_CLASS: Final = 3
_EXAMPLES: Final = 36

#: A class with fewer examples is hardly learned, one with so many times more than another outweighs it.
FEW: Final = 10
OUTWEIGHS: Final = 10.0

_BARS: Final = 40
_BINS: Final = 24


def look(learner: Learner) -> Report:
    """Return what is in the data that a learner was made from.

    Args:
        learner: With its data; it need not be trained.

    Raises:
        OnionskinError: Its data are not at hand.
    """
    domain = learner.domain
    rows = np.sort(np.concatenate([domain.train, domain.valid]))
    held = np.isin(rows, domain.valid)
    blocks: list[Block] = [Text("\n".join(domain.understood.notes))] if domain.understood.notes else []
    facts: dict[str, Cell] = {"examples": len(rows), "train": int((~held).sum()), "valid": int(held.sum())}
    blocks += _targets(domain, rows, held, facts)
    blocks += _columns(domain.columns(rows))
    blocks.append(_examples(domain, rows))
    groups = domain.alike()
    blocks += _twice(domain, groups, facts)
    return Report("look", "What is in the data", _answer(domain, groups, facts), blocks, facts)


def _answer(domain: Domain, groups: Sequence[Sequence[int]], facts: dict[str, Cell]) -> str:
    said = domain.understood.what
    if "held out" not in said:
        said = f"{said}: {facts['train']:,} to train on and {facts['valid']:,} held out"
    if not groups:
        return f"{said}; nothing is there twice."
    leaks = facts["leaks"]
    told = f"{said}; {facts['repeats']:,} are the same as others or nearly"
    return f"{told}, and {leaks:,} of them leak from training into what is held out." if leaks else f"{told}."


def _targets(domain: Domain, rows: Rows, held: Any, facts: dict[str, Cell]) -> list[Block]:
    targets = domain.targets(rows)
    if isinstance(domain.goal, OneOf):
        return _classes(domain.goal.classes, np.asarray(targets, np.int64), held, facts)
    names = getattr(domain.goal, "classes", None)
    if names and isinstance(targets, torch.Tensor) and targets.ndim == 2 and targets.shape[1] == len(names):
        counts = [np.asarray(targets)[part].sum(0) for part in (~held, held)]
        return [_bars(list(names), [("train", counts[0]), ("held out", counts[1])], "examples", "Examples by label")]
    if isinstance(targets, torch.Tensor) and targets.numel() == len(rows) and targets.is_floating_point():
        values = targets.double().flatten().numpy()
        facts |= {"mean": float(values.mean()), "least": float(values.min()), "greatest": float(values.max())}
        return [_histogram(values, "what is learned, as the model sees it")]
    return []


def _classes(names: Sequence[str], labels: Any, held: Any, facts: dict[str, Cell]) -> list[Block]:
    counts = [np.bincount(labels[part], minlength=len(names)) for part in (~held, held)]
    total = counts[0] + counts[1]
    order = np.argsort(-total, kind="stable")
    facts |= {"classes": len(names), "largest_class": int(total.max()), "smallest_class": int(total.min())}
    told = [names[i] for i in order]
    blocks: list[Block] = [
        _bars(told[:_BARS], [("train", counts[0][order]), ("held out", counts[1][order])], "examples", "By class"),
        Table(
            ["class", "train", "held out", "share"],
            [(names[i], int(counts[0][i]), int(counts[1][i]), float(total[i] / total.sum())) for i in order[:200]],
            "By class" if len(names) <= _BARS else f"By class, of {len(names):,} in all",
        ),
    ]
    few = [f"{names[i]} ({total[i]})" for i in order[::-1] if total[i] < FEW]
    if few:
        blocks.append(Caution(f"{len(few):,} classes have fewer than {FEW} examples: {_first(few)}",
                              "gather more of them, or take classes together"))  # fmt: skip
    unseen = [names[i] for i in order if counts[1][i] == 0]
    if unseen:
        blocks.append(Caution(f"{len(unseen):,} classes have no held-out example: nobody will know how well they are "
                              f"learned: {_first(unseen)}", "gather more, or hold out more: valid=0.3"))  # fmt: skip
    if total.min() and total.max() / total.min() >= OUTWEIGHS:
        most, least = int(order[0]), int(order[-1])
        blocks.append(Caution(
            f"there are {total[most] / total[least]:.0f} times as many of “{names[most]}” as of “{names[least]}”: "
            f"always saying “{names[most]}” is right in {100 * total[most] / total.sum():.0f} %",
            "judge by the confusion and by slices, not by accuracy alone",
        ))  # fmt: skip
    return blocks


def _bars(names: Sequence[str], series: Sequence[tuple[str, Any]], y: str, caption: str) -> Chart:
    places = range(len(names))
    bars = [Series(name, places, counts[: len(names)], mark="bars") for name, counts in series]
    return Chart(Axis("", ticks=names), Axis(y), bars, caption=caption)


def _histogram(values: Any, name: str) -> Chart:
    finite = values[np.isfinite(values)]
    counts, edges = np.histogram(finite, bins=min(_BINS, max(1, len(np.unique(finite)))))
    middles = (edges[:-1] + edges[1:]) / 2
    return Chart(
        Axis(name),
        Axis("examples"),
        [Series("", middles.tolist(), counts.tolist(), mark="bars")],
        caption=f"How {name} is spread",
    )


def _columns(frame: pd.DataFrame | None) -> list[Block]:
    """Tell of each column what it holds."""
    if frame is None or frame.empty:
        return []
    rows: list[tuple[Cell, ...]] = []
    for name in frame.columns[:64]:
        column = frame[name]
        missing = int(column.isna().sum())
        if column.dtype.kind in "iuf":
            known = column.dropna().astype(float)
            low, middle, high = (float(known.quantile(q)) for q in (0, 0.5, 1)) if len(known) else (None,) * 3
            rows.append((str(name), missing, int(column.nunique()), low, middle, high, None))
        else:
            counts = column.astype(str).value_counts()
            often = ", ".join(f"{value[:40]} ({count})" for value, count in counts.head(3).items())
            rows.append((str(name), missing, len(counts), None, None, None, often))
    names = ["column", "missing", "different", "least", "middle", "greatest", "most often"]
    return [Table(names, rows, "What is known of the examples")]


def _examples(domain: Domain, rows: Rows) -> Gallery:
    """Show some of each class, always the same."""
    order = np.random.default_rng(0).permutation(rows)
    if not isinstance(domain.goal, OneOf):
        return Gallery([_item(domain, int(row)) for row in order[: _A_CLASS * 6]], "Some examples")
    labels = np.asarray(domain.targets(order), np.int64)
    each = max(1, min(_A_CLASS, _EXAMPLES // max(1, len(domain.goal.classes))))
    chosen = [int(row) for k in range(len(domain.goal.classes)) for row in order[labels == k][:each]][:_EXAMPLES]
    return Gallery([_item(domain, row) for row in chosen], "Some of each class")


def _item(domain: Domain, row: int, caption: str = "") -> Item:
    shown = domain.shown(row)
    return Item(shown.png, shown.text[:600], caption, shown.label or None, None, shown.where)


def _twice(domain: Domain, groups: Sequence[Sequence[int]], facts: dict[str, Cell]) -> list[Block]:
    """Show what is there twice, and what of it leaks."""
    train = set(domain.train.tolist())
    leaks = [row for group in groups for row in group if row not in train and not train.isdisjoint(group)]
    labels = {row: domain.shown(row).label for group in groups for row in group[:20]}
    torn = [group for group in groups if len({labels[row] for row in group[:20]}) > 1]
    facts |= {"groups": len(groups), "repeats": sum(len(group) - 1 for group in groups), "leaks": len(leaks),
              "labelled_differently": len(torn)}  # fmt: skip
    if not groups:
        return []
    blocks: list[Block] = []
    if leaks:
        blocks.append(Caution(
            f"{len(leaks):,} held-out examples are nearly the same as one that is trained on: "
            f"{_first([domain.where(row) for row in leaks])}; the measure is better than it would be on new ones",
            "drop them with clean, or split so that they stay together (split='apart' for photos)",
        ))  # fmt: skip
    if torn:
        blocks.append(Caution(
            f"{len(torn):,} groups of near-duplicates have different labels: "
            f"{_first([' and '.join(domain.where(row) for row in group[:2]) for group in torn])}",
            "decide which is right: onionskin clean",
        ))  # fmt: skip
    first = sorted(groups, key=lambda group: group not in torn)[:8]
    items = [_item(domain, row, f"group {number}") for number, group in enumerate(first, start=1) for row in group[:4]]
    blocks.append(Gallery(items, f"The same or nearly: {len(first)} of {len(groups):,} groups"))
    return blocks


def _first(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
