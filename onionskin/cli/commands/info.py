"""``onionskin info``: say what a run holds."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from onionskin.recording.reader import Run

HELP = "say what a run holds"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("location", metavar="RUN", help="a run folder, a .zip or a URL")
    parser.add_argument("--json", action="store_true", help="print it as one JSON object")


def do(options: argparse.Namespace) -> int:
    from onionskin.recording.reader import open_run

    run = open_run(options.location)
    facts = _facts(run)
    if options.json:
        print(json.dumps(facts))
        return 0
    from rich.console import Console
    from rich.table import Table

    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in facts.items():
        table.add_row(name, _shown(value))
    Console().print(table)
    return 0


def _facts(run: Run) -> dict[str, Any]:
    manifest = run.manifest
    return {
        "run": run.location,
        "state": "growing" if run.is_growing else ("closed" if run.status.state == "closed" else "killed"),
        "ended": run.status.ended,
        "model": manifest.model.type,
        "parameters": manifest.model.parameters,
        "trainable": manifest.model.trainable,
        "steps": max(0, len(run.steps) - 1),
        "frames": len(run.frames),
        "tensors": {role: sum(t.role == role for t in manifest.tensors) for role in {t.role for t in manifest.tensors}},
        "scalars": sorted(run.scalars),
        "probes": manifest.probes.count,
        "exact weights": bool(manifest.exact),
        "budget asked": manifest.budget.asked,
        "share taken": round(run.overhead.share, 5),
        "seconds": round(run.overhead.wall, 3),
        "dropped": [asdict(dropped) for dropped in run.dropped],
        "warnings": [asdict(warning) for warning in run.warnings],
        "health": [asdict(note) for note in run.health],
        "created": manifest.created,
        "software": manifest.software,
    }


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {inner}" for name, inner in value.items())
    if isinstance(value, list):
        return "\n".join(_shown_item(item) for item in value) or "none"
    return str(value)


def _shown_item(item: Any) -> str:
    if not isinstance(item, dict):
        return str(item)
    if "sentence" in item:
        return f"step {item['step']:,}: {item['sentence']}"
    if "what" in item:
        return f"step {item['step']:,}: {item['what']} ({item['fix']})"
    return f"{item['count']:,} frames, steps {item['first']:,} to {item['last']:,}: {item['why']}"
