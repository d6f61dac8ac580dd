"""Small questions, written as a user would write them, and a lab that asks one of them in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from onionskin.lab import questions

#: Three arms whose scores depend on arm and seed alone, and a time that is slept.
COIN = '''
    """Which coin is the heaviest?

    Each is weighed.
    """
    import time
    import torch
    from onionskin.lab import Answer, Arm, Measure, charts
    CLAIM = "They weigh the same."
    COST = 3
    CHANGES = "Other coins."
    MEASURES = {"weight": Measure("share", "weight", precision=1e-9), "seconds": Measure("s", "weighing", kind="time")}

    def arms(is_quick):
        return [Arm(name, {"mean": mean, "nap": 0.02}) for name, mean in (("gold", 0.9), ("tin", 0.4), ("zinc", 0.4))]

    def measure(arm, seed):
        time.sleep(arm["nap"])
        weight, noise = arm["mean"] + 0.05 * torch.rand(()).item(), 0.1 * torch.rand(()).item()
        return {"weight": weight, "seconds": arm["nap"] * (1 + noise)}

    def answer(results):
        heavier, same = results.difference("gold", "tin", "weight"), results.difference("tin", "zinc", "weight")
        return Answer(f"Gold is heavier than tin: {heavier}; tin and zinc: {same}.", "Take gold.",
                      [charts.bars(results, "weight", "Weights")], claim_holds=not heavier.differs)
'''


@contextmanager
def written(folder: Path, **files: str) -> Iterator[None]:
    """Add files of questions to the lab for a while, as if they lay in its folder."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(text).lstrip())
    questions.__path__.append(str(folder))
    try:
        yield
    finally:
        questions.__path__.remove(str(folder))
        for name in files:
            sys.modules.pop(f"{questions.__name__}.{name}", None)
            questions.__dict__.pop(name, None)


def in_a_process(folder: Path, code: str) -> subprocess.Popen[str]:
    """Begin a process whose lab has the questions of a folder, and runs some code."""
    begin = f"from onionskin.lab import questions\nquestions.__path__.append({str(folder)!r})\n"
    return subprocess.Popen(
        [sys.executable, "-c", begin + code],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder.parent,
    )
