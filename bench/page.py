"""What the page costs the person who looks: ``python -m bench.page [--write bench/results/DATE-page.md]``.

Four measurements in a real Chromium that draws by the processor (no graphics card), and a peer beside them:

* ``weight``: the bytes of the page;
* ``opening``: seconds to the first picture of a run, and of a library;
* ``scrubbing``: script, requests and memory, frame by frame;
* ``following``: a run that grows: from the disk to the screen, and after eight hours;
* ``peer``: TensorBoard beside it on the same training, where it is installed.

The runs are made once (minutes) and kept in the temporary folder; ``--quick`` measures less.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

from playwright.sync_api import Browser

from bench import following, opening, peer, scrubbing, weight
from bench.overhead import machine, table
from bench.page_runs import prepared
from tests.browser import browser

MEASUREMENTS: dict[str, Callable[[Browser, bool], list[list[str]]]] = {
    "weight": weight.measure,
    "opening": opening.measure,
    "scrubbing": scrubbing.measure,
    "following": following.measure,
    "peer": peer.measure,
}


def main() -> None:
    """Measure what was asked for, print it as Markdown, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("only", nargs="*", choices=[*MEASUREMENTS, []], help="measure only these")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, and shorter growth")
    parser.add_argument("--note", default="", help="what a reader of the results should know of the machine")
    parser.add_argument("--write", type=Path, help="write the tables to this file as well")
    options = parser.parse_args()
    for name in ("resnet", "gpt", "library"):
        prepared(name)
    with browser() as chromium:
        report = [f"# What the page costs, {date.today().isoformat()}", ""]
        report += [f"Machine: {machine()}.", f"Chromium {chromium.version}, headless, drawn by the processor."]
        report += [text for text in (options.note, options.quick and "Quick: fewer repetitions.") if text]
        print("\n".join(report), flush=True)
        for name in options.only or MEASUREMENTS:
            measurement = MEASUREMENTS[name]
            print(f"\nmeasuring {name} …", file=sys.stderr, flush=True)
            doc = (sys.modules[measurement.__module__].__doc__ or "").strip().splitlines()[0]
            rows = measurement(chromium, options.quick)
            load = f"Load while it was measured: {os.getloadavg()[0]:.1f}." if hasattr(os, "getloadavg") else ""
            section = ["", f"## {name}", "", doc, "", *table(rows), "", load]
            print("\n".join(section), flush=True)
            report += section
    if options.write:
        options.write.parent.mkdir(parents=True, exist_ok=True)
        options.write.write_text("\n".join(report) + "\n")


if __name__ == "__main__":
    main()
