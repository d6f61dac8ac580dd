"""What in an example speaks for the answer: pixels, tokens or columns; and the training examples most like it.

An explanation says what the model looked at, not whether it was right to. Adebayo et al. (2018), "Sanity checks for
saliency maps", arXiv 1810.03292, is the reason to look at several methods and at more than one example.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from onionskin.errors import OnionskinError, did_you_mean
from onionskin.learn.attribution import (
    Attribution,
    Inputs,
    Neighbours,
    Spoken,
    by_parts,
    by_words,
    captum,
    grad_cam,
    integrated_gradients,
    is_picture,
    occlusion,
)
from onionskin.learn.domain import Domain
from onionskin.learn.goals import Answer
from onionskin.learn.judged import judged
from onionskin.learn.report import Axis, Block, Caution, Chart, Gallery, Item, Report, Series, Table, Text, png_of

if TYPE_CHECKING:
    from onionskin.learn.learner import Learner

METHODS: Final = ("grad_cam", "integrated_gradients", "occlusion")

#: Examples in one report.
MOST: Final = 16

#: Small pictures are drawn at least so large (pixels), so that single pixels can be seen.
_LEAST_SIDE: Final = 160

#: What speaks for the answer, and what against it.
_FOR: Final = (0.84, 0.38, 0.09)
_AGAINST: Final = (0.17, 0.41, 0.69)

#: Attributions that miss more than this share of the difference are not to be trusted to a digit.
_LARGE_GAP: Final = 0.05

#: Parts in a chart.
_MOST_PARTS: Final = 60


@dataclass(frozen=True)
class _Example:
    """An example to explain: its inputs, what it is said to be where that is known, and where it comes from."""

    inputs: Inputs
    label: str | None
    where: str
    png: bytes | None
    text: str


def explain(
    learner: Learner, things: Any = None, *, rows: Sequence[int] | None = None, count: int = 3,
    target: str | None = None, methods: Sequence[str] = METHODS, nearest: int = 5,
) -> Report:  # fmt: skip
    """Return what speaks for the answers to some examples.

    Args:
        learner: Of pictures, or of things whose parts have names, such as tokens and columns.
        things: A new thing as :meth:`Learner.predict` takes it, or a list of them.
        rows: Numbers of examples instead; by default those held out with the highest loss.
        count: How many of those.
        target: The class or label that is asked about; by default what the model says.
        methods: Of pictures: ``grad_cam``, ``integrated_gradients``, ``occlusion``.
        nearest: How many training examples to show that are like it to the model; 0 for none.

    Raises:
        OnionskinError: The examples have neither pixels nor named parts, an argument makes no sense, or no Captum.
    """
    captum()
    for name in methods:
        if name not in METHODS:
            fix = did_you_mean(name, METHODS, otherwise=f"choose of: {', '.join(METHODS)}")
            raise OnionskinError(f"there is no method '{name}'", fix=fix)
    if not 1 <= count <= MOST:
        raise OnionskinError(f"count={count!r}", fix=f"give 1 to {MOST}")
    has_data = nearest > 0 or things is None
    d = (learner._with_data() if has_data else learner).domain
    was_training = d.model.training
    d.model.eval()
    d.trained.eval()
    examples = list(_new(d, things)) if things is not None else list(_known(learner, rows, count))
    neighbours = Neighbours(d) if nearest > 0 else None
    blocks: list[Block] = []
    said: list[str] = []
    gaps: list[float] = []
    for number, example in enumerate(examples):
        answer, spoken, name = _asked(d, example.inputs, target)
        said.append(f"{example.where.rpartition('/')[2]}: {answer}")
        found = _attributed(d, spoken, example, methods)
        gaps += [abs(a.gap) / max(abs(a.difference or 0), 1e-9) for a, _ in found if a.gap is not None]
        blocks += _blocks(example, answer, name, found)
        if neighbours is not None:
            blocks += _alike(d, neighbours, example, nearest)
        if len(blocks) > 90:
            raise OnionskinError(
                f"{len(examples)} examples are more than one report holds", fix=f"take {number} at a time"
            )
    d.model.train(was_training)
    if gaps and max(gaps) > _LARGE_GAP:
        blocks.insert(0, Caution(f"Some attributions miss {100 * max(gaps):.0f} % of the difference that they "
                                 "should add up "
                                 "to.", "trust their order, not their size"))  # fmt: skip
    blocks.append(Text("It shows what the model looked at, not whether it was right to. What shows up in one "
                       "method and one "
                       "example alone may be chance."))  # fmt: skip
    facts = {"examples": len(examples), "largest_gap": max(gaps) if gaps else None}
    return Report("explain", "What speaks for the answer", "; ".join(said)[:1900] + ".", blocks, facts)


def _new(d: Domain, things: Any) -> Iterator[_Example]:
    for number, thing in enumerate(things if isinstance(things, list) else [things]):
        where = (
            str(thing)[:80]
            if isinstance(thing, (str, bytes)) or hasattr(thing, "__fspath__")
            else f"thing {number + 1}"
        )
        yield _Example(d.inputs([thing]), None, where, None, str(thing) if isinstance(thing, (str, dict)) else "")


def _known(learner: Learner, rows: Sequence[int] | None, count: int) -> Iterator[_Example]:
    d = learner.domain
    if rows is None:
        seen = judged(learner)
        rows = seen.rows[np.argsort(-seen.losses, kind="stable")[:count]].tolist()
    total = 1 + int(max(d.train.max(), d.valid.max()))
    for row in rows:
        if not 0 <= row < total:
            raise OnionskinError(f"there is no row {row}", fix=f"rows are 0 to {total - 1}")
        shown = d.shown(int(row))
        yield _Example(d.raw(np.array([row])), shown.label or None, shown.where or f"row {row}", shown.png, shown.text)


def _asked(d: Domain, inputs: Inputs, target: str | None) -> tuple[Answer, Spoken, str]:
    """Return the answer, the number that is explained, and its name."""
    with torch.no_grad():
        outputs = d.model(*inputs)
    if not isinstance(outputs, Tensor) or outputs.ndim not in (1, 2):
        raise _nothing(d)
    answer = d.goal.answers(outputs)[0]
    classes = getattr(d.goal, "classes", None)
    if classes is None or outputs.ndim == 1 or outputs.shape[1] != len(classes):
        if outputs.numel() != 1:
            raise _nothing(d)
        return answer, lambda *x: d.model(*x).reshape(-1), getattr(d.goal, "name", "the number")
    if target is not None and target not in classes:
        fix = did_you_mean(target, classes, otherwise=f"choose of: {', '.join(classes[:20])}")
        raise OnionskinError(f"there is no class '{target}'", fix=fix)
    k = classes.index(target) if target is not None else int(outputs[0].argmax())
    return answer, lambda *x: d.model(*x)[:, k], str(classes[k])


def _nothing(d: Domain) -> OnionskinError:
    return OnionskinError(f"a learner of {d.name} has neither pixels nor named parts to explain its answers by",
                          fix="ask predict(): where a domain has reasons, its answers come with them")  # fmt: skip


def _attributed(
    d: Domain, spoken: Spoken, example: _Example, methods: Sequence[str]
) -> list[tuple[Attribution, tuple[str, ...] | None]]:
    if is_picture(example.inputs):
        x = example.inputs[0]
        found = [_seen(name, d, spoken, x) for name in methods]
        return [(each, None) for each in found if each is not None]
    parts = d.parts(example.inputs)
    if parts is not None and parts.names:
        return [(by_parts(spoken, example.inputs, parts), parts.names)]
    if hasattr(d, "tokens") and example.text.strip():
        found_words, words = by_words(spoken, d.inputs, example.text)
        return [(found_words, tuple(words))]
    raise _nothing(d)


def _seen(method: str, d: Domain, spoken: Spoken, x: Tensor) -> Attribution | None:
    if method == "grad_cam":
        return grad_cam(d.model, spoken, x)
    return integrated_gradients(spoken, x) if method == "integrated_gradients" else occlusion(spoken, x)


def _blocks(
    example: _Example, answer: Answer, name: str, found: Sequence[tuple[Attribution, tuple[str, ...] | None]]
) -> Iterator[Block]:
    head = f"{example.where}: {answer}" + (f", is {example.label}" if example.label else "")
    if is_picture(example.inputs):
        x = example.inputs[0][0]
        grey = _grey(x)
        items = [Item(png_of(_large(np.repeat(grey[:, :, None], 3, 2)), most=320), "", "what the model is given",
                      example.label, answer.text, example.where)]  # fmt: skip
        items += [Item(png_of(_large(_overlaid(grey, a.values)), most=320), "", _caption(a)) for a, _ in found]
        yield Gallery(items, f"{head}: what speaks for '{name}' is orange, what speaks against it is blue")
        return
    for a, names in found:
        assert names is not None
        order = torch.argsort(-a.values.abs(), stable=True)[:_MOST_PARTS].tolist()
        drawn = sorted(order)
        yield Chart(Axis("part", ticks=[names[k] for k in drawn]), Axis(f"speaks for {name}"),
                    [Series(a.method, range(len(drawn)), [float(a.values[k]) for k in drawn], mark="bars")],
                    caption=f"{head}; {_caption(a)}")  # fmt: skip
        rows = [(names[k], float(a.values[k])) for k in order]
        yield Table(["part", f"speaks for {name}"], rows, f"{len(order)} of {len(names)} parts, the strongest first")


def _caption(a: Attribution) -> str:
    if a.difference is None or a.gap is None:
        return a.method
    return f"{a.method}: sum {a.difference + a.gap:.3g} of {a.difference:.3g}"


def _grey(x: Tensor) -> npt.NDArray[np.float32]:
    plain = x.detach().mean(0)
    low, high = plain.min(), plain.max()
    scaled: npt.NDArray[np.float32] = ((plain - low) / (high - low).clamp_min(1e-9)).numpy().astype(np.float32)
    return scaled


def _overlaid(grey: npt.NDArray[np.float32], values: Tensor) -> npt.NDArray[np.float32]:
    """Return a picture (h, w, 3) of 0 to 1: paler than it is, with colour where something speaks."""
    strength = values.numpy() / max(float(values.abs().max()), 1e-12)
    depth = (np.abs(strength) ** 0.7)[:, :, None].astype(np.float32)
    colour = np.where(strength[:, :, None] > 0, np.array(_FOR, np.float32), np.array(_AGAINST, np.float32))
    ground = (0.25 + 0.6 * grey)[:, :, None]
    blended: npt.NDArray[np.float32] = (1 - 0.85 * depth) * ground + 0.85 * depth * colour
    return blended


def _large(picture: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    times = max(1, -(-_LEAST_SIDE // max(picture.shape[:2])))
    return picture.repeat(times, 0).repeat(times, 1)


def _alike(d: Domain, neighbours: Neighbours, example: _Example, count: int) -> Iterator[Block]:
    items = []
    for row, angle in neighbours.nearest(example.inputs, count):
        shown = d.shown(row)
        items.append(Item(shown.png, shown.text[:300], "", shown.label or None, None, shown.where, angle))
    if items:
        yield Gallery(items, f"of {len(neighbours.rows):,} training examples, those that are most like "
                             f"{example.where} to the "
                      "model: by what its last layer is given (cosine)")  # fmt: skip
