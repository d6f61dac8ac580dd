"""With DistributedDataParallel rank 0 records, and the recorders of the other ranks do nothing."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import onionskin as osk

RANK = """
import os, sys, torch
from torch import nn
import torch.distributed as dist
import onionskin as osk
rank = int(sys.argv[1])
torch.set_num_threads(1)
dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{sys.argv[2]}", rank=rank, world_size=2)
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2))
watched = nn.parallel.DistributedDataParallel(model)
optimizer = torch.optim.SGD(watched.parameters(), lr=0.1)
torch.manual_seed(10 + rank)
with osk.watch(watched, optimizer, probes=torch.ones(3, 6), run="run", budget=1, every=1) as run:
    for _ in range(4):
        loss = watched(torch.randn(5, 6)).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        run.log(loss=loss)
print(repr(run), float(model[0].weight.sum()))
dist.destroy_process_group()
"""


def test_rank_zero_records(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ranks = [
        subprocess.Popen(
            [sys.executable, "-c", RANK, str(rank), str(port)],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    said = [rank.communicate(timeout=120) for rank in ranks]
    assert [rank.returncode for rank in ranks] == [0, 0], said
    assert "rank 0 records" in said[1][0]
    assert said[0][0].split()[-1] == said[1][0].split()[-1]  # both ranks hold the same weights
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    run = osk.open_run(tmp_path / "run")
    assert len(run.frames) == 5
    assert "weight/0.weight" in run.tensors  # the user's names, without the wrapper's
    assert not run.warnings
