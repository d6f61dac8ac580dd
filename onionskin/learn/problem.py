"""What a landscape is the loss of: a learner's training, or a person's own script.

A script that trains cannot be asked for its model and loss without training again, and a loss that it computes on a
shuffled batch is another one at every call. So it says both in one short function, and is not run before it has it.
"""

from __future__ import annotations

import ast
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import torch
from torch import nn

from onionskin.errors import OnionskinError
from onionskin.learn.landscape import Problem
from onionskin.learn.saved import load

#: What a script that has no such function is asked to add.
WANTED: Final = """add this function to it, and guard its training with `if __name__ == "__main__":`

    def landscape():
        model = ...                                  # the model as it was built for the training
        x, y = ...                                   # some examples, the same at every call
        return model, lambda model: loss_fn(model(x), y)"""


def problem(source: str, *, examples: int = 1000) -> Problem:
    """Return the model and loss of a learner's training, or of a script.

    Args:
        source: The run folder of a training by ``onionskin train``, or the path of a Python file that defines
            ``landscape()``.
        examples: Of a learner: how many training examples the loss is taken of, evenly chosen.

    Raises:
        OnionskinError: There is no such training or script, or it does not give a model and a loss.
    """
    path = Path(source)
    if path.is_dir():
        return _of_learner(path, examples)
    if not path.is_file():
        raise OnionskinError(
            f"there is no script {source}", fix="give the path of the Python file that trained the run"
        )
    return _of_script(path)


def _of_learner(path: Path, examples: int) -> Problem:
    if examples < 1:
        raise OnionskinError(f"{examples} examples", fix="give 1 or more: --examples 1000")
    domain = load(path).open_data().domain
    torch.set_num_threads(1)
    rows = domain.train[:: -(-len(domain.train) // examples)]
    inputs, targets = domain.raw(rows), domain.targets(rows)
    return Problem(domain.model, lambda model: domain.goal.loss(model(*inputs), targets), path.name, len(rows))


def _of_script(path: Path) -> Problem:
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except (SyntaxError, ValueError) as error:
        raise OnionskinError(f"{path} is no Python: {error}", fix="give the script that trained the run") from error
    if not any(isinstance(node, ast.FunctionDef) and node.name == "landscape" for node in tree.body):
        raise OnionskinError(f"{path} has no function landscape()", fix=WANTED)
    given = _called(path, [str(path)])
    if not (isinstance(given, tuple) and len(given) == 2 and isinstance(given[0], nn.Module) and callable(given[1])):
        raise OnionskinError(f"landscape() of {path} gives no model and loss", fix=WANTED)
    return Problem(given[0], given[1], path.name)


def _called(path: Path, arguments: Sequence[str]) -> object:
    """Run a script as a module that is not the main one, and return what its ``landscape()`` gives."""
    before = sys.argv, sys.path[:]
    sys.argv, sys.path[0:0] = list(arguments), [str(path.resolve().parent)]
    try:
        return runpy.run_path(str(path), run_name="onionskin_landscape")["landscape"]()
    finally:
        sys.argv, sys.path[:] = before
