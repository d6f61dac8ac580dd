"""Runs an operation's code as it stands in a program: the text that is written there, not the function in its file."""

from __future__ import annotations

import ast
import inspect
import math
import sys
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F  # as everybody calls it

from onionskin.peel import source
from onionskin.peel.rule import Library
from onionskin.peel.writing import literal

#: What a program imports.
_MODULES: dict[Library, dict[str, Any]] = {
    "np": {"np": np, "math": math},
    "torch": {"torch": torch, "F": F, "np": np, "math": math},
}


def run(function: Callable[..., Any], values: Mapping[str, Any], constants: Mapping[str, Any], library: Library) -> Any:
    """Write a function for a program, and call it.

    Args:
        function: One of an operation's: a forward, a derivative.
        values: What its parameters are given, by name.
        constants: The parameters that stand in the program as they are: settings, and operands that are None.
        library: Which library the program computes with.
    """
    wanted = source.parameters(function)
    known = {name: constants[name] for name in wanted if name in constants}
    missing = set(wanted) - set(values) - set(known) - {"torch", "np"}
    assert not missing, f"{function.__qualname__} asks for {sorted(missing)}, which is nothing that it can be given"
    key = (function, library, repr(known))
    if key not in _written:
        _written[key] = _write(function, known, library)
    return _written[key]({name: values[name] for name in wanted if name not in known})


#: What was written already: the same text comes up for many values.
_written: dict[tuple[Callable[..., Any], Library, str], Callable[[dict[str, Any]], Any]] = {}


def _write(function: Callable[..., Any], known: Mapping[str, Any], library: Library) -> Callable[[dict[str, Any]], Any]:
    """Return a function's text as something to call with the rest of its parameters by name."""
    namespace = dict(_MODULES[library])
    names = _define_called(function, library, namespace)
    if source.is_one_expression(function):
        text = source.written_out(function, {**names, **{n: literal(v) for n, v in known.items()}}, library)
        code = compile(text, text, "eval")
        return lambda given: eval(code, {**namespace, **given})
    bare = {name: _Text(literal(value)) if "_s_[" in literal(value) else value for name, value in known.items()}
    exec(source.as_function(function, "written", bare, library, names), namespace)
    starred = [p.name for p in inspect.signature(function).parameters.values() if p.kind is p.VAR_POSITIONAL]

    def call(given: dict[str, Any]) -> Any:
        positional = given.pop(starred[0]) if starred else ()
        return namespace["written"](*positional, **given)

    return call


class _Text(str):
    """What stands in the program as it is, not as a word in quotes."""

    def __repr__(self) -> str:
        return str(self)


def _define_called(function: Callable[..., Any], library: Library, namespace: dict[str, Any]) -> dict[str, str]:
    """Define the functions of ``ops/`` that a function calls, and theirs; return what they are called."""
    names: dict[str, str] = {}
    assert isinstance(function, FunctionType)
    for node in ast.walk(source.definition(function)[1]):
        if isinstance(node, ast.Name) and isinstance(called := function.__globals__.get(node.id), FunctionType):
            module = sys.modules[called.__module__]
            if not module.__name__.startswith("onionskin.peel.ops."):
                continue
            twin = getattr(module, f"torch_{called.__name__}", called) if library == "torch" else called
            names[node.id] = f"{module.__name__.rpartition('.')[2]}{node.id}"
            if names[node.id] not in namespace:
                namespace[names[node.id]] = None
                theirs = _define_called(twin, library, namespace)
                exec(source.as_function(twin, names[node.id], {}, library, theirs), namespace)
    return names
