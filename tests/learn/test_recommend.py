"""A learner of likes finds what is in made ratings, ranks everything, explains itself exactly, and refuses nonsense."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import onionskin as osk
from onionskin.errors import OnionskinWarning
from onionskin.learn.domains import _ranking
from onionskin.learn.domains.recommend import Recommend
from onionskin.learn.learner import Learner


def made(
    users: int = 50, items: int = 40, each: int = 16, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Ratings from 1 to 5 by two camps, each with a genre of its own, that are known of users and items."""
    rng = np.random.default_rng(seed)
    camp, genre = rng.integers(2, size=users), rng.integers(2, size=items)
    rows = [(u, i) for u in range(users) for i in rng.permutation(items)[:each]]
    u, i = np.array(rows).T
    liking = 3 + 1.3 * np.where(camp[u] == genre[i], 1, -1) + rng.normal(0, 0.4, items)[i] + rng.normal(0, 0.3, len(u))
    ratings = pd.DataFrame(
        {"userId": u, "movieId": i, "rating": liking.round().clip(1, 5), "timestamp": np.arange(len(u))}
    )
    people = pd.DataFrame(
        {"userId": range(users), "camp": np.where(camp, "west", "east"), "age": rng.integers(9, 90, users)}
    )
    films = pd.DataFrame({
        "movieId": range(items), "title": [f"Film {n}" for n in range(items)],
        "genres": [f"{'war' if g else 'love'}|{'old' if n % 2 else 'new'}" for n, g in enumerate(genre)],
    })  # fmt: skip
    return ratings, people, films


def learner(**settings: Any) -> Learner:
    ratings, people, films = made()
    return osk.recommend(settings.pop("source", ratings), users=people, items=films, **settings)


@pytest.fixture(scope="module")
def trained() -> Any:
    found = learner()
    found.fit(watch=False)
    return found


def test_it_beats_biases_alone_and_nothing_measured_was_remembered(trained: Any) -> None:
    d = trained.domain
    assert trained.result.measured["rmse"] < 0.75 * trained.result.baselines[0].measured["rmse"]
    assert {"rmse", "mae", "recall@10", "ndcg@10"} <= set(trained.result.measured)
    assert not set(d.train) & set(d.valid)
    remembered = {(int(u), int(i)) for u, i in zip(d._users[d.train], d._items[d.train], strict=True)}
    places, who = _ranking.histories(d.model.starts.numpy(), len(d.model.seen), np.arange(51))
    history = set(zip(who.tolist(), d.model.seen[places].tolist(), strict=True))
    assert history == remembered


def test_a_rating_is_not_guessed_from_itself(trained: Any) -> None:
    """Another rating in the history changes what is said of all other items of that user, and not of its own."""
    d = trained.domain
    user = int(d._users[d.train[0]])
    rows = d.train[d._users[d.train].numpy() == user]
    own = int(d._items[rows[0]])
    with torch.no_grad():
        before = d.model(*d.raw(rows))
        place = next(p for p in _ranking.histories(d.model.starts.numpy(), len(d.model.seen), np.array([user]))[0]
                     if int(d.model.seen[p]) == own)  # fmt: skip
        shares = d.model.shares[place].clone()
        d.model.shares[place] *= 3
        d._own[rows[0], 0] *= 3
        after = d.model(*d.raw(rows))
        d.model.shares[place] = shares
        d._own[rows[0], 0] /= 3
    assert float(after[0]) == pytest.approx(float(before[0]), abs=1e-5)
    assert (after[1:] - before[1:]).abs().min() > 1e-6


