"""How long a step takes in C, beside NumPy: CPU time on one thread, the two in turn.

python -m bench.peel_c
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import peel_nets
from onionskin import registry
from onionskin.peel import levels
from onionskin.peel.compare import save_data
from onionskin.peel.compiled import compiled
from onionskin.peel.plan import Plan

ROUNDS = 9

#: The steps of a measurement.
STEPS = {"MLP 784-128-10": 1000, "CNN": 60}


def prepared(made: Plan, level: str, folder: Path) -> list[str]:
    """Write a level into a folder, compile it if it is C, and return the command that runs it."""
    program = registry.load(levels, level).write(made)
    place = folder / f"{made.name}_{level}.{program.suffix}"
    place.write_text(program.source)
    save_data(made, place.with_suffix(".npz"))
    return [str(compiled(place))] if level == "c" else [sys.executable, str(place)]


def seconds_a_step(command: list[str], steps: int) -> float:
    """Return the CPU time of a step: of a long run, less that of a short one, which is all start and reading."""
    return (_cpu_seconds(command, steps + 5) - _cpu_seconds(command, 5)) / steps


def _cpu_seconds(command: list[str], steps: int) -> float:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen([*command, str(steps)], stdout=subprocess.DEVNULL, env=environment) as running:
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise RuntimeError(f"{command} ended with {running.returncode}")
    return used.ru_utime + used.ru_stime


def measure(made: Plan, steps: int) -> tuple[list[float], list[float]]:
    """Return the seconds a step of NumPy and of C, in rounds."""
    with TemporaryDirectory() as folder:
        commands = [prepared(made, level, Path(folder)) for level in ("numpy", "c")]
        rounds = [[seconds_a_step(command, steps) for command in commands] for _ in range(ROUNDS)]
    return [numpy for numpy, _ in rounds], [c for _, c in rounds]


def main() -> None:
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    for name, steps in STEPS.items():
        numpy, c = measure(peel_nets.NETS[name][0](), steps)
        ratios = sorted(b / a for a, b in zip(numpy, c, strict=True))
        for level, times in (("numpy", numpy), ("c", c)):
            print(f"{name}: {level} {min(times) * 1e6:,.0f} µs a step, median {statistics.median(times) * 1e6:,.0f}")
        by_round = f"by round {ratios[0]:.2f} to {ratios[-1]:.2f}, median {statistics.median(ratios):.2f}"
        print(f"{name}: c / numpy {min(c) / min(numpy):.2f} at the minima; {by_round}")


if __name__ == "__main__":
    main()
