"""Plain floats: every multiplication of one example's step is a line, and nothing is imported but Python's own.

The program keeps its weights in one list, in the order of the model's parameters; ``arrays()`` and ``gradients()``
return them as nested lists by the parameters' names, after any step. It computes in float64.
"""

from __future__ import annotations

from onionskin.peel.arithmetic.draw import draw
from onionskin.peel.arithmetic.program import write_program
from onionskin.peel.assemble import Program
from onionskin.peel.plan import Plan


def write(plan: Plan) -> Program:
    """Return the program.

    Raises:
        OnionskinError: See :func:`onionskin.peel.arithmetic.draw.draw`.
    """
    return write_program(plan, draw(plan, level="scalars", fuses=True))
