"""Writes the classes of a model's modules: what each is made of, and its ``forward``.

Eight blocks of a ResNet are one class. What differs between them, widths and strides, becomes parameters of its
constructor; a child that only some of them have is optional.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from torch import Tensor, nn

from onionskin.errors import OnionskinError
from onionskin.peel.assemble import Written
from onionskin.peel.forwards import Callee, ForwardWriter, Surroundings, access
from onionskin.peel.functions import all_nodes
from onionskin.peel.modules import MISSING, arguments, call_text, construction, signature
from onionskin.peel.rule import rule
from onionskin.peel.scopes import Class, Scope
from onionskin.peel.trace import Node, Region
from onionskin.peel.writing import Statement, Tag, literal

#: Arguments that all say how many values there are: where two of them always agree, they are one parameter.
_SIZES: Final = frozenset(
    [
        "in_channels",
        "out_channels",
        "in_features",
        "out_features",
        "num_features",
        "num_channels",
        "normalized_shape",
        "embedding_dim",
        "embed_dim",
        "input_size",
        "hidden_size",
    ]
)

#: Names that a class of the user's may not have in a program, which has others of these names.
_TAKEN: Final = frozenset(
    ["Path", "F", "OrderedDict", "data", "model", "weights", "batches", "optimizer", "scheduler", "fit", "train", "rng"]
)


class Columns:
    """The parameters of a class's constructor: for each, its value in every module of the class."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.of: dict[str, list[Any]] = {}
        self.defaults: dict[str, Any] = {}

    def text(self, key: str, values: Sequence[Any], attribute: str = "", default: Any = MISSING) -> str:
        """Return what stands for an argument: its value where all modules agree, or a parameter.

        Args:
            key: What PyTorch calls it.
            values: Its value in each module; MISSING where a module does not have what it is for.
            attribute: What it is an argument of.
            default: What PyTorch takes where it is left out.
        """
        known = [value for value in values if value is not MISSING]
        if all(_same(value, known[0]) for value in known):
            return literal(known[0])
        return self.parameter(key, values, attribute, default)

    def parameter(self, key: str, values: Sequence[Any], attribute: str = "", default: Any = MISSING) -> str:
        """Return the name of the parameter that stands for an argument: one that always agrees, or a new one."""
        for name, old in self.of.items():
            alike = name.endswith(key) or (key in _SIZES and any(name.endswith(size) for size in _SIZES))
            if alike and all(MISSING in (a, b) or _same(a, b) for a, b in zip(values, old, strict=True)):
                self.of[name] = [b if a is MISSING else a for a, b in zip(values, old, strict=True)]
                return name
        name = key if key not in self.of and not keyword.iskeyword(key) else f"{attribute}_{key}".strip("_")
        while name in self.of:
            name += "_"
        self.of[name] = list(values)
        if default is not MISSING:
            self.defaults[name] = default
        return name

    def settle(self) -> None:
        """Give those that a module does not have a default of None."""
        for name, values in self.of.items():
            if any(value is MISSING for value in values):
                self.defaults.setdefault(name, None)
                self.of[name] = [self.defaults[name] if value is MISSING else value for value in values]

    def parameters(self) -> dict[str, Any]:
        """Return the parameters with their defaults, those without one first."""
        names = sorted(self.of, key=lambda name: name in self.defaults)
        return {name: self.defaults.get(name, MISSING) for name in names}


def _same(a: Any, b: Any) -> bool:
    return type(a) is type(b) and repr(a) == repr(b)


@dataclass
class Definition:
    """A class, written."""

    name: str
    paths: list[str]
    columns: Columns
    text: str = ""
    written: list[Written] = field(default_factory=list)


