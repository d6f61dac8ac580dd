"""Which tensors of the models are recorded, under which names, and which values of each are kept."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from onionskin.errors import OnionskinError, did_you_mean
from onionskin.recording.manifest import (
    EXACT_DTYPES,
    NARROW_DTYPES,
    ROLES,
    ExactEntry,
    TensorEntry,
)
from onionskin.recording.subgrid import measured_values, strides

#: Models up to this many parameters keep their whole state at every frame.
EXACT_PARAMETERS = 100_000

#: What their buffers may hold beyond that: a small model with a huge table keeps pictures only.
EXACT_BUFFER_VALUES = 1_000_000


@dataclass(frozen=True)
class Watched:
    """One tensor to record: its entry in the manifest, and the tensor itself."""

    entry: TensorEntry
    tensor: torch.Tensor


@dataclass(frozen=True)
class Choice:
    """Which tensors the user wants: by role and by name.

    Attributes:
        roles: Some of ``ROLES``.
        only: Shell patterns of tensor names, such as ``conv*``; empty for all.
        space: Whether a model with two inputs is shown an even grid of them.
    """

    roles: tuple[str, ...]
    only: tuple[str, ...] = ()
    space: bool = True

    def takes(self, role: str, name: str) -> bool:
        """Return whether a tensor of this role and name is recorded."""
        return role in self.roles and (not self.only or any(fnmatch.fnmatchcase(name, p) for p in self.only))


def choose(roles: Iterable[str] | str | None, only: Iterable[str] | str | None, *, space: bool = True) -> Choice:
    """Return what to record. Raises OnionskinError on a role that does not exist."""
    wanted = ("weight", "gradient", "activation") if roles is None else _several(roles)
    for role in wanted:
        if role not in ROLES:
            fix = did_you_mean(role, ROLES, otherwise=f"choose from: {', '.join(ROLES)}")
            raise OnionskinError(f"there is no role '{role}'", fix=fix)
    return Choice(wanted, () if only is None else _several(only), space)


def _several(one_or_more: Iterable[str] | str) -> tuple[str, ...]:
    return (one_or_more,) if isinstance(one_or_more, str) else tuple(one_or_more)


def unwrapped(module: nn.Module) -> nn.Module:
    """Return the user's module inside ``torch.compile``, DistributedDataParallel or DataParallel."""
    while True:
        inner = getattr(module, "_orig_mod", None)
        if inner is None and isinstance(module, (nn.parallel.DistributedDataParallel, nn.DataParallel)):
            inner = module.module
        if not isinstance(inner, nn.Module):
            return module
        module = inner


def joined(*parts: str) -> str:
    """Return a dotted path, leaving out empty parts."""
    return ".".join(part for part in parts if part)


def as_written(path: str) -> str:
    """Return a module's path as the user wrote it: without the wrapper that ``torch.compile`` puts around a part."""
    return ".".join(part for part in path.split(".") if part != "_orig_mod")


def parameters(models: Mapping[str, nn.Module]) -> dict[str, torch.nn.Parameter]:
    """Return every parameter by its first name; a tied one appears once."""
    return {names[0]: parameter for names, parameter in _with_aliases(models)}


def _with_aliases(models: Mapping[str, nn.Module]) -> list[tuple[list[str], torch.nn.Parameter]]:
    found: dict[int, tuple[list[str], torch.nn.Parameter]] = {}
    for prefix, model in models.items():
        for name, parameter in model.named_parameters(remove_duplicate=False):
            found.setdefault(id(parameter), ([], parameter))[0].append(joined(prefix, as_written(name)))
    return list(found.values())


def is_lazy(tensor: torch.Tensor) -> bool:
    """Return whether a lazy module has not given this parameter its shape yet."""
    return bool(nn.parameter.is_lazy(tensor))


def is_readable(tensor: torch.Tensor) -> bool:
    """Return whether a tensor has values that can be read: not on the meta device, not lazy, not a wrapper's."""
    if is_lazy(tensor) or tensor.device.type == "meta":
        return False
    plain = type(tensor) in (torch.Tensor, nn.Parameter, nn.Buffer)
    return plain and not tensor.is_quantized and tensor.dtype != torch.bool


