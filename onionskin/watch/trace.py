"""Follows data through one forward: which module or function made each tensor, and out of which others.

Modules are heard through hooks on the skeleton (never on the user's model), functions such as ``add``, ``cat`` or
``scaled_dot_product_attention`` through a torch-function mode. What only rearranges values (``view``, ``transpose``,
``chunk``…) is followed through and makes no node of its own.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakIdKeyDictionary

#: Modules with modules inside that compute by themselves: one node, not a group.
WHOLE_MODULES = (nn.MultiheadAttention,)

#: Functions that rearrange values or change their type, and in eval mode do nothing.
_REARRANGING = """
    view view_as reshape reshape_as flatten unflatten ravel permute transpose t swapaxes swapdims movedim moveaxis
    contiguous squeeze unsqueeze expand expand_as broadcast_to repeat tile repeat_interleave roll flip as_strided
    to type type_as float double half bfloat16 int long bool cpu cuda clone detach requires_grad_ data alias
    __getitem__ select narrow slice index_select gather take_along_dim chunk split split_with_sizes tensor_split unbind
    dropout dropout1d dropout2d dropout3d alpha_dropout feature_dropout feature_alpha_dropout
    T mT H mH real imag view_as_real view_as_complex pin_memory atleast_1d atleast_2d identity
"""
PLUMBING = frozenset(_REARRANGING.split())

Sources = frozenset[str]


@dataclass
class Draft:
    """A node as it was met: the manifest's ``Node`` without its place."""

    id: str
    kind: str
    type: str
    group: str = ""
    tensors: list[str] = field(default_factory=list)
    shape: tuple[int, ...] = ()


@dataclass
class Flow:
    """What a forward showed.

    Attributes:
        nodes: In the order they ran.
        edges: Pairs of nodes, as a set that keeps its order.
        called: The paths of the modules whose own forward ran; a ``ModuleList`` has none.
        lost: Where tensors were met that nobody is known to have made.
    """

    nodes: dict[str, Draft] = field(default_factory=dict)
    edges: dict[tuple[str, str], None] = field(default_factory=dict)
    called: set[str] = field(default_factory=set)
    lost: list[str] = field(default_factory=list)