class Definitions:
    """Writes the classes of a model.

    Attributes:
        out: The classes in the order in which they stand, each after those that it makes.
        constants: The constants that modules hold as buffers, by path.
    """

    def __init__(self, found: list[Class], around: Surroundings, steps: list[Scope]) -> None:
        self._around = around
        self._model = around.model
        self._first_path = {id(module): path for path, module in self._model.named_modules()}
        self._called = {region.path for step in steps for region in _regions(step.region)}
        self._nodes_at: dict[str, list[Node]] = {}
        for node in (node for step in steps for node in all_nodes(step.region)):
            self._nodes_at.setdefault(node.path, []).append(node)
        self._class_of = {path: each for each in [*found, *self._never_called(found)] for path in each.paths}
        self._definitions: dict[int, Definition] = {}
        self._ties = ties(self._model)
        self.tied: set[tuple[str, str]] = set()
        self.constants: set[str] = set()
        self._seen: set[str] = set()
        names: set[str] = set(_TAKEN) | set(around.helpers.settled)
        for each in dict.fromkeys(self._class_of.values()):
            each.name = _free(each.kind.__name__, names)
            names.add(each.name)
        self.names = frozenset(each.name for each in self._class_of.values())

    @property
    def out(self) -> list[Definition]:
        """The classes that were written so far, each after those that it makes."""
        return list(self._definitions.values())

    def model_text(self) -> str:
        """Return what makes the model, and write the classes that it takes."""
        for path in self._class_of:
            self._definition(path)
        columns = Columns(1)
        return self._made([""], "", columns)

    def _never_called(self, found: list[Class]) -> list[Class]:
        """Return classes of modules with weights that no step calls: they have them, and no forward."""
        known = {path for each in found for path in each.paths}
        groups: dict[tuple[type, str], Class] = {}
        for path, module in self._model.named_modules():
            is_other = path not in known and not _is_container(module) and arguments(module) is None
            inside_torch = any(arguments(self._model.get_submodule(p)) is not None for p in _parents(path))
            if is_other and not inside_torch and self._is_kept(path):
                key = (type(module), str(module))
                groups.setdefault(key, Class(type(module), [], [])).paths.append(path)
        return list(groups.values())

    def _is_kept(self, path: str) -> bool:
        """Whether a module does something in a step, or has anything to keep."""
        module = self._model.get_submodule(path)
        has_own = any(True for _ in module.parameters()) or any(True for _ in module.buffers())
        return has_own or path in self._called

    # ------------------------------------------------------------------ one class

    def _definition(self, path: str) -> Definition:
        each = self._class_of[path]
        if id(each) not in self._definitions:
            for inner in [p for p in self._class_of if p.startswith(f"{path}." if path else "") and p != path]:
                if self._class_of[inner] is not each:
                    self._definition(inner)
            made = self._write(each)
            self._definitions[id(each)] = made
        return self._definitions[id(each)]

    def _write(self, each: Class) -> Definition:
        columns = Columns(len(each.paths))
        definition = Definition(each.name, each.paths, columns)
        base = _base(each.kind)
        first: list[Statement] = []
        if base == "nn.Module":
            children = self._children(each, columns)
        else:
            inner = self._container_arguments(each.paths, "", columns)
            children = []
            first = [Statement(f"super().__init__({inner})")]
        forwards, held, constants = self._forwards(each, columns)
        body = [*(first or [Statement("super().__init__()")]), *held, *self._tensors(each, columns, constants),
                *children, *self._ties_of(each)]  # fmt: skip
        columns.settle()
        parameters = [
            name if default is MISSING else f"{name}={literal(default)}"
            for name, default in columns.parameters().items()
        ]
        head = f"def __init__({', '.join(['self', *parameters])}):"
        lines = [f"class {each.name}({base}):"]
        if about := _about(each):
            lines += [f'    """{about}"""', ""]
        lines += [f"    {head}", *(_indented(statement) for statement in body)]
        definition.written.append(Written(f"{each.name}.__init__", "", [statement.tag for statement in body]))
        for name, given, statements in forwards:
            if base == "nn.Sequential" and name == "forward" and self._is_plain_row(each):
                continue
            lines += ["", f"    def {name}({', '.join(['self', *given])}):", *map(_indented, statements)]
            definition.written.append(Written(f"{each.name}.{name}", "", [each.tag for each in statements]))
        definition.text = "\n".join(lines)
        return definition

    def _is_plain_row(self, each: Class) -> bool:
        kind = each.kind
        return kind.forward is nn.Sequential.forward and all(
            not scope.nodes() and all(len(call.inputs) == len(call.outputs) == 1 for call in scope.calls())
            for form in each.forms
            for scope in form
        )

    def _children(self, each: Class, columns: Columns) -> list[Statement]:
        out: list[Statement] = []
        modules = [self._model.get_submodule(path) for path in each.paths]
        names = dict.fromkeys(name for module in modules for name in module._modules)
        for name in names:
            paths = [self._child(path, name) for path in each.paths]
            if not any(paths):
                continue
            text = self._made(paths, name, columns)
            first = next(path for path in paths if path is not None)
            tag = Tag(self._op(first), first, "module", "")
            made = f"{_attribute(name)} = {text}"
            if not all(paths):
                asked = columns.parameter(name, [path is not None for path in paths], default=False)
                out.append(Statement(f"{_attribute(name)} = None"))
                made = f"if {asked}:\n    {made}"
            out.append(Statement(made, self._explained(tag.op), tag))
        return out

    def _child(self, path: str, name: str) -> str | None:
        """Return the path of a child, where it is there and kept."""
        module = self._model.get_submodule(path)._modules.get(name)
        inner = f"{path}.{name}" if path else name
        return inner if module is not None and self._is_kept(inner) else None

    def _explained(self, op: str) -> str:
        """Return what a layer does, the first time that it is made."""
        if not op or op in self._seen:
            return ""
        self._seen.add(op)
        return rule(op).sentence

    def _op(self, path: str) -> str:
        if not type(self._model.get_submodule(path)).__module__.startswith("torch."):
            return ""
        found = {node.rule.name for node in self._nodes_at.get(path, ())}
        return found.pop() if len(found) == 1 else ""

    # ------------------------------------------------------------------ forwards

    def _forwards(
        self, each: Class, columns: Columns
    ) -> tuple[list[tuple[str, list[str], list[Statement]]], list[Statement], dict[str, Tensor]]:
        """Return a class's methods, what its constructor keeps for them, and the constants that they read."""
        out: list[tuple[str, list[str], list[Statement]]] = []
        held: dict[str, Statement] = {}
        constants: dict[str, Tensor] = {}
        for number, form in enumerate(each.forms):
            name = "forward" if number == 0 else f"forward_{number + 1}"
            optional = each.optional(form)
            first = max(form, key=lambda scope: len(scope.calls()))
            settings, by_call = self._settings(each, form, first, columns, held)
            for scope in form:
                self._around.callees[scope] = Callee(name if number else "", (), by_call[scope])
            arguments_of = {value: name for name, value in reversed(first.region.arguments)}
            writer = ForwardWriter(first, self._around, settings=settings, optional=optional, arguments=arguments_of)
            gives = tuple(writer.names.of(value) for value in first.outputs)
            for scope in form:
                self._around.callees[scope] = Callee(name if number else "", gives, by_call[scope])
            given = [*(writer.names.of(value) for value in first.inputs), *by_call[first]]
            out.append((name, given, writer.statements()))
            constants |= {key: self._around.scoping.constants[value.name] for key, value in writer.constants.items()}
        return out, list(held.values()), constants

    def _settings(
        self, each: Class, form: list[Scope], first: Scope, columns: Columns, held: dict[str, Statement]
    ) -> tuple[dict[str, list[tuple[Any, str]]], dict[Scope, dict[str, Any]]]:
        """Return what stands for the settings that differ: an attribute of the module, or a parameter of the call."""
        places: dict[str, list[tuple[Any, str]]] = {}
        by_call: dict[Scope, dict[str, Any]] = {scope: {} for scope in form}
        made_with = signature(each.kind) if each.kind.__module__.startswith("torch.") else {}
        for item in first.items:
            own = item.settings if not isinstance(item, Scope) else self._around.callee(item).settings
            for key in own:
                values = [self._setting(_match(item, first, scope), key) for scope in form]
                known = [value for value in values if value is not MISSING]
                if all(_same(value, known[0]) for value in known) and key not in made_with:
                    continue
                wish = "" if isinstance(item, Scope) else item.rule.name
                by_path = _by_path(each, form, values)
                if by_path is not None:
                    name = columns.parameter(key, by_path, wish, made_with.get(key, MISSING))
                    held.setdefault(name, Statement(f"self.{name} = {name}"))
                    places.setdefault(f"self.{name}", []).append((item, key))
                    continue
                name = key if all(key not in given for given in by_call.values()) else f"{wish}_{key}".strip("_")
                places.setdefault(name, []).append((item, key))
                for scope, value in zip(form, values, strict=True):
                    by_call[scope][name] = None if value is MISSING else value
        return places, by_call

    def _setting(self, item: Any, key: str) -> Any:
        if item is None:
            return MISSING
        return (self._around.callee(item).settings if isinstance(item, Scope) else item.settings).get(key, MISSING)

    # ------------------------------------------------------------------ tensors of its own

    def _tensors(self, each: Class, columns: Columns, constants: Mapping[str, Tensor]) -> list[Statement]:
        modules = [self._model.get_submodule(path) for path in each.paths]
        out: list[Statement] = []
        for name in dict.fromkeys(
            name for module in modules for name, p in module._parameters.items() if p is not None
        ):
            shape = self._shape([module._parameters.get(name) for module in modules], name, columns)
            out.append(Statement(f"{_attribute(name)} = nn.Parameter(torch.empty({shape}))"))
        buffers = dict.fromkeys(name for module in modules for name, b in module._buffers.items() if b is not None)
        for name in [name for name in buffers if name != "num_batches_tracked"]:
            tensors = [module._buffers.get(name) for module in modules]
            out.append(
                self._buffer(name, next(t for t in tensors if t is not None), self._shape(tensors, name, columns))
            )
        for name, tensor in constants.items():
            self.constants |= {f"{path}.{name}".strip(".") for path in each.paths}
            out.append(self._buffer(name, tensor, ", ".join(map(str, tensor.shape)) or "()"))
        return out

    def _shape(self, tensors: Sequence[Tensor | None], name: str, columns: Columns) -> str:
        first = next(tensor for tensor in tensors if tensor is not None)
        sizes = []
        for axis in range(first.ndim):
            column = [MISSING if tensor is None else tensor.shape[axis] for tensor in tensors]
            sizes.append(columns.text(f"{name}_{axis}", column))
        return ", ".join(sizes) or "()"

    def _buffer(self, name: str, tensor: Tensor, shape: str) -> Statement:
        kind = "" if tensor.is_floating_point() else f", dtype={tensor.dtype}"
        return Statement(f'self.register_buffer("{name}", torch.empty({shape}{kind}))')

    def _ties_of(self, each: Class) -> list[Statement]:
        """Return the lines that make two names of one weight one weight again."""
        out = []
        path = each.paths[0]
        for first, second in self._ties:
            if not _is_common(first, second, path) or (first, second) in self.tied:
                continue
            if any(_is_common(first, second, inner) for inner in self._class_of if _is_inside(inner, path)):
                continue
            inside = [(_moved(first, path, other), _moved(second, path, other)) for other in each.paths]
            if all(pair in self._ties for pair in inside):
                self.tied |= set(inside)
                left, right = (access(self._model, path, name) for name in (second, first))
                out.append(Statement(f"self{left} = self{right}", "one weight, in two places"))
        return out

    # ------------------------------------------------------------------ what makes a module

    def _made(self, paths: Sequence[str | None], attribute: str, columns: Columns) -> str:
        """Return the expression that makes the modules at paths, one for each module of a class; None where none is."""
        there = [path for path in paths if path is not None]
        modules = [None if path is None else self._model.get_submodule(path) for path in paths]
        first = self._model.get_submodule(there[0])
        canonical = [None if module is None else self._first_path[id(module)] for module in modules]
        known = [path for path in canonical if path is not None]
        if known[0] in self._class_of:
            return self._made_of_class(canonical, attribute, columns)
        if (own := arguments(first)) is not None:
            return self._made_of_torch(modules, own, attribute, columns)
        if _is_container(first):
            return f"nn.{type(first).__name__}({self._container_arguments(paths, attribute, columns)})"
        if not any(True for _ in first.parameters()):
            return "nn.Identity()"  # it did nothing
        raise OnionskinError(f"{there[0]} ({type(first).__name__}) cannot be made again from what it says of itself",
                             fix="call it in the forward, or leave it out of the model")  # fmt: skip

    def _made_of_torch(
        self, modules: Sequence[nn.Module | None], own: Mapping[str, Any], attribute: str, columns: Columns
    ) -> str:
        kind = next(type(module) for module in modules if module is not None)
        known = signature(kind)
        said = [None if module is None else arguments(module) or {} for module in modules]
        keys = [key for key in known if any(each is not None and key in each for each in said)]
        texts = {}
        for key in keys:
            values = [MISSING if each is None else each.get(key, known[key]) for each in said]
            text = columns.text(key, values, attribute, known[key])
            if known[key] is MISSING or text != literal(known[key]):
                texts[key] = text
        return construction(kind, texts)

    def _made_of_class(self, paths: Sequence[str | None], attribute: str, columns: Columns) -> str:
        first = next(path for path in paths if path is not None)
        definition = self._definition(first)
        texts = {}
        for key, default in definition.columns.parameters().items():
            column = definition.columns.of[key]
            values = [MISSING if path is None else column[definition.paths.index(path)] for path in paths]
            text = columns.text(key, values, attribute, default)
            if default is MISSING or text != literal(default):
                texts[key] = text
        return f"{definition.name}({call_text(definition.columns.parameters(), texts)})"

    def _container_arguments(self, paths: Sequence[str | None], attribute: str, columns: Columns) -> str:
        first = self._model.get_submodule(next(path for path in paths if path is not None))
        if isinstance(first, (nn.ParameterList, nn.ParameterDict)):
            tensors = {key: f"torch.empty({', '.join(map(str, p.shape))})" for key, p in first.named_parameters()}
            named = ", ".join(f'"{key}": {text}' for key, text in tensors.items())
            return f"[{', '.join(tensors.values())}]" if isinstance(first, nn.ParameterList) else f"{{{named}}}"
        texts = {}
        for key in first._modules:
            inner = [None if path is None else f"{path}.{key}".strip(".") for path in paths]
            texts[key] = self._made(inner, f"{attribute}_{key}".strip("_"), columns)
        if isinstance(first, nn.ModuleDict):
            return "{" + ", ".join(f'"{key}": {text}' for key, text in texts.items()) + "}"
        if not all(key.isdigit() for key in texts):
            return f"OrderedDict({', '.join(f'{key}={text}' for key, text in texts.items())})"
        if len(texts) > 1 and len(set(texts.values())) == 1:
            loop = f"{texts['0']} for _ in range({len(texts)})"
            return f"*[{loop}]" if isinstance(first, nn.Sequential) else loop
        return ", ".join(texts.values()) if isinstance(first, nn.Sequential) else f"[{', '.join(texts.values())}]"


