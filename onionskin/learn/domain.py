"""What a domain knows of its data, its model and its goal. One file a domain in ``domains/``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from onionskin import data
from onionskin.data.repeats import equal, near_texts
from onionskin.errors import OnionskinError
from onionskin.learn.decisions import read_decisions, sorted_out
from onionskin.learn.events import Event
from onionskin.learn.goals import Goal
from onionskin.learn.loop import Batch

if TYPE_CHECKING:
    import pandas as pd

#: Numbers of examples.
Rows = npt.NDArray[np.int64]

#: What JSON can say.
Json = Any


@dataclass(frozen=True)
class Recipe:
    """How long to train, in what portions and how fast.

    Attributes:
        epochs: How often to go through the training data.
        batch: Examples a step.
        lr: The highest learning rate, exact in binary where it can be.
        weight_decay: What is taken off the weights.
        optimizer: ``sgd`` (with a momentum of 0.9) or ``adamw``.
        schedule: ``linear`` to a sixty-fourth, ``cosine`` to 0, ``one_cycle`` (up for a quarter, then down by a
            cosine) or ``constant``.
        threads: How many threads PyTorch has: small networks run no faster on two. 0 for all.
    """

    epochs: int
    batch: int
    lr: float
    weight_decay: float = 0.0
    optimizer: str = "adamw"
    schedule: str = "one_cycle"
    threads: int = 1


@dataclass(frozen=True)
class Understood:
    """What a domain made of what it was given, said before a training starts.

    Attributes:
        what: One sentence: ``3 classes, 431 photos, 12 unreadable: listed``.
        notes: What a person should know besides, each a sentence with counts and first examples.
        details: Numbers and lists for programs; JSON.
    """

    what: str
    notes: tuple[str, ...] = ()
    details: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class Shown:
    """One example as a person sees it.

    Attributes:
        text: The text itself, or a row's columns.
        png: A picture.
        where: The file, or the row: ``bears/brown/17.jpg``, ``row 12``. It tells examples apart, also after a reload.
        label: What it is said to be.
        group: What it must not be parted from, such as a person; empty for none.
    """

    text: str = ""
    png: bytes | None = None
    where: str = ""
    label: str = ""
    group: str = ""


@dataclass(frozen=True)
class Baseline:
    """A simpler model on the same split, measured honestly.

    Attributes:
        name: What it is: ``gradient boosting (scikit-learn)``.
        measured: By the same names as the goal's.
        seconds: What it took.
        note: How it compares with the model: ``gradient boosting wins by 0.4 points``.
    """

    name: str
    measured: Mapping[str, float]
    seconds: float
    note: str = ""


@dataclass(frozen=True)
class Parts:
    """What one example is made of, for explanations: tokens, columns.

    Attributes:
        names: Of each part, in order.
        groups: For each input of the model, of the same shape, which part each of its values belongs to, from 0; −1 for
            what belongs to none and stays as it is.
        baseline: For each input of the model, of the same shape, what stands in for a part that is absent: the mean of
            a column, a padding token.
        embedding: The layer of :attr:`Domain.model` that makes vectors of the first input's numbers, one a value, so
            that gradients can be taken there; None where parts can only be taken out.
    """

    names: tuple[str, ...]
    groups: tuple[Tensor, ...]
    baseline: tuple[Tensor, ...]
    embedding: nn.Module | None = None


@dataclass(frozen=True)
class Portable:
    """A model as others run it, who have neither Onionskin nor PyTorch.

    Attributes:
        model: From arrays to outputs; of the preparation it holds what can be in it.
        inputs: The name of each array that it takes, and what it is, for people.
        arrays: Gives these arrays for some examples.
        growing: By an input's name, its axes besides the first that may have another length.
        page: What a page has to know to make them of what a person gives: JSON with a ``kind`` that
            ``web/src/deploy`` knows. None where no page can.
        why_no_page: Then, why, and what it would take.
    """

    model: nn.Module
    inputs: Mapping[str, str]
    arrays: Callable[[Rows], tuple[Tensor, ...]]
    growing: Mapping[str, Sequence[int]] = field(default_factory=dict)
    page: Mapping[str, Json] | None = None
    why_no_page: str = ""


class Domain(ABC):
    """Data, model and goal of one training.

    A domain is made from data, ``Vision(source, **settings)``, or without it from what was saved,
    ``Vision.restored(settings, fitted, whole=True)``: that one answers new inputs, and has no rows.

    Attributes:
        name: The domain: its file in ``domains/``.
        settings: How it was made, JSON: what ``Vision(source, **settings)`` takes.
        goal: Loss, measures, answers.
        model: From what :meth:`inputs` gives to outputs.
        trained: What the loop runs on what :meth:`batch` gives: the model itself, or the part of it behind frozen
            features that are computed once and kept.
        recipe: How it is trained unless said otherwise.
        train, valid: Numbers of the examples to train on and to measure on; empty where there is no data.
        understood: What it made of the data.
    """

    name: ClassVar[str]
    settings: dict[str, Json]
    goal: Goal
    model: nn.Module
    trained: nn.Module
    recipe: Recipe
    train: Rows
    valid: Rows
    understood: Understood

    # ------------------------------------------------------------------ what every domain says

    @abstractmethod
    def __init__(self, source: Any, **settings: Any) -> None:
        """Make it from data. Raises OnionskinError where nothing can be learned from them."""

    @abstractmethod
    def batch(self, rows: Rows) -> Batch:
        """Return what :attr:`trained` is called with, and the targets. The same every time: no augmentation."""

    @abstractmethod
    def raw(self, rows: Rows) -> tuple[Tensor, ...]:
        """Return the inputs of :attr:`model` for some examples."""

    @abstractmethod
    def inputs(self, things: Sequence[Any]) -> tuple[Tensor, ...]:
        """Return the inputs of :attr:`model` for new things: paths, pictures, texts, rows. Raises OnionskinError."""

    @abstractmethod
    def shown(self, row: int) -> Shown:
        """Return one example as a person sees it."""

    @abstractmethod
    def fitted(self) -> dict[str, Json]:
        """Return what was learned from the data besides weights, JSON: classes, vocabularies, means."""

    @classmethod
    @abstractmethod
    def restored(cls, settings: Mapping[str, Json], fitted: Mapping[str, Json], *, whole: bool) -> Self:
        """Return the domain without data, with random weights that are about to be loaded. Runs nothing of a file's.

        Args:
            settings, fitted: As they were saved: a stranger's, so that nothing in them is trusted.
            whole: Whether all weights are about to be loaded; otherwise those of :meth:`packaged` have to be there.

        Raises:
            OnionskinError: They do not belong to this domain, or to this version.
        """

    # ------------------------------------------------------------------ what a domain may say otherwise

    def packaged(self) -> set[str]:
        """Return the names in the state dict of :attr:`model` that a package has, and training leaves alone."""
        return set()

    def augmented(self, batch: Batch) -> Batch:
        """Return a training batch changed at random, by PyTorch's own random numbers, which a checkpoint keeps."""
        return batch

    def folder(self) -> str:
        """Return the folder that all files of the data lie in, an absolute path; empty where there are no files."""
        return ""

    def targets(self, rows: Rows) -> Any:
        """Return the targets of some examples."""
        return self.batch(rows)[1]

    def columns(self, rows: Rows) -> pd.DataFrame | None:
        """Return what is known of examples besides inputs and targets, a column each; None if nothing."""
        return None

    def where(self, row: int) -> str:
        """Return where an example is, without drawing it: what :meth:`shown` says."""
        return self.shown(row).where

    def alike(self) -> list[list[int]]:
        """Return groups of examples that are the same or nearly, each in rising order.

        Texts by the words that they share, everything else where all inputs are equal.
        """
        rows = np.sort(np.concatenate([self.train, self.valid]))
        if len(rows) == 0:
            return []
        if self.name == "text":
            groups = near_texts([self.shown(int(row)).text for row in rows])
        else:
            groups = equal([self.raw(rows[start : start + 256]) for start in range(0, len(rows), 256)])
        return [[int(rows[i]) for i in group] for group in groups]

    def relabel(self, rows: Rows, labels: Sequence[str]) -> None:
        """Take other labels for some examples, as :meth:`shown` writes them. Raises OnionskinError for what is none."""
        raise OnionskinError(
            f"{self.name} takes no other labels", fix="drop those examples instead, or mend the data themselves"
        )

    def decide(self, decisions: str | Path | None) -> list[str]:
        """Leave out and relabel what was decided (``decisions.py``); None changes nothing.

        Returns:
            What to say of it, in sentences.

        Raises:
            OnionskinError: There are no such decisions, a label is none, or nothing to learn from would be left.
        """
        if decisions is None:
            return []
        rows = np.sort(np.concatenate([self.train, self.valid]))
        dropped, labels, applied = sorted_out(read_decisions(decisions), [self.where(int(row)) for row in rows])
        gone = rows[dropped]
        train, valid = (np.setdiff1d(part, gone) for part in (self.train, self.valid))
        if not len(train) or not len(valid):
            raise OnionskinError(
                f"{decisions} drops {len(gone):,} of {len(rows):,} examples, and none are left to train or measure on",
                fix="keep more of them",
            )
        if labels:
            self.relabel(rows[list(labels)], list(labels.values()))
        self.train, self.valid = train, valid
        return [applied.note]

    def parts(self, inputs: tuple[Tensor, ...]) -> Parts | None:
        """Return what one example is made of, by its inputs (1, …); None where it has no parts with names."""
        return None

    def space(self) -> Mapping[str, Sequence[Json]]:
        """Return settings that a sweep may try besides the recipe's numbers, each with its choices."""
        return {}

    def baselines(self) -> list[Baseline]:
        """Return simpler models, trained and measured on the same split."""
        return []

    def finished(self, measured: Mapping[str, float]) -> dict[str, float]:
        """Return measures that are too slow for every epoch, taken with the best weights at the end."""
        return {}

    def portable(self) -> Portable:
        """Return the model as others run it: for :mod:`onionskin.learn.practice.deploy`."""
        names = ["input", *(f"input{i}" for i in range(1, len(self.raw(self.valid[:1]))))]
        inputs = dict.fromkeys(names, "what the model takes")
        return Portable(self.model, inputs, self.raw, why_no_page=f"no page has been made for {self.name}")

    def probes(self) -> tuple[tuple[Tensor, ...], Tensor | None]:
        """Return inputs of :attr:`model` to show while training, and their class numbers.

        They are one validation example a class, of up to 16 classes; without classes, the first eight.
        """
        targets = self.targets(self.valid)
        if not isinstance(targets, Tensor) or targets.ndim != 1 or targets.is_floating_point():
            return self.raw(self.valid[:8]), None
        labels = torch.unique(targets)[:16]
        firsts = [int((targets == label).nonzero()[0, 0]) for label in labels]
        return self.raw(self.valid[firsts]), targets[firsts]

    def events(self) -> Mapping[str, Event]:
        """Return what else is to happen while it trains, by the names under which a checkpoint keeps it."""
        return {}

    def optimizer(self, lr: float, weight_decay: float) -> torch.optim.Optimizer:
        """Return the recipe's optimizer over :attr:`trained`, with one learning rate."""
        parameters = [p for p in self.trained.parameters() if p.requires_grad]
        if self.recipe.optimizer == "sgd":
            return torch.optim.SGD(parameters, lr, momentum=0.9, weight_decay=weight_decay)
        return torch.optim.AdamW(parameters, lr, weight_decay=weight_decay)

    def batches(self, epoch: int, first: int, *, size: int, seed: int) -> Iterator[Batch]:
        """Yield the batches of one epoch from the ``first`` on, shuffled by seed and epoch alone.

        What does not fill the last batch of an epoch waits for another one.
        """
        order = np.random.default_rng([seed, epoch]).permutation(self.train)
        for start in range(first * size, len(order) // size * size, size):
            yield self.augmented(self.batch(order[start : start + size]))

    def answered(self, rows: Rows, *, size: int = 256) -> tuple[Any, Any]:
        """Return what :attr:`trained` says of some examples in eval mode, as far as the goal keeps it, and targets."""
        was_training = self.trained.training
        self.trained.eval()
        kept = []
        with torch.no_grad():
            for start in range(0, len(rows), size):
                inputs, targets = self.batch(rows[start : start + size])
                kept.append((self.goal.kept(self.trained(*inputs), targets), targets))
        self.trained.train(was_training)
        return joined([outputs for outputs, _ in kept]), joined([targets for _, targets in kept])


def joined(parts: Sequence[Any]) -> Any:
    """Return tensors, or tuples of them, end to end along their first axis."""
    if parts and isinstance(parts[0], tuple):
        return tuple(joined(column) for column in zip(*parts, strict=True))
    return torch.cat(list(parts))


def split(count: int, share: float, seed: int) -> tuple[Rows, Rows]:
    """Return the examples to train on and a share to measure on, at random, each in order; at least one of each."""
    order = np.random.default_rng(seed).permutation(count)
    held = min(max(1, round(count * share)), count - 1)
    return np.sort(order[held:]), np.sort(order[:held])


def again(source: Any) -> Any:
    """Return a source out of a learner's settings as what it was: the name of a data set stays one."""
    return data.Name(source) if isinstance(source, str) and source in data.names() else source
