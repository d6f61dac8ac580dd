"""All items in the order in which somebody would like them: judged whole, and told with reasons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from onionskin.models.svdpp import UNKNOWN, SVDPlusPlus

#: Users that are scored at once: times 100,000 items, 100 MB.
_PORTION: Final = 256

#: Fewer reasons than these are given where fewer speak for an item.
REASONS: Final = 3

#: What adds less is no reason.
LEAST: Final = 0.005


@dataclass(frozen=True)
class Reason:
    """One part of a score.

    Attributes:
        text: What it is: ``liked 'Alien'``.
        amount: What it adds to the score; the amounts of all reasons and the mean make the whole of it.
    """

    text: str
    amount: float

    def __str__(self) -> str:
        return f"{self.text} ({self.amount:+.2f})"


@dataclass(frozen=True)
class Recommendation:
    """One item for somebody.

    Attributes:
        item: What it is called in the data.
        title: What it is called for people.
        score: The rating that is expected; of clicks a number that ranks and means nothing more.
        reasons: What speaks most for it.
    """

    item: Any
    title: str
    score: float
    reasons: tuple[Reason, ...]

    def __str__(self) -> str:
        return f"{self.title}  {self.score:.2f}: {', '.join(map(str, self.reasons)) or 'nothing in particular'}"


def histories(starts: npt.NDArray[np.int64], total: int, users: npt.NDArray[np.int64]) -> tuple[Any, Any]:
    """Return the places in a history of what some users rated, and for each place which of the users it is."""
    ends = np.append(starts[1:], total)
    counts = ends[users] - starts[users]
    which = np.repeat(np.arange(len(users)), counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return starts[users][which] + within, which


def barred(model: SVDPlusPlus, users: Tensor, items: int) -> Tensor:
    """Return whether somebody has rated an item already, or it is none, (n, items)."""
    places, which = histories(model.starts.numpy(), len(model.seen), users.numpy())
    gone = torch.zeros(len(users), items, dtype=torch.bool)
    gone[torch.from_numpy(which), model.seen[torch.from_numpy(places)]] = True
    gone[:, UNKNOWN] = True
    return gone


@torch.no_grad()
def scores(model: SVDPlusPlus, users: Tensor, user_features: Tensor, item_features: Tensor) -> Tensor:
    """Return what users think of all items, (n, items), on the model's scale."""
    nothing = torch.zeros(len(users), dtype=torch.int64), torch.zeros(len(users), 2)
    p = model.tastes(users, user_features, *nothing)
    everything = torch.arange(len(item_features))
    q = model.traits(everything, item_features)
    of_users = model.user_bias(users) + model.user_known_bias(user_features)
    of_items = model.item_bias.weight + model.item_known_bias(item_features)
    found: Tensor = p @ q.T + of_users + of_items.T
    return found


def judged(
    model: SVDPlusPlus, score: Callable[[Tensor], Tensor], users: npt.NDArray[np.int64],
    items: npt.NDArray[np.int64], *, count: int, k: int = 10,
) -> dict[str, float]:  # fmt: skip
    """Return recall@k and NDCG@k, means over users: all items that they have not rated in training are ranked.

    Paper: Krichene & Rendle (2020), "On sampled metrics for item recommendation", KDD '20, says why none is left out.

    Args:
        model: Whose history is left out of the rankings.
        score: From users, (n,), to scores of all items, (n, count).
        users, items: (m,) the held-out pairs that are relevant.
        count: How many items there are.
        k: How far down the rankings to look.
    """
    who, at = np.unique(users, return_inverse=True)
    wanted = np.zeros((len(who), count), bool)
    wanted[at, items] = True
    recalls, gains = [], []
    discounts = 1 / np.log2(np.arange(2, k + 2))
    for start in range(0, len(who), _PORTION):
        some = torch.from_numpy(who[start : start + _PORTION])
        ranked = score(some).masked_fill(barred(model, some, count), -torch.inf)
        top = torch.argsort(ranked, dim=1, descending=True, stable=True)[:, :k].numpy()
        relevant = wanted[start : start + _PORTION]
        hit = np.take_along_axis(relevant, top, 1)
        total = relevant.sum(1)
        ideal = np.cumsum(np.pad(discounts, (0, 1)))[np.minimum(total, k) - 1]
        recalls.append(hit.sum(1) / total)
        gains.append((hit * discounts[: hit.shape[1]]).sum(1) / ideal)
    if not recalls:
        return {}
    return {f"recall@{k}": float(np.concatenate(recalls).mean()), f"ndcg@{k}": float(np.concatenate(gains).mean())}


@dataclass(frozen=True)
class Person:
    """Somebody whom something is recommended to: a number, 0 if unknown, and features, (a,)."""

    user: int
    features: Tensor


def reasons(
    model: SVDPlusPlus, person: Person, item: int, item_features: Tensor, unit: float,
    names: Mapping[str, Callable[[int], str]],
) -> tuple[Reason, ...]:  # fmt: skip
    """Return what speaks most for an item, the largest first.

    Args:
        model, person, item, item_features, names: As in :func:`parts`.
        unit: How much 1 on the model's scale is on the ratings'.
    """
    found = [
        part for part in parts(model, person, item, item_features, names) if part.text and part.amount * unit >= LEAST
    ]
    best = sorted(found, key=lambda part: -part.amount)[:REASONS]
    return tuple(Reason(part.text, part.amount * unit) for part in best)


@torch.no_grad()
def parts(
    model: SVDPlusPlus, person: Person, item: int, item_features: Tensor, names: Mapping[str, Callable[[int], str]]
) -> list[Reason]:  # fmt: skip
    """Return what a score is the sum of, on the model's scale; what nobody would call a reason has no text.

    The factors of the user fall into those of each rated item, of each of their features, and their own; the item's
    features are a share of every one of these, so that they are taken out of the user's own.

    Args:
        model: What gave the score.
        person: Who it is for.
        item: Its number.
        item_features: (b,) what is known of it.
        names: ``item``, ``user_feature``, ``item_feature``: from numbers to names.
    """
    user, one = torch.tensor([person.user]), torch.tensor([item])
    q = model.traits(one, item_features[None])[0]
    own = model.user(user)[0] + model.user_known.weight[:, 0] * person.features[0]
    places = torch.from_numpy(histories(model.starts.numpy(), len(model.seen), user.numpy())[0])
    seen = model.seen[places]
    rated = (model.shares[places, None] * model.chosen(seen) + model.surprises[places, None] * model.rated(seen)) @ q
    found = [
        Reason(f"{_verb(float(model.surprises[place]))} '{names['item'](int(other))}'", float(part))
        for place, other, part in zip(places, seen, rated, strict=True)
    ]
    for at in person.features.nonzero()[:, 0].tolist()[1:]:
        part = float(person.features[at] * (model.user_known.weight[:, at] @ q))
        found.append(Reason(f"people with {names['user_feature'](at)}", part))
    of_features = [
        (at, float(item_features[at] * (model.item_known.weight[:, at] @ own)))
        for at in item_features.nonzero()[:, 0].tolist()[1:]
    ]
    found += [Reason(f"likes {names['item_feature'](at)}", part) for at, part in of_features]
    found.append(Reason("", float(own @ q) - sum(part for _, part in of_features)))
    found.append(Reason("liked by everybody", float(model.item_bias(one) + model.item_known_bias(item_features))))
    found.append(Reason("", float(model.user_bias(user) + model.user_known_bias(person.features))))
    return found


def _verb(surprise: float) -> str:
    return "liked" if surprise > 0 else "unlike" if surprise < 0 else "chose"
