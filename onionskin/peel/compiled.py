"""Compiles a program in C and runs it, and reads what it says after each step."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Final

import numpy as np

from onionskin.errors import OnionskinError
from onionskin.peel.compare import Moment, save_data
from onionskin.peel.plan import Plan

#: How a program is compiled. Without ``-march=native`` it gives the same numbers, a few times more slowly.
COMMAND: Final = "cc -O3 -march=native {source} -o {program} -lm"

_COMPILERS: Final = ("cc", "gcc", "clang")


def compiler() -> str:
    """Return the C compiler of this machine.

    Raises:
        OnionskinError: There is none.
    """
    for name in _COMPILERS:
        if (found := shutil.which(name)) is not None:
            return found
    raise OnionskinError(f"no C compiler is found (looked for {', '.join(_COMPILERS)})",
                         fix="install one, such as `apt install gcc`, or leave the level c out")  # fmt: skip


def compiled(source: Path, *options: str) -> Path:
    """Compile a program; return what came of it, beside its source.

    Args:
        source: The ``.c`` file.
        options: More options for the compiler.

    Raises:
        OnionskinError: There is no compiler, or it refuses the program.
    """
    program = source.with_suffix("")
    words = COMMAND.format(source="\0", program="\1").split()[1:]
    given = [{"\0": str(source), "\1": str(program)}.get(word, word) for word in words]
    done = subprocess.run([compiler(), *given, *options], capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise OnionskinError(
            f"{source.name} does not compile: {next((line for line in said if 'error' in line), said[:1])}",
            fix="write it again; if nobody changed it, this is a mistake in onionskin/peel/c: please report it",
        )
    return program


def run(plan: Plan, text: str, moved: Sequence[str], folder: Path, steps: int) -> Iterator[Moment]:
    """Compile a program in a folder and run it; yield what it says after each step.

    Args:
        plan: The training.
        text: The program.
        moved: The parameters that have a gradient in it, in the model's order.
        folder: Where it is compiled.
        steps: How many steps.

    Raises:
        OnionskinError: There is no compiler, or the program ends with an error.
    """
    source = folder / f"{plan.name}_c.c"
    source.write_text(text)
    program = compiled(source)
    save_data(plan, source.with_suffix(".npz"))
    reading, writing = os.pipe()
    command = [str(program), str(steps), "--dump", f"/dev/fd/{writing}"]
    with subprocess.Popen(command, pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as running:
        os.close(writing)
        with os.fdopen(reading, "rb") as stream:
            moment: Moment | None = None
            for _ in range(steps):
                if (moment := _moment(plan, moved, stream)) is None:
                    break
                yield moment
        assert running.stderr is not None
        said = running.stderr.read().decode().strip()
    if running.returncode or moment is None:
        raise OnionskinError(f"{program.name} ends with an error: {said}", fix="write the program and its .npz again")


def _moment(plan: Plan, moved: Sequence[str], stream: IO[bytes]) -> Moment | None:
    """Read what a program says after a step: the loss, all weights, and the gradients of those that are moved."""
    kept = dict(plan.model.named_parameters())
    kind = np.dtype(str(next(iter(kept.values())).dtype).removeprefix("torch."))
    sizes = [1, *(p.numel() for p in kept.values()), *(kept[name].numel() for name in moved)]
    data = stream.read(sum(sizes) * kind.itemsize)
    if len(data) < sum(sizes) * kind.itemsize:
        return None
    loss, *arrays = np.split(np.frombuffer(data, kind), np.cumsum(sizes)[:-1])
    names = [*kept, *moved]
    shaped = [(name, array.reshape(kept[name].shape)) for name, array in zip(names, arrays, strict=True)]
    return Moment(float(loss[0]), dict(shaped[: len(kept)]), dict(shaped[len(kept) :]), {})
