"""Finds what a command is to peel: an architecture of ours by name, or a function of the user's that builds one."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

import torch
from torch import nn

from onionskin import models, registry
from onionskin.errors import OnionskinError
from onionskin.models import Example
from onionskin.peel.learned import plan_run
from onionskin.peel.plan import Plan, plan_example
from onionskin.peel.start import Peeled

DTYPES = {"float64": torch.float64, "float32": torch.float32}


def peel_target(target: str, *, dtype: str = "float64", **options: Any) -> Peeled:
    """Return what a target is, peeled.

    Args:
        target: A name from ``onionskin/models``, the run of a training by ``onionskin train``, or ``file.py:build``, a
            function that returns ``(model, (inputs, targets))``.
        dtype: ``float64`` or ``float32``.
        options: ``loss``, ``optimizer``, ``clip`` and ``schedule``; None means the example's own.

    Raises:
        OnionskinError: There is no such architecture, file or function, it returned something else, or it cannot be
            peeled.
    """
    if Path(target).is_dir():
        return Peeled(plan_run(Path(target), dtype=DTYPES[dtype], **options))
    file, colon, function = target.rpartition(":")
    example, name = _built(Path(file), function) if colon else (registry.load(models, target).example(), target)
    made: Plan = plan_example(example, name=name, dtype=DTYPES[dtype], **options)
    return Peeled(made)


def _built(file: Path, function: str) -> tuple[Example, str]:
    """Run a user's file and call its function."""
    if not file.is_file():
        raise OnionskinError(f"there is no file {file}", fix="write it as file.py:build, with the path from here")
    sys.path.insert(0, str(file.resolve().parent))
    try:
        names = runpy.run_path(str(file), run_name="__onionskin__")
    finally:
        sys.path.pop(0)
    if not callable(names.get(function)):
        raise OnionskinError(f"{file} has no function {function}()", fix="define it: return (model, (inputs, targets))")
    made = names[function]()
    if isinstance(made, Example):
        return made, file.stem
    if not (isinstance(made, tuple) and len(made) == 2 and isinstance(made[0], nn.Module)):
        raise OnionskinError(f"{function}() in {file} returned a {type(made).__name__}",
                             fix="return (model, (inputs, targets))")  # fmt: skip
    model, batch = made
    if not (isinstance(batch, tuple) and len(batch) == 2):
        raise OnionskinError(f"the batch that {function}() returned is a {type(batch).__name__}",
                             fix="return (model, (inputs, targets)), with None for no targets")  # fmt: skip
    return Example(model, *batch), file.stem
