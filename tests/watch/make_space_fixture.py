"""Writes the committed run of a model with two inputs: ``python -m tests.watch.make_space_fixture``.

A real training of a few steps on four clouds of points, whose two classes no straight line parts.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import onionskin as osk

FOLDER = Path(__file__).parents[2] / "fixtures" / "space"


def expected(run: osk.Run) -> dict[str, Any]:
    """Return what every reader must find in it."""
    assert run.space is not None
    entry = run.space.entry
    maps = {
        layer.node: [run.space.maps(layer.node, frame) for frame in range(len(run.frames))] for layer in entry.layers
    }
    return {
        "low": entry.low,
        "high": entry.high,
        "side": entry.side,
        "layers": [[layer.node, layer.is_output, layer.units, list(layer.chosen)] for layer in entry.layers],
        "maps": {
            node: [None if m is None else m.reshape(len(m), -1)[:, ::97].tolist() for m in each]
            for node, each in maps.items()
        },
    }


def main() -> None:
    """Write the fixture: a run, and what must be read from it."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    torch.manual_seed(2)
    torch.set_num_threads(1)
    corners = torch.tensor([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]])
    y = torch.arange(32) % 2
    x = corners[torch.arange(32) % 4] + 0.25 * torch.randn(32, 2)
    model = nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.0625)
    with osk.watch(
        model, optimizer, probes=x, labels=y, classes=["same", "unlike"], run=FOLDER / "run", budget=1, every=12
    ) as run:
        for _ in range(60):
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()  # type: ignore[no-untyped-call]  # PyTorch's
            optimizer.step()
            optimizer.zero_grad()
            run.log(loss=loss)
    found = expected(osk.open_run(FOLDER / "run"))
    (FOLDER / "expected.json").write_text(json.dumps(found, default=np.ndarray.tolist) + "\n")


if __name__ == "__main__":
    main()
