"""One walk over ``ops/``: each operation on single numbers gives PyTorch's output and autograd's gradients."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from onionskin.peel.arithmetic.array import array_of
from onionskin.peel.arithmetic.derivatives import flows, reachable
from onionskin.peel.arithmetic.drawing import computed
from onionskin.peel.arithmetic.scalar import Scalar, Scalars, evaluate
from onionskin.peel.rule import Use, by_spelling, rule, rules
from tests.peel.picked import Picked

#: Needs a table by place, which a number that is only known when the program runs cannot index; gives such a number, or
#: is a matter of true and false. And hardsigmoid, in whose backward PyTorch has a sixth to 8 digits.
BEYOND = {
    *(
        "cross_entropy_one_hot",
        "nll_one_hot",
        "embedding_bag",
        "embedding_bag_offsets",
        "gather",
        "index_select",
        "take_pairs",
        "one_hot",
    ),
    *("argmax", "max_along", "min_along", "int64", "logical_and", "logical_not", "logical_or"),
    "hardsigmoid",
}

OPERATIONS = [
    each.name
    for each in rules()
    if each.kind in ("operation", "loss") and not each.draws and hasattr(each.source, "trial")
]


class Numbers:
    """The numbers that one use of an operation begins with, and what is computed of them."""

    def __init__(self, use: Use) -> None:
        self.s = Scalars()
        self.values: dict[Scalar, float] = {}
        self.cells: dict[int, list[Scalar]] = {}
        self.given = {name: self._given(each) for name, each in use.operands.items()} | dict(use.settings)

    def _given(self, operand: Any) -> Any:
        if isinstance(operand, (list, tuple)):
            return [self._given(each) for each in operand]
        if not isinstance(operand, Tensor):
            return operand
        cells = [self.s.leaf(f"x{len(self.values) + i}") for i in range(operand.numel())]
        self.values.update(zip(cells, map(float, operand.detach().ravel().tolist()), strict=True))
        self.cells[id(operand)] = cells
        return array_of(self.s, cells, tuple(operand.shape))

    def value(self, x: Scalar) -> float:
        for part in reachable([x]):
            if part not in self.values:
                self.values[part] = evaluate(part, self.values)
        return self.values[x]

    def gradients(self, flowing: dict[Scalar, list[Scalar]]) -> dict[Scalar, list[Scalar]]:
        for x in reversed(reachable(list(flowing), with_slopes=True)):
            for of, flow in flows(x, self.s.add(flowing[x])) if x in flowing and not x.is_atom else ():
                flowing.setdefault(of, []).append(flow)
        return flowing


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name not in BEYOND])
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_numbers_one_by_one_give_what_arrays_give(name: str, data: st.DataObject) -> None:
    pick = Picked(data)
    function, args, kwargs = rule(name).source.trial(pick)
    target = function.__self__ if function.__name__ == "__get__" else function
    use = by_spelling()[target].source.read(*args, **kwargs)
    numbers = Numbers(use)
    found = computed(numbers.s, rule(name), numbers.given)
    result = function(*args, **kwargs)
    wanted = [each for each in (result if isinstance(result, (list, tuple)) else [result]) if each is not None]
    flowing: dict[Scalar, list[Scalar]] = {}
    ys, dys = [], []
    for cells, tensor in zip(found, wanted, strict=True):
        assert cells.shape == tuple(tensor.shape)
        dy = torch.from_numpy(pick.random.standard_normal(tuple(tensor.shape)))
        for cell, value, d in zip(cells.ravel(), tensor.ravel().tolist(), dy.ravel().tolist(), strict=True):
            assert numbers.value(numbers.s.number(cell)) == pytest.approx(float(value), rel=1e-9, abs=1e-9)
            flowing.setdefault(numbers.s.number(cell), []).append(numbers.s.number(d))
        if tensor.requires_grad:
            ys.append(tensor)
            dys.append(dy.reshape(tensor.shape))
    operands = [t for each in use.operands.values() for t in (each if isinstance(each, (list, tuple)) else [each])]
    leaves = [t for t in operands if isinstance(t, Tensor) and t.requires_grad]
    if ys and leaves:
        slopes = torch.autograd.grad(ys, leaves, dys, allow_unused=True, materialize_grads=True)
        flowing = numbers.gradients(flowing)
        for leaf, slope in zip(leaves, slopes, strict=True):
            for cell, value in zip(numbers.cells[id(leaf)], slope.ravel().tolist(), strict=True):
                got = numbers.value(numbers.s.add(flowing.get(cell, [])))
                assert got == pytest.approx(value, rel=1e-9, abs=1e-9)
