"""From what was seen to classes of modules: which calls are one line, and which modules are of one class.

At the levels with modules a layer of PyTorch's own is one call, ``self.fc1(x)``, whatever it does within. A module of
the user's is a class, and its ``forward`` is what was seen of one of its calls.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor, nn

from onionskin.peel.functions import all_nodes
from onionskin.peel.modules import arguments
from onionskin.peel.trace import Node, Region, Value


@dataclass(eq=False)
class Scope:
    """One call of a module, or a whole step.

    Attributes:
        region: What was seen of it.
        kind: ``own``: its class is written out. ``leaf``: a layer of PyTorch's own. ``row``: an ``nn.Sequential`` whose
            children are called in turn.
        items: What it does, in order.
        inputs: What it is given: the values that it uses and does not make, weights of other modules among them.
        outputs: What it gives.
    """

    region: Region
    kind: Literal["own", "leaf", "row"]
    items: list[Node | Scope]
    inputs: list[Value] = field(default_factory=list)
    outputs: list[Value] = field(default_factory=list)

    @property
    def path(self) -> str:
        """The module's path; empty for the model itself."""
        return self.region.path

    @property
    def module(self) -> nn.Module | None:
        """The module; None for a whole step."""
        return self.region.module

    def nodes(self) -> list[Node]:
        """Return its own operations, without those of the modules that it calls."""
        return [item for item in self.items if isinstance(item, Node)]

    def calls(self) -> list[Scope]:
        """Return the modules that it calls itself."""
        return [item for item in self.items if isinstance(item, Scope)]

    def child(self, inner: Scope) -> str:
        """Return the path of a module within this one from here on."""
        return inner.path.removeprefix(self.path).strip(".")


@dataclass(eq=False)
class Class:
    """A class of modules that a program defines.

    Attributes:
        kind: The class in the user's words, or PyTorch's.
        paths: The modules that are of it.
        forms: The calls, by what they do; most classes have one form, their ``forward``.
        name: What the program calls it.
    """

    kind: type[nn.Module]
    paths: list[str]
    forms: list[list[Scope]]
    name: str = ""

    def optional(self, form: list[Scope]) -> set[str]:
        """Return the children that only some of a form's calls have."""
        seen = [{scope.child(call) for call in scope.calls()} for scope in form]
        return set().union(*seen) - seen[0].intersection(*seen[1:])


# ------------------------------------------------------------------ one step as calls within calls


class Scoping:
    """Makes scopes of what was seen.

    Attributes:
        constants: The tensors that depend on neither the batch nor a parameter, by name.
    """

    def __init__(self, constants: Mapping[str, Tensor]) -> None:
        self.constants = constants
        self._users: dict[Value, list[Node | Scope]] = {}

    def step(self, root: Region, loss: Value) -> Scope:
        """Return a whole step, from the batch to the loss."""
        scope = Scope(root, "own", self._items(root))
        self._note_users(scope)
        self._connect(scope)
        scope.outputs = [loss]
        while _without_rows_that_are_none(scope):
            self._connect(scope)
        scope.outputs = [loss]
        return scope

    def is_own(self, value: Value, path: str) -> bool:
        """Whether a weight, buffer or constant belongs to the module at a path, or to one within it."""
        if value.kind in ("local", "input"):
            return False
        prefix = f"{path}." if path else ""
        if value.kind == "constant":
            inside = value.name.startswith(prefix) and "." not in value.name.removeprefix(prefix)
            return inside or as_call(self.constants[value.name]) is not None
        return value.name.startswith(prefix)

    def _items(self, region: Region) -> list[Node | Scope]:
        items: list[Node | Scope] = []
        for item in region.items:
            if isinstance(item, Node):
                items.append(item)
            elif nodes := list(all_nodes(item)):
                kind = _kind(item, nodes)
                items.append(Scope(item, kind, list(nodes) if kind == "leaf" else self._items(item)))
        return items

    def _note_users(self, scope: Scope) -> None:
        for item in scope.items:
            if isinstance(item, Scope) and item.kind != "leaf":
                self._note_users(item)
            else:
                for value in _given(item):
                    self._users.setdefault(value, []).append(item)

    def _connect(self, scope: Scope) -> None:
        for item in scope.items:
            if isinstance(item, Scope) and item.kind != "leaf":
                self._connect(item)
            elif isinstance(item, Scope):
                item.inputs = [v for v in _given(item) if not self.is_own(v, item.path)]
                item.outputs = [v for node in item.nodes() for v in node.outputs if self._leaves(v, {item})]
                item.outputs = list(dict.fromkeys([*_values(item.region.gives), *item.outputs]))
        atoms = set(_atoms(scope))
        made = {v for atom in atoms for v in atom.outputs}
        used = [v for item in scope.items for v in _given(item) if v not in made and not self.is_own(v, scope.path)]
        given = [value for _, value in scope.region.arguments if value in set(used)]
        scope.inputs = list(dict.fromkeys([*given, *used]))
        returned = [v for v in scope.region.returns if v in made]
        leaving = [v for v in made if self._leaves(v, atoms)]
        order = {v: number for number, v in enumerate(v for item in scope.items for v in item.outputs)}
        leaving.sort(key=lambda v: order.get(v, 0))
        scope.outputs = list(dict.fromkeys([*returned, *leaving]))
        for name, value in scope.region.arguments:
            value.name = value.name or name

    def _leaves(self, value: Value, inside: set[Node | Scope]) -> bool:
        return any(user not in inside for user in self._users.get(value, ()))