class Tracer(TorchFunctionMode):
    """Follows one forward of one skeleton.

    Args:
        model: The skeleton's module; hooks are put on it and stay: it is thrown away after the forward.
        prefix: The name of the model in the run; empty for a single one.
        names: The recorded name of every parameter, by ``id``.
        heard: Called with the id of a node and what it put out, while that is still what it put out.
        constants: Tensors that belong to the model (its buffers): nobody made them.
    """

    def __init__(
        self,
        model: nn.Module,
        prefix: str,
        names: Mapping[int, str],
        heard: Callable[[str, torch.Tensor], None],
        constants: Iterable[torch.Tensor] = (),
    ) -> None:
        super().__init__()
        self.flow = Flow()
        self.embedding: torch.Tensor | None = None
        self._names = names
        self._heard = heard
        self._prefix = prefix
        self._calls: Counter[str] = Counter()
        self._inside: list[tuple[str, bool]] = []
        self._made_by: WeakIdKeyDictionary = WeakIdKeyDictionary()
        for constant in constants:
            self._made_by[constant] = frozenset()
        for path, module in model.named_modules():
            self._listen(module, ".".join(p for p in (prefix, path) if p))

    def start(self, inputs: Iterable[tuple[str, torch.Tensor]]) -> None:
        """Declare the inputs of the forward, by name."""
        for name, tensor in inputs:
            node = ".".join(p for p in (self._prefix, name) if p)
            self.flow.nodes[node] = Draft(node, "input", "input", self._prefix, shape=tuple(tensor.shape))
            self._made_by[tensor] = frozenset({node})

    def finish(self, outputs: Iterable[tuple[str, torch.Tensor]]) -> None:
        """Declare what the forward returned, by name."""
        for name, tensor in outputs:
            node = ".".join(p for p in (self._prefix, name) if p)
            self.flow.nodes[node] = Draft(node, "output", "output", self._prefix, shape=tuple(tensor.shape))
            self._connect(self._sources([tensor], node), node)

    def __torch_function__(self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run one function, and follow it unless a module that is one node runs it."""
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if not self._is_deaf:
            self._follow(func, args, kwargs, result)
        return result

    def _listen(self, module: nn.Module, path: str) -> None:
        is_whole = isinstance(module, WHOLE_MODULES) or not any(
            name != "parametrizations" for name, child in module._modules.items() if child is not None
        )
        versions: list[list[tuple[torch.Tensor, int]]] = []

        def enter(module: nn.Module, args: Any, kwargs: Any) -> None:
            with torch._C.DisableTorchFunction():  # the tracer's own work is not followed
                if is_whole and not self._is_deaf:
                    versions.append([(t, t._version) for t in tensors_in((args, kwargs))])
                    if isinstance(module, nn.Linear) and versions[-1]:
                        self.embedding = versions[-1][0][0]
                self._inside.append((path, is_whole or self._is_deaf))
                self.flow.called.add(path)

        def leave(module: nn.Module, args: Any, kwargs: Any, output: Any) -> Any:
            self._inside.pop()
            if not is_whole or self._is_deaf:
                return None
            with torch._C.DisableTorchFunction():  # the tracer's own work is not followed
                outputs, changed = _renewed(output, versions.pop())
                node = self._node(path, "module", type(module).__name__, path.rpartition(".")[0])
                node.tensors = [self._names[id(p)] for p in module.parameters() if id(p) in self._names]
                self._record(node, list(tensors_in((args, kwargs))), outputs)
            return changed

        module.register_forward_pre_hook(enter, with_kwargs=True)
        module.register_forward_hook(leave, with_kwargs=True)

    @property
    def _is_deaf(self) -> bool:
        return bool(self._inside and self._inside[-1][1])

    def _follow(self, func: Callable[..., Any], args: Any, kwargs: Any, result: Any) -> None:
        name = function_name(func)
        inputs = list(tensors_in((args, kwargs)))
        outputs = list(tensors_in(result))
        if name == "__setitem__":
            outputs = inputs[:1]
        if not outputs:
            return
        if not inputs:  # made out of nothing: zeros, arange
            for output in outputs:
                self._made_by[output] = frozenset()
            return
        group = self._inside[-1][0] if self._inside else self._prefix
        if name in PLUMBING or name.startswith("to_") or outputs[0].dtype == torch.bool:
            made_by = self._sources(inputs, f"{group}/{name}")
            for output in outputs:
                self._made_by[output] = made_by
            return
        weights = [self._names[id(t)] for t in inputs if id(t) in self._names]
        if not weights and not self._sources(inputs, f"{group}/{name}"):
            for output in outputs:  # computed from constants alone: positions, masks
                self._made_by[output] = frozenset()
            return
        node = self._node(f"{group}/{name}".lstrip("/"), "function", name, group)
        node.tensors = weights
        self._record(node, inputs, outputs)

    def _node(self, path: str, kind: str, type_name: str, group: str) -> Draft:
        self._calls[path] += 1
        count = self._calls[path]
        node = Draft(path if count == 1 else f"{path}#{count}", kind, type_name, group)
        self.flow.nodes[node.id] = node
        return node

    def _record(self, node: Draft, inputs: list[torch.Tensor], outputs: list[torch.Tensor]) -> None:
        self._connect(self._sources(inputs, node.id), node.id)
        for output in outputs:
            self._made_by[output] = frozenset({node.id})
            if output._is_view() and output._base is not None:
                self._made_by[output._base] = self._made_by[output]
        if outputs:
            node.shape = tuple(outputs[0].shape)
            self._heard(node.id, outputs[0])

    def _connect(self, sources: Sources, target: str) -> None:
        for source in sources - {target}:
            self.flow.edges[source, target] = None

    def _sources(self, tensors: Iterable[torch.Tensor], where: str) -> Sources:
        """Return the nodes that made these tensors; a tensor nobody is known to have made is lost."""
        found: set[str] = set()
        for tensor in tensors:
            if id(tensor) in self._names or isinstance(tensor, nn.Parameter):
                continue
            if tensor in self._made_by:
                found |= self._made_by[tensor]
            elif where not in self.flow.lost:
                self.flow.lost.append(where)
        return frozenset(found)


def _renewed(output: Any, versions: list[tuple[torch.Tensor, int]]) -> tuple[list[torch.Tensor], Any]:
    """Return a module's outputs, and what to put in the place of its output (None to leave it).

    A module that gives its input back untouched (Identity, Dropout in eval) would seem to have made what others
    made; its output becomes a view, so that a residual around it is seen. One that changed it in place did make it.
    """
    for tensor, version in versions:
        if output is tensor and tensor._version == version:
            view = tensor.view_as(tensor)
            return [view], view
    return list(tensors_in(output)), None


def function_name(func: Callable[..., Any]) -> str:
    """Return the plain name of a function: ``add`` for ``torch.add``, ``Tensor.__iadd__`` and ``Tensor.add_``."""
    name = getattr(func, "__name__", type(func).__name__)
    if name in ("__getitem__", "__setitem__"):
        return name
    if name == "__get__":  # a property of a tensor: .T, .shape, .real
        return getattr(getattr(func, "__self__", None), "__name__", name)
    plain = name.strip("_")
    if name.startswith("__") and len(plain) > 3 and plain[0] in "ri" and plain[1:] in _ARITHMETIC:
        plain = plain[1:]
    return _SPELLINGS.get(plain, plain)


_ARITHMETIC = frozenset({"add", "sub", "mul", "matmul", "truediv", "floordiv", "pow", "mod", "and", "or", "xor"})
_SPELLINGS = {"truediv": "div", "subtract": "sub", "multiply": "mul", "concat": "cat", "concatenate": "cat"}


def tensors_in(value: Any, depth: int = 0) -> Iterator[torch.Tensor]:
    """Yield the tensors in what a forward takes or returns: tuples, lists, dicts, dataclasses, nested."""
    if isinstance(value, torch.Tensor):
        yield value
    elif depth > 8:
        return
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from tensors_in(item, depth + 1)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors_in(item, depth + 1)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for part in dataclasses.fields(value):
            yield from tensors_in(getattr(value, part.name, None), depth + 1)


def named_tensors_in(value: Any, name: str) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the tensors of a forward's arguments or result with a name each: ``output``, ``output.logits``."""
    if isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from named_tensors_in(item, f"{name}.{key}")
    elif isinstance(value, (list, tuple)):
        fields = getattr(value, "_fields", range(len(value)))
        for key, item in zip(fields, value, strict=True):
            yield from named_tensors_in(item, name if len(value) == 1 else f"{name}.{key}")
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for part in dataclasses.fields(value):
            yield from named_tensors_in(getattr(value, part.name, None), f"{name}.{part.name}")
