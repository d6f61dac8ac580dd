"""What a sweep may choose from: ranges and choices for the numbers of a training and for a domain's settings."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from onionskin.errors import OnionskinError, did_you_mean
from onionskin.learn.domain import Domain, Json

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

#: Of a training; every other name is a setting of the domain.
OF_A_PLAN: Final = ("lr", "weight_decay", "batch", "epochs")

#: How far from the recipe's a rate may be: a factor of 16 to either side.
_REACH: Final = 16.0

#: A fraction of a rate keeps so many eighths: the number is then exact in binary, and the peel reads it as it is.
_EIGHTHS: Final = 8


@dataclass(frozen=True)
class Range:
    """Numbers from ``low`` to ``high``, tried evenly along their logarithm."""

    low: float
    high: float
    is_whole: bool = False


@dataclass(frozen=True)
class Choice:
    """A few values, without an order."""

    values: tuple[Json, ...]


Space = Mapping[str, Range | Choice]


def usual(domain: Domain) -> dict[str, Range | Choice]:
    """Return what is tried where nothing else is asked: around the recipe, and what the domain offers."""
    r = domain.recipe
    decay = r.weight_decay or 1e-3
    space: dict[str, Range | Choice] = {
        "lr": Range(r.lr / _REACH, r.lr * _REACH),
        "weight_decay": Range(decay / _REACH, decay * _REACH),
        "batch": Choice(tuple(sorted({max(1, r.batch // 2), r.batch, min(2 * r.batch, len(domain.train))}))),
    }
    if r.epochs > 1:
        space["epochs"] = Choice((max(1, r.epochs // 2), r.epochs))
    if domain.settings.get("source") is not None:
        space |= {name: Choice(tuple(values)) for name, values in domain.space().items()}
    return space


def asked(domain: Domain, space: Mapping[str, Any]) -> dict[str, Range | Choice]:
    """Return a space as a person writes it: ``{"lr": (1e-4, 1e-1), "batch": [16, 32]}``.

    Raises:
        OnionskinError: A name or a value makes no sense.
    """
    parameters = inspect.signature(type(domain).__init__).parameters.values()
    settings = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.name != "seed"]
    known = [*OF_A_PLAN, *settings]
    found: dict[str, Range | Choice] = {}
    for name, given in space.items():
        if name not in known:
            raise OnionskinError(f"{domain.name} has no '{name}' to try",
                                 fix=did_you_mean(name, known, otherwise=f"choose of: {', '.join(known)}"))  # fmt: skip
        if name in settings and domain.settings.get("source") is None:
            raise OnionskinError(f"'{name}' makes the data anew, and these are only in memory",
                                 fix="make the learner from a path, or leave it out")  # fmt: skip
        found[name] = _read(name, given)
    if not found:
        raise OnionskinError("there is nothing to try", fix='give a space such as {"lr": (1e-4, 1e-1)}')
    return found


def _read(name: str, given: Any) -> Range | Choice:
    if isinstance(given, tuple) and len(given) == 2 and all(isinstance(end, (int, float)) for end in given):
        low, high = given
        if not 0 < low < high < math.inf:
            raise OnionskinError(f"{name}: {low} to {high}", fix="give 0 < low < high; for 0 use a list of choices")
        return Range(low, high, is_whole=name in ("batch", "epochs"))
    if isinstance(given, list) and given:
        return Choice(tuple(given))
    raise OnionskinError(f"{name}: {given!r}", fix="give (low, high), or a list of choices: [16, 32, 64]")


def parsed(text: str) -> tuple[str, Any]:
    """Return a name and its range or choices from a command line: ``lr=1e-4..1e-1`` or ``batch=16,32``.

    Raises:
        OnionskinError: It is neither.
    """
    name, equals, said = text.partition("=")
    if not equals or not said:
        raise OnionskinError(f"--space {text}", fix="write --space lr=1e-4..1e-1 or --space batch=16,32")
    if ".." in said:
        low, _, high = said.partition("..")
        return name, (_value(low), _value(high))
    return name, [_value(word) for word in said.split(",")]


def _value(word: str) -> Json:
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return {"true": True, "false": False, "none": None}.get(word.lower(), word)


def distributions(space: Space) -> dict[str, BaseDistribution]:
    """Return a space as Optuna has it."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    found: dict[str, BaseDistribution] = {}
    for name, one in space.items():
        if isinstance(one, Choice):
            found[name] = CategoricalDistribution(one.values)
        elif one.is_whole:
            found[name] = IntDistribution(int(one.low), int(one.high), log=True)
        else:
            found[name] = FloatDistribution(one.low, one.high, log=True)
    return found


def beginning(domain: Domain, space: Space) -> dict[str, Json] | None:
    """Return the recipe's own values, to be tried first; None where one of them is not in the space."""
    values: dict[str, Json] = {name: getattr(domain.recipe, name) for name in OF_A_PLAN if name in space}
    values |= {name: domain.settings.get(name) for name in space if name not in OF_A_PLAN}
    if values.get("weight_decay") == 0 and isinstance(space["weight_decay"], Range):
        values["weight_decay"] = space["weight_decay"].low
    for name, one in space.items():
        is_in = values[name] in one.values if isinstance(one, Choice) else one.low <= values[name] <= one.high
        if not is_in:
            return None
    return values


def plan_of(domain: Domain, chosen: Mapping[str, Json]) -> dict[str, Any]:
    """Return what of a choice is the training's, the rest as in the recipe."""
    recipe = {name: getattr(domain.recipe, name) for name in OF_A_PLAN}
    plan = {name: chosen.get(name, own) for name, own in recipe.items()}
    return {
        name: exact(value) if name in ("lr", "weight_decay") and value != recipe[name] else value
        for name, value in plan.items()
    }


def exact(rate: float) -> float:
    """Return the nearest rate of few binary digits: a whole number of eighths times a power of two."""
    if rate == 0:
        return 0.0
    fraction, power = math.frexp(rate)  # 0.5 <= fraction < 1
    return math.ldexp(round(fraction * 2 * _EIGHTHS) / (2 * _EIGHTHS), power)


def described(space: Space) -> dict[str, Sequence[Json]]:
    """Return a space as JSON, to tell whether another one is the same."""
    return {name: ["one of", *one.values] if isinstance(one, Choice) else ["from", one.low, one.high, one.is_whole]
            for name, one in space.items()}  # fmt: skip
