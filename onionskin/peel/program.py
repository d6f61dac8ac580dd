"""Writes one function of a program on arrays: in NumPy, or on PyTorch's tensors with or without autograd.

The forward of a function is its operations in order; its backward is their derivatives in reverse, and where a value
was used twice its gradients add up. Nothing else is known here: what an operation does, its own file says.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from onionskin.peel.functions import Call, Function, Outline
from onionskin.peel.helpers import Helpers
from onionskin.peel.rule import Rule
from onionskin.peel.source import is_one_expression, parameters, written_out
from onionskin.peel.trace import Node, Operand, Value
from onionskin.peel.writing import Dialect, Names, Statement, Tag, literal, words_of


def has_backward(function: Function) -> bool:
    """Whether anything flows back through a function."""
    return any(v.needs_grad for item in function.body for v in item.outputs)


class FunctionWriter:
    """Writes one function: its forward, and its backward where the level has one.

    Attributes:
        names: Its variables.
        forward: The statements of its forward.
        backward: Those of its backward; none where nothing flows back.
        saved: The variables that the forward keeps for the backward.
        flows_to: The inputs that the backward returns the gradients of.
    """

    def __init__(
        self,
        function: Function,
        outline: Outline,
        dialect: Dialect,
        helpers: Helpers,
        written: Mapping[Function, FunctionWriter],
        taken: frozenset[str],
    ) -> None:
        self.function = function
        self._uses = outline.uses
        self._dialect = dialect
        self._helpers = helpers
        self._written = written
        self.names = Names(taken)
        self._places = {(item, key): name for name, places in function.settings.items() for item, key in places}
        self._kept: dict[Node, dict[str, str]] = {}
        self._saved_of: dict[Call, str] = {}
        self._gradients: dict[Value, str] = {}
        self._named: dict[Value, str] = {}
        self.flows_to: list[Value] = []
        self.saved: list[str] = []
        for value in function.inputs:
            self.names.give(value, function.arguments.get(value, value.name))
        self.forward = [line for item in function.body for line in self._forward(item)]
        self.has_backward = dialect.has_backward and has_backward(function)
        self.backward: list[Statement] = self._reversed() if self.has_backward else []
        self._settle()

    @property
    def parameters(self) -> list[str]:
        """The parameters of the forward: where the weights stand, the inputs, the settings that differ."""
        place = ["at"] if self.function.is_shared else []
        return [*place, *map(self.names.of, self.function.inputs), *self.function.settings]

    @property
    def backward_parameters(self) -> list[str]:
        """The parameters of the backward: where, the gradients of the outputs, what was saved, the settings it uses."""
        place = ["at"] if self.function.is_shared and _mentions(self.backward, "at") else []
        gradients = [f"d_{self.names.of(value)}" for value in self.gradients_in]
        return [*place, *gradients, "saved", *self.backward_settings]

    @property
    def backward_settings(self) -> list[str]:
        """The settings that the backward uses."""
        return [name for name in self.function.settings if _mentions(self.backward, name)]

    @property
    def gradients_in(self) -> list[Value]:
        """The outputs whose gradients the backward is given; the loss itself has gradient 1."""
        return [] if self.function.is_main else [v for v in self.function.outputs if v.needs_grad]

    # ------------------------------------------------------------------ forward

    def _forward(self, item: Node | Call) -> list[Statement]:
        return [self._operation(item)] if isinstance(item, Node) else self._call(item)

    def _operation(self, node: Node) -> Statement:
        rule = node.rule
        is_loss = self.function.is_main and node.outputs[0] in self.function.outputs
        wish = "loss" if is_loss else node.attribute or rule.name
        ends = _ends(rule, len(node.outputs))
        outputs = [
            self.names.give(v, wish + end if node.attribute or is_loss else v.variable or wish + end)
            for v, end in zip(node.outputs, ends, strict=True)
        ]
        keeps = self._dialect.has_backward and any(v.needs_grad for v in node.outputs)
        function, saves = self._spelling(rule)
        kept = [self.names.free(f"{outputs[0]}_{save}") if keeps else "_" for save in saves]
        self._kept[node] = dict(zip(saves, kept, strict=True))
        text = self._applied(rule.name, function, node)
        comment = str(node.outputs[0].shape) if node.outputs[0].shape else ""
        if is_one_expression(function):  # a function of its own has a docstring
            comment = self._helpers.explained(rule, comment)
        target = (
            f"[{', '.join(outputs)}]" if rule.outputs == ("*",) and len(outputs) == 1 else ", ".join(outputs + kept)
        )
        return Statement(f"{target} = {text}", comment, self._tag(node, "forward", outputs[0]))

    def _spelling(self, rule: Rule) -> tuple[Callable[..., Any], tuple[str, ...]]:
        """Return the function that an operation's forward is written with, and what it keeps."""
        library = self._dialect.library
        saves = rule.saves(library)
        if library == "torch" and rule.tensors is not None and (not self._dialect.has_backward or not saves):
            return rule.tensors, ()
        return rule.forward(library), saves

    def _applied(self, name: str, function: Callable[..., Any], node: Node, given: Mapping[str, str] = {}) -> str:
        """Return a function of an operation's applied to a node's operands: written out in place, or called."""
        bound = {key: given[key] if key in given else self._bound(node, function, key) for key in parameters(function)}
        if is_one_expression(function):
            return self._helpers.in_place(written_out(function, bound, self._dialect.library), function)
        return self._helpers.call(name, function, bound)

    def _bound(self, node: Node, function: Callable[..., Any], name: str) -> str:
        """Return what stands for a parameter of an operation's function."""
        if name in node.operands:
            return self._expression(node.operands[name])
        if (node, name) in self._places:
            return self._places[node, name]
        if name in node.settings:
            return literal(node.settings[name])
        if name in node.rule.outputs:
            return self.names.of(node.outputs[node.rule.outputs.index(name)])
        if name in self._kept[node]:
            return self._kept[node][name]
        if name == "rng":
            return "rng"
        default = inspect.signature(function).parameters[name].default
        assert default is not inspect.Parameter.empty, f"ops/{node.rule.name}.py: nothing is known of '{name}'"
        return literal(default)

    def _expression(self, operand: Operand) -> str:
        if isinstance(operand, list):
            return f"[{', '.join(map(self._expression, operand))}]"
        if not isinstance(operand, Value):
            return literal(operand)
        if operand.kind in ("local", "input"):
            return self.names.of(operand)
        place = {"parameter": "w", "buffer": "buffers", "constant": "constants"}[operand.kind]
        return f"{place}[{self._key(operand)}]"

    def _key(self, value: Value) -> str:
        relative = self.function.relative(value.name)
        return f'"{value.name}"' if relative is None else f'f"{{at}}.{relative}"'

    def _call(self, call: Call) -> list[Statement]:
        inner = self._written[call.function]
        wish = call.path.removeprefix(self.function.home).strip(".").replace(".", "_") or call.function.name
        given = ", ".join(
            [*self._place(call), *map(self.names.of, call.inputs), *self._settings(call, call.function.settings)]
        )
        ends = [""] if len(call.outputs) == 1 else [f"_{i + 1}" for i in range(len(call.outputs))]
        outputs = [self.names.give(v, wish + end) for v, end in zip(call.outputs, ends, strict=True)]
        if inner.has_backward:
            self._saved_of[call] = self.names.free(f"saved_{wish}")
        targets = ", ".join([*outputs, *([self._saved_of[call]] if inner.has_backward else [])])
        text = f"{targets} = {call.function.name}({given})"
        tag = Tag("", call.path, "forward", outputs[0])
        if not call.is_optional:
            return [Statement(text, str(call.outputs[0].shape), tag)]
        without = ", ".join([self.names.of(call.inputs[0]), *(["None"] if inner.has_backward else [])])
        text = f"if {self._is_there(call)}:\n    {text}\nelse:\n    {targets} = {without}"
        return [Statement(text, "only where the shape changes", tag)]

    def _is_there(self, call: Call) -> str:
        own = [
            v for item in call.function.body if isinstance(item, Node) for v in item.values() if v.kind == "parameter"
        ]
        return f"{self._key(own[0])} in w" if own else f"{self._place(call)[0]} in {sorted(set(call.function.paths))}"

    def _place(self, call: Call) -> list[str]:
        if not call.function.is_shared:
            return []
        relative = self.function.relative(call.path)
        return [f'"{call.path}"' if relative is None else f'f"{{at}}.{relative}"']

    def _settings(self, call: Call, names: Any) -> list[str]:
        return [f"{key}={self._places.get((call, key)) or literal(call.settings[key])}" for key in names]

    # ------------------------------------------------------------------ backward

    def _reversed(self) -> list[Statement]:
        for value in self.gradients_in:
            self._gradients[value] = self._own(value)
        if self.function.is_main:
            self._gradients[self.function.outputs[0]] = "1.0"
        lines: list[Statement] = []
        for item in reversed(self.function.body):
            if any(v in self._gradients for v in item.outputs):
                lines += self._derivatives(item) if isinstance(item, Node) else self._call_backward(item)
        self.flows_to = [v for v in self.function.inputs if v in self._gradients and v.needs_grad]
        return lines

    def _derivatives(self, node: Node) -> list[Statement]:
        rule, library = node.rule, self._dialect.library
        given = self._gradients_given(node)
        lines: list[Statement] = []
        together: list[str] = []
        for name, operand in node.operands.items():
            if not _needs_grad(operand):
                continue
            function = rule.derivative(name, library)
            if function is None:
                together.append(name)
                continue
            text = self._applied(f"{rule.name}_d_{name}", function, node, given)
            lines += self._assign([operand] if isinstance(operand, Value) else operand, text, node)
        if together:
            function = rule.backward(library)
            assert function is not None
            text = self._applied(f"{rule.name}_backward", function, node, given)
            operands = [node.operands.get(name) for name in rule.gradients]
            flat = operands[0] if len(operands) == 1 and isinstance(operands[0], list) else operands
            lines += self._assign(flat, text, node)
        return lines

    def _gradients_given(self, node: Node) -> dict[str, str]:
        """Return the gradients of a node's outputs, by the names that its derivatives have for them."""
        if node.rule.outputs == ("*",):
            zeros = f"{self._dialect.library}.zeros_like"
            all_of_them = (self._gradients.get(v) or f"{zeros}({self.names.of(v)})" for v in node.outputs)
            return {"dys": f"[{', '.join(all_of_them)}]"}
        names = ["dy", *(f"d{name}" for name in node.rule.outputs[1:])]
        given = {name: self._gradients.get(v, "None") for name, v in zip(names, node.outputs, strict=False)}
        return dict.fromkeys(names, "None") | given  # an output that was not asked for has none

    def _assign(self, operands: list[Operand], text: str, item: Node | Call) -> list[Statement]:
        """Return the statements that give values their gradients; where one has some already, they add up."""
        only = operands[0] if len(operands) == 1 else None
        if isinstance(only, Value) and only.kind != "parameter" and only not in self._gradients and text.isidentifier():
            self._gradients[only] = text  # it is handed on as it is: no line is needed for that
            return []
        after: list[str] = []
        leaves = [leaf for operand in operands for leaf in (operand if isinstance(operand, list) else [operand])]
        alone = len(leaves) == 1
        targets = []
        for leaf in leaves:
            old = self._gradients.get(leaf) if isinstance(leaf, Value) else None
            target, more = self._receiver(leaf, alone)
            targets.append(target)
            after += more
            text = f"{old} + {text}" if alone and old else text
        first = next(leaf for leaf in leaves if isinstance(leaf, Value) and leaf.needs_grad)
        path, op = (item.path, item.rule.name) if isinstance(item, Node) else (item.path, "")
        shape = str(first.shape) if alone else ""
        each = iter(targets)
        together = ", ".join(
            f"[{', '.join(next(each) for _ in operand)}]" if isinstance(operand, list) else next(each)
            for operand in operands
        )
        line = f"g[{self._key(first)}] += {text}" if targets == ["+"] else f"{together} = {text}"
        variable = line.split(" ", 1)[0].rstrip(",")
        return [Statement(line, shape, Tag(op, path, "backward", variable)), *(Statement(more) for more in after)]

    def _own(self, value: Value) -> str:
        """Return the variable that a value's gradient has to itself."""
        if value not in self._named:
            self._named[value] = self.names.free(f"d_{self.names.of(value)}")
        return self._named[value]

    def _receiver(self, operand: Operand, alone: bool) -> tuple[str, list[str]]:
        """Return the variable that a gradient goes to, and the statements that add it to what is there already."""
        if not isinstance(operand, Value) or not operand.needs_grad:
            return "_", []
        if operand.kind == "parameter":
            key = f"g[{self._key(operand)}]"
            if self._uses[operand.name] == 1:
                return key, []
            name = "+" if alone else self.names.free("d_w")
            return name, [] if alone else [f"{key} += {name}"]
        old, own = self._gradients.get(operand), self._own(operand)
        self._gradients[operand] = own
        if old is None or alone:
            return own, []
        more = self.names.free(f"{own}_more")
        return more, [f"{own} = {old} + {more}"]

    def _call_backward(self, call: Call) -> list[Statement]:
        inner = self._written[call.function]
        if not inner.has_backward:
            return []
        zeros = f"{self._dialect.library}.zeros_like"
        outputs = dict(zip(call.function.outputs, call.outputs, strict=True))
        gradients = [
            self._gradients.get(outputs[v]) or f"{zeros}({self.names.of(outputs[v])})" for v in inner.gradients_in
        ]
        place = self._place(call) if "at" in inner.backward_parameters else []
        given = [*place, *gradients, self._saved_of[call], *self._settings(call, inner.backward_settings)]
        text = f"{call.function.name}_backward({', '.join(given)})"
        inputs = dict(zip(call.function.inputs, call.inputs, strict=True))
        operands: list[Operand] = [inputs[v] for v in inner.flows_to]
        if not any(_needs_grad(operand) for operand in operands):
            return [Statement(text, "", Tag("", call.path, "backward", ""))]
        if call.is_optional:
            text = f"({text} if {self._saved_of[call]} else {gradients[0]})"
        return self._assign(operands, text, call)

    def _settle(self) -> None:
        """Find what the backward needs of the forward."""
        own = [self.names.of(v) for v in self.function.inputs]
        own += [name for item in self.function.body for name in self._made_by(item)]
        used = {word for line in self.backward for word in words_of(line.text)}
        self.saved = [name for name in dict.fromkeys(own) if name in used]

    def _made_by(self, item: Node | Call) -> list[str]:
        made = [self.names.of(v) for v in item.outputs]
        if isinstance(item, Node):
            return made + [name for name in self._kept[item].values() if name != "_"]
        return made + ([self._saved_of[item]] if item in self._saved_of else [])

    def _tag(self, node: Node, part: str, variable: str) -> Tag:
        return Tag(node.rule.name, node.path, part, variable)


def _ends(rule: Rule, count: int) -> list[str]:
    """Return what distinguishes the names of an operation's outputs."""
    if count == 1:
        return [""]
    if len(rule.outputs) == count:
        return ["" if name == "y" else f"_{name}" for name in rule.outputs]
    return [f"_{number + 1}" for number in range(count)]


def _needs_grad(operand: Operand) -> bool:
    return any(isinstance(v, Value) and v.needs_grad for v in (operand if isinstance(operand, list) else [operand]))


def _mentions(lines: list[Statement], name: str) -> bool:
    return any(name in words_of(line.text) for line in lines)
