"""A short answer is short, and nothing of it is lost."""

from __future__ import annotations

from onionskin.lab.pages.words import arms_alike, not_measured
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


def test_arms_that_were_left_out_for_the_same_reason_stand_in_one_line() -> None:
    refused = [{"arm": f"net, wide, {n} px", "reason": f"refused: {n}² and 64"} for n in (56, 8)]
    skipped = [*refused, {"arm": "GPU", "reason": "no GPU here"}, {"arm": "net, wide, 9 px", "reason": "no room"}]
    assert list(not_measured({"skipped": skipped})) == [
        "net, wide, 8 px, 56 px (refused: 56² and 64)", "GPU (no GPU here)", "net, wide, 9 px (no room)",
    ]  # fmt: skip


def test_arms_stand_in_tables_without_empty_columns() -> None:
    one = {"value": 1.0, "low": 0.5, "high": 2.0}
    arms = [{"name": "a", "numbers": {"x": one}}, {"name": "b", "numbers": {"x": one, "y": one}},
            {"name": "c", "numbers": {"x": one}}]  # fmt: skip
    tables = list(arms_alike({"arms": arms, "measures": {"x": {"unit": ""}, "y": {"unit": ""}}}))
    assert [(columns, [row[0] for row in rows]) for _, columns, rows in tables] == [
        (["arm", "x"], ["a", "c"]), (["arm", "x", "y"], ["b"]),
    ]  # fmt: skip
    assert all(cell for _, _, rows in tables for row in rows for cell in row)
