"""Finds what a script trains, without the script's help: the models through the optimizers that step.

Until the first optimizer step it listens: new optimizers lead to the modules that own their parameters, and a hook that
fires once gives the first batch that enters them. At that first step the hooks are gone and the recording begins, so
that nothing is left on the training forward.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, Final
from weakref import WeakKeyDictionary, WeakSet, ref

import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from onionskin.watch.losses import Losses
from onionskin.watch.paths import free_path
from onionskin.watch.probe import MOST_PROBES, Call, first_few
from onionskin.watch.recorder import Recorder
from onionskin.watch.start import watch
from onionskin.watch.tensors import unwrapped

#: Probes taken from the first batch.
PROBES: Final = 8

#: A script that trains one model after another keeps this many recordings open; the one that rested longest is closed.
MOST_OPEN: Final = 4


@dataclass(frozen=True)
class _Entry:
    """A module that the script called, and the beginning of the first batch that it was called with, of ``batch``."""

    module: nn.Module
    call: Call
    batch: int


@dataclass(frozen=True)
class _Recording:
    """An open recording, and what to call the loss of each optimizer in it."""

    recorder: Recorder
    losses: WeakKeyDictionary[torch.optim.Optimizer, str]


class Finder:
    """Watches one script.

    Args:
        path: Where the first recording goes; a number is added for further ones.
        budget: The share of wall time that recording may take.
    """

    def __init__(self, path: Path, *, budget: float) -> None:
        self._path = path
        self._budget = budget
        # Weak: a script that makes a thousand models one after another must not keep them for our sake.
        self._made: WeakKeyDictionary[torch.optim.Optimizer, list[ref[nn.Module]]] = WeakKeyDictionary()
        self._met: WeakSet[torch.optim.Optimizer] = WeakSet()
        self._entries: dict[int, _Entry] = {}
        self._hooks: list[Any] = []
        self._recordings: list[_Recording] = []
        self._paths: list[Path] = []
        self._losses = Losses()
        self._undo = contextlib.ExitStack()
        self._is_waiting = self._compiles = self._keeps_hooks = False
        self._process = os.getpid()

    def install(self) -> None:
        """Begin to listen."""
        self._undo.enter_context(self._losses)
        for owner, name, wrapper in (
            (torch.optim.Optimizer, "__init__", self._around_optimizer),
            (torch, "compile", self._around_compile),
        ):
            original = getattr(owner, name)
            setattr(owner, name, wrapper(original))
            self._undo.callback(setattr, owner, name, original)
        self._undo.callback(register_optimizer_step_pre_hook(self._before_step).remove)
        self._undo.callback(register_optimizer_step_post_hook(self._after_step).remove)

    def finish(self, ended: str) -> list[Path]:
        """Stop listening, close the recordings, and return where they are."""
        self._undo.close()
        self._keeps_hooks = False
        self._stop_waiting()
        for recording in self._recordings:
            recording.recorder.close(ended)
        return self._paths

    # ------------------------------------------------------------------ before the first step

    def _around_optimizer(self, original: Callable[..., None]) -> Callable[..., None]:
        def make(optimizer: torch.optim.Optimizer, *args: Any, **kwargs: Any) -> None:
            original(optimizer, *args, **kwargs)
            with _unnoticed():
                roots = _roots_of(optimizer)
                self._made[optimizer] = [ref(root) for root in roots]
                for root in roots:
                    self._wait_for_a_call(root)

        return make

    def _around_compile(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """Keep our hooks out of what is compiled: they would be traced, and cost a recompilation when they go."""

        def compile_(model: Any = None, *args: Any, **kwargs: Any) -> Any:
            compiled = original(model, *args, **kwargs)
            with _unnoticed():
                was_waiting = self._is_waiting
                self._stop_waiting()
                self._compiles = True
                # A function may call any model: a hook that is traced with it must stay, or it is compiled again.
                self._keeps_hooks |= not isinstance(getattr(model, "__self__", model), nn.Module)
                for root in self._roots() if was_waiting else ():
                    is_this = model is root and isinstance(compiled, nn.Module)
                    self._wait_for_a_call(compiled if is_this else root)
            return compiled

        return compile_

    def _roots(self) -> Iterator[nn.Module]:
        for roots in self._made.values():
            yield from (root for reference in roots if (root := reference()) is not None)

    def _wait_for_a_call(self, root: nn.Module) -> None:
        """Learn what the script first calls this model, or its parts, with."""
        if root._compiled_call_impl is not None:  # compiled in place: its hooks would be traced
            return

        def note(module: nn.Module, args: Any, kwargs: Any) -> None:
            if torch.compiler.is_compiling():  # first: what is looked at while tracing would be guarded on
                return
            bare = unwrapped(module)
            if self._is_waiting and id(bare) not in self._entries:
                with _unnoticed():
                    batch = Call(args, kwargs)
                    call = replace(first_few(batch, PROBES), whole=first_few(batch, MOST_PROBES))
                    self._entries[id(bare)] = _Entry(bare, call, batch.examples)

        self._is_waiting = True
        parts = [root] if self._compiles or hasattr(root, "_orig_mod") else list(root.modules())
        self._hooks += [part.register_forward_pre_hook(note, with_kwargs=True) for part in parts]

    def _stop_waiting(self) -> None:
        self._is_waiting = False
        if not self._keeps_hooks:
            for hook in self._hooks:
                hook.remove()
            self._hooks.clear()

    # ------------------------------------------------------------------ steps

    def _before_step(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        self._losses.begin_step()
        if optimizer not in self._met and os.getpid() == self._process:
            self._met.add(optimizer)
            with _unnoticed():
                self._begin(optimizer)

    def _after_step(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        loss = self._losses.end_step()
        if self._is_waiting:
            self._stop_waiting()
            with _unnoticed():
                self._add_late_probes()
        for recording in self._recordings:
            if loss is not None and optimizer in recording.losses:
                recording.recorder.log(**{recording.losses[optimizer]: loss})

    def _begin(self, optimizer: torch.optim.Optimizer) -> None:
        """The first step of an optimizer: record its models, or add it to the recording that has them."""
        self._stop_waiting()
        own = _parameters_of(optimizer)
        for recording in self._recordings:
            if own & recording.recorder.parameter_ids:
                recording.losses[optimizer] = f"loss/{len(recording.losses)}"
                recording.recorder.add_optimizer(optimizer)
                return
        optimizers = self._trained_together(optimizer)
        self._met.update(optimizers)
        found = self._models(optimizers) or {_loose_tensors(optimizer): None}
        self._entries.clear()
        self._make_room()
        self._record(optimizers, found)
        if not any(found.values()):  # called for the first time within the step, by a closure: its probes come later
            self._is_waiting = self._keeps_hooks
            for module in found if not self._keeps_hooks else ():
                self._wait_for_a_call(module)

    def _record(self, optimizers: list[torch.optim.Optimizer], found: Mapping[nn.Module, _Entry | None]) -> None:
        models = dict(zip(_names(list(found)), found, strict=True))
        entry = next(iter(found.values())) if len(found) == 1 else None
        named = {name: found[module] for name, module in models.items()}
        calls = {name: known.call for name, known in named.items() if known}
        recorder = watch(
            next(iter(found)) if len(found) == 1 else models,
            optimizers,
            probes=(entry.call if entry else None) if len(found) == 1 else calls or None,
            labels=self._losses.labels(entry.call.examples, entry.batch) if entry else None,
            run=free_path(self._path),
            budget=self._budget,
        )
        self._recordings.append(_Recording(recorder, _loss_names(optimizers, models)))
        self._paths.append(recorder.path)

    def _add_late_probes(self) -> None:
        entries = _outermost(list(self._entries.values()))
        self._entries.clear()
        if len(entries) == 1 and self._recordings:
            self._recordings[-1].recorder.add_probes({"": entries[0].call})

    def _make_room(self) -> None:
        if len(self._recordings) >= MOST_OPEN:
            oldest = min(self._recordings, key=lambda recording: recording.recorder.last_heard)
            oldest.recorder.close()
            self._recordings.remove(oldest)

    def _trained_together(self, optimizer: torch.optim.Optimizer) -> list[torch.optim.Optimizer]:
        """Return the optimizers of one loop, in the order they were made: their models were called before this step."""
        called = {id(p) for entry in self._entries.values() for p in entry.module.parameters()}
        others = [o for o in self._made if o not in self._met and _parameters_of(o) & called]
        return [o for o in self._made if o is optimizer or any(o is other for other in others)] or [optimizer]

    def _models(self, optimizers: list[torch.optim.Optimizer]) -> dict[nn.Module, _Entry | None]:
        """Return the models that these optimizers train, each with what it was first called with."""
        found: dict[nn.Module, _Entry | None] = {}
        for root in [root for o in optimizers for r in self._made.get(o, []) if (root := r()) is not None]:
            inside = {id(module) for module in unwrapped(root).modules()}
            entries = _outermost([entry for entry in self._entries.values() if id(entry.module) in inside])
            if not entries:
                found[unwrapped(root)] = None
            for entry in entries:  # the model, or the parts of it that are called where it is not
                found[entry.module] = entry
        return found


@contextlib.contextmanager
def _unnoticed() -> Iterator[None]:
    """Keep our own mistakes from the script: it goes on unrecorded, and the person is told."""
    try:
        yield
    except Exception as error:  # noqa: BLE001  the script is not ours
        print(f"onionskin: cannot record this training: {error}", file=sys.stderr, flush=True)


def _parameters_of(optimizer: torch.optim.Optimizer) -> set[int]:
    return {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}


def _roots_of(optimizer: torch.optim.Optimizer) -> list[nn.Module]:
    """Return the modules that own an optimizer's parameters and are not part of another such module."""
    wanted = _parameters_of(optimizer)
    # By type: isinstance would ask an object for its __class__, which a lazy proxy answers by importing something.
    modules = [thing for thing in gc.get_objects() if issubclass(type(thing), nn.Module)]
    owners = [module for module in modules if any(id(p) in wanted for p in _parameters_in(module))]
    inside = {id(part) for owner in owners for part in owner.modules() if part is not owner}
    return [owner for owner in owners if id(owner) not in inside]


