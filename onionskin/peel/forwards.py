"""Writes what a module or a loss does as a person writes PyTorch: layers are called, ``x`` goes through them."""

from __future__ import annotations

import ast
import inspect
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import nn
from torch.nn import functional

from onionskin.peel.functions import Function, Outline
from onionskin.peel.helpers import Helpers
from onionskin.peel.program import FunctionWriter
from onionskin.peel.scopes import Scope, Scoping, as_call
from onionskin.peel.trace import Node, Operand, Value
from onionskin.peel.writing import Dialect, Statement, Tag, literal

#: So wide may a statement and its shape be together; behind a longer one, the shape is left out.
_WIDTH = 74

DIALECT = Dialect("torch", has_backward=False)


@dataclass(eq=False)
class Run:
    """Calls of all modules of an ``nn.ModuleList`` in turn, each on what the last one gave."""

    calls: list[Scope]
    path: str

    @property
    def outputs(self) -> list[Value]:
        """What the last of them gives."""
        return self.calls[-1].outputs


Item = Node | Scope | Run


@dataclass(frozen=True)
class Callee:
    """How a call of a module is written.

    Attributes:
        method: Where it is not ``forward``.
        settings: Those that differ from call to call.
        gives: What its results are called within.
    """

    method: str = ""
    gives: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Surroundings:
    """What every forward of a program is written with.

    Attributes:
        model: The model.
        scoping: Which weights and constants are whose.
        helpers: The operations' functions.
        callees: How calls are written; a call that is not there is of ``forward`` and has no settings.
        taken: Names that no variable may take.
    """

    model: nn.Module
    scoping: Scoping
    helpers: Helpers
    callees: dict[Scope, Callee]
    taken: frozenset[str]

    def callee(self, scope: Scope) -> Callee:
        """Return how a call is written."""
        return self.callees.get(scope, Callee())


