"""What each operation of a step costs: multiply-adds, bytes, and the least time that this machine could take for it.

The convention for bytes: in the forward, every operand is read once and the output written once; in the backward, the
gradient of the output and every operand are read once and each gradient is written once. What a cache saves between
operations, or an implementation copies besides, is not counted. A view moves nothing.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import prod
from typing import Any, Final

import torch

from onionskin.peel.functions import all_nodes
from onionskin.peel.plan import Plan
from onionskin.peel.roofline import Roofline, roofline
from onionskin.peel.trace import Node, Value

#: Another shape of the same numbers: nothing is computed and nothing is moved.
VIEWS: Final = frozenset(
    ["flatten", "reshape", "squeeze", "unsqueeze", "unflatten", "copy", "detach", "permute", "transpose", "expand"]
)


@dataclass(frozen=True)
class Row:
    """One operation of a step.

    Attributes:
        path: The module in which it is called.
        op: The operation.
        shape: Of its output.
        parameters: How many of the model's parameters it uses.
        forward: Multiply-adds of its forward; an operation on each entry counts as one an entry.
        backward: Those of its backward: as many as forward, for each operand that a gradient flows to.
        moved: Bytes read and written, forward and backward.
    """

    path: str
    op: str
    shape: tuple[int, ...]
    parameters: int
    forward: int
    backward: int
    moved: int

    @property
    def flop(self) -> int:
        """Floating-point operations, forward and backward: a multiply-add is two."""
        return 2 * (self.forward + self.backward)

    @property
    def intensity(self) -> float:
        """FLOP a byte."""
        return self.flop / self.moved if self.moved else 0.0


@dataclass(frozen=True)
class Cost:
    """What a step costs.

    Attributes:
        rows: By operation, in order.
        roof: What this machine can do.
    """

    rows: list[Row]
    roof: Roofline

    @property
    def total(self) -> Row:
        """All operations together; a parameter that is used twice counts twice, as its arithmetic does."""
        sums = [sum(getattr(row, key) for row in self.rows) for key in ("parameters", "forward", "backward", "moved")]
        return Row("", "total", (), *sums)

    @property
    def microseconds(self) -> float:
        """The least time of a step: operation by operation."""
        return sum(self.at_best(row) for row in self.rows)

    def at_best(self, row: Row) -> float:
        """Return the least time of a row, in microseconds."""
        return self.roof.microseconds(row.flop, row.moved)

    def bound(self, row: Row) -> str:
        """Return what keeps a row from being faster: ``compute``, ``memory``, or nothing."""
        return "" if not row.moved else "compute" if row.intensity > self.roof.ridge else "memory"

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain values."""

        def plain(row: Row) -> dict[str, Any]:
            return {**asdict(row), "shape": list(row.shape), "flop_per_byte": row.intensity}

        rows = [{**plain(row), "bound": self.bound(row), "microseconds": self.at_best(row)} for row in self.rows]
        return {
            "rows": rows,
            "total": {**plain(self.total), "microseconds": self.microseconds},
            "roofline": asdict(self.roof),
        }

    def table(self) -> Any:
        """Return it as a table for a terminal."""
        from rich.table import Table

        roof = self.roof
        reached = f"{roof.flops / 1e9:.1f} GFLOP/s, {roof.bandwidth / 1e9:.1f} GB/s"
        limit = f"memory-bound below {roof.ridge:.1f} FLOP a byte"
        caption = f"this machine, one thread: {reached}; {limit}; spread {roof.spread:.0%}. {roof.note}"
        table = Table(caption=caption.strip(), caption_justify="left", box=None, pad_edge=False)
        table.add_column("module")
        table.add_column("operation")
        for name in ("params", "MAC", "back", "bytes", "FLOP/B"):
            table.add_column(name, justify="right", no_wrap=True)
        table.add_column("bound")
        table.add_column("at best", justify="right", no_wrap=True)
        for row in [*self.rows, self.total]:
            best = self.microseconds if row.op == "total" else self.at_best(row)
            bound = "" if row.op == "total" else self.bound(row)
            sizes = (row.parameters, row.forward, row.backward, row.moved)
            table.add_row(row.path, row.op, *map(_short, sizes), f"{row.intensity:.1f}", bound, f"{best:,.1f} µs")
        return table


def _short(count: int) -> str:
    """Return a count as a column has room for it: 20,522 as ``20.5 k``; ``--json`` has it whole."""
    for unit, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if count >= unit:
            return f"{count / unit:.3g} {letter}"
    return str(count)


def cost(plan: Plan, roof: Roofline | None = None) -> Cost:
    """Return what a step of a plan costs, all of its stages together.

    Args:
        plan: The training.
        roof: What the machine can do; measured where it is not given.
    """
    rows = [_row(node) for stage in plan.stages for node in all_nodes(stage.traced.root)]
    return Cost(rows, roof or roofline(next(plan.model.parameters()).dtype))


def _row(node: Node) -> Row:
    values = list(node.values())
    parameters = sum(prod(v.shape) for v in values if v.kind == "parameter")
    first = node.outputs[0].shape
    if node.rule.name in VIEWS:
        return Row(node.path, node.rule.name, first, parameters, 0, 0, 0)
    forward = multiply_adds(node)
    is_product = hasattr(node.rule.source, "multiply_adds")
    wanting = [v for v in values if v.needs_grad]
    heavy = [v for v in wanting if len(v.shape) > 1] if is_product else wanting  # a bias costs a sum of dy alone
    moved = sum(map(_bytes, [*values, *node.outputs]))
    flows_back = any(v.needs_grad for v in node.outputs)
    if flows_back:
        moved += sum(map(_bytes, [*node.outputs, *values, *wanting]))
    backward = forward * len(heavy) if flows_back else 0
    return Row(node.path, node.rule.name, first, parameters, forward, backward, moved)


def multiply_adds(node: Node) -> int:
    """Return the multiply-adds of an operation's forward: what its file says, or one for each entry that it touches."""
    function = getattr(node.rule.source, "multiply_adds", None)
    if function is None:
        return max(prod(v.shape) for v in [*node.values(), *node.outputs] if v.kind != "parameter")
    known: Mapping[str, Any] = {
        **{name: operand.shape if isinstance(operand, Value) else None for name, operand in node.operands.items()},
        **node.settings, "y": node.outputs[0].shape,
    }  # fmt: skip
    return int(function(*(known[name] for name in inspect.signature(function).parameters)))


def _bytes(value: Value) -> int:
    return prod(value.shape) * torch.empty((), dtype=value.dtype).element_size()
