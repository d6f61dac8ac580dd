"""PyTorch's tensors without autograd: every gradient is written out."""

from __future__ import annotations

from onionskin.peel.assemble import Program, finish, write_parts
from onionskin.peel.frame import frame
from onionskin.peel.plan import Plan
from onionskin.peel.writing import Dialect

TITLE = "without autograd: every gradient is written out, on tensors"
DIALECT = Dialect("torch", has_backward=True)


def write(plan: Plan) -> Program:
    """Return the program."""
    parts = write_parts(plan, DIALECT)
    return finish("backward", frame(plan, parts, DIALECT, "backward", TITLE), parts.functions)
