"""PyTorch's tensors: no modules, no optimizer class; autograd finds the gradients."""

from __future__ import annotations

from onionskin.peel.assemble import Program
from onionskin.peel.frame import write_program
from onionskin.peel.plan import Plan
from onionskin.peel.writing import Dialect

TITLE = "on bare tensors: no modules and no optimizer, and autograd finds the gradients"
DIALECT = Dialect("torch", has_backward=False)


def write(plan: Plan) -> Program:
    """Return the program."""
    return write_program(plan, DIALECT, "tensors", TITLE)
