"""Pictures with texts: which belongs to which, or one answer from both and from other columns. In one line.

learner = osk.multimodal("pairs.csv")                     # photos and captions
learner.fit()
learner.search("a brown bear")
learner = osk.multimodal("offers.csv", target="price")    # photo, text and columns together
"""

from __future__ import annotations

import time as clock
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self, final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from onionskin import data
from onionskin.data.album import Album
from onionskin.data.photos import folder_of, read_thumbnail
from onionskin.errors import OnionskinError
from onionskin.learn.domain import Baseline, Domain, Json, Recipe, Rows, Shown, Understood, split
from onionskin.learn.domains import _encoders, _together
from onionskin.learn.domains._gathered import picture
from onionskin.learn.domains._known import Known
from onionskin.learn.domains._table_goals import by_class, by_number
from onionskin.learn.domains._towers import Fusion, Heads, Joint, ridge
from onionskin.learn.goals import Answer
from onionskin.learn.goals.match import Match
from onionskin.learn.goals.number import Number
from onionskin.learn.goals.one_of import OneOf
from onionskin.learn.learner import Learner
from onionskin.learn.loop import Batch
from onionskin.learn.report.png import png_of
from onionskin.learn.text import tokenizer
from onionskin.models import minilm

#: Chosen on the training part of the stamps alone, 50 of its pairs held out: towers that begin where least squares ends
#: change little by so little training (R@1 .506 to .510, R@5 .750 to .765, R@10 .874 to .865), and a lot by more: at a
#: rate of 1 over 60 steps, R@1 falls to .456 and R@10 to .780.
DAMPING: Final = 1.0
SCALE: Final = 10.0
MATCHING: Final = Recipe(20, 1024, 0.03125, 0.0, "sgd", "cosine")
FUSING: Final = Recipe(60, 32, 0.125, 0.0009765625, "sgd", "cosine")
SCRATCH: Final = Recipe(40, 32, 0.001953125, 0.05, "adamw", "one_cycle")

#: Of a column to predict: this many different numbers or fewer are classes.
CLASSES: Final = 20


def multimodal(
    source: Any, *, image: str | None = None, text: str | None = None, target: str | None = None,
    folder: str | Path | None = None, from_scratch: bool = False, valid: float = 0.15, seed: int = 0,
) -> Learner:  # fmt: skip
    """Return a learner of pictures with texts, about to be trained.

    Args:
        source: A CSV, TSV or Parquet file or a DataFrame with a row for each photo, or ``stamps_captions``.
        image, text: The columns of photos and of texts; by default those whose cells are files, and have most words.
        target: The column to predict from photo, text and all other columns; without it, photos and captions are
            matched.
        folder: Where the names of photos begin; by default where the table is.
        from_scratch: Begin with small networks of random weights, and not with EfficientNet-Lite0 and MiniLM.
        valid: The share to hold out.
        seed: The same seed gives the same split and the same numbers.

    Raises:
        OnionskinError: The data cannot be read, or have nothing in them to learn.
    """
    settings = {k: v for k, v in locals().items() if k != "source"}
    return Learner(Multimodal(source, **settings), seed=seed)


@dataclass(frozen=True)
class Hit:
    """What was found: a photo, its caption, and how well it fits, a cosine from −1 to 1."""

    where: str
    caption: str
    score: float

    def __str__(self) -> str:
        return f"{self.score:.2f}  {self.caption}  {self.where}"


