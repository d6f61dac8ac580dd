"""Every convention is kept by the levels, and when it is broken the curves part where the table says."""

from __future__ import annotations

import pytest

from onionskin.peel.conventions import CONVENTIONS, Convention, measure


@pytest.mark.parametrize("convention", CONVENTIONS, ids=lambda each: each.name)
def test_the_curves_part_when_it_is_broken(convention: Convention) -> None:
    kept, broken = measure(convention)
    assert kept.agrees, kept.first
    assert not broken.agrees
    assert max(broken.loss_gap, broken.tensor_gap) > 1e-9