class ForwardWriter(FunctionWriter):
    """Writes one forward, or a loss.

    Attributes:
        constants: The constants that it reads of its module, by their names there.
    """

    def __init__(
        self,
        scope: Scope,
        around: Surroundings,
        *,
        settings: Mapping[str, list[tuple[Any, str]]],
        optional: set[str],
        arguments: Mapping[Value, str],
    ) -> None:
        self._scope = scope
        self._around = around
        self._optional = optional
        self._is_step = scope.module is None
        self.constants: dict[str, Value] = {}
        self._call_settings = {place: name for name, places in settings.items() for place in places}
        body = _body(scope, around.model, optional, around.callee)
        self._number = {item: number for number, item in enumerate(body)}
        self._used_by = Counter(value for item in body for value in set(_used(item)))
        self._last = {value: number for number, item in enumerate(body) for value in _used(item)}
        self._last |= dict.fromkeys(scope.outputs, len(body))
        self._spelled: dict[str, str] = {}
        self._words = _users_words(body, scope, self._used_by)
        for call in scope.calls():
            if call.kind == "own" and (len(call.outputs) > 1 or not call.path):  # it has words of its own
                self._words = {value: word for value, word in self._words.items() if value not in call.outputs}
        function = Function("forward", "", scope.inputs, scope.outputs, body, [scope.path], scope.path)  # type: ignore[arg-type]  # calls of modules are written here, and not as calls of functions
        function.is_main = self._is_step
        function.settings = dict(settings)
        function.arguments = dict(arguments)
        super().__init__(
            function, Outline(function, [], Counter()), DIALECT, around.helpers, {}, around.taken | {"self", "model"}
        )

    def statements(self) -> list[Statement]:
        """Return the statements of the body; the last one returns."""
        gives = ", ".join(self._expression(value) for value in self._scope.outputs)
        last = self.forward[-1] if self.forward else None
        if last is not None and "\n" not in last.text and last.text.startswith(f"{gives} = "):
            text = last.text.removeprefix(f"{gives} = ")
            return [*self.forward[:-1], Statement(f"return {text}", last.comment, last.tag)]
        return [*self.forward, Statement(f"return {gives}")]

    # ------------------------------------------------------------------ statements

    def _forward(self, item: Any) -> list[Statement]:
        if isinstance(item, Node):
            return [self._operation(item)]
        return self._run(item) if isinstance(item, Run) else [self._module_call(item)]

    def _operation(self, node: Node) -> Statement:
        rule = node.rule
        function, saves = self._spelling(rule)
        self._kept[node] = dict.fromkeys(saves, "_")
        text = without_defaults(self._applied(rule.name, function, node))
        is_loss = self._is_step and node.outputs[0] in self.function.outputs
        outputs = self._outputs(node, "loss" if is_loss else rule.name, keeps_name=is_loss)
        as_list = rule.outputs == ("*",) and len(outputs) == 1
        target = f"[{outputs[0]}]" if as_list else ", ".join([*outputs, *("_" for _ in saves)])
        return self._statement(target, text, node.outputs, Tag(rule.name, node.path, "forward", outputs[0]))

    def _module_call(self, scope: Scope) -> Statement:
        name = re.sub(r"\W", "_", self._scope.child(scope)) or self._all_that_it_gives(scope)
        callee = self._around.callee(scope)
        called = self._access(scope.path) + (f".{callee.method}" if callee.method else "")
        text = f"{called}({', '.join(self._arguments(scope, callee))})"
        before = self._expression(scope.inputs[0]) if scope.inputs else ""
        outputs = self._outputs(scope, name)
        target = ", ".join(outputs)
        if scope.kind == "leaf":
            target = self._target(scope.region.gives)
        nodes = scope.nodes()
        op = nodes[0].rule.name if scope.kind == "leaf" and len(nodes) == 1 else ""
        tag = Tag(op, scope.path, "forward", outputs[0] if outputs else "")
        if self._scope.child(scope) not in self._optional:
            return self._statement(target, text, scope.outputs, tag)
        if target == before:
            return Statement(f"if {called} is not None:\n    {target} = {text}", "", tag)
        return Statement(f"{target} = {before} if {called} is None else {text}", "", tag)

    def _all_that_it_gives(self, model: Scope) -> str:
        """Return what the outputs of the whole model are called."""
        asked = {node.rule.name for node in self._scope.nodes()}
        takes_logits = any(name.startswith(("cross_entropy", "bce_with_logits")) for name in asked)
        return "logits" if takes_logits and len(model.outputs) == 1 else "outputs"

    def _run(self, run: Run) -> list[Statement]:
        first = run.calls[0]
        before = first.inputs[0]
        reused = self._is_dead(before, run) and before.dtype == run.outputs[0].dtype
        start = self._expression(before)
        name = start if reused else self.names.free("x")
        self.names.hand_on(run.outputs[0], name)
        each = self.names.free(_one_of(run.path.rpartition(".")[2]))
        given = [name, *(self._expression(value) for value in first.inputs[1:])]
        begin = [] if reused else [Statement(f"{name} = {start}")]
        loop = f"for {each} in {self._access(run.path)}:\n    {name} = {each}({', '.join(given)})"
        return [*begin, Statement(loop, "", Tag("", run.path, "forward", name))]

    def _statement(self, target: str, text: str, outputs: Sequence[Value], tag: Tag) -> Statement:
        comment = str(outputs[0].shape) if outputs and outputs[0].shape else ""
        if any(value in self._last for value in outputs):
            text = f"{target} = {text}"
        fits = len(text) + len(comment) < _WIDTH
        return Statement(text, comment if fits else "", tag)

    def _arguments(self, scope: Scope, callee: Callee) -> Iterator[str]:
        if scope.kind != "leaf":
            yield from map(self._expression, scope.inputs)
            for key, value in callee.settings.items():
                yield f"{key}={self._call_settings.get((scope, key)) or literal(value)}"
            return
        positional, named = scope.region.given
        yield from map(self._expression, positional)
        assert scope.module is not None
        known = inspect.signature(scope.module.forward).parameters
        for key, value in named.items():
            if isinstance(value, Value) or value is not known[key].default:
                yield f"{key}={self._expression(value)}"

    def _target(self, gives: Any) -> str:
        """Return what a layer's results are assigned to: ``x, _`` where the second is not needed."""
        if isinstance(gives, Value):
            return self.names.of(gives) if gives in self._last else "_"
        if not isinstance(gives, list) or not any(value in self._last for value in _flat(gives)):
            return "_"
        inner = [self._target(each) for each in gives]
        return ", ".join(f"({text})" if "," in text else text for text in inner)

    # ------------------------------------------------------------------ names

    def _outputs(self, item: Node | Scope, wish: str, *, keeps_name: bool = False) -> list[str]:
        """Name what an item gives; where it needs its input for the last time, the output may take that name."""
        outputs = item.outputs
        kept_all = [value for value in outputs if value in self._last]
        if len(kept_all) == 1 and not keeps_name:
            kept = kept_all[0]
            name = self._in_users_words(item, kept) if kept in self._words else self._handed_on(item, kept)
            if name is not None:
                self.names.hand_on(kept, name if not self.names.is_free(name) else self.names.free(name))
                return [name if value is kept else "_" for value in outputs]
        ends = [""] if len(outputs) == 1 else [f"_{number + 1}" for number in range(len(outputs))]
        if isinstance(item, Scope) and item.kind == "leaf" and isinstance(item.module, nn.RNNBase):
            ends = ["", "_h", "_c"][: len(outputs)]
        within = self._around.callee(item).gives if isinstance(item, Scope) else ()
        if len(within) == len(outputs) > 1:
            wish, ends = ("", list(within)) if self._is_step else (wish, [f"_{name}" for name in within])
        names = []
        for value, end in zip(outputs, ends, strict=True):
            word = self._words.get(value, wish + end)
            names.append(self.names.give(value, word) if value in self._last else "_")
            self._spelled[word] = names[-1]  # where a program means something else by the user's word
        return names

    def _in_users_words(self, item: Node | Scope, kept: Value) -> str | None:
        """Return the user's name of a value, where nothing that has it is needed any more."""
        number = self._number[item]
        name = self._spelled.get(self._words[kept], self._words[kept])
        others = [value for value in self._last if self.names.has(value) and self.names.of(value) == name]
        is_over = all(self._last[value] <= number for value in others)
        return name if is_over and (others or self.names.is_free(name)) else None

    def _handed_on(self, item: Node | Scope, kept: Value) -> str | None:
        """Return the name that an output takes over: ``x`` goes from layer to layer; what is reshaped is it still."""
        inputs = list(dict.fromkeys(v for v in _used(item) if self.names.has(v)))
        dead = [v for v in inputs if self._is_dead(v, item)]
        if isinstance(item, Node):
            flowing = [v for v in dead if self.names.of(v) == "x" and v.dtype == kept.dtype]
            same = flowing or [v for v in dead if len(inputs) == 1 and v.dtype == kept.dtype]
            return self.names.of(same[0]) if same else None
        if self._is_step or len(inputs) != 1 or not dead or self._used_by[dead[0]] > 1:
            return None  # a layer that shares its input with others has a name of its own
        return "x" if self.names.of(dead[0]) == "x" or self.names.is_free("x") else None

    def _is_dead(self, value: Value, item: Item) -> bool:
        """Whether nothing after an item needs a value."""
        return self._last[value] == self._number[item] and value.kind in ("local", "input")

    # ------------------------------------------------------------------ expressions

    def _expression(self, operand: Operand) -> str:
        if isinstance(operand, list):
            return f"[{', '.join(map(self._expression, operand))}]"
        if not isinstance(operand, Value):
            return literal(operand)
        if self.names.has(operand):
            return self.names.of(operand)
        if operand.kind != "constant":
            return self._access(operand.name)
        made = as_call(self._around.scoping.constants[operand.name])
        if made or self._is_step:
            return made or f'data["c/{operand.name}"]'
        name = operand.name.removeprefix(self._scope.path).strip(".")
        self.constants[name] = operand
        return f"self.{name}"

    def _access(self, path: str) -> str:
        """Return how a module or weight is reached from here: ``self.blocks[0].weight``."""
        owner = "model" if self._is_step else "self"
        start = "" if self._is_step else self._scope.path
        return owner + access(self._around.model, start, path)

    def _settle(self) -> None:
        """Nothing is kept: the backward is autograd's."""