def _parameters_in(module: nn.Module) -> Iterator[nn.Parameter]:
    try:
        yield from module.parameters()
    except Exception:  # noqa: BLE001  the garbage collector also knows modules that are half made
        return


def _outermost(entries: list[_Entry]) -> list[_Entry]:
    """Leave out modules that were called from inside another one."""
    inside = {id(part) for entry in entries for part in entry.module.modules() if part is not entry.module}
    return [entry for entry in entries if id(entry.module) not in inside]


def _loose_tensors(optimizer: torch.optim.Optimizer) -> nn.Module:
    """Return a module that holds tensors which belong to none, so that they can be recorded by name."""

    class Tensors(nn.Module):
        """Tensors that a script trains without a module."""

    holder = Tensors()
    tensors = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    holder._parameters.update(zip(_names(tensors), tensors, strict=True))
    return holder


def _names(things: Sequence[object]) -> list[str]:
    """Name things as the script's variables and attributes do, or by their class; no name twice."""
    wanted = {id(_bare(thing)) for thing in things}
    found: dict[int, str] = {}
    for name, value in _visible():
        key = id(_bare(value))
        if key in wanted and not name.startswith("_"):
            found.setdefault(key, name)
    names: list[str] = []
    for thing in things:
        name = base = found.get(id(_bare(thing)), type(thing).__name__.lower())
        number = 2
        while name in names:
            name, number = f"{base}{number}", number + 1
        names.append(name)
    return names


