"""Writes the committed fixture of format 1: ``python -m tests.recording.make_fixture``.

It is made once for each version of the format and then never again: it stands for the runs that people have.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

import onionskin as osk
from tests.recording import build

FOLDER = Path(__file__).parents[2] / "fixtures" / "format1"


def expected(run: osk.Run) -> dict[str, Any]:
    """Return what every reader must find in the fixture; NaN is null, infinities are texts."""
    frames = range(len(run.frames))
    return {
        "frames": [[frame.step, frame.time, frame.cost] for frame in run.frames],
        "scalars": {name: _plain(values) for name, values in run.scalars.items()},
        "statistics": _plain(run.statistics),
        "pictures": {
            key: [None if (p := tensor.picture(i)) is None else _plain(p.reshape(-1)[:40]) for i in frames]
            for key, tensor in run.tensors.items()
        },
        "kept": {key: list(tensor.entry.kept) for key, tensor in run.tensors.items()},
        "inputs": [_plain(values.reshape(-1)) for values in run.probes.inputs()],
        "outputs": [[_plain(part.reshape(-1)) for part in run.probes.outputs(i)] for i in frames],
        "embedding": [_plain(np.asarray(run.probes.embedding(i)).reshape(-1)) for i in frames],
        "exact": [{name: _plain(value.reshape(-1)) for name, value in run.exact(i).items()} for i in frames],
    }


def _plain(values: np.ndarray) -> Any:
    if values.ndim > 1:
        return [_plain(row) for row in values]
    return [None if np.isnan(v) else str(v) if np.isinf(v) else float(v) for v in values]


def main() -> None:
    """Write the fixture: a run as a kill leaves it, the same one packed, and what must be read from either."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    build.build_run(FOLDER / "growing", finished=False)
    status = FOLDER / "growing" / "status" / "zarr.json"
    content = json.loads(status.read_text())
    content["attributes"]["status"]["updated"] = 1_767_323_045.5  # silent since then: it was killed
    status.write_text(json.dumps(content))
    (FOLDER / "growing" / ".reserve").unlink()
    build.build_run(FOLDER / "packed")
    (FOLDER / "expected.json").write_text(json.dumps(expected(osk.open_run(FOLDER / "packed"))) + "\n")


if __name__ == "__main__":
    main()
