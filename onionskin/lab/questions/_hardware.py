"""What the parts of a machine can do: a device's five numbers, a layer, and a processor with parts of it taken away."""

from __future__ import annotations

import importlib
import math
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import torch
from torch.nn import functional

from onionskin.lab.machine import cores
from onionskin.lab.question import Skip
from onionskin.lab.questions._stopwatch import seconds_of, timed
from onionskin.lab.trial import threads

Found = dict[str, float]

#: The side of the matrices whose product is timed, and the numbers in each array of the triad.
SIDE: Final = 1024
TRIAD: Final = 1 << 24

#: Numbers that exp is taken of: they fit into every first cache.
NUMBERS: Final = 4096

#: Runs in a process of its own, since NumPy chooses its vector units once, when it is imported.
_CHILD: Final = """
import sys, time, statistics, numpy as np
for kind in (np.float32, np.float64):
    x = np.linspace(-3, 3, int(sys.argv[1])).astype(kind); z = np.empty_like(x)
    for _ in range(200): np.exp(x, out=z)
    taken = []
    for _ in range(int(sys.argv[2])):
        start = time.perf_counter()
        for _ in range(50): np.exp(x, out=z)
        taken.append((time.perf_counter() - start) / 50)
    print(statistics.median(taken))
"""


def gpu() -> str:
    """Return how PyTorch calls the GPU that is here; empty where there is none."""
    return "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else ""


def _device(name: str) -> tuple[torch.device, Callable[[], object]]:
    """Return a device and how to wait for it. Raises Skip where it is missing."""
    if name == "processor":
        return torch.device("cpu"), lambda: None
    if not gpu():
        raise Skip("no GPU here: ask again where there is one, and bring its file with 'onionskin lab merge FILE'")
    return torch.device(gpu()), torch.accelerator.synchronize


def five_numbers(name: str, seconds: float, side: int = SIDE) -> Found:
    """Return what a device can do at best, all cores at work. Raises Skip where it is missing.

    Args:
        name: ``processor`` or ``GPU``.
        seconds: About how long each of them may take.
        side: Of the matrices that are multiplied.
    """
    device, wait = _device(name)
    with threads(cores()):
        found = _products(device, wait, seconds, side)
        x, y, z = (torch.ones(TRIAD, device=device) for _ in range(3))
        triad = seconds_of(lambda: torch.add(x, y, alpha=3.0, out=z), seconds=seconds, wait=wait)
        few = torch.ones(64, device=device)
        host = torch.ones(TRIAD, pin_memory=device.type == "cuda")
        sent = seconds_of(lambda: z.copy_(host), seconds=seconds, wait=wait)
        return {
            "seconds": 2 * side**3 / found["f32"] / 1e9, **found,
            "bandwidth": 3 * TRIAD * 4 / triad / 1e9, "transfer": TRIAD * 4 / sent / 1e9,
            "launch": seconds_of(lambda: few.add_(1.0), seconds=seconds, wait=wait),
        }  # fmt: skip


def _products(device: torch.device, wait: Callable[[], object], seconds: float, side: int) -> Found:
    """Return the rate of a product by precision (GFLOP/s), of those that this device has."""
    a = torch.rand(side, side) - 0.5
    found = {}
    for name, kind in (("f32", torch.float32), ("f64", torch.float64), ("bf16", torch.bfloat16), ("int8", torch.int8)):
        try:
            b = (a * 200).to(kind).to(device) if kind is torch.int8 else a.to(kind).to(device)
            product = torch._int_mm if kind is torch.int8 else torch.mm
            found[name] = 2 * side**3 / _seconds_of_product(product, b, wait, seconds) / 1e9
        except (RuntimeError, TypeError, NotImplementedError):
            continue  # Apple's GPU has no float64, and not every device has a product of int8
    return found


def _seconds_of_product(
    product: Callable[..., Any], b: torch.Tensor, wait: Callable[[], object], seconds: float
) -> float:
    """Return what ``b b`` takes; one call says it where a processor without units for a precision needs seconds."""
    few = b[:64, :64].contiguous()
    product(few, few)  # loads what the precision needs
    wait()

    def whole() -> None:
        product(b, b)
        wait()

    first, _ = timed(whole)
    if first > 10 * seconds:
        return first
    return seconds_of(lambda: product(b, b), seconds=seconds, is_warm=True, wait=wait)


def product(count: int, seconds: float) -> Found:
    """Return a product of matrices with so many threads."""
    a, into = torch.rand(SIDE, SIDE), torch.empty(SIDE, SIDE)
    with threads(count):
        taken = seconds_of(lambda: torch.mm(a, a, out=into), seconds=seconds)
    return {"seconds": taken, "f32": 2 * SIDE**3 / taken / 1e9}


def layer(name: str, width: int, batch: int, seconds: float) -> Found:
    """Return what a dense layer with ReLU takes; on a GPU also with the input sent and the result fetched."""
    device, wait = _device(name)
    host = torch.randn(batch, width)
    x, w, b = host.to(device), (torch.randn(width, width) / width**0.5).to(device), torch.zeros(width, device=device)
    with torch.no_grad(), threads(cores()):
        taken = seconds_of(lambda: functional.linear(x, w, b).relu_(), seconds=seconds, wait=wait)
        found = {"seconds": taken, "f32": 2 * batch * width**2 / taken / 1e9}
        if device.type != "cpu":
            found["carried"] = seconds_of(
                lambda: functional.linear(host.to(device), w, b).relu_().cpu(), seconds=seconds
            )
    return found


def vectors(bits: int, samples: int) -> Found:
    """Return what exp of an array takes without wider vector units. Raises Skip where NumPy has no choice."""
    numpy_core = importlib.import_module("numpy._core._multiarray_umath")  # has no public name
    choices: list[str] = getattr(numpy_core, "__cpu_dispatch__", [])
    has: dict[str, bool] = getattr(numpy_core, "__cpu_features__", {})
    wide = [name for name in choices if "512" in name or name == "X86_V4"]
    middle = [name for name in choices if name in ("X86_V3", "AVX", "F16C", "FMA3", "FMA4", "XOP", "AVX2")]
    if not middle or (bits > 128 and not has.get("AVX512F" if bits == 512 else "AVX2")):
        raise Skip(f"NumPy has no choice of vectors of {bits} bits on this processor")
    off = {128: [*middle, *wide], 256: wide, 512: []}[bits]
    environment = {**os.environ, "NPY_DISABLE_CPU_FEATURES": " ".join(off)}
    command = [sys.executable, "-W", "ignore", "-c", _CHILD, str(NUMBERS), str(samples)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise Skip(f"NumPy did not start: {' '.join(done.stderr.split())[-200:]}")
    single, double = map(float, done.stdout.split())
    return {"seconds": single, "doubles": double}


def loop(seconds: float) -> Found:
    """Return what exp of as many numbers takes one by one, in Python."""
    x = np.linspace(-3, 3, NUMBERS).tolist()
    return {"seconds": seconds_of(lambda: [math.exp(value) for value in x], seconds=seconds)}


def cached(kib: int, seconds: float) -> Found:
    """Return the bytes a second of ``z += x``, where both together take so much memory (KiB)."""
    length = kib * 1024 // 8
    x, z = np.ones(length, np.float32), np.zeros(length, np.float32)
    times = max(1, (1 << 22) // length)
    # All rows of this are the same x: one call adds it so many times, and has the cost of starting once.
    same = np.broadcast_to(x, (times, length))
    taken = seconds_of(lambda: np.add.reduce(same, axis=0, out=z), seconds=seconds) / times
    return {"seconds": taken, "bandwidth": 12 * length / taken / 1e9}
