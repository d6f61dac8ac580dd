"""Labelled pictures of one size behind one face, and which of them are held out; those that are arrays."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from torch import Tensor

from onionskin.data import Images
from onionskin.data.duplicates import fingerprints, near_duplicates
from onionskin.data.folder import counted
from onionskin.errors import OnionskinError
from onionskin.learn.domain import Rows, split
from onionskin.learn.report.png import png_of

if TYPE_CHECKING:
    import pandas as pd

#: How a picture is held out: each by itself, or with those that show nearly the same.
SPLITS: Final = ("random", "apart")


class Pictures(ABC):
    """Labelled pictures of one size.

    Attributes:
        labels: (n,) class numbers, or (n, classes) of 0 and 1 as float32.
        classes: A name for each class.
        channels, height, width: Of every picture.
        held_out: (n,) bool where the source says what is not to be trained on.
        what: A sentence: ``3 classes, 431 photos, 12 unreadable: listed``.
        notes: What a person should know besides.
        details: The same for programs.
    """

    labels: Tensor
    classes: tuple[str, ...]
    channels: int
    height: int
    width: int
    held_out: np.ndarray[tuple[int], np.dtype[np.bool_]] | None
    what: str
    notes: list[str]
    details: dict[str, Any]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def several(self) -> bool:
        """Whether a picture can have several labels."""
        return self.labels.ndim == 2

    @abstractmethod
    def pixels(self, rows: Rows) -> Tensor:
        """Return pictures from 0 to 1, (n, channels, height, width) float32."""

    @abstractmethod
    def png(self, row: int) -> bytes:
        """Return one as a person wants to see it."""

    @abstractmethod
    def where(self, row: int) -> str:
        """Return what tells one from the others: its file, or its row."""

    @property
    def is_in_memory(self) -> bool:
        """Whether pixels cost nothing."""
        return True

    def columns(self, rows: Rows) -> pd.DataFrame | None:
        """Return what is known of pictures besides their labels."""
        return None

    def groups(self) -> list[list[int]]:
        """Return the groups of pictures that show nearly the same."""
        pixels = [(self.pixels(np.array([i]))[0].permute(1, 2, 0) * 255).byte().numpy() for i in range(len(self))]
        return near_duplicates(fingerprints([p[..., 0] if p.shape[2] == 1 else p for p in pixels]))

    def parted(self, share: float, seed: int, way: str) -> tuple[Rows, Rows]:
        """Return which pictures are trained on and which are held out.

        Args:
            share: Of the pictures to hold out, where the source does not say which.
            seed: Of the choice.
            way: One of :data:`SPLITS`.
        """
        if len(self) < 2:
            raise OnionskinError("one picture is nothing to learn from and be tested on", fix="give more photos")
        if self.held_out is not None:
            return np.flatnonzero(~self.held_out), np.flatnonzero(self.held_out)
        train, valid = split(len(self), share, seed) if way == "random" else self._apart(share, seed)
        return self._with_every_class(train, valid)

    def _apart(self, share: float, seed: int) -> tuple[Rows, Rows]:
        """Hold out whole groups of near-duplicates."""
        together = np.arange(len(self))
        groups = self.groups()
        for group in groups:
            together[group] = group[0]
        self.details["near_duplicates"] = [[self.where(i) for i in group] for group in groups]
        if groups:
            rest = f"of near-duplicates stay on one side of the split, {sum(map(len, groups))} pictures in all"
            self.notes.append(counted(len(groups), "group", "groups", rest))
        leaders = np.random.default_rng(seed).permutation(np.unique(together))
        held: list[int] = []
        for leader in leaders[:-1]:
            if len(held) >= round(len(self) * share):
                break
            held += np.flatnonzero(together == leader).tolist()
        valid = np.sort(np.array(held, np.int64))
        return np.setdiff1d(np.arange(len(self)), valid), valid

    def _with_every_class(self, train: Rows, valid: Rows) -> tuple[Rows, Rows]:
        """Move one picture of each class that chance left out of training there; what no training shows is no test."""
        if self.several:
            return train, valid
        labels = self.labels.numpy()
        missing = np.setdiff1d(labels[valid], labels[train])
        moved = [valid[labels[valid] == label][0] for label in missing]
        if len(moved) >= len(valid):
            raise OnionskinError(
                f"there is one picture of each class, or hardly more: {len(self)} in all",
                fix="give at least ten photos of each class",
            )
        return np.sort(np.append(train, moved).astype(np.int64)), np.setdiff1d(valid, moved)


class ArrayPictures(Pictures):
    """A data set of arrays, which are standardised: (n, channels, height, width)."""

    def __init__(self, images: Images, name: str, note: str = "") -> None:
        self._x = torch.from_numpy(np.concatenate([images.train_x, images.test_x]))
        self.labels = torch.from_numpy(np.concatenate([images.train_y, images.test_y]))
        self.classes = tuple(images.classes)
        self.channels, self.height, self.width = self._x.shape[1:]
        # Their blackest and whitest pixels are 0 and 1, which says what they were standardised by.
        low, high = self._x.min().item(), self._x.max().item()
        self.mean, self.std = (-low / (high - low),) * self.channels, (1 / (high - low),) * self.channels
        self.held_out = np.arange(len(self)) >= len(images.train_x)
        self.what = f"{len(self.classes)} classes, {len(self):,} pictures of {self.height} × {self.width}"
        self.notes = [note] if note else []
        self.details = {"source": images.source, "name": name}

    def standard(self, rows: Rows) -> Tensor:
        """Return pictures as they were standardised."""
        return self._x[rows]

    def pixels(self, rows: Rows) -> Tensor:
        """Return pictures from 0 to 1."""
        return (self._x[rows] * self.std[0] + self.mean[0]).clamp(0, 1)

    def png(self, row: int) -> bytes:
        """Return one."""
        return png_of(self.pixels(np.array([row]))[0].permute(1, 2, 0).numpy())

    def where(self, row: int) -> str:
        """Return its number."""
        return f"row {row}"