def _kind(region: Region, nodes: list[Node]) -> Literal["own", "leaf", "row"]:
    if region.is_container:
        return "row"
    draws = any(node.rule.draws for node in nodes)  # PyTorch would draw from its own stream
    return "leaf" if region.module is not None and not draws and arguments(region.module) is not None else "own"


def _without_rows_that_are_none(scope: Scope) -> bool:
    """Put what a container does in its place where it is more than a row, and say whether there was one."""
    changed = False
    items: list[Node | Scope] = []
    for item in scope.items:
        if isinstance(item, Scope) and item.kind != "leaf":
            changed |= _without_rows_that_are_none(item)
        if isinstance(item, Scope) and item.kind == "row" and not _is_row(item):
            items += item.items
            changed = True
        else:
            items.append(item)
    scope.items = items
    return changed


def _is_row(scope: Scope) -> bool:
    calls = scope.calls()
    links = itertools.pairwise(calls)
    return (
        isinstance(scope.module, nn.Sequential)
        and not scope.nodes()
        and all(len(call.inputs) == 1 for call in calls)
        and all(len(call.outputs) == 1 for call in calls)
        and all(isinstance(call.region.gives, Value) for call in calls)
        and all(before.outputs == after.inputs for before, after in links)
        and scope.outputs == calls[-1].outputs
    )


def _given(item: Node | Scope) -> list[Value]:
    """Return the values that an operation or a call is given."""
    if isinstance(item, Node):
        return list(item.values())
    return list(_values(item.region.given)) if item.kind == "leaf" else item.inputs


def _values(thing: Any) -> Iterator[Value]:
    if isinstance(thing, Value):
        yield thing
    elif isinstance(thing, Mapping):
        for each in thing.values():
            yield from _values(each)
    elif isinstance(thing, (list, tuple)):
        for each in thing:
            yield from _values(each)


def _atoms(scope: Scope) -> Iterator[Node | Scope]:
    for item in scope.items:
        if isinstance(item, Scope) and item.kind != "leaf":
            yield from _atoms(item)
        else:
            yield item


def as_call(tensor: Tensor) -> str | None:
    """Return what makes a constant: ``torch.ones(16)``, ``torch.arange(8)``; None where it takes its numbers."""
    shape = ", ".join(map(str, tensor.shape)) or "()"
    if tensor.dtype == torch.int64 and tensor.ndim == 1 and torch.equal(tensor, torch.arange(len(tensor))):
        return f"torch.arange({len(tensor)})"
    for value, name in ((0, "zeros"), (1, "ones")):
        if tensor.numel() and bool((tensor == value).all()):
            plain = tensor.dtype == torch.float32
            return f"torch.{name}({shape})" if plain else f"torch.{name}({shape}, dtype={tensor.dtype})"
    return None


# ------------------------------------------------------------------ modules that do the same