class Roster:
    """The tensors recorded so far, in the order of the manifest; it only ever grows.

    Args:
        models: The models by name; a single one has the empty name.
        choice: Which tensors are wanted.
    """

    def __init__(self, models: Mapping[str, nn.Module], choice: Choice) -> None:
        self._models = models
        self._choice = choice
        self._widths = dict.fromkeys(ROLES, 0)
        self._known: dict[str, TensorEntry] = {}
        self.weights: dict[str, nn.Parameter] = {}
        self.unreadable: dict[str, str] = {}

    @property
    def entries(self) -> tuple[TensorEntry, ...]:
        """All entries, in the order they joined."""
        return tuple(self._known.values())

    def of_role(self, role: str) -> list[TensorEntry]:
        """Return the entries of one role, in their order."""
        return [entry for entry in self._known.values() if entry.role == role]

    def update(self, optimizers: Sequence[torch.optim.Optimizer]) -> bool:
        """Look at the models again. Returns whether tensors joined."""
        before = len(self._known)
        self.weights = {}
        for names, parameter in _with_aliases(self._models):
            if is_readable(parameter):
                self._weigh(names, parameter)
            else:
                self.unreadable[names[0]] = f"{parameter.device.type} {parameter.dtype} {type(parameter).__name__}"
        if "optimizer" in self._choice.roles:
            for name, state in optimizer_state(self.weights, optimizers):
                self._join("optimizer", name, tuple(state.shape), state.dtype)
        return len(self._known) > before

    def arrange(self, entries: Sequence[TensorEntry]) -> None:
        """Put the tensors into the order of an earlier recording; those that it has not come last."""
        order = {key: self._known[key] for key in (entry.key for entry in entries) if key in self._known}
        self._known = {**order, **self._known}

    def add_activation(self, name: str, shape: tuple[int, ...], dtype: torch.dtype, most: int) -> None:
        """Add the output of a graph node: ``most`` values of each probe (the first axis)."""
        if self._choice.takes("activation", name) and f"activation/{name}" not in self._known:
            steps = (1, *strides(shape[1:], most)) if shape else ()
            self._add(TensorEntry(name, "activation", shape, dtype_name(dtype), steps, 0, 0))

    def _weigh(self, names: list[str], parameter: nn.Parameter) -> None:
        """Add a parameter and its gradient, under a new name where another tensor has had its name and shape."""
        name, shape = names[0], readable_shape(parameter)
        previous = self._known.get(f"weight/{name}") or self._known.get(f"gradient/{name}")
        generation = 2
        while previous is not None and previous.shape != shape:
            name = f"{names[0]}#{generation}"
            previous = self._known.get(f"weight/{name}") or self._known.get(f"gradient/{name}")
            generation += 1
        self.weights[name] = parameter
        for role in ("weight", "gradient"):
            self._join(role, name, shape, parameter.dtype, aliases=tuple(names[1:]))

    def _join(
        self, role: str, name: str, shape: tuple[int, ...], dtype: torch.dtype, aliases: tuple[str, ...] = ()
    ) -> None:
        if self._choice.takes(role, name) and f"{role}/{name}" not in self._known:
            owner = name.partition("/")[0].rpartition(".")[0]
            self._add(TensorEntry(name, role, shape, dtype_name(dtype), strides(shape), 0, 0, owner, aliases))

    def _add(self, entry: TensorEntry) -> None:
        offset = self._widths[entry.role]
        placed = TensorEntry(
            **{**vars(entry), "offset": offset, "measured": measured_values(entry.size)},
        )
        self._known[placed.key] = placed
        self._widths[entry.role] += placed.count


def readable_shape(tensor: torch.Tensor) -> tuple[int, ...]:
    """Return a tensor's shape as it is recorded: a complex value is a pair, on an axis of its own."""
    return (*tensor.shape, 2) if tensor.is_complex() else tuple(tensor.shape)


def dtype_name(dtype: torch.dtype) -> str:
    """Return ``float32`` for ``torch.float32``."""
    return str(dtype).removeprefix("torch.")


def optimizer_state(
    weights: Mapping[str, nn.Parameter], optimizers: Sequence[torch.optim.Optimizer]
) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the state tensors that have their parameter's shape: ``fc.weight/exp_avg``."""
    for name, parameter in weights.items():
        for optimizer in optimizers:
            for key, value in optimizer.state.get(parameter, {}).items():
                if isinstance(value, torch.Tensor) and value.shape == parameter.shape and is_readable(value):
                    yield f"{name}/{key}", value


def state_entries(models: Mapping[str, nn.Module]) -> dict[str, torch.Tensor]:
    """Return the state dict of small models, without running anybody's state-dict hooks; empty for large ones."""
    count = sum(p.numel() for p in parameters(models).values() if is_readable(p))
    if count > EXACT_PARAMETERS:
        return {}
    state: dict[str, torch.Tensor] = {}
    for prefix, model in models.items():
        for path, module in model.named_modules(remove_duplicate=False):
            own = [*module._parameters.items()]
            own += [(n, b) for n, b in module._buffers.items() if n not in module._non_persistent_buffers_set]
            state.update({joined(prefix, path, name): value for name, value in own if value is not None})
    readable = all(dtype_name(t.dtype) in EXACT_DTYPES and t.layout == torch.strided for t in state.values())
    readable = readable and not any(is_lazy(t) or t.device.type == "meta" for t in state.values())
    total = sum(t.numel() for t in state.values())
    return state if readable and total <= EXACT_PARAMETERS + EXACT_BUFFER_VALUES else {}


def exact_entries(state: Mapping[str, torch.Tensor]) -> tuple[ExactEntry, ...]:
    """Return where each entry of a state dict lies in the rows of ``exact/float32`` and ``exact/float64``."""
    entries, widths = [], {"float32": 0, "float64": 0}
    for name, tensor in state.items():
        array = "float32" if dtype_name(tensor.dtype) in NARROW_DTYPES else "float64"
        entry = ExactEntry(name, tuple(tensor.shape), dtype_name(tensor.dtype), array, widths[array])
        widths[array] += entry.count
        entries.append(entry)
    return tuple(entries)
