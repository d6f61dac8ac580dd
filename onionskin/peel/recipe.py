"""How the weights are moved: the optimizer, the clipping before it, and the schedule of its learning rate."""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from onionskin.errors import OnionskinError, did_you_mean
from onionskin.peel.rule import Rule, rules

#: The function of each kind of file that says its settings, and the parameters that are none.
_FUNCTIONS = {"optimizer": "update", "clip": "clip", "schedule": "factor"}
_GIVEN = frozenset({"w", "g", "state", "step"})


def _asked(chosen: Rule) -> dict[str, inspect.Parameter]:
    """Return the parameters that are settings. The learning rate is the optimizer's, not its schedule's."""
    given = {*_GIVEN, "lr"} if chosen.kind == "schedule" else _GIVEN
    found: Callable[..., Any] = getattr(chosen.source, _FUNCTIONS[chosen.kind])
    return {name: each for name, each in inspect.signature(found).parameters.items() if name not in given}


@dataclass(frozen=True)
class Chosen:
    """An optimizer, a clipping or a schedule, with its settings: all of them, the defaults too."""

    rule: Rule
    settings: dict[str, Any]

    @property
    def function(self) -> Callable[..., Any]:
        """What it does, in NumPy."""
        found: Callable[..., Any] = getattr(self.rule.source, _FUNCTIONS[self.rule.kind])
        return found

    @property
    def is_lambda(self) -> bool:
        """Whether it is a schedule that PyTorch has no class of its own for, and takes as a function."""
        return self.rule.spellings[0].endswith(".LambdaLR")

    def as_torch(self) -> Any:
        """Return the class or function of PyTorch whose settings these are."""
        if self.is_lambda:
            factor = functools.partial(self.function, **self.settings)
            return lambda optimizer, **_: torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
        target: Any = torch
        for part in self.rule.spellings[0].split(".")[1:]:
            target = getattr(target, part)
        return target

    def __str__(self) -> str:
        return f"{self.rule.name}:" + ",".join(f"{k}={v}" for k, v in self.settings.items())


@dataclass(frozen=True)
class Recipe:
    """How one optimizer steps."""

    optimizer: Chosen
    clip: Chosen | None = None
    schedule: Chosen | None = None


def read_recipe(optimizer: str | torch.optim.Optimizer, *, clip: str | None, schedule: str | None) -> Recipe:
    """Return a recipe from words such as ``adam:lr=0.0078125``, or from an optimizer of PyTorch's.

    Raises:
        OnionskinError: There is no such optimizer, it has no such setting, or its groups differ.
    """
    chosen = _of_torch(optimizer) if isinstance(optimizer, torch.optim.Optimizer) else read(optimizer, "optimizer")
    return Recipe(chosen, read(clip, "clip") if clip else None, read(schedule, "schedule") if schedule else None)


def read(words: str, kind: str) -> Chosen:
    """Return what words such as ``sgd:lr=0.125,momentum=0.5`` name.

    Raises:
        OnionskinError: There is none of that name, or no such setting, or a value is none.
    """
    name, _, rest = words.partition(":")
    known = {each.name: each for each in rules() if each.kind == kind}
    if name not in known:
        raise OnionskinError(f"no '{name}' among the {kind}s",
                             fix=did_you_mean(name, known, otherwise=f"choose one of: {', '.join(known)}"))  # fmt: skip
    given: dict[str, Any] = {}
    for piece in _pieces(rest):
        key, equals, value = piece.partition("=")
        try:
            given[key.strip()] = ast.literal_eval(value.strip())
        except (ValueError, SyntaxError) as error:
            what = f"'{piece}' in {words!r} is no setting" if not equals else f"'{value}' in {words!r} is no value"
            raise OnionskinError(what, fix=f"write it as {name}:lr=0.125,…=…") from error
    return _with_settings(known[name], given)


def _pieces(text: str) -> list[str]:
    """Split at the commas that stand in no bracket: ``lr=0.1,betas=(0.9, 0.99)``."""
    pieces, depth = [""], 0
    for letter in text:
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and not depth:
            pieces.append("")
        else:
            pieces[-1] += letter
    return [piece for piece in pieces if piece.strip()]


def _with_settings(chosen: Rule, given: dict[str, Any]) -> Chosen:
    own = {name: each.default for name, each in _asked(chosen).items()}
    for name in given:
        if name not in own:
            raise OnionskinError(f"{chosen.name} has no setting '{name}'",
                                 fix=did_you_mean(name, own, otherwise=f"it has: {', '.join(own)}"))  # fmt: skip
    settings = {**own, **given}
    missing = [name for name, value in settings.items() if value is inspect.Parameter.empty]
    if missing:
        raise OnionskinError(f"{chosen.name} needs '{missing[0]}'", fix=f"write {chosen.name}:{missing[0]}=…")
    if settings.get("cycle_momentum"):
        raise OnionskinError(f"{chosen.name} with cycle_momentum=True is not peeled", fix="give cycle_momentum=False")
    return Chosen(chosen, settings)


def _of_torch(optimizer: torch.optim.Optimizer) -> Chosen:
    """Return an optimizer of PyTorch's with the settings that it has now."""
    known = {each.spellings[0].rpartition(".")[2]: each for each in rules() if each.kind == "optimizer"}
    name = type(optimizer).__name__
    if name not in known:
        raise OnionskinError(f"{name} is no optimizer that is peeled",
                             fix=f"use one of {', '.join(known)}, or add its file to onionskin/peel/ops")  # fmt: skip
    groups = [{k: v for k, v in group.items() if k != "params"} for group in optimizer.param_groups]
    if any(group != groups[0] for group in groups):
        raise OnionskinError(f"the {len(groups)} parameter groups of {name} have different settings",
                             fix="give all parameters the same settings, or peel with one group")  # fmt: skip
    own = inspect.signature(known[name].source.update).parameters
    odd = [k for k in ("maximize", "amsgrad") if groups[0].get(k) and k not in own]
    if odd:
        raise OnionskinError(f"{name} with {odd[0]}=True is not peeled", fix=f"leave {odd[0]} out")
    return _with_settings(known[name], {k: v for k, v in groups[0].items() if k in own and k not in _GIVEN})