def classes(steps: list[Scope], scoping: Scoping) -> list[Class]:
    """Return the classes of the modules whose calls are written out, each after those that it calls itself."""
    scopes = list(dict.fromkeys(scope for step in steps for scope in _own(step)))
    optional = _optional(scopes)
    does = {scope: _signature(scope, optional, scoping) for scope in scopes}
    forms: dict[str, dict[str, None]] = {}
    for scope in scopes:
        forms.setdefault(scope.path, {})[does[scope]] = None
    found: dict[tuple[Any, ...], Class] = {}
    for scope in scopes:
        signatures = tuple(forms[scope.path])
        same = found.setdefault((type(scope.module), frozenset(signatures)), Class(type(scope.module), [], []))  # type: ignore[arg-type]  # a scope that is own and no step has a module
        if scope.path not in same.paths:
            same.paths.append(scope.path)
        same.forms = same.forms or [[] for _ in signatures]
        same.forms[_position(same, does, does[scope])].append(scope)
    last = {scope.path: number for number, scope in enumerate(scopes)}
    return sorted(found.values(), key=lambda each: max(last[path] for path in each.paths))


def _position(same: Class, does: Mapping[Scope, str], signature: str) -> int:
    """Return which form of a class a call is of; a new one takes the first that is still empty."""
    for number, form in enumerate(same.forms):
        if not form or does[form[0]] == signature:
            return number
    raise AssertionError("a class has as many forms as its modules have")


def _own(scope: Scope) -> Iterator[Scope]:
    for call in scope.calls():
        if call.kind != "leaf":
            yield from _own(call)
        if call.kind == "own":
            yield call


def _optional(scopes: list[Scope]) -> dict[type, set[str]]:
    """Return, by class, the children that only some of its calls have, and that could be passed by."""
    seen: dict[type, list[dict[str, bool]]] = {}
    for scope in scopes:
        own = {scope.child(call): len(call.inputs) == len(call.outputs) == 1 for call in scope.calls()}
        seen.setdefault(type(scope.module), []).append(own)
    return {
        kind: {name for call in calls for name in call if any(name not in other for other in calls)}
        & {name for name in set().union(*calls) if all(call.get(name, True) for call in calls)}
        for kind, calls in seen.items()
    }


def _signature(scope: Scope, optional: Mapping[type, set[str]], scoping: Scoping) -> str:
    """Return what a call does, in words that are the same for two calls that do the same."""
    numbers: dict[Value, int] = {}
    count = itertools.count()
    for value in scope.inputs:
        numbers.setdefault(value, next(count))

    def said(value: Value) -> str:
        if not scoping.is_own(value, scope.path):
            return f"%{numbers.get(value, 'unused')}"
        if value.kind == "constant":
            tensor = scoping.constants[value.name].contiguous()
            digest = hashlib.sha256(tensor.numpy().tobytes()).hexdigest()
            return f"{tensor.dtype} {tuple(tensor.shape)} {digest}"
        return f"{value.kind} {value.name.removeprefix(scope.path).strip('.')}"

    words = [str(len(scope.inputs))]
    passed_by = optional.get(type(scope.module), set()) if scope.kind == "own" else set()
    for item in scope.items:
        if isinstance(item, Scope) and scope.child(item) in passed_by:
            numbers[item.outputs[0]] = numbers.get(item.inputs[0], -1)
            continue
        for value in item.outputs:
            numbers[value] = next(count)
        words.append(_described(item, scope, optional, scoping, said))
    words.append("gives " + " ".join(map(said, scope.outputs)))
    return hashlib.sha256("\n".join(words).encode()).hexdigest()


def _described(
    item: Node | Scope,
    scope: Scope,
    optional: Mapping[type, set[str]],
    scoping: Scoping,
    said: Callable[[Value], str],
) -> str:
    gives = " ".join(map(said, item.outputs))
    if isinstance(item, Node):
        operands = _structure(item.operands, said)
        return f"{gives} = {item.rule.name} {operands} {sorted(item.settings)} {[len(v.shape) for v in item.outputs]}"
    inside = type(item.module).__qualname__
    if item.kind != "leaf":
        inside += _signature(item, optional, scoping)
    given = _structure(item.region.given if item.kind == "leaf" else item.inputs, said)
    return f"{gives} = {scope.child(item)} {inside} {given}"


def _structure(thing: Any, said: Callable[[Value], str]) -> str:
    if isinstance(thing, Value):
        return said(thing)
    if isinstance(thing, Mapping):
        return "{" + ", ".join(f"{key}: {_structure(each, said)}" for key, each in thing.items()) + "}"
    if isinstance(thing, (list, tuple)):
        return "[" + ", ".join(_structure(each, said) for each in thing) + "]"
    return repr(thing)
