"""NumPy: every number of the training, with nothing hidden."""

from __future__ import annotations

from onionskin.peel.assemble import Program
from onionskin.peel.frame import write_program
from onionskin.peel.plan import Plan
from onionskin.peel.writing import Dialect

TITLE = "in NumPy: every number of the training, with nothing hidden"
DIALECT = Dialect("np", has_backward=True)


def write(plan: Plan) -> Program:
    """Return the program."""
    return write_program(plan, DIALECT, "numpy", TITLE)