def without_defaults(text: str) -> str:
    """Return a call of one of PyTorch's functions without the arguments that say what is so anyway."""
    text = text.replace(", keepdims=False", "")
    call = ast.parse(text, mode="eval").body
    if not isinstance(call, ast.Call) or not ast.unparse(call.func).startswith("F."):
        return text
    try:
        known = inspect.signature(getattr(functional, ast.unparse(call.func)[2:])).parameters
    except ValueError:  # a function that is written in C++ does not say
        return text
    defaults = {name: repr(parameter.default) for name, parameter in known.items()}
    call.keywords = [each for each in call.keywords if defaults.get(str(each.arg)) != ast.unparse(each.value)]
    in_order = list(defaults.values())
    while call.args and in_order[len(call.args) - 1] == ast.unparse(call.args[-1]):
        call.args.pop()
    return ast.unparse(call)


def access(model: nn.Module, start: str, path: str) -> str:
    """Return the attributes and places that lead from one module to what is at a path: ``.blocks[0].weight``."""
    text, module = "", model.get_submodule(start)
    for part in path.removeprefix(start).strip(".").split(".") if path != start else []:
        if isinstance(module, (nn.Sequential, nn.ModuleList, nn.ParameterList)) and part.isdigit():
            text += f"[{part}]"
        elif isinstance(module, (nn.ModuleDict, nn.ParameterDict)):
            text += f'["{part}"]'
        else:
            text += f".{part}" if part.isidentifier() else f'.get_submodule("{part}")'
        module = getattr(module, part, module)  # at the end it may be a tensor
    return text


