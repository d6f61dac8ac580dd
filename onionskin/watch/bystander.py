"""What the processes of a distributed training get that do not record: everything a recorder has, doing nothing."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import torch

from onionskin.watch.recorder import Recorder


class Bystander(Recorder):
    """A recorder that records nothing. Its path is empty."""

    def __init__(self) -> None:
        self.path = Path()

    def step(self) -> None:
        """Do nothing."""

    def log(self, **scalars: float | torch.Tensor) -> None:
        """Do nothing."""

    def add_optimizer(self, optimizer: torch.optim.Optimizer) -> None:
        """Do nothing."""

    def flush(self) -> None:
        """Do nothing."""

    def close(self, ended: str = "finished") -> None:
        """Do nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return None

    def __repr__(self) -> str:
        return "<a recorder of another rank: rank 0 records>"
