"""What augmentation makes of the data: the same pictures, changed at random as they would be in a training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from onionskin.errors import OnionskinError
from onionskin.learn.domains._augmentation import WAYS, Augmentation
from onionskin.learn.domains.vision import Vision
from onionskin.learn.report import Block, Caution, Gallery, Item, Report, Table, Text, png_of

if TYPE_CHECKING:
    from onionskin.learn.learner import Learner

#: A picture is shown as it is, and in so many ways.
WAYS_SHOWN: Final = 8
MOST_PICTURES: Final = 32

ADVICE: Final = """\
A change is right where it leaves the label true: a mirrored bear is a bear, a mirrored 3 is not a 3. If you cannot tell
any more what a picture shows, neither can the network."""

#: A change of the mean pixel by more than this is something that an eye sees (of 1).
_SEEN: Final = 0.004


def augment(learner: Learner, count: int = 4, *, way: str | None = None, part: str = "train") -> Report:
    """Return some pictures, each as it is and in eight ways that a training would see it.

    Args:
        learner: Of pictures, with its data.
        count: How many pictures, evenly chosen.
        way: ``photos``, ``things``, ``strokes`` or ``none``; by default the learner's own, or what it would be if the
            whole network were trained.
        part: ``train`` or ``valid``: where the pictures are taken from.

    Raises:
        OnionskinError: The learner is of no pictures, has no data, or an argument makes no sense.
    """
    domain = learner.domain
    if not isinstance(domain, Vision):
        raise OnionskinError(f"augmentation of {domain.name}", fix="it is there for pictures: osk.vision")
    if isinstance(count, bool) or not 1 <= count <= MOST_PICTURES:
        raise OnionskinError(f"count={count!r}", fix=f"give 1 to {MOST_PICTURES}")
    if part not in ("train", "valid"):
        raise OnionskinError(f"part={part!r}", fix="give train or valid")
    from_all = domain.train if part == "train" else domain.valid
    if not len(from_all):
        raise OnionskinError("this learner has no pictures", fix="open them first: learner.open_data()")
    own = domain.augmentation
    chosen = way if way is not None else own.way if own.way != "none" or domain.is_small else "photos"
    change = Augmentation(chosen, (domain.height, domain.width), domain.mean, domain.std)
    rows = from_all[np.unique(np.linspace(0, len(from_all) - 1, count).round().astype(int))]
    items, moved = [], []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(learner.seed)
        for row in rows:
            (x,) = domain.raw(np.array([row]))
            changed = domain.pixels(change(x.expand(WAYS_SHOWN, *x.shape[1:]).clone()))
            plain = domain.pixels(x)
            moved.append((changed - plain).abs().mean().item())
            told = domain.shown(int(row))
            items.append(Item(png_of(_drawn(plain[0])), "", "as it is", told.label, None, told.where))
            items += [Item(png_of(_drawn(one)), "", f"{i + 1}", told.label) for i, one in enumerate(changed)]
    return _report(domain, chosen, items, float(np.mean(moved)), len(rows))


def _drawn(x: torch.Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return x.permute(1, 2, 0).numpy()


def _report(domain: Vision, way: str, items: list[Item], moved: float, count: int) -> Report:
    used = domain.augmentation.way
    pictures = f"{count} picture{'s' if count > 1 else ''}"
    said = f"{pictures.capitalize()}, {WAYS[way]}; a pixel changes by {100 * moved:.1f} % of full scale on average."
    blocks: list[Block] = [Gallery(items, "each as it is, and then as a training sees it")]
    if way != used:
        why = "its features are frozen and computed once" if domain.is_frozen else f"it uses '{used}'"
        fix = f"fine_tune=True, augment='{way}'" if domain.is_frozen else f"augment='{way}'"
        said_so = f"This learner's training changes no picture like this: {why}."
        blocks.insert(0, Caution(said_so, f"for that: {fix}"))
    elif way != "none" and moved < _SEEN:
        blocks.insert(0, Caution("The pictures hardly change.", "look at another way: way='photos'"))
    rows = [[name, told, "used" if name == used else ""] for name, told in WAYS.items()]
    blocks.append(Table(["way", "what happens", ""], rows, "the ways that there are"))
    blocks.append(Text(ADVICE))
    return Report("augment", "What augmentation makes of the data", said, blocks, {"way": way, "mean_change": moved})
