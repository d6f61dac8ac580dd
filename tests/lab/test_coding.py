"""Weights written with fewer bytes come back as near as their bits allow, and take as many bytes as is said."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from onionskin.lab.questions._coding import CODES, coded
from onionskin.models import mlp

#: How far a weight may be off, as a share of the largest weight.
NEAR = {
    "float32": 0.0,
    "float16": 2**-11,
    "bfloat16": 2**-8,
    "int8": 0.5 / 127 + 1e-6,
    "4 bits, groups": 0.5 / 7 + 1e-3,
}


@pytest.mark.parametrize("name", [name for name in CODES if "pruned" not in name and "codebook" not in name])
def test_weights_come_back_as_near_as_their_bits_allow(name: str) -> None:
    torch.manual_seed(0)
    state = mlp.MLP(inputs=63, hidden=31).state_dict()
    _, again = coded(state, CODES[name])
    allowed = next(share for start, share in NEAR.items() if name.startswith(start))
    for tensor, value in state.items():
        assert (again[tensor] - value).abs().max() <= allowed * value.abs().max(), tensor


@pytest.mark.parametrize(
    ("name", "bits"), [("float32", 32), ("bfloat16", 16), ("int8 per tensor", 8), ("4 bits, groups of 32", 4.5)]
)
def test_a_code_takes_the_bits_that_it_is_called_by(name: str, bits: float) -> None:
    size, _ = coded({"w": torch.randn(64, 512)}, CODES[name])
    assert size == pytest.approx(64 * 512 * bits / 8, abs=4)


def test_a_codebook_finds_the_values_that_there_are() -> None:
    values = np.linspace(-1, 1, 16, dtype=np.float32) ** 3
    w = torch.from_numpy(values[np.random.default_rng(0).integers(0, 16, (40, 50))])
    _, again = coded({"w": w}, CODES["4 bits, codebook"])
    assert (again["w"] - w).abs().max() < 0.1  # 16 clusters for 16 values, some of them close to each other
    assert len(torch.unique(again["w"])) <= 16


def test_pruning_sets_the_smallest_weights_of_all_layers_to_zero() -> None:
    state = {"small": torch.full((10, 10), 0.01), "large": torch.arange(1.0, 101.0).reshape(10, 10)}
    size, again = coded(state, CODES["80 % pruned, gzip"])
    assert not again["small"].any()
    assert int((again["large"] == 0).sum()) == pytest.approx(60, abs=1)
    assert torch.equal(again["large"].flatten()[60:], state["large"].flatten()[60:])
    assert size < 4 * 200 / 2
