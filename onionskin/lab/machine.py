"""Which machine this is, and how busy others kept it while something was measured."""

from __future__ import annotations

import hashlib
import os
import platform
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Final

import psutil

from onionskin.learn.machine import generation, processor

#: More of a core than this taken by others (other processes, or other guests of the same host) makes a trial "busy".
BUSY_CORES: Final = 0.25

#: The system counts processor time in hundredths of a second: a shorter window than this says nothing (seconds).
_WINDOW: Final = 0.5

#: Of these the versions are kept with each session.
PACKAGES: Final = (
    "onionskin",
    "torch",
    "numpy",
    "scipy",
    "scikit-learn",
    "onnxruntime",
    "onnx",
    "safetensors",
    "altair",
)


@dataclass(frozen=True)
class Machine:
    """A machine.

    Attributes:
        key: The same for the same machine: of its processor, its make and instructions, cores, memory, system and name.
        name: Its processor, cores and instructions, as a person would say.
        details: What else is known, by name.
    """

    key: str
    name: str
    details: Mapping[str, str]


def machine() -> Machine:
    """Return this machine. Its network name is not kept, only what cannot be turned back into it."""
    memory = f"{psutil.virtual_memory().total / 2**30:.0f} GiB"
    system = f"{platform.system()} {platform.machine()}"
    details = {"processor": processor(), "generation": generation(), "instructions": instructions(),
               "memory": memory, "system": system, "accelerator": accelerator() or "none"}  # fmt: skip
    key = hashlib.sha256("\n".join([*details.values(), platform.node()]).encode()).hexdigest()[:12]
    name = f"{details['processor']}, {details['instructions']}"
    return Machine(key, name + (f", {details['accelerator']}" if accelerator() else ""), details)


def instructions() -> str:
    """Return the widest vectors that PyTorch uses here, such as ``AVX2``: they decide what a core can do."""
    import torch

    return torch.backends.cpu.get_cpu_capability()


def accelerator() -> str:
    """Return the name of the GPU that PyTorch can use; empty where there is none."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.get_device_name(0)
    return "Apple GPU (MPS)" if torch.backends.mps.is_available() else ""


def versions() -> dict[str, str]:
    """Return the versions that a result depends on, by package."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Neighbours:
    """How many cores others kept busy, over the last trial.

    Asked before a trial and after it. What this process and its finished children took is not others'.
    """

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._samples: deque[tuple[float, float, float]] = deque(maxlen=64)
        self.sample()

    def sample(self) -> None:
        """Look at the counters now."""
        self._samples.append((time.perf_counter(), _busy_seconds(), self._own_seconds()))

    def since(self, began: float) -> float:
        """Return the cores that others kept busy since a moment of ``perf_counter``, or a little longer.

        Args:
            began: When the trial began. For a short trial the window begins earlier, up to half a second.
        """
        self.sample()
        now, busy, own = self._samples[-1]
        before = [s for s in self._samples if s[0] <= began and now - s[0] >= _WINDOW]
        then, busy_then, own_then = before[-1] if before else self._samples[0]
        seconds = now - then
        return max(0.0, (busy - busy_then - (own - own_then)) / seconds) if seconds > 0.05 else 0.0

    def _own_seconds(self) -> float:
        t = self._process.cpu_times()
        return float(t.user + t.system + t.children_user + t.children_system)


def _busy_seconds() -> float:
    """Return the processor time of everybody since the system began, with what a host took from this guest."""
    t = psutil.cpu_times()
    idle = t.idle + getattr(t, "iowait", 0.0)
    guests = getattr(t, "guest", 0.0) + getattr(t, "guest_nice", 0.0)  # counted in user time already
    return float(sum(t) - idle - guests)


def advice(others: float) -> str:
    """Return what to say of a busy machine, and what to do."""
    return (f"The machine was busy: others took {others:.1f} of its {cores()} cores. "
            "Close what runs beside it and ask again; until then trust ratios more than times.")  # fmt: skip
