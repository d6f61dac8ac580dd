"""An isolated copy of a model that shares its parameters and nothing else that a forward could change.

The probes must be shown to the model without the training noticing: no hook may stay on it, no flag may flip, no
buffer, counter or hidden state may move. Switching the user's modules to eval mode and back would touch what
``torch.compile`` guards on, and a recurrent model that keeps ``self.hidden`` between batches would be handed the
probes' hidden state. So the probes run through a *skeleton*: new module objects of the same classes, in eval mode,
with the same Parameter objects, with buffers and other tensors cloned, containers copied, and methods bound anew.
It costs about ten microseconds a module and is made for each frame, so that it is never stale.
"""

from __future__ import annotations

import copy
import functools
import types
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from onionskin.errors import OnionskinError

#: Buffers are cloned for every frame; beyond this (bytes) the clones would break the promise of bounded memory.
MOST_BUFFER_BYTES = 256 * 2**20

#: A container larger than this is data (a vocabulary), not structure: it is copied at once, not item by item.
MOST_ITEMS = 1000

_HOOKS = (
    "_backward_pre_hooks",
    "_backward_hooks",
    "_forward_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
    "_state_dict_hooks",
    "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
)


class NotIsolatedError(OnionskinError):
    """The model cannot be shown the probes without the training noticing."""


class Skeleton:
    """A model's isolated copy.

    Args:
        model: The user's model; it is not touched.
        in_place_of: Other tensors to stand for its parameters and buffers, by the ``id`` of these.

    Attributes:
        module: The copy, in eval mode.
        copies: The copy of each of the user's modules, by ``id``.

    Raises:
        NotIsolatedError: The model has parts whose state cannot be copied, or buffers too large to clone.
    """

    def __init__(self, model: nn.Module, in_place_of: Mapping[int, torch.Tensor] | None = None) -> None:
        _check(model)
        self.copies: dict[int, nn.Module] = {}
        self._tensors: dict[int, torch.Tensor] = dict(in_place_of or {})
        self.module = self._module(model)

    @property
    def constants(self) -> list[torch.Tensor]:
        """The copies of buffers and other tensors that the model holds."""
        return list(self._tensors.values())

    @property
    def tensors(self) -> Mapping[int, torch.Tensor]:
        """The same, by the ``id`` of what each stands for."""
        return self._tensors

    def _module(self, module: nn.Module) -> nn.Module:
        inner = getattr(module, "_orig_mod", None)
        if isinstance(inner, nn.Module):  # a compiled submodule: its own eager self
            return self._module(inner)
        if id(module) in self.copies:
            return self.copies[id(module)]
        bones = object.__new__(type(module))
        self.copies[id(module)] = bones
        own = dict(vars(module))
        own.update({name: OrderedDict() for name in _HOOKS if name in own})
        own["_forward_pre_hooks"] = _reparametrizing(module)
        own["training"] = False
        own["_compiled_call_impl"] = None
        own["_parameters"] = {name: self._copied(parameter) for name, parameter in module._parameters.items()}
        own["_buffers"] = {name: self._copied(buffer) for name, buffer in module._buffers.items()}
        own["_modules"] = {
            name: None if child is None else self._module(child) for name, child in module._modules.items()
        }
        kept = {*_HOOKS, "_parameters", "_buffers", "_modules", "training", "_non_persistent_buffers_set"}
        for name, value in own.items():
            if name not in kept:
                own[name] = self._copied(value)
        forward = own.get("forward")
        if forward is not None and not self._is_ours(forward) and _defines_forward(module):
            del own["forward"]  # a wrapper around the user's own object (autocast, offloading): the class knows better
        vars(bones).update(own)
        return bones

    def _copied(self, value: Any, depth: int = 0) -> Any:
        """Return a copy of what a forward could change in place, and anything else as it is."""
        if isinstance(value, nn.Parameter):
            return self._tensors.get(id(value), value)
        if isinstance(value, torch.Tensor):
            if id(value) not in self._tensors:
                self._tensors[id(value)] = value.detach().clone()
            return self._tensors[id(value)]
        if isinstance(value, nn.Module):
            return self._module(value)
        if isinstance(value, torch.Generator):
            return value.clone_state()
        if isinstance(value, types.MethodType) and id(value.__self__) in self.copies:
            return types.MethodType(value.__func__, self.copies[id(value.__self__)])
        if isinstance(value, functools.partial):
            return functools.partial(self._copied(value.func), *value.args, **value.keywords)
        return self._copied_container(value, depth)

    def _copied_container(self, value: Any, depth: int) -> Any:
        if not isinstance(value, (list, tuple, dict, set, deque)):
            return value
        if len(value) > MOST_ITEMS or depth > 4:
            return copy.copy(value)
        if type(value) in (list, tuple, set, deque):
            return type(value)(self._copied(item, depth + 1) for item in value)
        if isinstance(value, dict):
            twin = copy.copy(value)  # keeps subclasses such as OrderedDict and defaultdict what they are
            for key, item in value.items():
                twin[key] = self._copied(item, depth + 1)
            return twin
        return copy.copy(value)

    def _is_ours(self, forward: Callable[..., Any]) -> bool:
        return isinstance(forward, types.MethodType) and any(forward.__self__ is c for c in self.copies.values())


def _check(model: nn.Module) -> None:
    for path, module in model.named_modules():
        if isinstance(module, torch.jit.ScriptModule):
            raise NotIsolatedError(
                f"'{path or type(model).__name__}' is a TorchScript module, whose state cannot be set aside",
                fix="watch the model before torch.jit.script; weights and gradients are recorded all the same",
            )
        if "FullyShardedDataParallel" in type(module).__name__:
            raise NotIsolatedError(
                f"'{path or type(model).__name__}' is sharded over processes",
                fix="its activations are not recorded; weights and gradients of this process are",
            )
    size = sum(buffer.numel() * buffer.element_size() for buffer in model.buffers())
    if size > MOST_BUFFER_BYTES:
        raise NotIsolatedError(
            f"the model has {size / 2**20:,.0f} MiB of buffers, which a frame would have to clone",
            fix=f"activations are recorded for models with up to {MOST_BUFFER_BYTES // 2**20} MiB of buffers",
        )


def _reparametrizing(module: nn.Module) -> OrderedDict[int, Callable[..., Any]]:
    """Return the hooks that compute a weight before the forward (``weight_norm``): they are part of the model."""
    kept = OrderedDict()
    for key, hook in module._forward_pre_hooks.items():
        if type(hook).__module__.startswith("torch.nn.utils."):
            kept[key] = hook
    return kept


def _defines_forward(module: nn.Module) -> bool:
    return type(module).forward is not nn.Module.forward