@final
class Multimodal(Domain):
    """Photos, texts and columns: matched with one another, or fused into one answer."""

    name = "multimodal"
    goal: Match | OneOf | Number
    model: Joint
    _data: Any  # what is together; None without data
    _names: dict[str, str]

    def __init__(
        self, source: Any, *, image: str | None = None, text: str | None = None, target: str | None = None,
        folder: str | Path | None = None, from_scratch: bool = False, valid: float = 0.15, seed: int = 0,
    ) -> None:  # fmt: skip
        if not 0 < valid < 1:
            raise OnionskinError(f"valid={valid!r}", fix="give a share between 0 and 1, such as 0.15")
        named = isinstance(source, str) and source in data.names()
        place = str(source) if named else str(Path(source).absolute()) if isinstance(source, str | Path) else None
        self.settings = {
            "source": place, "image": image, "text": text, "target": target,
            "folder": None if folder is None else str(Path(folder).absolute()), "from_scratch": from_scratch,
            "valid": valid, "seed": seed,
        }  # fmt: skip
        self._data = _together.read(source, image=image, text=text, target=target, folder=folder)
        self._given = tuple(part for part in ("image", "text") if part in self._data.columns)
        self._known = self._data.known
        torch.manual_seed(seed)
        self._encoders = _encoders.from_scratch(self._data.texts) if from_scratch else _encoders.frozen(weights=True)
        self._look()
        self.train, self.valid = split(len(self._data.rows), valid, seed)
        self._aim()
        self._build()
        self._begin()
        self._say()

    # ------------------------------------------------------------------ making it

    def _look(self) -> None:
        """See and read everything once where the encoders are frozen, and leave out photos that are broken."""
        d, e = self._data, self._encoders
        self._album = Album(d.files, e.size, "pad")
        self._inputs: list[Tensor] = []
        if "image" in self._given and self.settings["from_scratch"]:
            self._album.hold()
        elif "image" in self._given:
            self._inputs.append(_together.features(self._album, e.eyes, _encoders.MADE, e.prepared))
        if self._album.broken:
            keep = [row for row in range(len(self._album)) if row not in self._album.broken]
            d = self._data = d.without(self._album.broken)
            self._album = self._album.without(self._album.broken)
            self._inputs = [part[keep] for part in self._inputs]
        self._tokens = tokenizer.padded(e.tokens.encoded(d.texts)) if d.texts else torch.empty(0, 0)
        if "text" in self._given and not self.settings["from_scratch"]:
            assert isinstance(e.reader, minilm.MiniLM)
            self._inputs.append(_encoders.read(e.reader, e.tokens, d.texts))
        rows = [self._known.numbers(cells) for cells in d.cells]
        self._table = torch.from_numpy(np.stack(rows)) if self._known.columns else torch.empty(0, 0)
        if not self._given and not self._known.columns:
            raise OnionskinError("there is nothing to predict from", fix="give a photo, a text or other columns")

    def _aim(self) -> None:
        """Set goal and targets."""
        d = self._data
        if self.settings["target"] is None:
            captions = sorted(set(d.texts))
            number = {caption: at for at, caption in enumerate(captions)}
            self.goal = Match(captions)
            self._targets = torch.tensor([number[text] for text in d.texts])
            return
        import pandas as pd

        cells = pd.Series(d.targets, name=self.settings["target"])
        different = cells.nunique()
        if different < 2:
            raise OnionskinError(f"'{cells.name}' is {cells[0]!r} in all rows", fix="choose a target that differs")
        if pd.api.types.is_numeric_dtype(cells) and different > CLASSES:
            self.goal, self._targets = by_number(cells.astype(float), self.train, False, [])
        else:
            self.goal, self._targets = by_class(cells)
            if len(self.goal.classes) > len(cells) / 2:
                raise OnionskinError(f"'{cells.name}' has {different:,} different values in {len(cells):,} rows",
                                     fix="choose a column of classes or numbers")  # fmt: skip

    def _build(self) -> None:
        e, is_scratch = self._encoders, bool(self.settings["from_scratch"])
        found = {"image": (e.eyes, e.features + e.words), "text": (e.reader, e.width)}
        encoders: list[nn.Module] = [found[part][0] for part in self._given]
        widths = [found[part][1] for part in self._given]
        if self._known.columns:
            encoders.append(nn.Identity())
            widths.append(self._known.width)
        torch.manual_seed(int(self.settings["seed"]))
        head: nn.Module
        if isinstance(self.goal, Match):
            head = Heads(e.features, e.words, e.width, 0.0, scale=1 / 0.07 if is_scratch else SCALE)
        else:
            head = Fusion(widths, self.goal.outputs, 0.25)
        self.model = Joint(encoders, head, frozen=not is_scratch)
        self.trained: nn.Module = self.model if is_scratch else head
        self.recipe = SCRATCH if is_scratch else MATCHING if isinstance(self.goal, Match) else FUSING

    def _begin(self) -> None:
        """Let towers over frozen encoders begin where least squares ends."""
        if isinstance(self.model.head, Heads) and not self.settings["from_scratch"]:
            seen, read = (part[self.train] for part in self._inputs)
            self.model.head.begin(seen, read, DAMPING)

    def _say(self) -> None:
        d, m = self._data, len(self._data.rows)
        what = [f"{m:,} photos" if "image" in self._given else f"{m:,} rows"]
        notes = [", ".join(f"{kind} from '{name}'" for kind, name in d.columns.items()), *d.notes]
        if isinstance(self.goal, Match):
            shared = m - len(self.goal.captions)
            what.append(f"{len(self.goal.captions):,} different captions")
            if shared:
                notes.append(f"{shared:,} photos share a caption with an earlier one: each of them is a right answer")
        else:
            what += ["texts"] if "text" in self._given else []
            what += [f"{len(self._known.columns)} columns"] if self._known.columns else []
            classes = f", {len(self.goal.classes)} classes" if isinstance(self.goal, OneOf) else ""
            what.append(f"to predict '{self.settings['target']}'{classes}")
        notes.append(f"{len(self.train):,} to train on, {len(self.valid):,} held out")
        self.understood = Understood(", ".join(what), tuple(notes), {"columns": d.columns, "rows": m})

    # ------------------------------------------------------------------ what the training asks

    def batch(self, rows: Rows) -> Batch:
        """Return what the encoders gave, or, from scratch, what they take; and the targets."""
        if self.settings["from_scratch"]:
            return self.raw(rows), self._targets[rows]
        table = (self._table[rows],) if self._known.columns else ()
        return (*(part[rows] for part in self._inputs), *table), self._targets[rows]

    def raw(self, rows: Rows) -> tuple[Tensor, ...]:
        """Return photos, tokens and columns: those of them that there are."""
        found: list[Tensor] = []
        if "image" in self._given:
            found.append(self._encoders.prepared(torch.from_numpy(self._album.pixels(rows))))
        if "text" in self._given:
            found.append(self._tokens[rows])
        if self._known.columns:
            found.append(self._table[rows])
        return tuple(found)

    def augmented(self, batch: Batch) -> Batch:
        """Return a batch; from scratch, every other photo mirrored."""
        inputs, targets = batch
        if not self.settings["from_scratch"] or "image" not in self._given:
            return batch
        photos, *rest = inputs
        turned = torch.rand(len(photos)) < 0.5
        photos = torch.where(turned[:, None, None, None], photos.flip(3), photos)
        return (photos, *rest), targets

    def optimizer(self, lr: float, weight_decay: float) -> torch.optim.Optimizer:
        """Return the recipe's optimizer; what is one number for everything does not decay."""
        made = super().optimizer(lr, weight_decay)
        alone = {id(p) for p in self.trained.parameters() if p.numel() == 1 and p.requires_grad}
        if not alone:
            return made
        (group,) = made.param_groups
        single = [p for p in group["params"] if id(p) in alone]
        group["params"] = [p for p in group["params"] if id(p) not in alone]
        made.add_param_group({"params": single, "lr": lr, "weight_decay": 0.0})
        return made

    def baselines(self) -> list[Baseline]:
        """Return least squares from photos to texts, for pairs; for one answer, the most frequent or the mean."""
        began = clock.perf_counter()
        y, train, valid = self._targets, self.train, self.valid
        if isinstance(self.goal, Match):
            if self.settings["from_scratch"]:
                return []
            x, t = self._inputs[0][:, : self._encoders.features], self._inputs[1]
            x, t = functional.normalize(x - x[train].mean(0), dim=1), t - t[train].mean(0)
            u = functional.normalize(x[valid] @ ridge(x[train], t[train], DAMPING), dim=1)
            found = self.goal.measured((u, functional.normalize(t[valid], dim=1)), y[valid])
            found.pop("val_loss")  # nothing has scaled these cosines to be logits
            return [Baseline("ridge regression from features to texts", found, clock.perf_counter() - began)]
        if isinstance(self.goal, OneOf):
            most = int(torch.bincount(y[train]).argmax())
            share = (y[valid] == most).float().mean().item()
            return [Baseline(f"always “{self.goal.classes[most]}”", {"accuracy": share}, 0.0)]
        return [Baseline("the mean", self.goal.measured(torch.zeros(len(valid)), y[valid]), 0.0)]

    def folder(self) -> str:
        """Return the folder that all photos lie in."""
        return folder_of([str(file) for file in self._data.files or ()])

    def shown(self, row: int) -> Shown:
        """Return a photo, its text and its columns."""
        d = self._data
        told = [d.texts[row]] if d.texts else []
        told += [f"{name}: {value}" for name, value in (d.cells[row] if d.cells else {}).items()]
        png = png_of(read_thumbnail(d.files[row])) if d.files else None
        where = d.files[row] if d.files else f"row {d.rows[row]}"
        return Shown("  ".join(told), png, where, self.goal.told(self._targets[row]))

    # ------------------------------------------------------------------ new things

    def inputs(self, things: Sequence[Any]) -> tuple[Tensor, ...]:
        """Return what the model takes for new things: dicts by the columns' names, or by ``image`` and ``text``.

        A pair ``(image, text)`` will do where there is nothing else.
        """
        found: dict[str, list[Any]] = {part: [] for part in self._given}
        for thing in things:
            row = dict(zip(self._given, thing, strict=True)) if _is_pair(thing, len(self._given)) else thing
            if not isinstance(row, Mapping):
                raise OnionskinError(f"{thing!r} is no row", fix=f"give a dict with {', '.join(self._given)}")
            for part in self._given:
                value = row.get(self._columns.get(part, part), row.get(part))
                if value is None:
                    raise OnionskinError(f"no {part} in {dict(row)!r}", fix=f"give {part}=…")
                found[part].append(value)
            if self._known.columns:
                found.setdefault("table", []).append(torch.from_numpy(self._known.numbers(row)))
        tensors: dict[str, Callable[[Any], Tensor]] = {"image": self._photos, "text": self._texts, "table": torch.stack}
        return tuple(tensors[part](values) for part, values in found.items())

    def _photos(self, things: Sequence[Any]) -> Tensor:
        size = self._encoders.size
        pixels = [picture(thing, channels=3, height=size, width=size, fit="pad") for thing in things]
        return self._encoders.prepared(torch.stack(pixels).mul(255).round().permute(0, 2, 3, 1))

    def _texts(self, things: Sequence[Any]) -> Tensor:
        empty = next((thing for thing in things if not isinstance(thing, str) or not thing.strip()), None)
        if empty is not None:
            raise OnionskinError(f"{empty!r} is no text", fix="give a few words")
        return tokenizer.padded(self._encoders.tokens.encoded(things))

    @torch.no_grad()
    def _embedded(self, rows: Rows) -> tuple[Tensor, Tensor]:
        u, v = self.answered(rows)[0]
        return functional.normalize(u, dim=1), functional.normalize(v, dim=1)

    @torch.no_grad()
    def searched(self, text: str, k: int) -> list[Hit]:
        """Return the ``k`` photos that fit a text best, of all in the data. Raises OnionskinError."""
        v = self._towers().texts(self.model.encoders[1](self._texts([text])))
        rows = np.sort(np.concatenate([self.train, self.valid]))
        scores = self._embedded(rows)[0] @ functional.normalize(v, dim=1)[0]
        return [
            Hit(self._data.files[rows[at]], self._data.texts[rows[at]], float(scores[at])) for at in _best(scores, k)
        ]

    @torch.no_grad()
    def captioned(self, image: Any, k: int) -> list[Hit]:
        """Return the ``k`` captions that fit a photo best, of all in the data. Raises OnionskinError."""
        u = self._towers().images(self.model.encoders[0](self._photos([image])))
        first = {text: row for row, text in reversed(list(enumerate(self._data.texts)))}
        rows = np.array(sorted(first.values()), np.int64)
        scores = self._embedded(rows)[1] @ functional.normalize(u, dim=1)[0]
        return [
            Hit(self._data.files[rows[at]], self._data.texts[rows[at]], float(scores[at])) for at in _best(scores, k)
        ]

    @torch.no_grad()
    def classified(self, image: Any, prompts: Sequence[str]) -> Answer:
        """Return which of several texts a photo fits best, with a probability for each. Raises OnionskinError."""
        if isinstance(prompts, str) or len(prompts) < 2 or len(set(prompts)) < len(prompts):
            raise OnionskinError(f"prompts={prompts!r}", fix="give two or more different texts: ['a bear', 'a bird']")
        towers = self._towers()
        u = towers.images(self.model.encoders[0](self._photos([image])))
        v = towers.texts(self.model.encoders[1](self._texts(prompts)))
        shares = (u @ v.T)[0].softmax(0).tolist()
        scores = dict(zip(prompts, shares, strict=True))
        best = max(scores, key=lambda name: scores[name])
        return Answer(best, best, scores[best], scores)

    def _towers(self) -> Heads:
        if not isinstance(self.model.head, Heads):
            raise OnionskinError(f"this learner predicts '{self.settings['target']}'",
                                 fix="leave target out to match photos with texts")  # fmt: skip
        self.model.eval()
        return self.model.head

    # ------------------------------------------------------------------ keeping

    def packaged(self) -> set[str]:
        """Return the encoders' weights, where they are those of the packages."""
        if self.settings["from_scratch"]:
            return set()
        return {name for name in self.model.state_dict() if name.startswith("encoders.")}

    def fitted(self) -> dict[str, Json]:
        """Return parts, columns, the tokenizer, and what answers are called."""
        goal: dict[str, Json] = {}
        if isinstance(self.goal, Number):
            goal = {"mean": self.goal.mean, "deviation": self.goal.deviation, "log": self.goal.log}
        elif isinstance(self.goal, OneOf):
            goal = {"classes": list(self.goal.classes)}
        return {"parts": list(self._given), "columns": self._columns, "known": self._known.to_json(), "goal": goal,
                "tokens": self._encoders.tokens.to_json()}  # fmt: skip

    @property
    def _columns(self) -> dict[str, str]:
        names: dict[str, str] = self._names if self._data is None else self._data.columns
        return names

    @classmethod
    def restored(cls, settings: Mapping[str, Json], fitted: Mapping[str, Json], *, whole: bool) -> Self:
        """Return it without data."""
        self = cls.__new__(cls)
        self.settings = dict(settings)
        self._data = None
        self._given = tuple(part for part in ("image", "text") if part in fitted["parts"])
        self._names = {str(kind): str(name) for kind, name in fitted["columns"].items()}
        self._known = Known.of_json(fitted["known"])
        self.train = self.valid = np.array([], np.int64)
        goal, tokens = fitted["goal"], str(fitted["tokens"])
        if "classes" in goal:
            self.goal = OneOf([str(name) for name in goal["classes"]])
        elif goal:
            self.goal = Number(
                str(settings["target"]), float(goal["mean"]), float(goal["deviation"]), log=bool(goal["log"])
            )
        else:
            self.goal = Match()
        if settings["from_scratch"]:
            self._encoders = _encoders.from_scratch((), tokens=tokens)
        else:
            self._encoders = _encoders.frozen(weights=not whole, tokens=tokens)
        self._build()
        told = "photos with captions" if isinstance(self.goal, Match) else f"'{settings['target']}'"
        self.understood = Understood(f"{told}, without the data")
        return self


def _is_pair(thing: Any, parts: int) -> bool:
    return isinstance(thing, Sequence) and not isinstance(thing, str) and len(thing) == parts


def _best(scores: Tensor, k: int) -> list[int]:
    if type(k) is not int or k < 1:
        raise OnionskinError(f"k={k!r}", fix="give a whole number from 1 on")
    found: list[int] = torch.argsort(scores, descending=True, stable=True)[:k].tolist()
    return found


DOMAIN: Final = Multimodal
