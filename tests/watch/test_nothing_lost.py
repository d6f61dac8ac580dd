"""Promise 5: killed at any moment, the run opens, with every frame and scalar older than two seconds."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import onionskin as osk

#: A training that tells on stdout, step by step, what it has handed to the recorder and when.
VICTIM = """
import json, sys, time, torch
from torch import nn
import onionskin as osk
torch.set_num_threads(1)
model = nn.Sequential(nn.Linear(64, 300), nn.ReLU(), nn.Linear(300, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
x = torch.randn(64, 64)
with osk.watch(model, optimizer, probes=x[:4], run="run", budget=0.5) as run:
    for step in range(1, 10**9):
        loss = model(x).square().mean()
        loss.backward(); optimizer.step(); optimizer.zero_grad()
        run.log(loss=loss)
        if run._last_frame_step == step or step % 50 == 0:
            print(json.dumps([time.time(), step, run._last_frame_step]), flush=True)
"""

KILLS = 5


@pytest.mark.parametrize("kill", range(KILLS))
def test_a_killed_run_opens(kill: int, tmp_path: Path) -> None:
    said = tmp_path / "said"
    with said.open("w") as out:
        victim = subprocess.Popen([sys.executable, "-c", VICTIM], cwd=tmp_path, stdout=out)
        while not said.stat().st_size:
            time.sleep(0.05)
        time.sleep(random.uniform(0.05, 4.0))
        os.kill(victim.pid, signal.SIGKILL)
        killed = time.time()
        victim.wait()
    handed_over = [json.loads(line) for line in said.read_text().splitlines() if line.endswith("]")]
    old = [(step, frame) for when, step, frame in handed_over if when < killed - 2]
    run = osk.open_run(tmp_path / "run")
    assert not run.is_growing  # its process is gone: nobody has to wait for it
    kept = {frame.step for frame in run.frames}
    assert 0 in kept
    assert {frame for _, frame in old} - {0} <= kept
    for frame in run.frames:
        assert run.tensors["weight/0.weight"].picture(frame.index) is not None
        assert run.tensors["activation/2"].picture(frame.index) is not None
        assert run.probes.outputs(frame.index)
    if old:
        last = max(step for step, _ in old)
        assert np.isfinite(run.scalars["loss"][1 : last + 1]).all()
    packed = osk.open_run(osk.pack(tmp_path / "run", zipped=True))
    assert [frame.step for frame in packed.frames] == sorted(kept)
    assert packed.read("statistics", slice(None)).shape[0] == len(kept)


def test_a_kill_while_packing(tmp_path: Path) -> None:
    """Whatever array is packed and whatever is not, the run reads the same."""
    from onionskin.recording.pack import _is_array, pack_array
    from tests.recording import build

    path = build.build_run(tmp_path / "run", finished=False)
    before = osk.open_run(path).read("pictures/weight", slice(0, build.FRAMES))
    arrays = sorted(p.parent for p in path.rglob("zarr.json") if _is_array(p))
    for array in arrays[::2]:
        pack_array(array, None)
    run = osk.open_run(path)
    np.testing.assert_array_equal(run.read("pictures/weight", slice(0, build.FRAMES)), before)
    leftover = path / "pictures" / "weight" / "c" / "9"
    leftover.parent.mkdir(exist_ok=True)
    leftover.write_bytes(b"half a shard")
    status = json.loads((path / "status/zarr.json").read_text())
    status["attributes"]["status"]["updated"] = 0  # it was killed long ago
    (path / "status/zarr.json").write_text(json.dumps(status))
    osk.pack(path)
    np.testing.assert_array_equal(osk.open_run(path).read("pictures/weight", slice(None)), before)
