"""What a line of Onionskin reaches on real data beside its baselines, in one run: ``python -m bench.learn``.

Every job is done over at least three seeds, baseline and ours on the same splits. fastai does the same jobs by its own
recommended recipe where it is installed.
"""

from __future__ import annotations

import argparse
import importlib
import platform
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean, pstdev
from typing import Final

import torch

from bench.learn_rows import Row

#: One script a domain, each with ``measure(quick) -> list[Row]``.
JOBS: Final = ("vision", "text", "tabular", "recommend", "multimodal", "clean", "fastai")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("jobs", nargs="*", metavar="JOB", help=f"some of: {', '.join(JOBS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="fewer seeds and epochs: does it run at all?")
    parser.add_argument("--write", type=Path, help="the file to write the tables to")
    options = parser.parse_args(arguments)
    unknown = [job for job in options.jobs if job not in JOBS]
    if unknown:
        parser.error(f"there is no job '{unknown[0]}'; choose of {', '.join(JOBS)}")
    lines = list(_head())
    for job in options.jobs or JOBS:
        rows = importlib.import_module(f"bench.learn_{job}").measure(options.quick)
        part = [f"\n## {job}\n", *_table(rows)]
        print("\n".join(part), flush=True)
        lines += part
    if options.write:
        options.write.write_text("\n".join(lines) + "\n")


def _head() -> Iterator[str]:
    machine = f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} cores"
    yield "# What a line of Onionskin reaches"
    yield f"\n{datetime.now(UTC):%Y-%m-%d}, {machine}, PyTorch {torch.__version__}, Python {sys.version.split()[0]}."
    yield "Mean ± deviation over the seeds; seconds are of ours."


def _table(rows: Sequence[Row]) -> Iterator[str]:
    yield "| job | unit | baseline | its figure | ours | asked | seconds | |"
    yield "|---|---|---|---|---|---|---|---|"
    for row in rows:
        baseline, ours = _spread(row.baseline), _spread(row.ours)
        seconds = f"{mean(row.seconds):.1f}" if row.seconds else ""
        cells = (row.name, row.unit, row.baseline_name, baseline, f"**{ours}**", row.bar, seconds, row.note)
        yield f"| {' | '.join(cells)} |"


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "–"
    digits = 1 if max(map(abs, values)) >= 10 else 3
    return f"{mean(values):.{digits}f}" + (f" ± {pstdev(values):.{digits}f}" if len(values) > 1 else "")


if __name__ == "__main__":
    main()