def _visible() -> Iterator[tuple[str, object]]:
    """Yield the variables of everything that led to this step, from the inside out, and the attributes of each."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if not frame.f_globals.get("__name__", "").startswith(("onionskin", "torch.")):
            for scope in (frame.f_locals, frame.f_globals):
                for name, value in list(scope.items()):
                    yield name, value
                    if issubclass(type(value), nn.Module):
                        yield from list(value._modules.items())
                    elif not isinstance(value, (type, ModuleType)):
                        yield from list(getattr(value, "__dict__", {}).items())
        frame = frame.f_back


def _bare(thing: object) -> object:
    return unwrapped(thing) if issubclass(type(thing), nn.Module) else thing  # type: ignore[arg-type]


def _loss_names(
    optimizers: Sequence[torch.optim.Optimizer], models: Mapping[str, nn.Module]
) -> WeakKeyDictionary[torch.optim.Optimizer, str]:
    """Return what to call the loss of each optimizer: ``loss``, or ``loss/<model>`` where there are several."""
    names: WeakKeyDictionary[torch.optim.Optimizer, str] = WeakKeyDictionary()
    for i, optimizer in enumerate(optimizers):
        own = _parameters_of(optimizer)
        trained = [name for name, model in models.items() if any(id(p) in own for p in model.parameters())]
        names[optimizer] = f"loss/{trained[0] if len(trained) == 1 else i}" if len(optimizers) > 1 else "loss"
    return names