def test_recommendations_are_new_the_best_and_their_reasons_add_up(trained: Any) -> None:
    d = trained.domain
    found = trained.recommend(3, k=5)
    seen = {int(item) - 1 for item in d._items[d.train[d._users[d.train].numpy() == 4]]}
    assert len(found) == 5
    assert not seen & {each.item for each in found}
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)
    assert found[0].title == f"Film {found[0].item}"
    assert found[0].score == pytest.approx(trained.predict((3, found[0].item)).value, abs=1e-3)
    others = [each.value for each in trained.predict([(3, item) for item in range(40) if item not in seen])]
    assert max(others) == pytest.approx(found[0].score, abs=1e-3)
    item = d._people.items.number[found[0].item]
    person = _ranking.Person(4, d._user_features[4])
    names = {"item": str, "item_feature": str, "user_feature": str}
    parts = _ranking.parts(d.model, person, item, d._item_features[item], names)
    score = float(_ranking.scores(d.model, torch.tensor([4]), d._user_features[[4]], d._item_features)[0, item])
    assert sum(part.amount for part in parts) == pytest.approx(score, abs=1e-4)
    told = " ".join(map(str, found[0].reasons))
    assert "liked" in told or "genres" in told


def test_new_people_are_known_by_their_features_and_strangers_warned_of(trained: Any) -> None:
    _, _, films = made()
    war, love = (int(films.index[films.genres.str.startswith(g)][0]) for g in ("war", "love"))
    west, east = ([trained.predict({"user": "new", "camp": camp, "item": item}).value for item in (war, love)]
                  for camp in ("west", "east"))  # fmt: skip
    assert west[0] > west[1] + 0.5
    assert east[1] > east[0] + 0.5
    assert trained.predict((0, "Film 3")).value == trained.predict((0, 3)).value == trained.predict(("0", "3")).value
    assert len(trained.recommend({"camp": "west"}, 3)) == 3
    with pytest.warns(OnionskinWarning, match="'nobody' is in no data"):
        trained.predict(("nobody", 3))
    for wrong in (3, {"item": 3}, (1, 2, 3)):
        with pytest.raises(osk.OnionskinError):
            trained.predict(wrong)
    with pytest.raises(osk.OnionskinError, match="k=0"):
        trained.recommend(3, 0)


def test_it_comes_back_as_it_was_saved(trained: Any, tmp_path: Path) -> None:
    trained.save(tmp_path / "kept")
    loaded = osk.load(tmp_path / "kept")
    assert loaded.recommend(3, 4) == trained.recommend(3, 4)
    assert loaded.predict((5, 7)) == trained.predict((5, 7))
    with pytest.raises(osk.OnionskinError, match="in memory"):
        loaded.open_data()


