"""What a model costs on this machine, and what this machine is."""

from __future__ import annotations

import os
import platform
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import nn

from onionskin.learn.attribution import Inputs

#: A forward is timed so often, and not much longer than so many seconds.
_TIMES: Final = 50
_SECONDS: Final = 2.0

#: Forwards that are not counted: caches are cold.
_WARMING: Final = 3


def latency(model: nn.Module, inputs: Inputs) -> tuple[float, float]:
    """Return the middle time of a forward and the one that nine in ten are below (seconds), in eval mode.

    Args:
        model: The model.
        inputs: Of as many examples as are asked at once.
    """
    model.eval()
    seconds: list[float] = []
    with torch.no_grad():
        for _ in range(_WARMING):
            model(*inputs)
        began = time.perf_counter()
        while len(seconds) < _TIMES and (len(seconds) < 3 or time.perf_counter() - began < _SECONDS):
            start = time.perf_counter()
            model(*inputs)
            seconds.append(time.perf_counter() - start)
    low, high = np.quantile(seconds, [0.5, 0.9])
    return float(low), float(high)


def size(model: nn.Module) -> tuple[int, int, int]:
    """Return how many parameters a model has, how many of them are trained, and how many bytes its state takes."""
    parameters = list(model.parameters())
    state = {id(tensor): tensor for tensor in model.state_dict().values()}
    size_bytes = sum(t.numel() * t.element_size() for t in state.values())
    return sum(p.numel() for p in parameters), sum(p.numel() for p in parameters if p.requires_grad), size_bytes


def processor() -> str:
    """Return the processor's name, and how many of its cores are ours."""
    name = _told("model name") or platform.processor() or platform.machine()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return f"{name or 'unknown'}, {cores} cores"


def generation() -> str:
    """Return which make of the processor it is, where the system tells: what a virtual machine's name often hides."""
    told = {"family": _told("cpu family"), "model": _told("model"), "stepping": _told("stepping")}
    return ", ".join(f"{word} {value}" for word, value in told.items() if value)


def _told(key: str) -> str:
    """Return what Linux tells of the first core; empty where it does not, and on other systems."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    pairs = (line.partition(":") for line in lines)
    return next((value.strip() for name, _, value in pairs if name.strip() == key), "")


def environment() -> list[tuple[str, str]]:
    """Return the software and hardware that this runs on, by name."""
    found = [("Python", platform.python_version()), ("system", f"{platform.system()} {platform.machine()}"),
             ("processor", processor()), ("PyTorch's threads", str(torch.get_num_threads()))]  # fmt: skip
    for package in ("onionskin", "torch", "numpy", "scikit-learn", "pandas"):
        if package.replace("-", "_") in sys.modules or package in ("onionskin", "torch", "numpy"):
            try:
                found.append((package, version(package)))
            except PackageNotFoundError:
                continue
    return found
