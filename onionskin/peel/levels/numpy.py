"""NumPy: every number of the training, with nothing hidden."""

from __future__ import annotations

from onionskin.peel.assemble import Program, finish, write_parts
from onionskin.peel.frame import frame
from onionskin.peel.plan import Plan
from onionskin.peel.writing import Dialect

TITLE = "in NumPy: every number of the training, with nothing hidden"
DIALECT = Dialect("np", has_backward=True)


def write(plan: Plan) -> Program:
    """Return the program."""
    parts = write_parts(plan, DIALECT)
    return finish("numpy", frame(plan, parts, DIALECT, "numpy", TITLE), parts.functions)
