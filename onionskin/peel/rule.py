"""What is known of an operation: its file in ``ops/``, read into one record.

An operation's file is plain code that a learner can read, and the very code that is written into a program:

* its docstring: a title, and what there is to know;
* ``SENTENCE``: what it does, in one sentence (the comment beside its line);
* ``FORMULA``: what it computes, in TeX that KaTeX renders;
* ``SPELLINGS``: every way PyTorch spells it, as dotted names: module, function, tensor method;
* ``read(…)``: takes what such a call was given, and says which operation it is, of what (:class:`Use`);
* ``forward(…)``: in NumPy. Its tensors are named as in ``Use.operands``, its settings as in ``Use.settings``. A
  forward that keeps something for the backward returns it after the output: ``SAVES`` names it (``TORCH_SAVES`` for
  ``torch_forward``, where it keeps something else or, ``()``, nothing);
* the backward, in NumPy: one function ``d_<operand>(dy, …)`` for each gradient, or one ``backward(dy, …)`` that
  returns the gradients of ``GRADIENTS`` together. Their parameters are taken by name: ``dy``, operands, settings,
  ``y``, and ``SAVES``;
* ``tensors(…)``: the same forward as PyTorch spells it on tensors. Without it, ``forward`` is read with ``np.`` as
  ``torch.`` and ``.size`` as ``.numel()``;
* ``torch_forward``, ``torch_d_<operand>``, ``torch_backward``: where the NumPy code does not read as PyTorch so;
* ``scalars(s, …)``: the forward on arrays of single numbers, made with ``s`` (``peel/arithmetic/scalar.py``). Without
  it, the forward in NumPy is read: written down as sums, products and choices. It is needed where a number is an index,
  and it is welcome where a derivative is shorter than what the chain rule finds. ``NotImplemented`` leaves some
  settings to the forward;
* ``multiply_adds(…)``: where it is no operation on each entry: how many its forward takes, from the shapes of
  operands and ``y`` and from settings, by name (``onionskin/peel/cost.py``);
* ``trial(pick)``: a call to try it on (``onionskin/peel/trial.py``).

A function that is one ``return`` of one expression is written out in place; others become a function of the program,
with their docstring (the formula in plain letters) and comments. An ``if`` on a setting, or on an operand that is
None, is decided when the program is written. A function may call others of its file (``_windows``) or of other
operations' files.

Some operations take or give several tensors: an operand may be a list (``xs``), whose gradient is a list; ``OUTPUTS``
names the outputs where there are more than one (their gradients are ``dy``, then ``d<name>``; one that nobody uses is
None), or is ``("*",)`` where the forward returns a list (the gradients are then the list ``dys``, zeros where nobody
uses one). Random numbers come from the parameter ``rng``, a NumPy Generator that every level shares, and ``DRAWS =
True`` says so.

An optimizer (``KIND = "optimizer"``) has ``update(w, g, state, <settings>)``: it changes ``w`` in place and keeps
what it needs in the dict ``state`` of that weight. A schedule has ``factor(step, <settings>)``, what the learning
rate is multiplied by at a step from 0 on. A clip has ``clip(g, <settings>)``, which changes the gradients in the dict
``g`` in place. ``SPELLINGS`` names the class or function in PyTorch whose settings these are.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import Any, Final, Literal

from onionskin import registry
from onionskin.errors import OnionskinError

Library = Literal["np", "torch"]

#: The kinds of files in ``ops/``. A loss is an operation that ends in a scalar; the others are not part of the graph.
KINDS: Final = ("operation", "loss", "optimizer", "schedule", "clip")


@dataclass(frozen=True)
class Use:
    """One use of an operation.

    Attributes:
        op: The name of its file in ``ops/``.
        operands: What it is applied to, by the names of its forward's parameters: tensors, lists, numbers, None.
        settings: The rest of its forward's parameters: numbers, words, shapes.
        outputs: Which outputs of the call in PyTorch these are, where it gives several; by default what it gives.
    """

    op: str
    operands: Mapping[str, Any]
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """An operation, as its file tells it. See the module's docstring for the fields."""

    name: str
    title: str
    sentence: str
    formula: str
    kind: str
    spellings: tuple[str, ...]
    outputs: tuple[str, ...]
    gradients: tuple[str, ...]
    draws: bool
    source: ModuleType

    def saves(self, library: Library = "np") -> tuple[str, ...]:
        """Return the names of what the forward keeps for the backward."""
        own: tuple[str, ...] = getattr(self.source, "SAVES", ())
        return getattr(self.source, "TORCH_SAVES", own) if library == "torch" else own

    def forward(self, library: Library = "np") -> Callable[..., Any]:
        """Return the forward as a library spells it."""
        return self._function("forward", library)

    def derivative(self, operand: str, library: Library = "np") -> Callable[..., Any] | None:
        """Return the function that gives the gradient of one operand alone, or None where it comes with the others."""
        return self._function(f"d_{operand}", library) if hasattr(self.source, f"d_{operand}") else None

    def backward(self, library: Library = "np") -> Callable[..., Any] | None:
        """Return the function that gives the gradients of :attr:`gradients` together, or None where there is none."""
        return self._function("backward", library) if hasattr(self.source, "backward") else None

    @property
    def tensors(self) -> Callable[..., Any] | None:
        """The forward as PyTorch spells it on tensors, for autograd to follow."""
        found: Callable[..., Any] | None = getattr(self.source, "tensors", None)
        return found

    def has_gradient(self, operand: str) -> bool:
        """Whether anything is known to flow back to an operand."""
        return hasattr(self.source, f"d_{operand}") or (hasattr(self.source, "backward") and operand in self.gradients)

    def _function(self, name: str, library: Library) -> Callable[..., Any]:
        own: Callable[..., Any] | None = getattr(self.source, f"torch_{name}", None) if library == "torch" else None
        return own or getattr(self.source, name)


@cache
def rule(name: str) -> Rule:
    """Return the operation of a file in ``ops/``. Raises OnionskinError when there is none of that name."""
    from onionskin.peel import ops

    source = registry.load(ops, name)
    title = (source.__doc__ or name).strip().splitlines()[0]
    forward = getattr(source, "forward", None)
    parameters = tuple(inspect.signature(forward).parameters) if forward else ()
    return Rule(
        name=name,
        title=title,
        sentence=source.SENTENCE,
        formula=source.FORMULA,
        kind=getattr(source, "KIND", "operation"),
        spellings=getattr(source, "SPELLINGS", ()),
        outputs=getattr(source, "OUTPUTS", ("y",)),
        gradients=getattr(source, "GRADIENTS", parameters),
        draws=getattr(source, "DRAWS", False),
        source=source,
    )


def rules() -> list[Rule]:
    """Return all operations, by name."""
    from onionskin.peel import ops

    return [rule(name) for name in registry.names(ops)]


@cache
def by_spelling() -> Mapping[Any, Rule]:
    """Return the operation of each function and method of PyTorch that spells one."""
    found: dict[Any, Rule] = {}
    for each in rules():
        for spelling in each.spellings:
            target = _resolve(spelling)
            if inspect.isclass(target):
                continue  # a module calls a function, and that is what is seen
            if target in found and found[target].name != each.name:
                raise OnionskinError(
                    f"{spelling} is claimed by ops/{found[target].name}.py and ops/{each.name}.py",
                    fix="leave it to one of them; its read() may return a Use of the other",
                )
            found[target] = each
    return found


def _resolve(dotted: str) -> Any:
    import torch

    target: Any = torch
    for part in dotted.split(".")[1:]:
        target = getattr(target, part)
    return target
