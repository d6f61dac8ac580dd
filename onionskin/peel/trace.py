"""Follows a model through one step and writes down what it does: which operation, on what, in which module.

PyTorch hands every function that is called on a tensor to the innermost ``TorchFunctionMode``. So the model runs as it
is, with its own Python, and what is seen are the very calls it makes. A model that decides by the *values* of its
tensors would do something else with other values: it is refused, and the place is named.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Final, Literal, Self

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode, resolve_name

from onionskin.errors import OnionskinError
from onionskin.peel.rule import Rule, Use, by_spelling, rule

#: Functions whose result depends on the values of a tensor and leaves the graph, or has a shape that does.
_BY_VALUE: Final = frozenset(
    [
        "__bool__",
        "item",
        "tolist",
        "numpy",
        "__int__",
        "__float__",
        "__index__",
        "__contains__",
        "__array__",
        "nonzero",
        "argwhere",
        "unique",
        "unique_consecutive",
        "masked_select",
        "bincount",
        "repeat_interleave",
    ]
)

#: Creates what it returns and reads nothing of its argument but the shape.
_LIKE: Final = frozenset(
    ["zeros_like", "ones_like", "full_like", "empty_like", "new_zeros", "new_ones", "new_full", "new_tensor"]
)

#: Modules of PyTorch that only call their children in turn; they get no function of their own.
_CONTAINERS: Final = (nn.Sequential, nn.ModuleList, nn.ModuleDict)


#: Where PyTorch's own functions lie, and those of the peel: what they call their tensors is not the user's word.
_NOT_THE_USERS: Final = (str(Path(torch.__file__).parent), str(Path(__file__).parent))


@dataclass(eq=False)
class Value:
    """An array that a step works with.

    Attributes:
        kind: Where it comes from. A parameter or buffer is named by its path in the model.
        name: A name in the user's words; for a local one it is only a wish.
        variable: What the function of the user's that made it called it in the end; empty where it has no name there.
        needs_grad: Whether the loss depends on a trainable parameter through it.
    """

    kind: Literal["local", "input", "parameter", "buffer", "constant"]
    name: str
    shape: tuple[int, ...]
    dtype: torch.dtype
    needs_grad: bool = False
    variable: str = ""


Operand = Any  # a Value, a list of them, a number, or None


@dataclass(eq=False)
class Node:
    """One operation on values.

    Attributes:
        rule: Which.
        operands: By the names of its forward's parameters.
        settings: The rest of its forward's parameters.
        outputs: What it gives.
        path: The module in which it was called.
        attribute: What to call its output: the leaf module's name within its block, or empty.
    """

    rule: Rule
    operands: dict[str, Operand]
    settings: dict[str, Any]
    outputs: list[Value]
    path: str
    attribute: str = ""

    def values(self) -> Iterator[Value]:
        """Yield the values that it is applied to."""
        for operand in self.operands.values():
            yield from (v for v in (operand if isinstance(operand, list) else [operand]) if isinstance(v, Value))


@dataclass(eq=False)
class Region:
    """What happened within one call of one module.

    Attributes:
        path: The module's path; empty for the model itself.
        module: The module.
        items: Operations and calls of modules within, in order.
        arguments: The values that it was called with, with the names of its forward's parameters.
        returns: The values that it returned.
        given: The arguments, positional and by name, with a value in the place of each tensor; tuples are lists.
        gives: What it returned, likewise; None in the place of a tensor that no operation made.
    """

    path: str
    module: nn.Module | None
    items: list[Node | Region] = field(default_factory=list)
    arguments: list[tuple[str, Value]] = field(default_factory=list)
    returns: list[Value] = field(default_factory=list)
    given: Any = ((), {})
    gives: Any = None

    @property
    def is_leaf(self) -> bool:
        """Whether it is a layer of PyTorch's own, without children that were called."""
        return _is_torch(self.module) and not any(isinstance(item, Region) for item in self.items)

    @property
    def is_container(self) -> bool:
        """Whether it only calls its children in turn."""
        return isinstance(self.module, _CONTAINERS) and type(self.module).__module__.startswith("torch.")