# ------------------------------------------------------------------ what is written, in order


def _body(scope: Scope, model: nn.Module, optional: set[str], callee: Any) -> list[Item]:
    """Return a scope's items without what nothing depends on, and with calls of all modules of a list as one."""
    items: list[Item] = list(scope.items)
    needed = set(scope.outputs)
    kept: list[Item] = []
    for item in reversed(items):
        if isinstance(item, Node) and not item.rule.draws and not needed & set(item.outputs):
            continue
        needed |= set(_used(item))
        kept.append(item)
    return list(_in_runs(kept[::-1], scope, model, callee))


def _users_words(body: list[Item], scope: Scope, used_by: Mapping[Value, int]) -> dict[Value, str]:
    """Return what the user's function calls its values in the end, and those that only lead to them.

    What it returns is not called anything until then: ``x`` goes on being ``x``.
    """
    words: dict[Value, str] = {}
    for item in reversed(body):
        if isinstance(item, Run) or (isinstance(item, Scope) and _has_own(item)):
            continue  # it may be what another function called it
        for value in item.outputs:
            if value.variable and value.variable.isidentifier():
                words[value] = value.variable
        led = [v for v in _used(item) if v.kind == "local"]
        if len(item.outputs) == 1 and item.outputs[0] in words and item.outputs[0] not in scope.outputs and led:
            alone = len(set(led)) == 1 or (isinstance(item, Node) and led[0].shape == item.outputs[0].shape)
            if alone and used_by[led[0]] == 1 and led[0] not in scope.inputs:
                words.setdefault(led[0], words[item.outputs[0]])
    return words


def _has_own(scope: Scope) -> bool:
    return scope.kind == "own" or any(_has_own(call) for call in scope.calls())


def _in_runs(items: list[Item], scope: Scope, model: nn.Module, callee: Any) -> Iterator[Item]:
    number = 0
    while number < len(items):
        run = _run_at(items, number, scope, model, callee)
        yield run or items[number]
        number += len(run.calls) if run else 1


def _run_at(items: list[Item], number: int, scope: Scope, model: nn.Module, callee: Any) -> Run | None:
    first = items[number]
    if not isinstance(first, Scope) or not first.path.endswith(".0"):
        return None
    path = first.path.removesuffix(".0")
    parent = model.get_submodule(path)
    if not isinstance(parent, nn.ModuleList) or len(parent) < 2:
        return None
    calls = items[number : number + len(parent)]
    if [getattr(call, "path", None) for call in calls] != [f"{path}.{i}" for i in range(len(parent))]:
        return None
    chosen = [call for call in calls if isinstance(call, Scope)]
    if len(chosen) < len(parent) or not all(itertools.starmap(_continues, itertools.pairwise(chosen))):
        return None
    later = {v for item in items[number + len(parent) :] for v in _used(item)} | set(scope.outputs)
    inner = {v for call in chosen[:-1] for v in call.outputs}
    plain = all(not callee(call).method and not callee(call).settings for call in chosen)
    return Run(chosen, path) if plain and not inner & later and len(chosen[-1].outputs) == 1 else None


def _continues(before: Scope, after: Scope) -> bool:
    """Whether a call is given what the last one gave, and besides the same."""
    if (before.kind == "leaf" and not _is_plain_call(before)) or (after.kind == "leaf" and not _is_plain_call(after)):
        return False
    return before.outputs == after.inputs[:1] and before.inputs[1:] == after.inputs[1:]


def _is_plain_call(scope: Scope) -> bool:
    return scope.region.given == [scope.inputs[:1], {}] and isinstance(scope.region.gives, Value)


def _used(item: Item) -> list[Value]:
    """Return the values that an item is given, those of the layers' arguments among them."""
    if isinstance(item, Node):
        return list(item.values())
    if isinstance(item, Run):
        return list(dict.fromkeys([*item.calls[0].inputs, *(v for call in item.calls for v in call.inputs[1:])]))
    return [*item.inputs, *_flat(item.region.given)] if item.kind == "leaf" else item.inputs


def _flat(thing: Any) -> list[Value]:
    if isinstance(thing, Value):
        return [thing]
    inner = thing.values() if isinstance(thing, Mapping) else thing if isinstance(thing, (list, tuple)) else ()
    return [value for each in inner for value in _flat(each)]


def _one_of(name: str) -> str:
    """Return what one of several is called."""
    return name[:-1] if name.endswith("s") and len(name) > 1 else f"each_{name}" if not name.isdigit() else "layer"
