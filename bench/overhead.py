"""What recording costs, from outside, beside its peers: ``python -m bench.overhead``.

Five measurements, each printed as ratios within one run:

* ``share``: the share of wall and CPU time that a watched training takes, in turns with an unwatched one;
* ``steps``: microseconds a step between frames, on a step of half a millisecond;
* ``snapshot``: one frame of all weights and gradients against TensorBoard, W&B and Aim, in turns in one process;
* ``size``: a frame of 124 million parameters against one of 11 million in as many tensors, and the memory it takes;
* ``kill``: how many of twenty killed trainings open, and what they lost.

``--quick`` shortens them to minutes; ``--write FILE`` adds the table to a results file.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import warnings
from collections.abc import Callable
from datetime import date
from pathlib import Path

# These pick a matrix kernel for another machine; a benchmark measures the one it runs on.
for _name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(_name, None)

import torch  # noqa: E402

import onionskin  # noqa: E402
from bench import kill, share, size, snapshot, steps  # noqa: E402

MEASUREMENTS: dict[str, Callable[[bool], list[list[str]]]] = {
    "share": share.measure,
    "steps": steps.measure,
    "snapshot": snapshot.measure,
    "size": size.measure,
    "kill": kill.measure,
}


def machine() -> str:
    """Name the machine, and how busy it was."""
    model = "unknown processor"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        models = [
            line.split(":")[1].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")
        ]
        model = models[0] if models else model
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return (
        f"{model}, {os.cpu_count()} cores (load {load:.1f} at the start), {platform.system()}, "
        f"Python {platform.python_version()}, torch {torch.__version__}, onionskin {onionskin.__version__}"
    )


def main() -> None:
    """Measure what was asked for, print it as Markdown, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("only", nargs="*", choices=[*MEASUREMENTS, []], help="measure only these")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions: minutes instead of half an hour")
    parser.add_argument("--write", type=Path, help="write the tables to this file as well")
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    report = [f"# What recording costs, {date.today().isoformat()}", "", f"Machine: {machine()}."]
    if options.quick:
        report.append("Quick: fewer repetitions, wider intervals.")
    print("\n".join(report), flush=True)
    for name in options.only or MEASUREMENTS:
        measurement = MEASUREMENTS[name]
        print(f"\nmeasuring {name} …", file=sys.stderr, flush=True)
        doc = (sys.modules[measurement.__module__].__doc__ or "").strip().splitlines()[0]
        section = ["", f"## {name}", "", doc, "", *table(measurement(options.quick))]
        print("\n".join(section), flush=True)
        report += section
    if options.write:
        options.write.parent.mkdir(parents=True, exist_ok=True)
        options.write.write_text("\n".join(report) + "\n")


def table(rows: list[list[str]]) -> list[str]:
    """Return rows as a Markdown table, the first one as its head."""
    head, *body = rows
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *body)]


def middle(values: list[float]) -> float:
    """Return the median."""
    return statistics.median(values)


if __name__ == "__main__":
    main()