# ------------------------------------------------------------------ paths


def ties(model: nn.Module) -> list[tuple[str, str]]:
    """Return the names of weights that are one: the first of each, with every other."""
    first: dict[int, str] = {}
    out = []
    for name, parameter in model.named_parameters(remove_duplicate=False):
        if id(parameter) in first:
            out.append((first[id(parameter)], name))
        first.setdefault(id(parameter), name)
    return out


def _is_common(first: str, second: str, path: str) -> bool:
    return all(_is_inside(name, path) for name in (first, second))


def _is_inside(name: str, path: str) -> bool:
    return name != path and name.startswith(f"{path}." if path else "")


def _moved(name: str, old: str, new: str) -> str:
    """Return the name of what stands at another module where a name stands at the first."""
    return f"{new}.{name.removeprefix(old).strip('.')}".strip(".")


def _parents(path: str) -> list[str]:
    parts = path.split(".") if path else []
    return [".".join(parts[:number]) for number in range(len(parts))]


def _regions(region: Region) -> list[Region]:
    inner = [item for item in region.items if isinstance(item, Region) and any(True for _ in all_nodes(item))]
    return [each for item in inner for each in [item, *_regions(item)]]


def _is_container(module: nn.Module) -> bool:
    kinds = (nn.Sequential, nn.ModuleList, nn.ModuleDict, nn.ParameterList, nn.ParameterDict)
    return type(module) in kinds


