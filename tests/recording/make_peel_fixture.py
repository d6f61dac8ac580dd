"""Writes the committed run with a peel: ``python -m tests.recording.make_peel_fixture``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import onionskin as osk
from onionskin.recording import save_peel
from tests.recording.make_fixture import FOLDER as FORMAT1
from tests.recording.peel_run import peel_of

FOLDER = Path(__file__).parents[2] / "fixtures" / "peel"


def expected(run: osk.Run) -> dict[str, Any]:
    """Return what every reader must find in it; of the values every 97th."""
    peel = run.peel
    assert peel is not None
    return {
        "level": peel.level,
        "steps": [list(vars(step).values()) for step in peel.steps],
        "programs": [[p.level, p.source, [list(pair) for pair in p.lines]] for p in peel.programs],
        "arrays": [[a.step, a.path, list(a.shape), list(a.strides), a.offset, a.size] for a in peel.arrays],
        "values": [[float(value) for value in row[::97]] for row in peel.values],
    }


def main() -> None:
    """Write the parts that a peel adds to the fixture of format 1, and what must be read of them."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.copytree(FORMAT1 / "packed", FOLDER / "run")
    save_peel(FOLDER / "run", peel_of(len(osk.open_run(FOLDER / "run").frames), most_kept=32))
    (FOLDER / "expected.json").write_text(json.dumps(expected(osk.open_run(FOLDER / "run"))) + "\n")
    for path in (FOLDER / "run").iterdir():  # the rest is format1/packed, and lies there
        if path.name not in ("peel", "zarr.json"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


if __name__ == "__main__":
    main()
