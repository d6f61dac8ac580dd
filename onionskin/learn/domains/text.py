"""Texts: which class, or what number. In one line from a table, from folders of .txt files, or from a data set by name.

Frozen MiniLM joined with the words themselves, or from scratch: a bag of n-grams, an LSTM, a small transformer. What
learns to write is in ``language.py``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from onionskin import data
from onionskin.errors import OnionskinError, did_you_mean
from onionskin.learn.domain import Baseline, Domain, Json, Portable, Recipe, Rows, Shown, Understood
from onionskin.learn.goals.number import Number
from onionskin.learn.goals.one_of import OneOf
from onionskin.learn.learner import Learner
from onionskin.learn.loop import Batch
from onionskin.learn.text import features, ngrams, reading, tokenizer, unlabelled
from onionskin.learn.text.joined import Head, Joined
from onionskin.learn.text.tokenizer import Piece, Tokens
from onionskin.models import bag_of_ngrams, minilm, text_lstm, text_transformer

if TYPE_CHECKING:
    import pandas as pd

#: How each is trained. MiniLM's weight decay is two thirds of an example's share: it counts less the more there are.
RECIPES: Final = {
    "minilm": Recipe(30, 32, 1.0, 0.0, "sgd", "cosine"),
    "bag": Recipe(12, 32, 2**-7, 0.0, "adamw", "cosine"),
    "lstm": Recipe(10, 32, 2**-8, 0.01, "adamw", "one_cycle"),
    "transformer": Recipe(10, 32, 2**-10, 0.01, "adamw", "one_cycle"),
}

#: Fewer labelled texts than this are gone through more often.
FEW: Final = 2000

#: What takes n-grams.
BAGS: Final = ("minilm", "bag")

#: Of the table of n-grams; a few hundred thousand different ones share them.
ROWS: Final = 1 << 17

#: The most tokens of a text, and the largest vocabulary that is trained.
LENGTH: Final = 256
VOCABULARY: Final = 8192

#: More classes are names of things rather than kinds of texts.
_MOST_CLASSES: Final = 10_000


def text(source: Any, *, model: str | None = None, seed: int = 0, **settings: Any) -> Learner:
    """Return a learner of texts: of their classes, of a number, or of how they go on.

    Args:
        source: A DataFrame, a CSV, TSV, Excel or Parquet file, a folder with a folder of .txt files for each class, or
            the name of a data set (``spam``, ``snippets``). To learn to write: a text file or a folder of them.
        model: ``minilm`` (the default), ``bag``, ``lstm`` or ``transformer``; ``gpt`` to learn to write, ``smollm2`` to
            load a model that can.
        seed: The same seed gives the same numbers.
        settings: As in :class:`Text`, and for ``gpt`` and ``smollm2`` in
            :class:`~onionskin.learn.domains.language.Language`.

    Raises:
        OnionskinError: There is no such source, column or model, or nothing can be learned from it.
    """
    from onionskin.learn.domains import language

    if model in language.MODELS or (model is None and language.is_prose(source)):
        made: Domain = language.Language(source, model=model, seed=seed, **settings)
    else:
        made = Text(source, model=model, seed=seed, **settings)
    return Learner(made, seed=seed)


@final
class Text(Domain):
    """Texts with their classes, or with a number each.

    Args:
        source: As of :func:`text`.
        text: The column of texts; by default the one that looks like it.
        target: The column to learn; by default the only other one. Of a data set by name ``class`` or ``number``.
        model: ``minilm``, ``bag``, ``lstm`` or ``transformer``; by default the first, or from scratch the second.
        from_scratch: Whether to use no pretrained weights.
        valid: The share that is held out to measure on.
        most: How many labels to use at most, drawn at random; None for all. The other texts are known without one.
        decisions: What was decided of single texts, the file that ``onionskin clean`` writes.
        seed: Of the split and of the first weights.

    Raises:
        OnionskinError: There is no such source, column or model, or nothing can be learned from it.
    """

    name = "text"
    goal: OneOf | Number

    def __init__(
        self,
        source: Any,
        *,
        text: str | None = None,
        target: str | None = None,
        model: str | None = None,
        from_scratch: bool = False,
        valid: float = 0.2,
        most: int | None = None,
        decisions: str | Path | None = None,
        seed: int = 0,
    ) -> None:
        kind = _kind(model, from_scratch)
        if not 0 < valid < 1:
            raise OnionskinError(f"valid={valid}", fix="give the share to hold out, between 0 and 1, such as 0.2")
        if most is not None and most < 2:
            raise OnionskinError(f"most={most}", fix="give the most texts to train on, 2 or more")
        read = reading.read(source, text=text, target=target)
        self.settings = {
            "source": read.source, "text": text, "target": target, "model": kind, "from_scratch": from_scratch,
            "valid": valid, "most": most, "seed": seed,
            "decisions": None if decisions is None else str(Path(decisions).absolute()),
        }  # fmt: skip
        self.texts, self._where, self._others = read.texts, read.where, read.others
        self.train, self.valid = _split(read.texts, valid, seed)
        others = np.zeros(0, np.int64)
        if most is not None:
            order = np.random.default_rng([seed, 1]).permutation(self.train)
            self.train, others = np.sort(order[:most]), np.sort(order[most:])
        if read.is_number:
            known = np.array([read.targets[row] for row in self.train])
            self.goal = Number(read.target, float(known.mean()), float(known.std()) or 1.0)
            scaled = (np.array(read.targets) - self.goal.mean) / self.goal.deviation
            self._y = torch.from_numpy(scaled).float()
        else:
            self.goal = OneOf(sorted(set(read.targets)))
            numbers = {name: number for number, name in enumerate(self.goal.classes)}
            self._y = torch.tensor([numbers[name] for name in read.targets])
        decided = self.decide(decisions)
        whole = (*read.texts, *read.unlabelled)
        is_taught = kind == "minilm" and isinstance(self.goal, OneOf)
        #: Texts that have no label, or whose label is not to be used: what a first model is sure of joins the training.
        self._unlabelled = np.concatenate([others, np.arange(len(read.texts), len(whole))]) if is_taught else others[:0]
        self._guessed, self._taught = others[:0], self._y
        self._tokens = _tokens(kind, [read.texts[row] for row in self.train])
        self._sizes: tuple[int, ...] = ()
        self._build(kind, seed, whole=False)
        self._encoded = self._tokens.encoded(whole) if self._tokens else []
        self._bags = [ngrams.bag(one, ROWS) for one in whole] if kind in BAGS else []
        self._features: Tensor | None = None
        self.understood = self._understood([*read.notes, *decided], read.target)

    def _build(self, kind: str, seed: int, *, whole: bool) -> None:
        outputs, count = self.goal.outputs, len(self._tokens) if self._tokens else 0
        self._kind, self.recipe = kind, RECIPES[kind]
        torch.manual_seed(seed)
        if kind == "minilm":
            encoder = minilm.build(*self._sizes) if whole else minilm.pretrained(_minilm().model)
            self._sizes = encoder.sizes
            self.model = Joined(encoder, ROWS, outputs)
            self.trained: nn.Module = self.model.head
            if len(self.train):
                counted = len(self.train) + unlabelled.weight_of(len(self._unlabelled))
                epochs = self.recipe.epochs * (1 if len(self.train) > FEW else 3)  # as many steps as it takes
                self.recipe = replace(self.recipe, epochs=epochs, weight_decay=1 / (1.5 * counted))
            return
        if kind == "bag":
            self.model = bag_of_ngrams.build(ROWS, 16, outputs, dropout=0.1)
        elif kind == "lstm":
            self.model = text_lstm.build(count, 64, 128, outputs=outputs, dropout=0.5)
        else:
            self.model = text_transformer.build(count, LENGTH, 64, 4, 2, outputs, dropout=0.2)
        self.trained = self.model

    def _understood(self, notes: Sequence[str], target: str) -> Understood:
        said = [*notes]
        if self._kind == "bag":
            long = [self._where[row] for row, one in enumerate(self.texts) if len(one) > ngrams.MOST_LETTERS]
            limit = f"{ngrams.MOST_LETTERS:,} characters"
        else:
            long = [self._where[row] for row, ids in enumerate(self._encoded[: len(self.texts)]) if len(ids) >= LENGTH]
            limit = f"{LENGTH} tokens"
        if long:
            said.append(f"{len(long):,} texts are longer than {limit}, of which the beginning is read: "
                        f"{reading.examples(long)}")  # fmt: skip
        if len(self._unlabelled):
            said.append(f"{len(self._unlabelled):,} texts teach without a label: by what a first model is surest of")
        what = f"numbers ({target})" if isinstance(self.goal, Number) else f"{len(self.goal.classes)} classes"
        details: dict[str, Json] = {"texts": len(self.texts), "train": len(self.train), "valid": len(self.valid)}
        if isinstance(self.goal, OneOf):
            counts = torch.bincount(self._y, minlength=len(self.goal.classes)).tolist()
            details["classes"] = dict(zip(self.goal.classes, counts, strict=True))
        return Understood(f"{what}, {len(self.texts):,} texts", tuple(said), details)

    # ------------------------------------------------------------------ to the model

    def batch(self, rows: Rows) -> Batch:
        """Return what is trained takes, and class numbers, (n,), or numbers, (n,)."""
        if self._kind == "minilm":
            return (self._known()[rows], *ngrams.padded([self._bags[row] for row in rows])), self._taught[rows]
        return self.raw(rows), self._y[rows]

    def targets(self, rows: Rows) -> Tensor:
        """Return class numbers, (n,), or numbers, (n,): labels, and not what was guessed."""
        return self._y[rows]

    def batches(self, epoch: int, first: int, *, size: int, seed: int) -> Iterator[Batch]:
        """Yield the batches of one epoch. Among the labelled texts are some that are known without a label."""
        if not len(self._guessed):
            yield from super().batches(epoch, first, size=size, seed=seed)
            return
        for rows in unlabelled.mixed(self.train, self._guessed, size=size, seed=seed, epoch=epoch, first=first):
            yield self.batch(rows)

    def raw(self, rows: Rows) -> tuple[Tensor, ...]:
        """Return tokens, (n, t), or rows of n-grams and what each counts, (n, m); of ``minilm`` all three."""
        return self._given([self._encoded[row] for row in rows] if self._encoded else [],
                           [self._bags[row] for row in rows] if self._bags else [])  # fmt: skip

    def inputs(self, things: Sequence[Any]) -> tuple[Tensor, ...]:
        """Return texts, or rows of a table with them, as :meth:`raw` does."""
        texts = [self._text_of(thing) for thing in things]
        return self._given(self._tokens.encoded(texts) if self._tokens else [],
                           [ngrams.bag(one, ROWS) for one in texts] if self._kind in BAGS else [])  # fmt: skip

    @staticmethod
    def _given(encoded: Sequence[Sequence[int]], bags: Sequence[ngrams.Bag]) -> tuple[Tensor, ...]:
        return (*((tokenizer.padded(encoded),) if encoded else ()), *(ngrams.padded(bags) if bags else ()))

    def _text_of(self, thing: Any) -> str:
        if isinstance(thing, Mapping):
            column = self.settings.get("text")
            found = [
                value for name, value in thing.items() if name == column or (column is None and isinstance(value, str))
            ]
            thing = max(found, key=len) if found else None
        if not isinstance(thing, str) or not thing.strip():
            raise OnionskinError(f"a text was asked about that is {thing!r}", fix="give a text with something in it")
        return thing

    def optimizer(self, lr: float, weight_decay: float) -> torch.optim.Optimizer:
        """Return the recipe's optimizer. What MiniLM says is computed here, before the training shows its progress."""
        if self._kind == "minilm":
            self._known()
            if len(self._unlabelled) and not len(self._guessed):
                self._guess()
        return super().optimizer(lr, weight_decay)

    def _guess(self) -> None:
        """Let a first head say of the texts without a label what they are; the surest join the training."""
        own = self.trained
        assert isinstance(own, Head)
        head = Head(len(own.mean), ROWS, self.goal.outputs)
        head.load_state_dict({"mean": own.mean, "deviation": own.deviation}, strict=False)
        self._taught = torch.cat([self._y, self._y.new_zeros(len(self._encoded) - len(self._y))])
        first = replace(self.recipe, weight_decay=1 / (1.5 * len(self.train)))
        seed = int(self.settings["seed"])
        rows, classes = unlabelled.guess(head, self.batch, self.train, self._unlabelled, first, seed=seed)
        self._taught[rows] = classes
        self._guessed = rows

    def _known(self) -> Tensor:
        """What frozen MiniLM says of every text, (n, f): computed when it is first asked for, and kept on disk."""
        if self._features is None:
            joined = self.model
            assert isinstance(joined, Joined)
            key = features.key_of(joined.encoder, f"depths {joined.depths}")
            self._features = features.of(
                self._encoded,
                lambda tokens: joined.encoder.depths(tokens, joined.depths),
                len(joined.head.mean),
                key=key,
            )
            joined.head.standardise(self._features[self.train])
        return self._features

    def portable(self) -> Portable:
        """Return the network from tokens on, or from n-grams and their shares; a page reads texts as Python does.

        MiniLM has none: its words are cut another way, and its weights alone would make a page of 120 MB.
        """
        said = {"tokens": f"(n, t) int64, t up to {LENGTH}, filled up with {tokenizer.PADDING}: of the tokenizer",
                "ngrams": f"(n, m) int64 below {ROWS}: rows of n-grams by their hash",
                "shares": "(n, m) float32: what each counts, 0 where it fills up"}  # fmt: skip
        names = {"minilm": ("tokens", "ngrams", "shares"), "bag": ("ngrams", "shares")}.get(self._kind, ("tokens",))
        page: Json = None
        if self._kind == "bag":
            page = {"kind": "text", "reads": "ngrams", "rows": ROWS}
        elif self._kind != "minilm" and self._tokens and (pairs := tokenizer.byte_pairs(self._tokens)):
            page = {"kind": "text", "reads": "byte pairs", "tokenizer": pairs}
        model = Summed(self.model) if isinstance(self.model, bag_of_ngrams.BagOfNgrams) else self.model
        return Portable(
            model, {name: said[name] for name in names}, self.raw, dict.fromkeys(names, (1,)), page,
            "MiniLM cuts words in its own way (WordPiece), which the page does not know, and would make it 120 MB; "
            "model='bag' or from_scratch=True has a page",
        )  # fmt: skip

    def packaged(self) -> set[str]:
        """Return the names of MiniLM's weights."""
        names = self.model.state_dict()
        return {name for name in names if name.startswith("encoder.")} if self._kind == "minilm" else set()

    # ------------------------------------------------------------------ to people

    def shown(self, row: int) -> Shown:
        """Return a text."""
        return Shown(self.texts[row], where=self._where[row], label=self.goal.told(self._y[row]))

    def where(self, row: int) -> str:
        """Return its file, or its row."""
        return self._where[row]

    def relabel(self, rows: Rows, labels: Sequence[str]) -> None:
        """Take other classes. Raises OnionskinError for what is none, and where a number is learned."""
        if not isinstance(self.goal, OneOf):
            super().relabel(rows, labels)
        else:
            self._y[rows] = torch.tensor([self.goal.number(label) for label in labels])

    def tokens(self, things: Sequence[Any]) -> list[list[Piece]]:
        """Return the pieces of each text with their places in it, as the first input of the model has them.

        A bag has no order: its pieces are the words. Whoever leaves out a piece of the text itself can ask any model.
        """
        texts = [self._text_of(thing) for thing in things]
        if self._tokens:
            return [self._tokens.pieces(one) for one in texts]
        return [[Piece(m[0], *m.span()) for m in ngrams.WORD.finditer(one[: ngrams.MOST_LETTERS])] for one in texts]

    def columns(self, rows: Rows) -> pd.DataFrame:
        """Return how many words each text has, and the table's other columns."""
        import pandas as pd

        words = pd.DataFrame({"words": [len(self.texts[row].split()) for row in rows]})
        if self._others is None:
            return words
        others = self._others.iloc[rows].reset_index(drop=True)
        return pd.concat([words.drop(columns=[name for name in words if name in others]), others], axis=1)

    def baselines(self) -> list[Baseline]:
        """Return TF-IDF with logistic regression, or with ridge regression, on the same split."""
        try:
            from sklearn.feature_extraction.text import TfidfVectorizer
            from sklearn.linear_model import LogisticRegression, Ridge
        except ImportError:
            return []
        began = time.perf_counter()
        words = TfidfVectorizer()
        try:
            x = words.fit_transform([self.texts[row] for row in self.train])
        except ValueError:  # no text has a word of two letters
            return []
        valid, y = words.transform([self.texts[row] for row in self.valid]), self._y.numpy()
        if isinstance(self.goal, Number):
            fitted = Ridge().fit(x, y[self.train])
            said, name = torch.from_numpy(fitted.predict(valid)).float(), "TF-IDF + ridge regression (scikit-learn)"
        else:
            if len(np.unique(y[self.train])) < 2:
                return []
            fitted = LogisticRegression(max_iter=1000).fit(x, y[self.train])
            said = torch.full((len(self.valid), len(self.goal.classes)), -100.0)
            said[:, fitted.classes_] = torch.from_numpy(np.asarray(fitted.predict_log_proba(valid))).float()
            name = "TF-IDF + logistic regression (scikit-learn)"
        measured = self.goal.measured(said, self._y[self.valid])
        return [Baseline(name, measured, time.perf_counter() - began)]

    # ------------------------------------------------------------------ to disk

    def fitted(self) -> dict[str, Json]:
        """Return classes, or the number's scale, and the tokenizer."""
        told: dict[str, Json] = {"tokenizer": self._tokens.to_json() if self._tokens else None}
        if self._kind == "minilm":
            told["encoder"] = list(self._sizes)
        if isinstance(self.goal, Number):
            return told | {"number": [self.goal.name, self.goal.mean, self.goal.deviation]}
        return told | {"classes": list(self.goal.classes)}

    @classmethod
    def restored(cls, settings: Mapping[str, Json], fitted: Mapping[str, Json], *, whole: bool) -> Self:
        """Return it without data."""
        self = cls.__new__(cls)
        kind = settings["model"]
        if kind not in RECIPES:
            raise OnionskinError(f"there is no model {kind!r} for texts", fix="load it with the version that saved it")
        self.settings = dict(settings)
        self.train = self.valid = np.array([], np.int64)
        self.texts, self._where, self._others = (), (), None
        self._encoded, self._bags, self._features = [], [], None
        self._unlabelled = self._guessed = self.train
        self.goal = _restored_goal(fitted)
        if kind == "minilm":
            self._sizes = minilm.checked(fitted["encoder"])
        most = self._sizes[0] if kind == "minilm" else VOCABULARY
        self._tokens = None if kind == "bag" else tokenizer.from_json(fitted["tokenizer"], LENGTH, vocabulary=most)
        self._build(kind, 0, whole=whole)
        what = f"{len(self.goal.classes)} classes" if isinstance(self.goal, OneOf) else f"numbers ({self.goal.name})"
        self.understood = Understood(f"{what}, without their texts")
        return self


