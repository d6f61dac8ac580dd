"""Who likes what: ratings, or only who chose what. In one line from a table of users and items."""

from __future__ import annotations

import time as clock
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from onionskin import data
from onionskin.errors import OnionskinError
from onionskin.learn.domain import Baseline, Domain, Json, Portable, Recipe, Rows, Shown, Understood, split
from onionskin.learn.domains import _interactions, _people, _ranking
from onionskin.learn.domains._choosing import Choosing
from onionskin.learn.domains._people import People
from onionskin.learn.goals.choice import PLACES, Choice
from onionskin.learn.goals.rating import Rating
from onionskin.learn.learner import Learner
from onionskin.learn.loop import Batch
from onionskin.models import svdpp

if TYPE_CHECKING:
    import pandas as pd

#: Chosen on the training part of MovieLens 100K alone, a fifth of it held out; batches grow with the data.
FACTORS: Final = 16
DROPOUT: Final = {"rating": 0.625, "choice": 0.3125}
EPOCHS: Final = {"rating": 20, "choice": 12}
STEPS_AN_EPOCH: Final = 40

#: Which share of users, and of items, a batch forgets where something else is known of them.
FORGOTTEN: Final = 0.125

#: Towards the mean goes a user's bias as if there were so many average ratings more, and an item's.
DAMPING: Final = {"user": 5.0, "item": 2.0}

#: Of more items than these, so many are drawn for every step as those that were not chosen: all 1,682 of MovieLens
#: would cost three times as much and find no more.
OTHERS: Final = 512

#: What share of the way from the lowest to the highest rating means that something is liked.
LIKED: Final = 0.75

#: With fewer ratings than these, what is said of a user rests on the others'.
FEW: Final = 5

SPLITS: Final = ("random", "time")


def recommend(
    source: Any, *, user: str | None = None, item: str | None = None, rating: str | None = None,
    time: str | None = None, users: Any = None, items: Any = None, clicks: bool = False,
    scale: Sequence[float] | None = None,
    split: str = "random", factors: int = FACTORS, seed: int = 0,
) -> Learner:  # fmt: skip
    """Return a learner of who likes what, about to be trained.

    Args:
        source: A CSV, TSV or Parquet file, a DataFrame, or ``movielens``: a row for every rating or choice.
        user, item, rating, time: What the columns are called; by default they are found by their names.
        users, items: What is known of users, and of items, as files or DataFrames of one row each. With it, those are
            answered for whom no ratings are there.
        clicks: Learn from who chose what, and leave ratings out of it; so it is anyway where there are none.
        scale: The lowest and the highest rating; rows beyond are left out. By default as found.
        split: Which fifth to measure on: ``random``, or the last by ``time``.
        factors: How many numbers to learn for each user and item.
        seed: The same seed gives the same split and the same numbers.

    Raises:
        OnionskinError: The data cannot be read, or have nothing in them to learn.
    """
    return Learner(
        Recommend(source, user=user, item=item, rating=rating, time=time, users=users, items=items, clicks=clicks,
                  scale=scale, split=split, factors=factors, seed=seed), seed=seed)  # fmt: skip


