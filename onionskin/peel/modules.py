"""How a module of PyTorch's own was made: ``nn.Conv2d(3, 64, kernel_size=3, padding=1)``, found from the module itself.

A module keeps what it was made with as attributes, under the names of its constructor's parameters or nearly so. What
is found is tried: the module that it makes must be like the one that is there, or it counts as not found.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, Final

import torch
from torch import Tensor, nn

#: Parameters of constructors that say where and how wide numbers are, which is said once for the whole model.
_EVERYWHERE: Final = frozenset({"device", "dtype", "self"})

#: Whether there is something, for parameters that ask for it under another name than that of the attribute.
_ASKED_BY: Final = {"bias": ("bias", "in_proj_bias"), "add_bias_kv": ("bias_k",)}

#: As many required parameters stand without their names: ``nn.Conv2d(3, 64, kernel_size=3)``.
_NAMELESS: Final = 2

#: What was found before: modules that say the same were made alike, and trying takes a while.
_FOUND: Final[dict[str, dict[str, Any] | None]] = {}

#: What stands for a parameter that an instance says nothing about.
MISSING: Final = inspect.Parameter.empty


def arguments(module: nn.Module) -> dict[str, Any] | None:
    """Return what makes a module like this one, in the constructor's order and without what is its default.

    Returns:
        The arguments by name; None where the module is none of ``torch.nn``'s or its attributes do not tell.
    """
    kind = type(module)
    if getattr(nn, kind.__name__, None) is not kind:
        return None
    said = repr(_described(module))
    if said not in _FOUND:
        _FOUND[said] = _found(module)
    found = _FOUND[said]
    return None if found is None else dict(found)


def _found(module: nn.Module) -> dict[str, Any] | None:
    known = signature(type(module))
    found = {name: value for name in known if (value := _kept(module, name)) is not MISSING}
    if not _makes(found, module):
        return None
    for name, default in known.items():
        rest = {key: value for key, value in found.items() if key != name}
        if name in found and default is not MISSING and _makes(rest, module):
            found = rest
    for name, value in found.items():
        for simpler in _simpler(value):
            if _makes({**found, name: simpler}, module):
                found[name] = simpler
                break
    return found


def signature(kind: type[nn.Module]) -> dict[str, Any]:
    """Return the parameters of a class's constructor with their defaults, :data:`MISSING` where there is none."""
    if issubclass(kind, nn.RNNBase):  # nn.LSTM's own constructor hands on whatever it is given
        own = {"mode", "proj_size"} if kind is not nn.LSTM else {"mode"}
        known = {name: default for name, default in _parameters(nn.RNNBase.__init__).items() if name not in own}
        return known | ({"nonlinearity": "tanh"} if kind is nn.RNN else {})
    return _parameters(kind.__init__)


def _parameters(function: Any) -> dict[str, Any]:
    given = inspect.signature(function).parameters.values()
    plain = [p for p in given if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    return {p.name: p.default for p in plain if p.name not in _EVERYWHERE}


def construction(kind: type[nn.Module], texts: Mapping[str, str]) -> str:
    """Return the call of a constructor, of what stands for each argument."""
    return f"nn.{kind.__name__}({call_text(signature(kind), texts)})"


def call_text(parameters: Mapping[str, Any], texts: Mapping[str, str]) -> str:
    """Return arguments as they stand in a call: the first required ones without their names."""
    words, in_order = [], True
    for number, (name, default) in enumerate(parameters.items()):
        in_order = in_order and default is MISSING and number < _NAMELESS
        if name in texts:
            words.append(texts[name] if in_order else f"{name}={texts[name]}")
    return ", ".join(words)


def _kept(module: nn.Module, name: str) -> Any:
    """Return what a module keeps of an argument; MISSING where nothing is known of it."""
    if name.startswith("_"):
        return MISSING
    for attribute in _ASKED_BY.get(name, ()):
        value = getattr(module, attribute, MISSING)
        if value is None or isinstance(value, Tensor):
            return value is not None
    value = getattr(module, name, MISSING)
    return MISSING if isinstance(value, (Tensor, nn.Module)) or inspect.isroutine(value) else value


def _simpler(value: Any) -> Iterator[Any]:
    """Yield shorter ways to say the same: ``3`` for ``(3, 3)``, ``2`` for ``2.0``."""
    if isinstance(value, (tuple, list)) and value and all(each == value[0] for each in value):
        yield value[0]
    if isinstance(value, (tuple, list)):
        yield tuple(value)
    if isinstance(value, float) and value.is_integer():
        yield int(value)


def _makes(given: Mapping[str, Any], module: nn.Module) -> bool:
    try:
        with (
            warnings.catch_warnings(action="ignore"),
            torch.device("meta"),
        ):  # shapes without numbers: nothing is allocated, no random number drawn
            made = type(module)(**given)
    except (TypeError, ValueError, RuntimeError, AssertionError, NotImplementedError):  # they were not these
        return False
    return _described(made) == _described(module)


def _described(module: nn.Module) -> list[Any]:
    """Return what two modules that are alike have in common."""
    said = {
        name: tuple(value) if isinstance(value, (tuple, list)) else value
        for name, value in vars(module).items()
        if name != "training" and not name.startswith("_") and _is_plain(value)
    }
    tensors = {**module._parameters, **module._buffers}
    shapes = {name: None if value is None else tuple(value.shape) for name, value in tensors.items()}
    return [type(module), said, shapes, [(name, _described(m)) for name, m in module.named_children()]]


def _is_plain(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, float, str))
