"""The functions of operations that a program calls."""

from __future__ import annotations

import ast
import re
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from onionskin.peel.rule import Library, Rule
from onionskin.peel.source import Known, as_function, definition, parameters


@dataclass
class Helpers:
    """The functions of operations that a program calls, and what they are always called with.

    A program is written twice: the first time to see the calls, the second time to leave out what never differs.
    """

    library: Library
    seen: dict[str, tuple[Callable[..., Any], list[dict[str, str]]]] = field(default_factory=dict)
    settled: dict[str, Known] = field(default_factory=dict)
    also: dict[str, Callable[..., Any]] = field(default_factory=dict)
    functions: list[Callable[..., Any]] = field(default_factory=list)
    known: set[str] = field(default_factory=set)

    @property
    def names(self) -> frozenset[str]:
        """What the functions are called that were called the first time, and those that they call themselves."""
        found: set[str] = set(self.settled)
        waiting = [*self.also.values(), *self.functions]
        found |= set(self.also)
        while waiting:
            for called, inner in _called(waiting.pop(), self.library):
                if (name := _helper_name(called, inner)) not in found:
                    found.add(name)
                    waiting.append(inner)
        return frozenset(found)

    def call(self, name: str, function: Callable[..., Any], given: Mapping[str, str]) -> str:
        """Return the call of a helper, with what differs."""
        _, calls = self.seen.setdefault(name, (function, []))
        calls.append(dict(given))
        constant = self.settled.get(name, Known())
        asked = [key for key in parameters(function) if key not in constant and key != "rng"]
        positional = [given[key] for key in asked if not _is_literal(given[key])]
        named = [f"{key}={given[key]}" for key in asked if _is_literal(given[key])]
        ordered = [key for key in asked if not _is_literal(given[key])]
        if ordered != asked[: len(ordered)]:  # a literal stands before an array: everything after it is named
            first = next(i for i, key in enumerate(asked) if _is_literal(given[key]))
            positional = [given[key] for key in asked[:first]]
            named = [f"{key}={given[key]}" for key in asked[first:]]
        return f"{name}({', '.join(positional + named)})"

    def explained(self, rule: Rule, comment: str) -> str:
        """Return a comment with what an operation does, the first time that it stands in the program."""
        if rule.name in self.known:
            return comment
        self.known.add(rule.name)
        return f"{comment} {rule.sentence}".strip()

    def in_place(self, text: str, function: Callable[..., Any]) -> str:
        """Return an expression that stands in place, noting the helpers that it calls itself."""
        for called, inner in _called(function, self.library):
            name = _helper_name(called, inner)
            self.also.setdefault(name, inner)
            text = re.sub(rf"(?<![\w.]){called}\(", f"{name}(", text)
        return text

    def settle(self) -> None:
        """Note what each helper is always called with, now that all calls were seen."""
        for name, (function, calls) in self.seen.items():
            same = {
                key for key in calls[0] if len({call.get(key) for call in calls}) == 1 and _is_literal(calls[0][key])
            }
            known = Known({key: _value(calls[0][key]) for key in sorted(same & set(parameters(function)))})
            given = {key: {call.get(key) for call in calls} for key in calls[0]}
            known.undecided = frozenset(key for key in given if key not in same and "None" in given[key])
            self.settled[name] = known
            self.functions.append(function)
        self.seen = {}
        self.known = set()

    def source(self) -> list[str]:
        """Return the helpers' sources, each after those that it calls itself."""
        out: dict[str, str] = {}
        for name, function in self.also.items():
            self._write(name, function, {}, out)
        for name, (function, _) in self.seen.items():
            constants = self.settled.get(name, Known())
            if "rng" in parameters(function):
                constants["rng"] = _Bare("rng")
            self._write(name, function, constants, out)
        return list(out.values())

    def _write(
        self, name: str, function: Callable[..., Any], constants: Mapping[str, Any], out: dict[str, str]
    ) -> None:
        calls: dict[str, str] = {}
        for called, inner in _called(function, self.library):
            inner_name = _helper_name(called, inner)
            calls[called] = inner_name
            if inner_name not in out:
                self._write(inner_name, inner, {}, out)
        out.setdefault(name, as_function(function, name, constants, self.library, calls))


class _Bare(str):
    """A name that stands for itself where it is put in."""

    def __repr__(self) -> str:
        return str(self)


def _called(function: Callable[..., Any], library: Library) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield the functions of operations' files that a function calls."""
    assert isinstance(function, types.FunctionType)
    # Plain names only: erf in torch.erf is another.
    names = [node.id for node in ast.walk(definition(function)[1]) if isinstance(node, ast.Name)]
    for name in dict.fromkeys(names):
        target = function.__globals__.get(name)
        if isinstance(target, types.FunctionType) and target.__module__.startswith("onionskin.peel.ops"):
            twin = target.__globals__.get(f"torch_{name}") if library == "torch" else None
            yield name, twin or target


def _helper_name(called: str, function: Callable[..., Any]) -> str:
    assert isinstance(function, types.FunctionType)
    plain = called.removeprefix("torch_").strip("_")
    return function.__module__.rpartition(".")[2] if plain == "forward" else plain


def _is_literal(text: str) -> bool:
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return "_s_[" in text
    return True


def _value(text: str) -> Any:
    return _Bare(text) if "_s_[" in text else ast.literal_eval(text)
