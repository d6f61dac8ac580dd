"""The row of an embedding's padding stays as it is, though the output depends on it."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import onionskin as osk
from onionskin.peel.ops import embedding


def test_padding_has_no_gradient_as_in_pytorch() -> None:
    ids, weight = torch.tensor([0, 2, 2, 1]), torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    dy = torch.randn(4, 4, dtype=torch.float64)
    for padding_idx in (0, 2, -1):
        (wanted,) = torch.autograd.grad(F.embedding(ids, weight, padding_idx), weight, dy)
        row = embedding.read(ids, weight, padding_idx).settings["padding_idx"]
        got = embedding.d_weight(dy.numpy(), ids.numpy(), weight.detach().numpy(), row)
        np.testing.assert_array_equal(got, wanted.numpy())
        assert not got[row].any()
        np.testing.assert_array_equal(embedding.torch_d_weight(dy, ids, weight.detach(), row), wanted)


def test_padding_has_no_gradient_at_any_level() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(4, 2, padding_idx=1), nn.Flatten(), nn.Linear(6, 2))
    batch = torch.tensor([[0, 1, 1], [3, 2, 1]]), torch.tensor([0, 1])
    for agreement in osk.peel(model, batch).check(steps=4, only=("tensors", "backward", "numpy", "scalars")):
        assert agreement.agrees, f"{agreement.level}: {agreement.first}"
        assert agreement.steps == 4, agreement.refused
