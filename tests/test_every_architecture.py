"""Every file in onionskin/models builds, says how many parameters it has, and learns to tell two batches apart."""

from __future__ import annotations

import re

import pytest
import torch
from torch.nn.functional import cross_entropy

from onionskin import models, registry

#: What an architecture of this name is shown.
INPUTS = {"mlp": (4, 1, 8, 8), "lenet": (4, 1, 28, 28)}


@pytest.mark.parametrize("name", registry.names(models))
def test_it_builds_and_learns(name: str) -> None:
    torch.manual_seed(0)
    module = registry.load(models, name)
    model = module.build()
    count = sum(p.numel() for p in model.parameters())
    stated = re.search(r"([\d,]+) parameters", module.build.__doc__ or "")
    assert stated
    assert int(stated[1].replace(",", "")) == count
    x, y = torch.randn(*INPUTS[name]), torch.tensor([0, 1, 2, 3])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    first = cross_entropy(model(x), y).item()
    for _ in range(60):
        optimizer.zero_grad()
        cross_entropy(model(x), y).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert cross_entropy(model(x), y).item() < first / 4
    assert module.__doc__
    assert "Paper:" in module.__doc__
