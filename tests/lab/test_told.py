"""A short answer is short, and nothing of it is lost."""

from __future__ import annotations

from onionskin.lab.told import short


def test_what_fits_stays_as_it_is() -> None:
    assert short("Adam is better: +4.9 points (+2.4 to +7.4).") == ("Adam is better: +4.9 points (+2.4 to +7.4).", [])


def test_clauses_beyond_a_glance_become_notes() -> None:
    first = "HNSW is 4.7 × as fast (its search; narrow) " + "and so on " * 20
    head, notes = short(
        f"{first.strip()}; the k-d tree is 0.03 × as fast; a tree of 77.5 % fidelity is faster. It is small."
    )
    assert head == f"{first.strip()}; the k-d tree is 0.03 × as fast."
    assert notes == ["A tree of 77.5 % fidelity is faster.", "It is small."]


def test_one_long_clause_is_not_cut() -> None:
    head, notes = short("word " * 100)
    assert head.startswith("word word")
    assert head.endswith(".")
    assert not notes
