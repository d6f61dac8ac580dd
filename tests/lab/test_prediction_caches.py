"""A cache never changes an answer, and forgets what was unused for longest, in SQLite as in a dict."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from onionskin.lab.questions._prediction_caches import Array, InDict, InSqlite, model_key, zipf


def double(x: Array) -> Array:
    return 2 * x


def picture(number: int) -> Array:
    return np.full((1, 3), number, np.float32)


@pytest.mark.parametrize("room", [0, 5])
def test_sqlite_and_dict_give_the_model_s_answers_and_hit_alike(tmp_path: Path, room: int) -> None:
    stores: list[InDict | InSqlite] = [InDict(double, b"m", room), InSqlite(double, b"m", tmp_path / "a.sqlite", room)]
    for number in zipf(600, 40, 1.1, seed=3):
        x = picture(int(number))
        for store in stores:
            np.testing.assert_array_equal(store.ask(x).reshape(1, 3), double(x))
        assert stores[0].hits == stores[1].hits
        assert not room or all(len(store) <= room for store in stores)
    assert 0 < stores[0].hits < 600
    for store in stores:
        store.close()


def test_what_was_unused_for_longest_makes_room(tmp_path: Path) -> None:
    store = InSqlite(double, b"m", tmp_path / "a.sqlite", room=2)
    for number in (1, 2, 1, 3, 1):  # 3 takes the room of 2, since 1 was used after it
        store.ask(picture(number))
    assert (store.hits, store.misses) == (2, 3)
    store.ask(picture(2))
    assert store.misses == 4
    store.close()


def test_answers_outlive_the_process_but_not_the_model(tmp_path: Path) -> None:
    net = torch.nn.Linear(3, 3)
    first = InSqlite(double, model_key(net), tmp_path / "a.sqlite")
    first.ask(picture(1))
    first.close()
    again = InSqlite(double, model_key(net), tmp_path / "a.sqlite")
    again.ask(picture(1))
    assert again.hits == 1
    again.close()
    with torch.no_grad():
        net.bias[0] += 1
    trained = InSqlite(double, model_key(net), tmp_path / "a.sqlite")
    trained.ask(picture(1))
    assert trained.hits == 0
    trained.close()


@given(st.sampled_from([0.8, 1.1, 1.4]), st.integers(1, 50), st.integers(0, 5))
def test_the_popular_are_asked_for_by_zipf_s_law(exponent: float, of: int, seed: int) -> None:
    asked = zipf(4000, of, exponent, seed)
    counts = np.sort(np.bincount(asked, minlength=of))[::-1]
    weights = np.arange(1, of + 1) ** -exponent
    assert counts[0] / 4000 == pytest.approx(weights[0] / weights.sum(), abs=0.06)
    assert asked.min() >= 0
    assert asked.max() < of
