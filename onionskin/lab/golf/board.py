"""The golf board: every entry is run before it is ranked, ours and those in ``lab/golf``.

from onionskin.lab.golf import board

board.verify("my-xor.json")      # Verified(parameters=2, bits=4, score=1.0, …)
board.submit("my-xor.json")      # into lab/golf, where the board finds it
for row in board.board("xor"): print(row)
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from onionskin.errors import OnionskinError
from onionskin.lab.golf import architecture
from onionskin.lab.golf.entry import Entry, read
from onionskin.lab.golf.tasks import TASKS, task, test_set

OURS: Final = Path(__file__).parent / "entries"
THEIRS: Final = Path("lab/golf")


@dataclass(frozen=True)
class Verified:
    """What an entry is, and what it scored when it was run.

    Attributes:
        task: Of which task.
        parameters: Values of its weights, biases too.
        distinct: How many different ones.
        bits: What they cost.
        score: Share of right answers on the task's test set.
        passes: Whether that is enough.
    """

    task: str
    parameters: int
    distinct: int
    bits: int
    score: float
    passes: bool


@dataclass(frozen=True)
class Row:
    """An entry on the board: ``verified`` is None where it was refused, and ``problem`` says why."""

    name: str
    who: str
    path: Path
    verified: Verified | None
    problem: str = ""


class _Used(dict[str, Tensor]):
    """Tensors that remember which were asked for."""

    def __init__(self, tensors: dict[str, Tensor]) -> None:
        super().__init__(tensors)
        self.asked: set[str] = set()

    def get(self, name: str, default: Tensor | None = None) -> Tensor | None:  # type: ignore[override]
        self.asked.add(name)
        return super().get(name, default)


@torch.no_grad()
def verify(path: str | Path) -> Verified:
    """Run an entry on its task's test set.

    Raises:
        OnionskinError: Its files are not what they should be, its tensors do not fit its layers, some are never used,
        or the data cannot be fetched.
    """
    entry = read(path)
    goal = task(entry.task)
    x, _ = test_set(goal.name)
    _affordable(entry, x)
    weights = _Used(dict(entry.weights))
    outputs = architecture.run(entry.layers, weights, x)
    if unused := sorted(set(weights) - weights.asked):
        raise OnionskinError(f"{entry.name} has a tensor '{unused[0][:40]}' that no layer uses", fix="leave it out")
    score = goal.score(outputs)
    return Verified(goal.name, entry.parameters, entry.distinct, entry.bits, score, score >= goal.threshold)


def _affordable(entry: Entry, x: Any) -> None:
    """Refuse what would take the machine's memory: no layer's output may be above 100 million numbers."""
    steps = x.shape[1] if isinstance(x, Tensor) and x.dim() == 3 else 1
    side = x.shape[-1] if isinstance(x, Tensor) and x.dim() == 4 else 1
    for place, layer in enumerate(entry.layers):
        side += 2 * layer.get("padding", 0)  # at most: strides and kernels only make it smaller
        if len(x) * steps * side**2 * layer.get("out", 1) > 100_000_000:
            raise OnionskinError(f"{entry.name}: layer {place} gives too much for each of {len(x):,} examples",
                                 fix="golf is for small networks: make it narrower, or pad less")  # fmt: skip


def submit(path: str | Path, into: str | Path = THEIRS) -> Verified:
    """Verify an entry and put a copy of it where the board finds it.

    Raises:
        OnionskinError: It cannot be verified, is below its task's threshold, or there is one of that name.
    """
    verified, file, folder = verify(path), Path(path).with_suffix(".json"), Path(into)
    if not verified.passes:
        raise OnionskinError(f"{file.stem} scores {verified.score:.2%} on {verified.task}",
                             fix=f"the board takes entries from {task(verified.task).threshold:.0%} on")  # fmt: skip
    if (folder / file.name).exists():
        raise OnionskinError(f"{folder / file.name} exists already", fix="give your entry another name")
    folder.mkdir(parents=True, exist_ok=True)
    for part in (file, file.with_suffix(".safetensors")):
        shutil.copyfile(part, folder / part.name)
    return verified


def entries(folder: str | Path = THEIRS) -> list[Path]:
    """Return the files of all entries, ours first."""
    return [*sorted(OURS.glob("*.json")), *sorted(Path(folder).glob("*.json"))]


def board(name: str | None = None, folder: str | Path = THEIRS) -> list[Row]:
    """Return the entries, run, by task and then by parameters and bits; those that do not pass come last.

    Args:
        name: One task, or None for all.
        folder: Where entries of people lie.

    Raises:
        OnionskinError: There is no such task.
    """
    wanted = [task(name).name] if name is not None else list(TASKS)
    rows = [row for path in entries(folder) if (row := _row(path, wanted)) is not None]
    return sorted(rows, key=lambda row: _rank(row, wanted))


def _row(path: Path, wanted: Sequence[str]) -> Row | None:
    """Return an entry run; None where it is of another task. One that is refused is of any."""
    try:
        told = read(path)
        return Row(path.stem, told.who, path, verify(path)) if task(told.task).name in wanted else None
    except OnionskinError as error:
        return Row(path.stem, "", path, None, str(error))


def _rank(row: Row, order: Sequence[str]) -> tuple[int, bool, int, int]:
    found = row.verified
    if found is None:
        return len(order), True, 0, 0
    return order.index(found.task), not found.passes, found.parameters, found.bits