@dataclass(frozen=True)
class Traced:
    """One step of a phase, followed.

    Attributes:
        root: Everything, from the inputs to the loss.
        loss: The scalar at the end.
        inputs: The batch, in the order of the forward's parameters; then the targets.
        constants: Tensors that depend on neither the batch nor a parameter.
    """

    root: Region
    loss: Value
    inputs: list[Value]
    constants: dict[str, Tensor]


def trace(
    model: nn.Module, inputs: Mapping[str, Tensor], step: Callable[[nn.Module], Any], trainable: Callable[[str], bool]
) -> Traced:
    """Follow one step.

    Args:
        model: The model; it is run, and marked by ``trainable``, so give a copy.
        inputs: The tensors of the batch by name; ``step`` calls the model with these very tensors.
        step: Calls the model it is given and returns the loss.
        trainable: Whether a parameter of this name is moved in this step.

    Raises:
        OnionskinError: An operation has no file in ``ops/``, the model decides by its values, it changes a tensor that
            is needed unchanged, or the loss is no scalar.
    """
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(parameter.requires_grad and trainable(name))
    with _Follower(model, inputs) as follower:
        loss = step(model)
    return follower.traced(loss)


class _Follower(TorchFunctionMode):
    """Writes down each call on a tensor while it is in force."""

    def __init__(self, model: nn.Module, inputs: Mapping[str, Tensor]) -> None:
        super().__init__()
        self._values: dict[int, Value] = {}
        self._kept: list[Tensor] = []  # an id means something only as long as its tensor is there
        self._stale: dict[int, str] = {}
        self._constants: dict[str, Tensor] = {}
        self._made_in: dict[Value, str] = {}
        self._fresh: set[Value] = set()  # constants that the step makes itself: it may change them
        self._root = Region("", None)
        self._open = [self._root]
        self._model = model
        self._handles: list[Any] = []
        for name, parameter in model.named_parameters():
            self._know(parameter, "parameter", name)
        for name, buffer in model.named_buffers():
            self._know(buffer, "buffer", name)
        self._inputs = [self._know(tensor, "input", name) for name, tensor in inputs.items()]

    def __enter__(self) -> Self:
        for path, module in self._model.named_modules():
            self._handles.append(module.register_forward_pre_hook(self._enter(path), with_kwargs=True))
            self._handles.append(module.register_forward_hook(self._leave))
        self._before = sys.getprofile()
        sys.setprofile(self._note_variables)
        super().__enter__()  # type: ignore[no-untyped-call]  # PyTorch's class has no types here
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)  # type: ignore[no-untyped-call]
        sys.setprofile(self._before)
        for handle in self._handles:
            handle.remove()

    def _note_variables(self, frame: FrameType, event: str, _: Any) -> None:
        """Note what a function that returns called its tensors; what it was given has a name already."""
        if event != "return" or frame.f_code.co_filename.startswith(_NOT_THE_USERS):
            return
        given = frame.f_code.co_varnames[: frame.f_code.co_argcount]
        for name, thing in frame.f_locals.items():
            if isinstance(thing, Tensor) and name not in given and (value := self._values.get(id(thing))) is not None:
                value.variable = value.variable or (name if self._was_made_here(value) else "")

    def _was_made_here(self, value: Value) -> bool:
        """Whether a value comes from the module that is being called: what others made is named by them."""
        made, here = self._made_in.get(value, ""), self._open[-1].path
        return not here or made == here or made.startswith(f"{here}.")

    def traced(self, loss: Any) -> Traced:
        """Return what was seen, now that it is over."""
        if not isinstance(loss, Tensor) or loss.numel() != 1 or loss.ndim:
            got = f"a tensor of shape {tuple(loss.shape)}" if isinstance(loss, Tensor) else f"a {type(loss).__name__}"
            raise OnionskinError(f"the loss is {got}", fix="return one number: .mean() or .sum() over the examples")
        value = self._values.get(id(loss))
        if value is None or not value.needs_grad:
            raise OnionskinError(
                "the loss depends on no trainable parameter of the model",
                fix="return what the model's outputs give, and leave requires_grad on where it shall learn",
            )
        return Traced(self._root, value, self._inputs, self._constants)

    # ------------------------------------------------------------------ modules

    def _enter(self, path: str) -> Callable[..., None]:
        def enter(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            region = Region(path, module)
            for name, tensor in _named_arguments(module, args, kwargs):
                if (value := self._values.get(id(tensor))) is not None:
                    region.arguments.append((name, value))
            self._open[-1].items.append(region)
            self._open.append(region)
            unknown = self._operand if _is_torch(module) else lambda tensor: None
            region.given = self._with_values((args, kwargs), unknown)

        return enter

    def _leave(self, module: nn.Module, args: Any, output: Any) -> None:
        region = self._open.pop()
        region.returns = [self._values[id(tensor)] for tensor in _tensors(output) if id(tensor) in self._values]
        region.gives = self._with_values(output, lambda tensor: None)

    def _with_values(self, thing: Any, unknown: Callable[[Tensor], Any]) -> Any:
        """Return a structure of arguments with values in the place of tensors."""
        if isinstance(thing, Tensor):
            return self._values.get(id(thing)) or unknown(thing)
        if isinstance(thing, (tuple, list)):
            return [self._with_values(each, unknown) for each in thing]
        if isinstance(thing, Mapping):
            return {key: self._with_values(each, unknown) for key, each in thing.items()}
        return thing

    # ------------------------------------------------------------------ functions

    def __torch_function__(
        self, func: Any, types: Sequence[type], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", str(func))
        self._refuse_stale(args, kwargs)
        moving = [v for v in map(self._value, _tensors((args, kwargs))) if v is not None and v.kind != "constant"]
        if name in _BY_VALUE and moving:
            raise self._refusal(f"looks at the values of a tensor ({name})",
                                "compute with torch.where or a mask, so that every batch does the same")  # fmt: skip
        if moving and (name == "__setitem__" or kwargs.get("out") is not None):
            raise self._refusal(f"writes into a tensor ({name})", "compute a new one, with torch.where or torch.cat")
        known = by_spelling().get(func.__self__ if name == "__get__" else func)
        use = None if known is None or not (moving or known.draws) else self._read(known, func, args, kwargs)
        result = func(*args, **kwargs)
        tensors = list(_tensors(result))
        if not tensors or (
            len(tensors) == 1 and id(tensors[0]) in self._values and not _is_in_place(name, args, kwargs)
        ):
            return result  # a shape, a size; or the very tensor that it was given
        if self._is_counter(tensors[0]):
            return result  # how many batches BatchNorm has seen: nothing depends on it
        if use is None:
            self._result_of_unknown(func, name, moving, tensors)
            return result
        self._write_down(use, tensors, args)
        return result

    def _read(self, known: Rule, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Use:
        try:
            use: Use = known.source.read(*args, **kwargs)
        except TypeError as error:
            raise self._refusal(f"calls {_spelling(func)} in a way that ops/{known.name}.py does not read: {error}",
                                f"add it to read() in onionskin/peel/ops/{known.name}.py") from error  # fmt: skip
        except OnionskinError as error:
            raise self._refusal(error.what, error.fix) from error
        return use

    def _result_of_unknown(self, func: Any, name: str, moving: list[Value], tensors: list[Tensor]) -> None:
        if moving and name not in _LIKE:
            file = name.strip("_") or "operation"
            raise self._refusal(f"calls {_spelling(func)}, which no file in onionskin/peel/ops knows",
                                f"add onionskin/peel/ops/{file}.py (relu.py there is the shortest one), or write it "
                                "with operations that are there")  # fmt: skip
        for tensor in tensors:
            if id(tensor) in self._values and self._values[id(tensor)].kind == "constant":  # changed in place
                self._changed_in_place(tensor)
                del self._values[id(tensor)]
            self._fresh.add(self._constant(tensor, name))

    def _write_down(self, use: Use, tensors: list[Tensor], args: tuple[Any, ...]) -> None:
        used = rule(use.op)
        operands = {name: self._operand(operand) for name, operand in use.operands.items()}
        first = args[0] if args and isinstance(args[0], Tensor) else None
        if any(tensor is first for tensor in tensors) and first is not None:
            self._changed_in_place(first)
        outputs = [self._know(tensor, "local", "") for tensor in tensors]
        region = self._open[-1]
        self._made_in |= dict.fromkeys(outputs, region.path)
        node = Node(used, operands, dict(use.settings), outputs, region.path)
        needing = [name for name, operand in operands.items() if _needs_grad(operand)]
        lost = [name for name in needing if not used.has_gradient(name)]
        if any(v.needs_grad for v in outputs) and lost:
            raise self._refusal(f"needs the gradient of '{lost[0]}' in {used.name}",
                                f"write d_{lost[0]}() in onionskin/peel/ops/{used.name}.py")  # fmt: skip
        region.items.append(node)

    def _operand(self, operand: Any) -> Operand:
        if isinstance(operand, Tensor):
            return self._values.get(id(operand)) or self._constant(operand, "constant")
        if isinstance(operand, (list, tuple)):
            return [self._operand(each) for each in operand]
        return operand

    # ------------------------------------------------------------------ what is known of tensors

    def _value(self, tensor: Tensor) -> Value | None:
        return self._values.get(id(tensor))

    def _know(self, tensor: Tensor, kind: Any, name: str) -> Value:
        value = Value(kind, name, tuple(tensor.shape), tensor.dtype, tensor.requires_grad)
        self._values[id(tensor)] = value
        self._kept.append(tensor)
        return value

    def _constant(self, tensor: Tensor, name: str) -> Value:
        if id(tensor) in self._values:
            return self._values[id(tensor)]
        stem = (self._open[-1].path + "." if self._open[-1].path else "") + name.strip("_")
        unique, number = stem, 2
        while unique in self._constants:
            unique, number = f"{stem}_{number}", number + 1
        self._constants[unique] = tensor.detach().clone()
        return self._know(tensor, "constant", unique)

    def _is_counter(self, tensor: Tensor) -> bool:
        value = self._value(tensor)
        return value is not None and value.kind == "buffer" and value.name.endswith("num_batches_tracked")

    def _changed_in_place(self, tensor: Tensor) -> None:
        """From here on, the tensor means its new values; others that share its memory mean nothing that was written."""
        value = self._values[id(tensor)]
        if value.kind != "local" and value not in self._fresh:
            raise self._refusal(f"changes the {value.kind} '{value.name}' in place", "compute a new tensor instead")
        with torch._C.DisableTorchFunction():
            place = tensor.untyped_storage().data_ptr()
            for other in self._kept:
                if other is not tensor and other.untyped_storage().data_ptr() == place:
                    self._stale[id(other)] = self._where()

    def _refuse_stale(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        for tensor in _tensors((args, kwargs)) if self._stale else ():
            if id(tensor) in self._stale:
                raise self._refusal("uses a tensor whose memory was changed in place through another view of it, in "
                                    f"{self._stale[id(tensor)]}", "compute a new tensor there")  # fmt: skip

    def _where(self) -> str:
        region = self._open[-1]
        module = type(region.module).__name__ if region.module is not None else ""
        return f"{region.path} ({module})" if region.path else module or "the loss"

    def _refusal(self, what: str, fix: str) -> OnionskinError:
        return OnionskinError(f"{self._where()} {what}", fix=fix)


def _needs_grad(operand: Operand) -> bool:
    return any(isinstance(v, Value) and v.needs_grad for v in (operand if isinstance(operand, list) else [operand]))


def _tensors(thing: Any) -> Iterator[Tensor]:
    if isinstance(thing, Tensor):
        yield thing
    elif isinstance(thing, Mapping):
        for each in thing.values():
            yield from _tensors(each)
    elif isinstance(thing, (list, tuple)):
        for each in thing:
            yield from _tensors(each)


def _named_arguments(module: nn.Module, args: Iterable[Any], kwargs: Mapping[str, Any]) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors that a module is called with, named by its forward's parameters."""
    names = list(inspect.signature(module.forward).parameters)
    args = list(args)
    for name, thing in [
        *zip(names, args, strict=False),
        *((names[-1], a) for a in args[len(names) :]),
        *kwargs.items(),
    ]:
        for tensor in _tensors(thing):
            yield name, tensor


def _is_in_place(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    return (name.endswith("_") and not name.endswith("__")) or bool(kwargs.get("inplace")) or name.startswith("__i")


def _is_torch(module: nn.Module | None) -> bool:
    return module is not None and type(module).__module__.startswith("torch.")


def _spelling(func: Any) -> str:
    return str(resolve_name(func) or getattr(func, "__qualname__", func))