@final
class Recommend(Domain):
    """Users, items, and how the ones like the others."""

    name = "recommend"
    goal: Rating | Choice
    model: svdpp.SVDPlusPlus

    def __init__(
        self, source: Any, *, user: str | None = None, item: str | None = None, rating: str | None = None,
        time: str | None = None, users: Any = None, items: Any = None, clicks: bool = False,
        scale: Sequence[float] | None = None, split: str = "random", factors: int = FACTORS, seed: int = 0,
    ) -> None:  # fmt: skip
        if split not in SPLITS:
            raise OnionskinError(f"split={split!r}", fix=f"give one of {', '.join(SPLITS)}")
        if type(factors) is not int or not 1 <= factors <= 1024:
            raise OnionskinError(f"factors={factors!r}", fix="give a whole number from 1 to 1024")
        self.settings = {
            "source": _named(source), "user": user, "item": item, "rating": rating, "time": time,
            "users": _named(users), "items": _named(items), "clicks": clicks,
            "scale": None if scale is None else [float(end) for end in scale],
            "split": split, "factors": factors, "seed": seed,
        }  # fmt: skip
        if isinstance(source, str) and source in data.names():
            source, users, items = _by_name(source, users, items)
        found = _interactions.read(source, user=user, item=item, rating=rating, time=time, clicks=clicks, scale=scale)
        self._people = _people.meet(found, users, items)
        self._rows = found.rows
        self._users = torch.from_numpy(self._people.users.numbers(found.users))
        self._items = torch.from_numpy(self._people.items.numbers(found.items))
        self.train, self.valid = _split(found, split, seed)
        self._learn_scale(found.ratings)
        self._build(len(self.train))
        self._remember()
        self.understood = self._understood(found)

    # ------------------------------------------------------------------ data and model

    def _learn_scale(self, ratings: npt.NDArray[np.float32] | None) -> None:
        """Set the goal, and the targets on its scale: mean 0 and deviation 1 in the part to train on."""
        if ratings is None:
            self.goal = Choice(len(self._people.items.names))
            self._targets = torch.zeros(len(self._users), dtype=torch.int64)
            return
        trained = ratings[self.train]
        low, high = self.settings["scale"] or (ratings.min(), ratings.max())
        self.goal = Rating(float(trained.mean()), float(trained.std()) or 1.0, float(low), float(high))
        self._targets = torch.from_numpy((ratings - self.goal.mean) / self.goal.deviation)

    def _build(self, history: int) -> None:
        p, s = self._people, self.settings
        kind = "rating" if isinstance(self.goal, Rating) else "choice"
        torch.manual_seed(int(s["seed"]))
        self.model = svdpp.build(len(p.users.names), len(p.items.names), p.users.known.width, p.items.known.width,
                                 history, int(s["factors"]), DROPOUT[kind])  # fmt: skip
        self.trained: nn.Module = self.model if isinstance(self.goal, Rating) else Choosing(self.model)
        batch = min(32_768, max(32, history // STEPS_AN_EPOCH))
        self.recipe = Recipe(EPOCHS[kind], batch, 2.0**-7, 0.125)
        self._user_features = torch.from_numpy(p.users.features)
        self._item_features = torch.from_numpy(p.items.features)

    def _remember(self) -> None:
        """Begin with damped biases, and hand the model who rated what, and with what surprise, in the training part."""
        users, items = self._users[self.train], self._items[self.train]
        surprises = torch.zeros(len(users))
        if isinstance(self.goal, Rating):
            of_users, of_items = self._biases()
            surprises = self._targets[self.train] - of_users[users] - of_items[items]
            with torch.no_grad():
                self.model.user_bias.weight[:, 0] = of_users
                self.model.item_bias.weight[:, 0] = of_items
        self._own = torch.zeros(len(self._users), 2)
        self._own[self.train] = self.model.remember(users, items, surprises)
        with torch.no_grad():  # who is in no rating to train on has nothing of their own, and keeps it so
            self.model.user.weight[torch.bincount(users, minlength=len(self._user_features)) == 0] = 0
            self.model.item.weight[torch.bincount(items, minlength=len(self._item_features)) == 0] = 0

    def _biases(self) -> tuple[Tensor, Tensor]:
        """Return biases of users and items on the targets' scale, each the damped mean of what the other one leaves.

        Source: section 2.1 of Koren (2010), "Factor in the neighbors", ACM TKDD 4(1), in turns until they stand.
        """
        users, items = self._users[self.train], self._items[self.train]
        y = self._targets[self.train].double()
        of_users = torch.zeros(len(self._user_features), dtype=torch.float64)
        of_items = torch.zeros(len(self._item_features), dtype=torch.float64)
        for _ in range(10):
            for mine, my, other, their, damping in ((of_items, items, of_users, users, DAMPING["item"]),
                                                    (of_users, users, of_items, items, DAMPING["user"])):  # fmt: skip
                counts = torch.bincount(my, minlength=len(mine))
                mine.copy_(torch.bincount(my, y - other[their], minlength=len(mine)) / (counts + damping))
        return of_users.float(), of_items.float()

    def _understood(self, found: _interactions.Interactions) -> Understood:
        p, m = self._people, len(found.users)
        counts = torch.bincount(self._users[self.train], minlength=len(p.users.names) + 1)[1:]
        few = int((counts < FEW).sum())
        unseen = int((torch.bincount(self._items[self.train], minlength=len(p.items.names) + 1)[1:] == 0).sum())
        notes = [*found.notes, *p.notes]
        if few:
            first = p.users.names[int((counts < FEW).nonzero()[0])]
            notes.append(
                f"{few:,} of {len(counts):,} users have fewer than {FEW} rows to train on: what is said of them rests "
                f"on features and on the others, the first is {first!r}"
            )
        if unseen:
            more = "" if p.items.known.columns else ": give items='…' with what is known of them"
            notes.append(f"{unseen:,} of {len(p.items.names):,} items have no row to train on{more}")
        kind, ends = "choices", ""
        if isinstance(self.goal, Rating):
            kind, ends = "ratings", f" from {self.goal.lowest:g} to {self.goal.highest:g}"
        columns = ", ".join(f"{kind} from '{name}'" for kind, name in found.columns.items())
        filled = f"{100 * m / len(p.users.names) / len(p.items.names):.2g} % of all pairs"
        what = f"{m:,} {kind}{ends} by {len(p.users.names):,} users of {len(p.items.names):,} items ({filled})"
        return Understood(what, (columns, *notes), {"columns": found.columns, "few": few, "unseen": unseen})

    # ------------------------------------------------------------------ what the training asks

    def raw(self, rows: Rows) -> tuple[Tensor, ...]:
        """Return users, items, their features, and how each row stands in its user's own history."""
        users, items = self._users[rows], self._items[rows]
        return users, items, self._user_features[users], self._item_features[items], self._own[rows]

    def portable(self) -> Portable:
        """Return the network; it takes what :meth:`raw` gives."""
        said = {
            "users": "(n,) int64: numbers of users, in the order of learner.json",
            "items": "(n,) int64: numbers of items",
            "user_features": f"(n, {self._user_features.shape[1]}) float32",
            "item_features": f"(n, {self._item_features.shape[1]}) float32",
            "own": "(n, 2) float32: how each row stands in its user's own history",
        }
        why = "it would have to hold the names of all users and items; the ONNX file takes their numbers"
        return Portable(self.model, said, self.raw, why_no_page=why)

    def batch(self, rows: Rows) -> Batch:
        """Return :meth:`raw` and the targets; of choices everything else besides, as what was not chosen."""
        inputs = self.raw(rows)
        if isinstance(self.goal, Rating):
            return inputs, self._targets[rows]
        barred = _ranking.barred(self.model, inputs[0], len(self._item_features))
        barred[torch.arange(len(rows)), inputs[1]] = True  # it stands first already
        return (*inputs, torch.arange(len(self._item_features)), self._item_features, barred), self._targets[rows]

    def augmented(self, batch: Batch) -> Batch:
        """Return a batch in which some users, and some items, are unknown but for their features.

        So features are taught to speak for themselves. Source: Volkovs, Yu & Poutanen (2017), "DropoutNet: addressing
        cold start in recommender systems", NIPS. Of choices, some of very many others are drawn besides.
        """
        (users, items, user_features, item_features, own, *rest), targets = batch
        for known, ids in ((self._people.users.known, users), (self._people.items.known, items)):
            if known.columns:
                forgotten = torch.rand(len(ids)) < FORGOTTEN
                ids[forgotten] = svdpp.UNKNOWN
                own[forgotten] = 0
        if rest and len(self._item_features) > OTHERS:
            others, features, barred = rest
            some = torch.randperm(len(others))[:OTHERS]
            rest = [others[some], features[some], barred[:, some]]
        return (users, items, user_features, item_features, own, *rest), targets

    def answered(self, rows: Rows, *, size: int = 8192) -> tuple[Any, Any]:
        """Return outputs and targets, in portions as large as may be: each of them looks at all histories."""
        return super().answered(rows, size=max(size, 8192) if isinstance(self.goal, Rating) else 1024)

    def finished(self, measured: Mapping[str, float]) -> dict[str, float]:
        """Return recall and NDCG among the first ten of all items that a user has not rated yet."""
        known = self._user_features, self._item_features
        return self._judged(lambda users: _ranking.scores(self.model, users, known[0][users], known[1]))

    def _judged(self, score: Any) -> dict[str, float]:
        rows = self.valid
        if isinstance(self.goal, Rating):
            ratings = (self._targets[rows] * self.goal.deviation + self.goal.mean).numpy()
            rows = rows[ratings >= self.goal.lowest + LIKED * (self.goal.highest - self.goal.lowest) - 1e-4]
        return _ranking.judged(self.model, score, self._users[rows].numpy(), self._items[rows].numpy(),
                               count=len(self._item_features), k=PLACES)  # fmt: skip

    def baselines(self) -> list[Baseline]:
        """Return damped biases alone, for ratings, and what most chose, both on the same split."""
        began = clock.perf_counter()
        counts = torch.bincount(self._items[self.train], minlength=len(self._item_features)).float()
        found = []
        if isinstance(self.goal, Rating):
            of_users, of_items = self._biases()
            guess = of_users[self._users[self.valid]] + of_items[self._items[self.valid]]
            told = self.goal.measured(guess, self._targets[self.valid])
            told |= self._judged(lambda users: of_items.expand(len(users), -1))
            found.append(Baseline("biases alone, damped", told, clock.perf_counter() - began))
            began = clock.perf_counter()
        told = self._judged(lambda users: counts.expand(len(users), -1))
        return [*found, Baseline("the most popular", told, clock.perf_counter() - began)]

    def shown(self, row: int) -> Shown:
        """Return who rated what."""
        p, user, item = self._people, int(self._users[row]), int(self._items[row])
        names = p.users.names[user - 1], p.items.shown(item)
        return Shown(f"{names[0]}: {names[1]}", None, f"row {self._rows[row]}", self.goal.told(self._targets[row]),
                     str(names[0]))  # fmt: skip

    def columns(self, rows: Rows) -> pd.DataFrame:
        """Return how often the user and the item were rated in the part to train on, and what is known of them."""
        import pandas as pd

        users, items = self._users[rows].numpy(), self._items[rows].numpy()
        told: dict[str, Any] = {}
        for kind, numbers, trained in (("user", users, self._users), ("item", items, self._items)):
            told[f"ratings of the {kind}"] = np.bincount(trained[self.train].numpy(), minlength=numbers.max() + 1)[
                numbers
            ]
        frame = pd.DataFrame(told)
        for side, numbers in ((self._people.users, users), (self._people.items, items)):
            for column in side.known.columns:
                if column.kind != "several":
                    frame[column.name] = [side.rows.get(side.names[n - 1], {}).get(column.name) for n in numbers]
        return frame

    # ------------------------------------------------------------------ new things

    def inputs(self, things: Sequence[Any]) -> tuple[Tensor, ...]:
        """Return what the model takes for pairs: ``(user, item)``, or a dict with both and what is known of new ones.

        Who is in no data is answered by features and averages, with a warning.
        """
        pairs = [self._people.pair(thing) for thing in things]
        users, items = (torch.tensor([pair[at] for pair in pairs], dtype=torch.int64) for at in (0, 1))
        features = [torch.from_numpy(np.stack([pair[at] for pair in pairs])) for at in (2, 3)]
        return users, items, *features, self._owned(users, items)

    def _owned(self, users: Tensor, items: Tensor) -> Tensor:
        """Return how each pair stands in the history, (n, 2): nothing is to be guessed from itself."""
        places, which = _ranking.histories(self.model.starts.numpy(), len(self.model.seen), users.numpy())
        same = torch.from_numpy(places)[self.model.seen[places] == items[which]]
        own = torch.zeros(len(users), 2)
        rows = torch.from_numpy(which)[self.model.seen[places] == items[which]]
        own[rows] = torch.stack([self.model.shares[same], self.model.surprises[same]], 1)
        return own

    def recommended(self, user: Any, k: int) -> list[_ranking.Recommendation]:
        """Return the ``k`` items that somebody has not rated and would like most, the best first, with reasons.

        Args:
            user: Who: as in the data, or a dict of what is known of somebody new.
            k: How many.
        """
        if type(k) is not int or k < 1:
            raise OnionskinError(f"k={k!r}", fix="give a whole number from 1 on")
        number, features = self._people.users.one(user if isinstance(user, Mapping) else {"user": user}, "user")
        person = _ranking.Person(number, torch.from_numpy(features))
        self.model.eval()
        who = torch.tensor([number])
        found = _ranking.scores(self.model, who, person.features[None], self._item_features)[0]
        found = found.masked_fill(_ranking.barred(self.model, who, len(found))[0], -torch.inf)
        best = torch.argsort(found, descending=True, stable=True)[: min(k, int(found.isfinite().sum()))].tolist()
        values = self.goal.values(found[best]).tolist() if isinstance(self.goal, Rating) else found[best].tolist()
        unit = self.goal.deviation if isinstance(self.goal, Rating) else 1.0
        p = self._people
        names = {"item": p.items.shown, "item_feature": p.items.known.told, "user_feature": p.users.known.told}
        return [
            _ranking.Recommendation(
                p.items.names[item - 1], p.items.shown(item), value,
                _ranking.reasons(self.model, person, item, self._item_features[item], unit, names),
            )
            for item, value in zip(best, values, strict=True)
        ]  # fmt: skip

    # ------------------------------------------------------------------ keeping

    def fitted(self) -> dict[str, Json]:
        """Return who and what there is, how features become numbers, and the scale."""
        scale = {}
        if isinstance(self.goal, Rating):
            scale = {n: getattr(self.goal, n) for n in ("mean", "deviation", "lowest", "highest")}
        return self._people.to_json() | {"scale": scale, "history": len(self.model.seen)}

    @classmethod
    def restored(cls, settings: Mapping[str, Json], fitted: Mapping[str, Json], *, whole: bool) -> Self:
        """Return it without data."""
        self = cls.__new__(cls)
        self.settings = dict(settings)
        self._people = People.of_json(fitted)
        self.train = self.valid = np.array([], np.int64)
        scale = {str(n): float(value) for n, value in fitted["scale"].items()}
        self.goal = Rating(**scale) if scale else Choice(len(self._people.items.names))
        if not 0 <= int(fitted["history"]) < 2**31 or not 1 <= int(settings["factors"]) <= 1024:
            raise ValueError("sizes out of range")
        self._build(int(fitted["history"]))
        self.understood = Understood(f"{len(self._people.users.names):,} users and {len(self._people.items.names):,} "
                                     "items, without their ratings")  # fmt: skip
        return self


def _named(source: Any) -> str | None:
    """Return what says where data are: a data set's name, or a path that holds everywhere; None for data in memory."""
    if isinstance(source, str) and source in data.names():
        return source
    return str(Path(source).absolute()) if isinstance(source, str | Path) else None


def _by_name(name: str, users: Any, items: Any) -> tuple[Any, Any, Any]:
    loaded = data.load(name)
    if not isinstance(loaded, data.Ratings):
        known = [each for each in data.names() if data.about(each).domain == "recommend"]
        raise OnionskinError(f"'{name}' holds no ratings", fix=f"choose one of: {', '.join(known)}, or give a file")
    return loaded.ratings, loaded.users if users is None else users, loaded.items if items is None else items


def _split(found: _interactions.Interactions, how: str, seed: int) -> tuple[Rows, Rows]:
    if how == "random":
        return split(len(found.users), 0.2, seed)
    if found.times is None:
        raise OnionskinError("split='time' without a time", fix="say which column it is: time='…', or split='random'")
    order = np.argsort(found.times, kind="stable")
    held = max(1, len(order) // 5)
    return np.sort(order[:-held]), np.sort(order[-held:])


DOMAIN: Final = Recommend
