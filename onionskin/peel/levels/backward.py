"""PyTorch's tensors without autograd: every gradient is written out."""

from __future__ import annotations

from onionskin.peel.assemble import Program
from onionskin.peel.frame import write_program
from onionskin.peel.plan import Plan
from onionskin.peel.writing import Dialect

TITLE = "without autograd: every gradient is written out, on tensors"
DIALECT = Dialect("torch", has_backward=True)


def write(plan: Plan) -> Program:
    """Return the program."""
    return write_program(plan, DIALECT, "backward", TITLE)
