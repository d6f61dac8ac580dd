"""The structures that stand in for a part of a network: each answers as that part does, as nearly as it is said to."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from onionskin.lab.question import Arm
from onionskin.lab.questions import _structure_filter, _structure_index, structures
from onionskin.lab.questions._structure_product import PIECE, quantised
from onionskin.lab.records import Trial
from onionskin.lab.results import Results


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


@pytest.mark.parametrize(
    ("kept", "named"), [((0.88, 0.97), "wide"), ((0.96, 0.97), "narrow"), ((0.7, 0.8), "wide")],
    ids=["the only one that keeps enough", "the faster of two that do", "what keeps most where none does"],
)  # fmt: skip
def test_the_sentence_names_what_is_fast_and_still_right(kept: tuple[float, float], named: str) -> None:
    found = {"whole": (8.0, 1.0), "narrow": (1.0, kept[0]), "wide": (2.0, kept[1])}
    arms = [Arm(name, {"part": "index", "replaces": "" if name == "whole" else "whole"}) for name in found]
    trials = [
        Trial(name, seed, "here", "2026-01-01T00:00:00Z", 1.0, 1.0, 0.0, False, {"seconds": took, "agreement": same})
        for seed in range(5)
        for name, (took, same) in found.items()
    ]
    answer = structures.answer(Results(arms, trials, {}, structures.MEASURES, is_quick=True))
    assert f"same answers: {named}: " in answer.sentence
    assert len(answer.notes) > 3  # the other one is told of below