def test_a_damaged_history_is_refused(trained: Any, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    trained.save(tmp_path / "kept")
    path = tmp_path / "kept" / "model.safetensors"
    for name, value in (("seen", 10**6), ("starts", -5), ("seen", -1)):
        state = load_file(path)
        whole = state[name].clone()
        state[name][3] = value
        save_file(state, path)
        with pytest.raises(osk.OnionskinError, match="cannot be loaded"):
            osk.load(tmp_path / "kept")
        save_file(state | {name: whole}, path)


def test_files_clicks_and_time(tmp_path: Path) -> None:
    """From files, recorded, without ratings, the last fifth held out: what belongs together comes first."""
    ratings, people, films = made()
    ratings[ratings.rating >= 4].to_csv(tmp_path / "clicks.csv", index=False)
    people.to_csv(tmp_path / "people.csv", index=False)
    films.to_csv(tmp_path / "films.csv", index=False)
    found = osk.recommend(tmp_path / "clicks.csv", users=tmp_path / "people.csv", items=str(tmp_path / "films.csv"),
                          clicks=True, split="time")  # fmt: skip
    d: Any = found.domain
    assert d._rows[d.valid].min() > d._rows[d.train].max()
    result = found.fit(6, run=tmp_path / "run")
    assert result.measured["recall@10"] > 1.15 * result.baselines[-1].measured["recall@10"]
    loaded = osk.load(tmp_path / "run").open_data()
    assert loaded.recommend(3, 4) == found.recommend(3, 4)
    torch.testing.assert_close(loaded.domain.answered(d.valid)[0], d.answered(d.valid)[0])
    assert set(d.columns(d.valid)) >= {"ratings of the user", "camp", "age"}
    assert d.shown(0).label == "chosen"


def test_full_rankings_are_judged_by_the_definition() -> None:
    ratings, _, _ = made(users=12, items=30, each=10)
    d = osk.recommend(ratings).domain
    assert isinstance(d, Recommend)
    scores = torch.randn(13, 31, generator=torch.Generator().manual_seed(1))
    users, items = d._users[d.valid].numpy(), d._items[d.valid].numpy()
    found = _ranking.judged(d.model, lambda some: scores[some], users, items, count=31, k=5)
    recalls, gains = [], []
    for user in np.unique(users):
        seen = set(d._items[d.train[d._users[d.train].numpy() == user]].tolist()) | {0}
        order = sorted((i for i in range(31) if i not in seen), key=lambda i: -float(scores[user, i]))[:5]
        wanted = set(items[users == user].tolist())
        hits = [item in wanted for item in order]
        recalls.append(sum(hits) / len(wanted))
        best = sum(1 / np.log2(p + 2) for p in range(min(5, len(wanted))))
        gains.append(sum(hit / np.log2(p + 2) for p, hit in enumerate(hits)) / best)
    assert found["recall@5"] == pytest.approx(np.mean(recalls))
    assert found["ndcg@5"] == pytest.approx(np.mean(gains))


def changed(**columns: Any) -> pd.DataFrame:
    ratings = made()[0].astype({"rating": object, "userId": object})
    for name, (row, value) in columns.items():
        ratings.loc[row, name] = value
    return ratings.infer_objects()


@pytest.mark.parametrize(
    ("source", "settings", "said"),
    [
        (changed(rating=(7, 55.0)), {}, "55 in row 7"),
        (changed(rating=(7, "good")), {}, "no numbers: 'good' in row 7"),
        (made()[0].assign(rating=5), {}, "all 800 ratings are 5"),
        (made()[0].assign(userId=1), {}, "one user alone, 1"),
        (made()[0].assign(userId=np.nan), {}, "0 usable rows"),
        (made()[0][:10], {}, "10 usable rows"),
        (made()[0].rename(columns={"userId": "a", "movieId": "b"}), {}, "no column looks like the user among: a, b"),
        (made()[0], {"item": "movieid"}, "did you mean 'movieId'"),
        (made()[0], {"item": "userId"}, "the same column"),
        (made()[0].drop(columns="timestamp"), {"split": "time"}, "without a time"),
        (made()[0], {"split": "tmie"}, "split='tmie'"),
        (made()[0], {"scale": (5, 1)}, "scale=(5, 1)"),
        (made()[0], {"factors": 0}, "factors=0"),
        (made()[0].assign(timestamp="soon"), {}, "cannot be read"),
        (made()[0], {"users": pd.DataFrame({"userId": ["a", "b"], "age": [1, 2]})}, "none of the 50 users"),
        (made()[0], {"users": pd.DataFrame({"userId": [1, 1], "age": [1, 2]})}, "stand twice"),
        ("nowhere.csv", {}, "no file nowhere.csv"),
    ],
)  # fmt: skip
def test_nonsense_is_refused(source: Any, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(osk.OnionskinError) as error:
        osk.recommend(source, **settings)
    assert said in str(error.value)


def test_what_cannot_be_used_is_counted() -> None:
    ratings = pd.concat([changed(rating=(3, np.nan), userId=(5, np.nan)), made()[0].iloc[[20, 21]]], ignore_index=True)
    ratings.loc[7, "rating"] = 55.0
    d = osk.recommend(ratings, scale=(1, 5)).domain
    notes = " ".join(d.understood.notes)
    for part in ("1 rows with no user or item are left out: row 5", "1 rows with no rating are left out: row 3",
                 "1 rows with a rating beyond 1 to 5 are left out: row 7", "2 rows with a pair"):  # fmt: skip
        assert part in notes, notes
    assert len(d.train) + len(d.valid) == 802 - 5
    few = osk.recommend(made(users=40, items=30, each=3)[0]).domain
    assert "have fewer than 5 rows" in " ".join(few.understood.notes)
    whole = "800 ratings from 1 to 5 by 50 users of 40 items"
    assert osk.recommend(made()[0]).domain.understood.what.startswith(whole)