class Summed(nn.Module):
    """A bag of n-grams whose sum is written out: exported as it is, it would be a loop over the texts."""

    def __init__(self, bag: bag_of_ngrams.BagOfNgrams) -> None:
        super().__init__()
        self.bag = bag

    def forward(self, ngrams: Tensor, shares: Tensor) -> Tensor:
        """Return what the bag gives."""
        out: Tensor = self.bag.out((functional.embedding(ngrams, self.bag.table.weight) * shares.unsqueeze(-1)).sum(1))
        return out


def _restored_goal(fitted: Mapping[str, Json]) -> OneOf | Number:
    if "number" in fitted:
        name, mean, deviation = fitted["number"]
        return Number(str(name), float(mean), float(deviation))
    classes = [str(name) for name in fitted["classes"]]
    if not 2 <= len(classes) <= _MOST_CLASSES:
        raise ValueError(f"{len(classes)} classes")
    return OneOf(classes)


def _kind(model: str | None, from_scratch: bool) -> str:
    if model is not None and model not in RECIPES:
        fix = did_you_mean(model, [*RECIPES, "gpt", "smollm2"], otherwise=f"choose one of: {', '.join(RECIPES)}")
        raise OnionskinError(f"there is no model '{model}' for texts", fix=fix)
    if model == "minilm" and from_scratch:
        raise OnionskinError("MiniLM from scratch would have learned no language from so few texts",
                             fix="choose model='bag', 'lstm' or 'transformer', or leave out from_scratch")  # fmt: skip
    return model or ("bag" if from_scratch else "minilm")


def _split(texts: Sequence[str], share: float, seed: int) -> tuple[Rows, Rows]:
    """Hold out a share at random, at least one; all copies of a text stay on one side."""
    first: dict[str, int] = {}
    groups = np.array([first.setdefault(one, row) for row, one in enumerate(texts)])
    order = np.random.default_rng(seed).permutation(np.unique(groups))
    if len(order) < 2:
        raise OnionskinError(f"all {len(texts):,} texts are the same", fix="give texts that differ")
    held = order[: min(max(1, round(share * len(order))), len(order) - 1)]
    is_held = np.isin(groups, held)
    return np.flatnonzero(~is_held), np.flatnonzero(is_held)


def _tokens(kind: str, texts: Sequence[str]) -> Tokens | None:
    if kind == "bag":
        return None
    if kind == "minilm":
        return tokenizer.from_file(_minilm().tokenizer, LENGTH)
    return tokenizer.trained(texts, VOCABULARY, LENGTH, lower=True)


def _minilm() -> Any:
    try:
        return data.load("minilm")
    except OnionskinError as error:
        raise OnionskinError(error.what, fix=f"{error.fix}; or do without: model='bag'") from error


DOMAIN: Final = Text
