"""What is there twice is found, and nothing else is."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from onionskin.data.repeats import equal, near_texts

_WORDS = [f"word{i}" for i in range(2000)]


def _texts(count: int, words: int, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(_WORDS, words)) for _ in range(count)]


def test_capitals_punctuation_and_a_word_in_forty_do_not_tell_texts_apart() -> None:
    texts = _texts(500, 40)
    texts[10] = f"  {texts[3].upper()}!!"
    texts[40] = " ".join([*texts[5].split()[:-1], "different"])
    texts[41] = " ".join(["another", *texts[40].split()[1:]])
    assert near_texts(texts) == [[3, 10], [5, 40, 41]]


def test_other_texts_of_the_same_words_are_apart() -> None:
    text = _texts(1, 40)[0].split()
    shuffled = " ".join(np.random.default_rng(1).permutation(text))
    assert near_texts([" ".join(text), shuffled, "", "  ", "!!", ""]) == []


def test_many_equal_texts_cost_no_more_than_one() -> None:
    assert near_texts(["the same words again and again"] * 3_000) == [list(range(3_000))]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=30), max_size=12))
def test_groups_are_disjoint_in_order_and_hold_every_pair_of_equal_texts(texts: list[str]) -> None:
    groups = near_texts(texts)
    members = [i for group in groups for i in group]
    assert len(members) == len(set(members))
    assert groups == sorted(sorted(group) for group in groups)
    group_of = {i: number for number, group in enumerate(groups) for i in group}
    for i, one in enumerate(texts):
        for j in range(i):
            if texts[j] == one and any(letter.isalnum() for letter in one):
                assert group_of[i] == group_of[j]


def test_rows_whose_arrays_are_all_equal() -> None:
    x, y = np.array([[1.0, 2], [3, 4], [1, 2], [1, 2]]), np.array([0, 1, 0, 1])
    assert equal([(x[:2], y[:2]), (x[2:], y[2:])]) == [[0, 2]]
    assert equal([(x,)]) == [[0, 2, 3]]
    assert equal([]) == []