def _base(kind: type[nn.Module]) -> str:
    for each in (nn.Sequential, nn.ModuleList, nn.ModuleDict):
        if issubclass(kind, each):
            return f"nn.{each.__name__}"
    return "nn.Module"


def _match(item: Any, first: Scope, other: Scope) -> Any:
    """Return what stands in another call where an item stands in the first; None where it is left out."""
    if not isinstance(item, Scope):
        return other.nodes()[first.nodes().index(item)]
    same = [call for call in other.calls() if other.child(call) == first.child(item)]
    number = [call for call in first.calls() if call.path == item.path].index(item)
    return same[number] if number < len(same) else None


def _by_path(each: Class, form: list[Scope], values: Sequence[Any]) -> list[Any] | None:
    """Return a setting's value for each module; None where it differs between the calls of one."""
    out: dict[str, Any] = {}
    for scope, value in zip(form, values, strict=True):
        if not _same(out.setdefault(scope.path, value), value):
            return None
    return [out.get(path, MISSING) for path in each.paths]


def _attribute(name: str) -> str:
    return f"self.{name}" if name.isidentifier() and not keyword.iskeyword(name) else f'self._modules["{name}"]'


def _free(name: str, taken: set[str]) -> str:
    stem = re.sub(r"\W", "_", name)
    found, number = stem, 2
    while found in taken:
        found, number = f"{stem}{number}", number + 1
    return found


def _about(each: Class) -> str:
    places = each.paths
    if len(places) == 1:
        return ""
    where = f"{places[0]} … {places[-1]}" if len(places) > 2 else " and ".join(places)
    return f"{len(places)} modules: {where}."


def _indented(statement: Statement) -> str:
    return "\n".join(f"        {line}" for line in str(statement).splitlines())
