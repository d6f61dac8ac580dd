"""Pictures: what is on them. In one line from a folder of photos, or from a data set by its name.

    learner = osk.vision("bears/")      # a folder for each class
    learner.fit()
    learner.predict("new.jpg")

Every photo becomes a square of one size, whatever its own: by default it is squeezed into it, so that nothing is cut
off. On the stamps that is worth three points of accuracy over cutting out the middle.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, final

import numpy as np
import torch
from torch import Tensor, nn

from onionskin import data
from onionskin.data.album import prefetched
from onionskin.data.photos import Fit, folder_of
from onionskin.errors import OnionskinError
from onionskin.learn.domain import Baseline, Domain, Json, Portable, Rows, Shown, Understood
from onionskin.learn.domains._augmentation import WAYS, Augmentation
from onionskin.learn.domains._gathered import gathered, picture
from onionskin.learn.domains._networks import EMBEDDED, Standard, Transfer, backbone, scratch
from onionskin.learn.domains._photos import FilePictures
from onionskin.learn.domains._pictures import ArrayPictures, Pictures
from onionskin.learn.domains._recipes import FINE_TUNED, FROZEN, SCRATCH, SMALL, scaled
from onionskin.learn.domains._settings import MOST_SIDE, check, check_split
from onionskin.learn.goals.any_of import AnyOf
from onionskin.learn.goals.one_of import OneOf
from onionskin.learn.learner import Learner
from onionskin.learn.loop import Batch

if TYPE_CHECKING:
    import pandas as pd

#: How much slower the pretrained part learns than the new layer on it.
BODY_SHARE: Final = 0.125

#: The side of photos for a network from scratch. Up to it, that is the small one.
SMALL_SIDE: Final = 64


def vision(
    source: Any,
    *,
    size: int | None = None,
    model: str | None = None,
    from_scratch: bool = False,
    fine_tune: bool = False,
    target: str | Sequence[str] | None = None,
    valid: float = 0.2,
    split: str = "random",
    fit: Fit = "squish",
    augment: str | None = None,
    folder: str | None = None,
    separator: str | None = None,
    cache: bool = True,
    decisions: str | Path | None = None,
    seed: int = 0,
) -> Learner:
    """Return a learner of pictures.

    Args:
        source: A folder with a folder of photos for each class, or with ``train`` and ``valid`` folders of such; a CSV
            file or DataFrame of names and labels; or a data set's name, such as ``stamps`` or ``mnist``.
        size: Height and width that every photo is brought to: by default 224, from scratch 64.
        model: The network: by default EfficientNet-Lite0, pretrained; any of timm's or torchvision's that is installed;
            from scratch ``convnet``, ``resnet``, ``mobilenet``, ``vit`` and others of ``onionskin.models``.
        from_scratch: Begin with random weights.
        fine_tune: Train the pretrained network as well, and not only a new last layer on what it sees.
        target: The column of labels; several columns of 0 and 1 are labels that a photo can have together.
        valid: The share to hold out, where the source does not say which photos.
        split: ``random``, or ``apart``: near-duplicates stay on one side.
        fit: How a photo becomes square: ``squish``, ``crop`` (the middle) or ``pad`` (on white).
        augment: How pictures are changed while training: ``photos``, ``things``, ``strokes`` or ``none``.
        folder, separator: See :func:`onionskin.data.folder.find_photos`.
        cache: Whether photos at their size, and their features, are kept in Onionskin's cache on disk.
        decisions: What was decided of single photos, the file that ``onionskin clean`` writes.
        seed: The same seed gives the same numbers.

    Raises:
        OnionskinError: There is nothing there, nothing can be learned from it, or a setting makes no sense.
    """
    settings = {k: v for k, v in locals().items() if k != "source"}
    return Learner(Vision(source, **settings), seed=seed)


@final
class Vision(Domain):
    """Pictures and their classes, or labels that they can have together.

    Attributes:
        mean, std: By which pixels from 0 to 1 are standardised, for each channel.
        height, width, channels: Of the pictures that :attr:`model` takes.
        augmentation: How pictures are changed while training.
        is_frozen: Whether :attr:`trained` is a last layer on what a pretrained network sees.
    """

    name = "vision"
    goal: OneOf | AnyOf

    def __init__(
        self,
        source: Any,
        *,
        size: int | None = None,
        model: str | None = None,
        from_scratch: bool = False,
        fine_tune: bool = False,
        target: str | Sequence[str] | None = None,
        valid: float = 0.2,
        split: str = "random",
        fit: Fit = "squish",
        augment: str | None = None,
        folder: str | None = None,
        separator: str | None = None,
        cache: bool = True,
        decisions: str | Path | None = None,
        seed: int = 0,
    ) -> None:
        check(size=size, fit=fit, augment=augment, from_scratch=from_scratch, fine_tune=fine_tune)
        check_split(valid, split)
        side = size or (SMALL_SIDE if from_scratch else 224)
        self.settings = {
            "source": _kept(source), "size": size, "model": model, "from_scratch": from_scratch, "fine_tune": fine_tune,
            "target": target if target is None or isinstance(target, str) else list(target), "valid": valid,
            "split": split, "fit": fit, "augment": augment, "folder": None if folder is None else str(folder),
            "separator": separator, "cache": cache, "decisions": _kept(decisions), "seed": seed,
        }  # fmt: skip
        self.pictures: Pictures | None = gathered(
            source, size=side, fit=fit, target=target, folder=folder, separator=separator, cached=cache
        )
        p = self.pictures
        small = p.details["name"] if isinstance(p, ArrayPictures) else None
        if small and size is not None:
            raise OnionskinError(
                f"the pictures of '{source}' have one size, {p.height} × {p.width}", fix="leave size out"
            )
        self._describe(p.classes, small, several=p.several, shape=(p.channels, p.height, p.width))
        if isinstance(p, ArrayPictures):
            self.mean, self.std = p.mean, p.std
        self._build(weights=True)
        self._features: Tensor | None = None
        if isinstance(p, FilePictures):
            self._prepare(p)
        self.train, self.valid = p.parted(valid, seed, split)
        p.notes += self.decide(decisions)
        if small is None:
            self.recipe = scaled(self.recipe, len(self.train))
        if fine_tune:
            self._begin_with_the_head()
        self._say(p)

    # ------------------------------------------------------------------ making it

    def _describe(
        self, classes: Sequence[str], small: str | None, *, several: bool, shape: tuple[int, int, int]
    ) -> None:
        """Choose goal, recipe and augmentation by what the data are; :attr:`fitted` has all that it goes by."""
        self.channels, self.height, self.width = shape
        self._small, self._several = small, several
        self.goal = AnyOf(classes) if several else OneOf(classes)
        self.mean, self.std = (0.5,) * self.channels, (0.25,) * self.channels
        s = self.settings
        architecture, way, self.recipe = SMALL.get(small or "", ("convnet", "things", SCRATCH))
        if small is None or s["fine_tune"]:
            way = "photos"
        self._is_scratch = bool(s["from_scratch"]) or small is not None
        if small is None:
            architecture = "convnet" if self.height <= SMALL_SIDE else "resnet"
            self.recipe = SCRATCH if self._is_scratch else FINE_TUNED if s["fine_tune"] else FROZEN
        if not self._is_scratch:
            architecture = EMBEDDED
        elif s["model"] and small:
            self.recipe = replace(SCRATCH, epochs=self.recipe.epochs)
        self._architecture = s["model"] or architecture
        self.is_frozen = not self._is_scratch and not s["fine_tune"]
        if self.is_frozen:
            way = "none"
        self._way = s["augment"] or way
        if self.is_frozen and self._way != "none":
            raise OnionskinError(
                f"augment='{self._way}' with frozen features, which are computed once",
                fix="add fine_tune=True, or leave augment out",
            )

    def _build(self, *, weights: bool) -> None:
        """Make the network; ``weights=False`` where those of its pretrained part are about to be loaded."""
        torch.manual_seed(self.settings["seed"])
        self._is_packaged = False
        if self._is_scratch:
            self.model = self.trained = scratch(
                self._architecture,
                channels=self.channels,
                classes=self.goal.outputs,
                height=self.height,
                width=self.width,
            )
        else:
            found = backbone(self._architecture, weights=weights)
            self._is_packaged = found.is_packaged
            self.mean, self.std = found.mean, found.std
            self.model = Transfer(found, self.goal.outputs, frozen=self.is_frozen)
            self.trained = self.model.head if self.is_frozen else self.model
        self.augmentation = Augmentation(self._way, (self.height, self.width), self.mean, self.std)

    def _prepare(self, pictures: FilePictures) -> None:
        """Read photos, or what the frozen network makes of them; what is broken is left out."""
        if isinstance(self.model, Transfer):
            name = self._architecture if self._is_packaged else ""
            self.model.eval()
            features = pictures.features(self.model.body, name, self.standardised)
            self._features = features
        if not self.is_frozen:
            pictures.hold()

    def _begin_with_the_head(self) -> None:
        """Fit the new layer on what the pretrained network sees as it is: a random one would undo that."""
        assert isinstance(self.model, Transfer)
        assert self._features is not None
        head, x, y = self.model.head, self._features[self.train], self.targets(self.train)
        nn.init.zeros_(head.weight)
        nn.init.zeros_(head.bias)
        optimizer = torch.optim.LBFGS(head.parameters(), max_iter=100, line_search_fn="strong_wolfe")

        def loss() -> Tensor:
            optimizer.zero_grad()
            value: Tensor = self.goal.loss(head(x), y) + 0.5 / len(x) * head.weight.square().sum()
            value.backward()  # type: ignore[no-untyped-call]
            return value

        optimizer.step(loss)  # type: ignore[no-untyped-call]

    def _say(self, p: Pictures) -> None:
        how = (
            "from scratch"
            if self._is_scratch
            else "as it is, with a new last layer"
            if self.is_frozen
            else "fine-tuned"
        )
        notes = [*p.notes, f"{self._architecture} {how}, {len(self.train):,} to train on, {len(self.valid):,} held out"]
        if self._way != "none":
            notes.append(f"while training, pictures are {WAYS[self._way]}")
        details = {**p.details, "train": len(self.train), "valid": len(self.valid), "model": self._architecture}
        self.understood = Understood(p.what, tuple(notes), details)

    # ------------------------------------------------------------------ what every domain says

    def standardised(self, x: Tensor) -> Tensor:
        """Return pictures from 0 to 1, (n, channels, h, w), as the model takes them."""
        return (x - torch.tensor(self.mean)[:, None, None]) / torch.tensor(self.std)[:, None, None]

    def pixels(self, x: Tensor) -> Tensor:
        """Return what the model takes as pictures from 0 to 1: the inverse of :meth:`standardised`."""
        return (x * torch.tensor(self.std)[:, None, None] + torch.tensor(self.mean)[:, None, None]).clamp(0, 1)

    def targets(self, rows: Rows) -> Tensor:
        """Return class numbers (n,), or labels (n, classes) of 0 and 1."""
        return self._pictures.labels[rows]

    def batch(self, rows: Rows) -> Batch:
        """Return pictures, or the features of a frozen network, and targets."""
        if self.is_frozen:
            assert self._features is not None
            return (self._features[rows],), self.targets(rows)
        return self.raw(rows), self.targets(rows)

    def raw(self, rows: Rows) -> tuple[Tensor, ...]:
        """Return pictures, (n, channels, h, w)."""
        p = self._pictures
        return (p.standard(rows) if isinstance(p, ArrayPictures) else self.standardised(p.pixels(rows)),)

    def augmented(self, batch: Batch) -> Batch:
        """Return pictures changed at random."""
        (x,), targets = batch
        return (self.augmentation(x),), targets

    def batches(self, epoch: int, first: int, *, size: int, seed: int) -> Iterator[Batch]:
        """Yield the batches of one epoch; photos that are not in memory are decoded while the last batch is learned."""
        if self.is_frozen or self._pictures.is_in_memory:
            yield from super().batches(epoch, first, size=size, seed=seed)
            return
        order = np.random.default_rng([seed, epoch]).permutation(self.train)
        parts = (order[start : start + size] for start in range(first * size, len(order) // size * size, size))
        for batch in prefetched(parts, self.batch):
            yield self.augmented(batch)

    def inputs(self, things: Sequence[Any]) -> tuple[Tensor, ...]:
        """Return photos as a batch: paths, bytes of files, pictures of Pillow's, or arrays of bytes.

        Tensors and arrays of floats, (channels, h, w), are taken to be what :meth:`raw` gives.
        """
        shape = (self.channels, self.height, self.width)
        ready = []
        for thing in things:
            if isinstance(thing, Tensor | np.ndarray) and "float" in str(thing.dtype) and tuple(thing.shape) == shape:
                ready.append(torch.as_tensor(thing, dtype=torch.float32))
                continue
            x = picture(thing, channels=shape[0], height=shape[1], width=shape[2], fit=self.settings["fit"])
            ready.append(self.standardised(x[None])[0])
        return (torch.stack(ready),)

    def shown(self, row: int) -> Shown:
        """Return a photo with its own proportions, its path, and its class."""
        p = self._pictures
        return Shown(png=p.png(row), where=p.where(row), label=self.goal.told(p.labels[row]))

    def where(self, row: int) -> str:
        """Return its file, or its number."""
        return self._pictures.where(row)

    def folder(self) -> str:
        """Return the folder that all photos lie in."""
        return folder_of(self._pictures.files) if isinstance(self._pictures, FilePictures) else ""

    def alike(self) -> list[list[int]]:
        """Return groups of near-duplicates; of pictures in arrays those that are equal, as digits all look alike."""
        return super().alike() if isinstance(self._pictures, ArrayPictures) else self._pictures.groups()

    def relabel(self, rows: Rows, labels: Sequence[str]) -> None:
        """Take other classes. Raises OnionskinError for what is none, and where a photo can have several labels."""
        if not isinstance(self.goal, OneOf):
            super().relabel(rows, labels)
        else:
            self._pictures.labels[rows] = torch.tensor([self.goal.number(label) for label in labels])

    def columns(self, rows: Rows) -> pd.DataFrame | None:
        """Return the size and format of photos."""
        return self._pictures.columns(rows)

    def baselines(self) -> list[Baseline]:
        """Return what always naming the most frequent class would reach."""
        if self._several:
            return []
        counts = torch.bincount(self.targets(self.train), minlength=self.goal.outputs)
        most = int(counts.argmax())
        accuracy = (self.targets(self.valid) == most).float().mean().item()
        return [Baseline(f"always “{self.goal.classes[most]}”", {"accuracy": accuracy}, 0.0)]

    def optimizer(self, lr: float, weight_decay: float) -> torch.optim.Optimizer:
        """Return the recipe's optimizer; what is pretrained learns at an eighth of the rate."""
        if not isinstance(self.model, Transfer) or self.is_frozen:
            return super().optimizer(lr, weight_decay)
        groups = [
            {"params": list(self.model.head.parameters()), "lr": lr},
            {"params": list(self.model.body.parameters()), "lr": lr * BODY_SHARE},
        ]
        return torch.optim.AdamW(groups, lr, weight_decay=weight_decay)

    def portable(self) -> Portable:
        """Return the network from pixels on: what it subtracts and divides by is in it."""
        model = nn.Sequential(Standard(self.mean, self.std), self.model)
        shape = f"{self.channels}, {self.height}, {self.width}"
        page = {
            "kind": "picture", "channels": self.channels, "height": self.height, "width": self.width,
            "fit": self.settings["fit"], "draw": self.channels == 1 and max(self.height, self.width) <= SMALL_SIDE,
        }  # fmt: skip
        said = {"pixels": f"(n, {shape}) float32 from 0 to 1: {'grey' if self.channels == 1 else 'red, green, blue'}"}
        return Portable(model, said, lambda rows: (self.pixels(self.raw(rows)[0]),), page=page)

    def packaged(self) -> set[str]:
        """Return the names of the frozen network's weights, where a package has them."""
        if not (self.is_frozen and self._is_packaged):
            return set()
        return {name for name in self.model.state_dict() if name.startswith("body.")}

    # ------------------------------------------------------------------ keeping it

    def fitted(self) -> dict[str, Json]:
        """Return the classes, and what the pictures are."""
        return {
            "classes": list(self.goal.classes), "several": self._several, "small": self._small,
            "shape": [self.channels, self.height, self.width], "mean": list(self.mean), "std": list(self.std),
        }  # fmt: skip

    @classmethod
    def restored(cls, settings: Mapping[str, Json], fitted: Mapping[str, Json], *, whole: bool) -> Self:
        """Return it without data."""
        self = cls.__new__(cls)
        self.settings = dict(settings)
        check(**{key: settings[key] for key in ("size", "fit", "augment", "from_scratch", "fine_tune")})
        channels, height, width = (int(value) for value in fitted["shape"])
        if not (1 <= channels <= 4 and 1 <= height <= MOST_SIDE and 1 <= width <= MOST_SIDE):
            raise ValueError(f"pictures of {channels} × {height} × {width}")
        classes = [str(name) for name in fitted["classes"]]
        if not classes:
            raise ValueError("no classes")
        small = None if fitted["small"] is None else str(fitted["small"])
        self._describe(classes, small, several=bool(fitted["several"]), shape=(channels, height, width))
        self._build(weights=not whole)
        self.mean, self.std = (tuple(float(value) for value in fitted[name]) for name in ("mean", "std"))
        self.pictures, self._features = None, None
        self.train = self.valid = np.array([], np.int64)
        self.understood = Understood(f"{len(classes)} classes, without their pictures")
        return self

    @property
    def is_small(self) -> bool:
        """Whether these are the small pictures of a data set, which no pretrained network has seen the like of."""
        return self._small is not None

    @property
    def _pictures(self) -> Pictures:
        if self.pictures is None:
            raise OnionskinError("this learner has no pictures", fix="open them first: learner.open_data()")
        return self.pictures


def _kept(source: Any) -> str | None:
    """Return how to find the source again: a name, an absolute path, or None for what was in memory."""
    if data.is_named(source):
        return str(source)
    if isinstance(source, str | Path):
        return str(Path(source).absolute()) if Path(source).exists() else str(source)
    return None


DOMAIN: Final = Vision
