"""What was logged between two hand-overs, kept as columns: adding to it is two appends, whatever comes later."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch

Column = tuple[str, npt.NDArray[np.int64], npt.NDArray[np.float64]]


class Logged:
    """Columns of logged values by name, each with its steps.

    Args:
        began: The clock when recording began (seconds); times are counted from it.
        first: The first step that it covers.
        held: Values that stand until they change (learning rates), as they are before ``first``.
    """

    __slots__ = ("_began", "_columns", "_first", "_held", "_later", "times")

    def __init__(self, began: float, first: int = 1, held: dict[str, float] | None = None) -> None:
        #: The clock at each step from ``first`` on; appended to directly, once a step.
        self.times: list[float] = []
        self._began = began
        self._first = first
        self._columns: dict[str, tuple[list[int], list[float]]] = {}
        self._later: list[tuple[str, int, torch.Tensor]] = []
        self._held = {name: ([first], [value]) for name, value in (held or {}).items()}

    def add(self, name: str, step: int, value: float) -> None:
        """Keep one number."""
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = ([], [])
        column[0].append(step)
        column[1].append(value)

    def add_later(self, name: str, step: int, value: torch.Tensor) -> None:
        """Keep a tensor with one value that may still be on its way from an accelerator."""
        self._later.append((name, step, value))

    def hold(self, name: str, step: int, value: float) -> None:
        """Keep a number that stands from ``step`` on, for every step until it changes."""
        steps, values = self._held.setdefault(name, ([], []))
        steps.append(step)
        values.append(value)

    def next(self) -> Logged:
        """Return an empty one for what comes after this."""
        held = {name: values[-1] for name, (_, values) in self._held.items()}
        return Logged(self._began, self._first + len(self.times), held)

    def columns(self) -> Iterator[Column]:
        """Yield the name, steps and values of each column. Waits for values that are still on their way."""
        every = np.arange(self._first, self._first + len(self.times))
        if len(every):
            yield "time", every, np.array(self.times) - self._began
        for name, (steps, values) in self._held.items():
            changes = np.searchsorted(steps, every, side="right") - 1
            known = changes >= 0
            if known.any():
                yield name, every[known], np.array(values)[changes[known]]
        for name, step, tensor in self._later:
            self.add(name, step, float(tensor.item()))
        for name, (steps, values) in self._columns.items():
            yield name, np.array(steps), np.array(values)
