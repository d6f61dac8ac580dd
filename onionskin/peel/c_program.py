"""Writes a training in C: which arrays there are, and the calls that fill them, forward and backward."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any, Final

import torch

from onionskin.errors import OnionskinError
from onionskin.peel import kernels
from onionskin.peel.functions import all_nodes
from onionskin.peel.kernels import Kernel, Parameter
from onionskin.peel.plan import Plan
from onionskin.peel.trace import Node, Value
from onionskin.peel.writing import Tag

#: Operations that give the same numbers under another shape: in C there is nothing to do.
VIEWS: Final = frozenset(["flatten", "reshape", "squeeze", "unsqueeze", "unflatten", "copy"])

KINDS: Final = {torch.float64: "real", torch.float32: "real", torch.int64: "int64_t"}

#: C's own words, its library's, and those of the program's frame: no array may be called so.
_WORDS: Final = """
DEPTH INLINE LANES ONCE PLAIN ROWS WEIGHTS WIDTH abort abs acos asin atan atexit atof atoi atol auto backward
break bsearch calloc case cbrt ceil char clog conj const continue copysign cos cosh creal d_loss default div do
double dump each else enum erf erfc exit exp exp2 expm1 extern fabs fclose fdim feof ferror fflush fgetc fgets
file float floor fma fmax fmin fmod fopen for forward fprintf fputc fputs fread free frexp fscanf fseek ftell
fwrite gamma getc getchar getenv goto hypot if index inline int j0 j1 jn labs ldexp lgamma linux llabs log log10
log1p log2 logb long loss lrint main malloc memchr memcmp memcpy memmove memset modf more nan number path perror
pow printf product putc putchar puts qsort rand read real realloc register remainder remove rename restrict
return rewind rindex rint round scanf short signal signed sin sinh sizeof sqrt srand static step steps strcat
strchr strcmp strcpy strlen strstr strtol struct switch system tan tanh tgamma tile time tmpfile trunc typedef
ungetc union unix unsigned update vector void volatile weights while y0 y1 yn
"""
_RESERVED: Final = frozenset(_WORDS.split())

#: More than this would not be static memory but a disk's worth of it.
_MOST_BYTES: Final = 1 << 30


@dataclass(frozen=True)
class Line:
    """A call in the forward or the backward, and what it does."""

    text: str
    comment: str
    tag: Tag


@dataclass
class Weight:
    """A parameter of the model.

    Attributes:
        path: Its name in the model.
        name: Its array.
        shape: Its shape.
        gradient: The array of its gradient, or empty where it is not moved.
    """

    path: str
    name: str
    shape: tuple[int, ...]
    gradient: str


@dataclass
class Memory:
    """All arrays of a program: name, kind and shape, in the order in which they are needed."""

    arrays: dict[str, tuple[str, tuple[int, ...]]] = field(default_factory=dict)

    def give(self, name: str, kind: str, shape: tuple[int, ...]) -> str:
        """Note an array, and return its name."""
        self.arrays.setdefault(name, (kind, shape))
        return name


class StepWriter:
    """Writes the step of a plan.

    Attributes:
        forward, backward: Its calls.
        functions: The functions that it calls, by name.
        memory: The arrays that are computed.
        weights: The parameters.
        inputs: The tensors of the batch: their arrays, by their names.
        kinds: Their kinds in C.
        constants: The arrays that are read and never change, by their names in the data.

    Raises:
        OnionskinError: An operation is not written in C, or not for these shapes, settings or types.
    """

    def __init__(self, plan: Plan) -> None:
        _refuse_frames(plan)
        stage = plan.stages[0]
        self._dtype = next(plan.model.parameters()).dtype
        self._taken = set(_RESERVED) | {path.stem for path in kernels.FOLDER.glob("*.c")}
        self._places: dict[Value, str] = {}
        self._kept: dict[Node, dict[str, str]] = {}
        self._given: set[str] = set()
        self._gradients: dict[str, str] = {}
        self.functions: dict[str, str] = {}
        self.memory = Memory()
        self.constants: dict[str, tuple[str, Value]] = {}
        self.inputs = {value.name: self._input(value) for value in stage.traced.inputs}
        self.kinds = {value.name: KINDS.get(value.dtype, "") for value in stage.traced.inputs}
        self.weights = [Weight(path, self._free(path), tuple(p.shape), "") for path, p in plan.model.named_parameters()]
        self._by_path = {each.path: each for each in self.weights}
        self._loss = stage.traced.loss
        nodes = list(all_nodes(stage.traced.root))
        self.forward = [line for node in nodes for line in self._forward(node)]
        self.backward = [line for node in reversed(nodes) for line in self._backward(node)]
        for each in self.weights:
            each.gradient = self._gradients.get(each.name, "") if each.path in stage.moves else ""
        self._refuse_size()

    # ------------------------------------------------------------------ names

    def _free(self, wish: str) -> str:
        stem = re.sub(r"[^A-Za-z0-9_]", "_", wish).strip("_") or "x"
        stem = (
            f"layer_{stem}"
            if stem[0].isdigit()
            else f"{stem}_out"
            if stem in _RESERVED or kernels.is_there(stem)
            else stem
        )
        name, number = stem, 2
        while name in self._taken:
            name, number = f"{stem}_{number}", number + 1
        self._taken |= {name, f"d_{name}"}
        return name

    def _input(self, value: Value) -> str:
        self._places[value] = self._free(value.name)
        return self._places[value]

    def _place(self, value: Value) -> str:
        if value.kind == "parameter":
            return self._by_path[value.name].name
        if value not in self._places:
            key = {"constant": "c/", "buffer": "b/"}[value.kind] + value.name
            self._places[value] = self._free(value.name)
            self.constants[key] = (self._places[value], value)
        return self._places[value]

    # ------------------------------------------------------------------ forward

    def _forward(self, node: Node) -> Iterator[Line]:
        output = node.outputs[0]
        first = next(node.values())
        if node.rule.name in VIEWS:
            self._places[output] = self._place(first)
            return
        if not kernels.is_there(node.rule.name) or len(node.outputs) > 1:
            fix = (
                f"add onionskin/peel/c/{node.rule.name}.c (relu.c there is the shortest one), or peel to another level"
            )
            raise self._refusal(node, "is not written in C", fix)
        wish = node.path if node.attribute else f"{self._place(first)}_{node.rule.name}"
        self._places[output] = "loss" if output is self._loss else self._free(wish)
        self.memory.give(self._places[output], "real", output.shape)
        self._kept[node] = {}
        text = self._call(
            node, self._kernel(node, _function(node.rule.name)), {"y": (self._places[output], output.shape)}
        )
        yield Line(text, str(output.shape) if output.shape else "", self._tag(node, "forward", self._places[output]))

    def _kernel(self, node: Node, name: str) -> Kernel:
        there = {key: operand is not None for key, operand in node.operands.items()}
        try:
            found = kernels.kernels(node.rule.name, node.settings, there)
        except OnionskinError as error:
            raise self._refusal(node, error.what, error.fix) from error
        if name not in found:
            raise self._refusal(node, f"has no {name}() in C", f"write it in onionskin/peel/c/{node.rule.name}.c")
        return found[name]

    def _call(self, node: Node, kernel: Kernel, arrays: Mapping[str, tuple[str, tuple[int, ...]]]) -> str:
        """Return the call of a function: its arrays, its sizes, its settings."""
        known = {**arrays, **self._operands(node)}
        sizes: dict[str, int] = {}
        for each in kernel.parameters:
            if each.sizes is not None and each.name in known:
                self._fit(node, each, known[each.name][1], sizes)
        return f"{self._named(kernel)}({', '.join(self._argument(node, p, known, sizes) for p in kernel.parameters)});"

    def _operands(self, node: Node) -> dict[str, tuple[str, tuple[int, ...]]]:
        return {
            name: (self._place(operand), operand.shape)
            for name, operand in node.operands.items()
            if isinstance(operand, Value)
        }

    def _fit(self, node: Node, parameter: Parameter, shape: tuple[int, ...], sizes: dict[str, int]) -> None:
        """Find the sizes that an array's shape tells."""
        assert parameter.sizes is not None
        self._refuse_kind(node, parameter)
        found = (prod(shape),) if len(parameter.sizes) == 1 else shape
        known = {"1": 1, **sizes}
        fits = len(found) == len(parameter.sizes)
        if not fits or any(known.get(name, size) != size for name, size in zip(parameter.sizes, found, strict=True)):
            wanted = " * ".join(parameter.sizes)
            what = f"is written in C for {parameter.name} of {wanted} numbers, not for the shape {shape}"
            raise self._refusal(node, what, "peel to another level: numpy has every shape")
        sizes.update(zip(parameter.sizes, found, strict=True))

    def _refuse_kind(self, node: Node, parameter: Parameter) -> None:
        operand = node.operands.get(parameter.name)
        if isinstance(operand, Value) and (
            KINDS.get(operand.dtype) != parameter.kind or operand.dtype not in (self._dtype, torch.int64)
        ):
            raise self._refusal(node, f"is given {parameter.name} as {operand.dtype}, which C does not read here",
                                f"give it as {'int64' if parameter.kind == 'int64_t' else self._dtype}")  # fmt: skip

    def _argument(
        self, node: Node, parameter: Parameter, known: Mapping[str, tuple[str, Any]], sizes: Mapping[str, int]
    ) -> str:
        name = parameter.name
        if name in known:
            return known[name][0]
        if parameter.sizes is not None:  # memory that forward and backward share
            if name not in self._kept[node]:
                own = self._free(f"{self._places[node.outputs[0]]}_{name}")
                self._kept[node][name] = self.memory.give(own, parameter.kind, tuple(sizes[s] for s in parameter.sizes))
            return self._kept[node][name]
        if name in sizes:
            return str(sizes[name])
        stem, _, axis = name.rpartition("_")
        value = node.settings[name] if name in node.settings else node.settings[stem]["hw".index(axis)]
        return repr(value)

    def _named(self, kernel: Kernel) -> str:
        """Return what a function is called in the program: another where it is there with other settings."""
        name, number = kernel.name, 2
        text = kernel.text
        while self.functions.get(name, text) != text:
            name = f"{kernel.name}_{number}"
            text, number = re.sub(rf"\b{kernel.name}\(", f"{name}(", kernel.text), number + 1
        self.functions[name] = text
        return name

    # ------------------------------------------------------------------ backward

    def _backward(self, node: Node) -> Iterator[Line]:
        output = node.outputs[0]
        is_loss = output is self._loss
        if node.rule.name in VIEWS or not (is_loss or self._places[output] in self._given):
            return
        own = {"dy": ("d_loss" if is_loss else f"d_{self._places[output]}", output.shape),
               "y": (self._places[output], output.shape)}  # fmt: skip
        for name, operand in node.operands.items():
            if isinstance(operand, Value) and operand.needs_grad:
                kernel = self._kernel(node, f"{node.rule.name}_d_{name}")
                place = self._place(operand)
                gradient = self._gradients.setdefault(place, self.memory.give(f"d_{place}", "real", operand.shape))
                is_more = place in self._given
                target = self._more(operand) if is_more else gradient
                text = self._call(node, kernel, {**own, f"d_{name}": (target, operand.shape)})
                yield Line(text, str(operand.shape), self._tag(node, "backward", target))
                if is_more:  # used twice: what comes back adds up
                    text = f"add_to({prod(operand.shape)}, more, {gradient});"
                    yield Line(text, "", self._tag(node, "backward", gradient))
                self._given.add(place)

    def _more(self, value: Value) -> str:
        """Return the array for a gradient that is added to another, as large as the largest of them."""
        so_far = prod(self.memory.arrays.get("more", ("", (0,)))[1])
        self.memory.arrays["more"] = ("real", (max(so_far, prod(value.shape)),))
        return "more"

    # ------------------------------------------------------------------ the rest

    def _tag(self, node: Node, part: str, variable: str) -> Tag:
        return Tag(node.rule.name, node.path, part, variable)

    def _refusal(self, node: Node, what: str, fix: str) -> OnionskinError:
        return OnionskinError(f"{node.path or 'the model'}: {node.rule.name} {what}", fix=fix)

    def _refuse_size(self) -> None:
        total = 8 * sum(prod(shape) for _, shape in self.memory.arrays.values())
        if total > _MOST_BYTES:
            raise OnionskinError(f"one step needs {total >> 20:,} MiB of arrays in C", fix="give a smaller batch")


def _function(op: str) -> str:
    """Return what an operation's forward is called: the C library has a ``tanh`` of its own."""
    return f"{op}_of" if op in _RESERVED else op


def _refuse_frames(plan: Plan) -> None:
    """Refuse what is no plain step: two stages, clipping, a schedule."""
    recipe = plan.stages[0].recipe
    optimizer = recipe.optimizer.rule.name
    for is_there, what, fix in (
        (len(plan.stages) > 1, f"{len(plan.stages)} losses in turn are not written in C", "peel one of them"),
        (recipe.clip, "clipping is not written in C", "leave clip out"),
        (recipe.schedule, "a schedule is not written in C", "leave schedule out"),
        (not kernels.is_there(optimizer), f"the optimizer {optimizer} is not written in C",
         f"add onionskin/peel/c/{optimizer}.c, or use sgd or adam"),
    ):  # fmt: skip
        if is_there:
            raise OnionskinError(what, fix=f"{fix}, or peel to another level: numpy has it")
