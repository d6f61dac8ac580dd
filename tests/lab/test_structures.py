"""The structures that stand in for a part of a network: each answers as that part does, as nearly as it is said to."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from onionskin.lab.questions import _structure_filter, _structure_index
from onionskin.lab.questions._structure_product import PIECE, quantised


@pytest.mark.parametrize("kind", _structure_index.KINDS)
def test_an_index_finds_the_best_class(kind: str) -> None:
    found = _structure_index.measured(kind, 500, 16, seed=1)
    assert found["agreement"] >= (0.9 if kind == "HNSW" else 1.0)


def test_tables_give_what_the_layer_gives_where_inputs_are_among_the_few() -> None:
    torch.manual_seed(0)
    layer, few = nn.Linear(4 * PIECE, 10), torch.randn(8, 4 * PIECE)
    tables = quantised(layer, few, 8)
    torch.testing.assert_close(tables(few), layer(few), rtol=1e-4, atol=1e-4)
    assert tables.table.shape == (4 * 8, 10)


def test_a_filter_passes_about_as_many_unknown_things_as_it_is_sized_for() -> None:
    found = _structure_filter.measured(0.05, seed=0)
    assert found["false_positives"] == pytest.approx(0.05, abs=0.02)
    alone = _structure_filter.measured(0.0, seed=0)
    assert found["seconds"] < alone["seconds"] / 2
