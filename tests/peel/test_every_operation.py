"""The walk over ``onionskin/peel/ops``: every operation against PyTorch, its autograd, and finite differences.

What is run is the text that a program gets, in NumPy and in PyTorch, on shapes and settings that each file's
``trial`` draws.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from torch import Tensor

from onionskin.peel import source
from onionskin.peel.rule import Library, Rule, Use, by_spelling, rule, rules
from tests.peel.picked import Picked
from tests.peel.written import run

OPERATIONS = [each.name for each in rules() if each.kind in ("operation", "loss")]

_few = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)

LIBRARIES: list[Library] = ["np", "torch"]


@dataclass
class Tried:
    """A call as PyTorch spells it, read as a use of an operation."""

    rule: Rule
    use: Use
    result: list[Tensor]
    dys: list[Tensor]  # what comes back to each of the results; zeros where nothing can

    @property
    def constants(self) -> dict[str, Any]:
        missing = [name for name, operand in self.use.operands.items() if operand is None]
        unasked = [f"d{name}" for name in self.rule.outputs[len(self.result) :]]
        return {**self.use.settings, **dict.fromkeys([*missing, *unasked])}

    def operands(self, library: Library, dtype: torch.dtype = torch.float64) -> dict[str, Any]:
        """Return copies of the operands, as a library takes them."""
        return {
            name: _converted(operand, library, dtype)
            for name, operand in self.use.operands.items()
            if operand is not None
        }

    def leaves(self) -> dict[str, list[Tensor]]:
        """Return the tensors of the operands that want a gradient."""
        listed = {name: each if isinstance(each, list) else [each] for name, each in self.use.operands.items()}
        wanting = {
            name: [t for t in each if isinstance(t, Tensor) and t.requires_grad] for name, each in listed.items()
        }
        return {name: each for name, each in wanting.items() if each and any(r.requires_grad for r in self.result)}

    def expected(self) -> dict[str, list[Tensor]]:
        """Return the gradients that autograd finds."""
        return _followed(self.leaves(), self.result, self.dys)


def tried(name: str, pick: Picked) -> Tried:
    function, args, kwargs = rule(name).source.trial(pick)
    target = function.__self__ if function.__name__ == "__get__" else function
    assert target in by_spelling(), f"no SPELLINGS names {target}"
    use = by_spelling()[target].source.read(*args, **kwargs)
    assert use.op == name, f"the trial of {name} is read as {use.op}"
    called = rule(name)
    result = [each for each in _listed(function(*args, **kwargs)) if each is not None]
    if called.draws:  # PyTorch's own stream is another: what it does with the numbers is compared
        found = Tried(called, use, [], [])
        leaves = found.use.operands
        result = _listed(_call(called.tensors, {**leaves, "rng": np.random.default_rng(7)}, found, "torch"))
    dys = [
        torch.from_numpy(np.asarray(pick.random.standard_normal(tuple(r.shape))))
        if r.requires_grad
        else torch.zeros_like(r)
        for r in result
    ]
    return Tried(called, use, result, dys)


# ---------------------------------------------------------------------- what is checked


@pytest.mark.parametrize("name", OPERATIONS)
@_few
@given(data=st.data())
def test_forward_gives_what_pytorch_gives(name: str, data: st.DataObject) -> None:
    each = tried(name, Picked(data))
    for library in LIBRARIES:
        outputs, _ = forward(each, each.operands(library), library)
        for got, wanted in zip(outputs, each.result, strict=True):
            _assert_close(got, wanted, each, f"{library} forward")


@pytest.mark.parametrize("name", OPERATIONS)
@_few
@given(data=st.data())
def test_gradients_are_those_of_autograd(name: str, data: st.DataObject) -> None:
    each = tried(name, Picked(data))
    for library in LIBRARIES:
        found = gradients(each, library)
        for operand, wanted in each.expected().items():
            for got, gradient in zip(_listed(found[operand]), wanted, strict=True):
                _assert_close(got, gradient, each, f"{library} gradient of {operand}")


@pytest.mark.parametrize("name", OPERATIONS)
@_few
@given(data=st.data())
def test_gradients_are_finite_differences(name: str, data: st.DataObject) -> None:
    pick = Picked(data)
    each = tried(name, pick)
    found = gradients(each, "np")
    for operand in each.leaves():
        for position, gradient in enumerate(_listed(found[operand])):
            for _ in range(min(3, np.size(gradient))):
                entry = int(pick.random.integers(np.size(gradient)))
                measured = _slope(each, operand, position, entry)
                assert measured == pytest.approx(np.ravel(gradient)[entry], rel=1e-6, abs=1e-7), (operand, each.use)


@pytest.mark.parametrize("name", OPERATIONS)
@_few
@given(data=st.data())
def test_tensors_computes_the_same_and_autograd_goes_through_it(name: str, data: st.DataObject) -> None:
    each = tried(name, Picked(data))
    if each.rule.tensors is None:  # then the forward is read with np. as torch.
        outputs, _ = forward(each, dict(each.use.operands), "torch", detached=False)
    else:
        fresh = {n: v for n, v in each.operands("torch").items() if n not in each.leaves()}
        values = {**fresh, **{n: each.use.operands[n] for n in each.leaves()}, "rng": np.random.default_rng(7)}
        outputs = _listed(_call(each.rule.tensors, values, each, "torch"))
    for got, wanted in zip(outputs, each.result, strict=True):
        _assert_close(got.detach(), wanted, each, "tensors")
    followed = _followed(each.leaves(), outputs, each.dys)
    for operand, wanted_gradients in each.expected().items():
        for got, gradient in zip(followed[operand], wanted_gradients, strict=True):
            _assert_close(got, gradient, each, f"autograd of {operand} through tensors")


@pytest.mark.parametrize("name", OPERATIONS)
@_few
@given(data=st.data())
def test_what_is_float32_stays_float32(name: str, data: st.DataObject) -> None:
    each = tried(name, Picked(data))
    outputs, _ = forward(each, each.operands("np", torch.float32), "np")
    wanted, _ = forward(each, each.operands("torch", torch.float32), "torch")
    for got, tensor in zip(outputs, wanted, strict=True):
        assert torch.from_numpy(np.array(got)).dtype == tensor.dtype, f"forward of {each.use}"
    for operand, gradient in gradients(each, "np", torch.float32).items():
        for got in _listed(gradient) if operand in each.leaves() else ():
            assert np.asarray(got).dtype == np.float32, f"gradient of {operand} in {each.use}"


@pytest.mark.parametrize("name", [each.name for each in rules()])
def test_a_file_says_what_it_is(name: str) -> None:
    each = rule(name)
    assert (each.source.__doc__ or "").strip(), "a docstring: a title, and what there is to know"
    assert 10 <= len(each.sentence) <= 90
    assert not each.sentence.endswith(".")
    assert each.sentence[0].islower() or each.sentence.split()[0].isupper(), "it stands as a comment beside a line"
    assert each.formula.strip()
    assert each.formula.count("{") == each.formula.count("}")
    by_spelling()  # resolves every spelling, and refuses two files that claim the same


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_function_that_is_printed_gives_its_formula_and_fits_a_line(name: str) -> None:
    for function in _printed(rule(name)):
        text, tree = source.definition(function)
        if source.is_one_expression(function):
            continue  # it is written out in place, and only the part of it that is asked for
        assert ast.get_docstring(tree), f"{function.__name__}: the formula in plain letters"
        body = text.splitlines()[tree.body[0].lineno - 1 :]
        # Settings become numbers in a program, which are shorter.
        longest = max(len(line.split("  # noqa")[0]) for line in body)
        assert longest <= 96, f"{function.__name__} has a line of {longest} characters"


# ---------------------------------------------------------------------- how it is run


def forward(
    each: Tried, operands: Mapping[str, Any], library: Library, *, detached: bool = True
) -> tuple[list[Any], dict[str, Any]]:
    """Return the outputs, and what the backward can ask for by name."""
    values = {**operands, "rng": np.random.default_rng(7)}
    saves, function = each.rule.saves(library), each.rule.forward(library)
    if library == "torch" and each.rule.tensors is not None and not saves:
        function = each.rule.tensors
    with torch.set_grad_enabled(not detached):
        result = _call(function, values, each, library)
    kept = dict(zip(saves, result[-len(saves) :], strict=True)) if saves else {}
    first = result[: -len(saves)] if saves else result
    if each.rule.outputs == ("*",):
        outputs = list(first[0] if saves else first)
        return outputs, {**values, **kept, "ys": outputs}
    outputs = list(first) if saves or len(each.rule.outputs) > 1 else [first]
    return outputs, {**values, **kept, **dict(zip(each.rule.outputs, outputs, strict=False))}


def gradients(each: Tried, library: Library, dtype: torch.dtype = torch.float64) -> dict[str, Any]:
    """Return the gradient of every operand that wants one."""
    _, values = forward(each, each.operands(library, dtype), library)
    dys = [_converted(dy, library, dtype) for dy in each.dys]
    names = ["dy"] if len(each.rule.outputs) == 1 else ["dy", *(f"d{name}" for name in each.rule.outputs[1:])]
    values |= {"dys": dys} if each.rule.outputs == ("*",) else dict(zip(names, dys, strict=False))
    wanting = list(each.leaves())
    found: dict[str, Any] = {}
    with torch.no_grad():
        if (together := each.rule.backward(library)) is not None and wanting:
            result = _call(together, values, each, library)
            found = dict(zip(each.rule.gradients, result if len(each.rule.gradients) > 1 else [result], strict=True))
        for operand in wanting:
            if (derivative := each.rule.derivative(operand, library)) is not None:
                found[operand] = _call(derivative, values, each, library)
    assert set(wanting) <= set(found), f"no gradient of {sorted(set(wanting) - set(found))}"
    return found


def _call(function: Callable[..., Any] | None, values: Mapping[str, Any], each: Tried, library: Library) -> Any:
    assert function is not None
    return run(function, values, each.constants, library)


def _slope(each: Tried, operand: str, position: int, entry: int) -> float:
    """Return how the outputs, weighed with the gradients that come back to them, change with one entry."""
    step = 1e-6

    def weighed(change: float) -> float:
        operands = each.operands("np")
        operand_list = operands[operand] if isinstance(operands[operand], list) else [operands[operand]]
        wanting = [
            i for i, tensor in enumerate(_listed(each.use.operands[operand])) if getattr(tensor, "requires_grad", False)
        ]
        operand_list[wanting[position]].reshape(-1)[entry] += change
        outputs, _ = forward(each, operands, "np")
        pairs = zip(outputs, each.dys, strict=True)
        return sum(float((np.asarray(y, float) * dy.numpy()).sum()) for y, dy in pairs if dy.is_floating_point())

    return (weighed(step) - weighed(-step)) / (2 * step)


def _followed(leaves: dict[str, list[Tensor]], outputs: list[Tensor], dys: list[Tensor]) -> dict[str, list[Tensor]]:
    """Return the gradients of the leaves as autograd finds them."""
    wanting = [(y, dy) for y, dy in zip(outputs, dys, strict=True) if y.requires_grad]
    flat = [leaf for each in leaves.values() for leaf in each]
    if not flat:
        return {}
    ys, upstream = zip(*wanting, strict=True)
    found = iter(torch.autograd.grad(ys, flat, upstream, retain_graph=True, allow_unused=True, materialize_grads=True))
    return {name: [next(found) for _ in each] for name, each in leaves.items()}


def _converted(operand: Any, library: Library, dtype: torch.dtype) -> Any:
    if isinstance(operand, (list, tuple)):
        return [_converted(each, library, dtype) for each in operand]
    if not isinstance(operand, Tensor):
        return operand
    tensor = operand.detach().clone().contiguous()
    tensor = tensor.to(dtype) if tensor.is_floating_point() else tensor
    return tensor.numpy() if library == "np" else tensor


def _listed(result: Any) -> list[Any]:
    return list(result) if isinstance(result, (list, tuple)) else [result]


def _assert_close(got: Any, wanted: Tensor, each: Tried, what: str) -> None:
    """Within 1e-12 of the size of the whole array: where a sum nearly cancels, the last bits are the order's."""
    array, expected = np.asarray(got), wanted.detach().numpy()
    assert array.shape == expected.shape, f"{what}: {array.shape}, not {expected.shape}, in {each.use}"
    scale = max(1.0, float(np.abs(expected[np.isfinite(expected)]).max(initial=0.0)))
    close = np.isclose(array, expected, rtol=1e-12, atol=1e-12 * scale, equal_nan=True)
    assert close.all(), f"{what}: {array[~close]}, not {expected[~close]}, in {each.use}"


def _printed(each: Rule) -> list[Callable[..., Any]]:
    """Return the functions of an operation's file that are written into programs."""
    names = [n for n in vars(each.source) if n.removeprefix("torch_").split("_")[0] in ("forward", "backward", "d", "")]
    found = [getattr(each.source, n) for n in names if not n.startswith("__")]
    return [f for f in found if callable(f) and f.__module__ == each.source.__name__]
