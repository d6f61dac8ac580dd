"""A table is learned as well as trees learn it, honestly compared, and asked without surprises afterwards."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import onionskin as osk
from onionskin.data import encoding
from onionskin.data.encoding import encoding_from_json
from onionskin.data.table import read
from onionskin.errors import OnionskinError, OnionskinWarning
from onionskin.learn.domains._table_peers import Task, compared
from onionskin.learn.domains.tabular import Tabular
from onionskin.learn.goals.number import Number
from onionskin.learn.goals.one_of import OneOf
from onionskin.learn.guess import learner as guessed
from onionskin.learn.learner import Learner


def houses(rows: int = 400, seed: int = 0) -> pd.DataFrame:
    """Houses, whose price is skewed and hangs on a size, a town, a date and a word; some sizes are not known."""
    stream = np.random.default_rng(seed)
    size = stream.uniform(40, 200, rows)
    town = stream.choice(["Aachen", "Bonn", "Celle"], rows)
    sold = pd.Timestamp("2015-01-01") + pd.to_timedelta(stream.integers(0, 3000, rows), unit="D")
    garden = stream.random(rows) < 0.4
    town_effect = pd.Series(town).map({"Aachen": 0.0, "Bonn": 0.7, "Celle": -0.5}).to_numpy()
    log_price = np.log(size) * 0.9 + town_effect + garden * 0.4 + sold.to_numpy().astype("int64") / 1e18
    texts = [f"a house in the {'quiet green' if g else 'busy grey'} street {i}" for i, g in enumerate(garden)]
    frame = pd.DataFrame(
        {
            "number": np.arange(1, rows + 1),
            "size": np.where(stream.random(rows) < 0.1, np.nan, size),
            "town": town,
            "sold": sold,
            "advert": texts,
            "price": np.round(1000 * np.exp(log_price + stream.normal(scale=0.05, size=rows)), 2),
        }
    )
    frame["dear"] = np.where(frame["price"] > frame["price"].median(), "yes", "no")
    return frame


@cache
def dear() -> Learner:
    """A learner of classes, trained."""
    made = osk.table(houses(), target="dear", drop=["price"])
    made.fit(8, watch=False)
    return made


HOUSE = {"size": 120, "town": "Bonn", "sold": "2020-05-01", "advert": "a house in the quiet green street"}


def test_it_learns_classes_beside_trees_and_a_linear_model() -> None:
    result = dear().result
    assert result is not None
    assert result.measured["accuracy"] > 0.85
    assert [one.name for one in result.baselines] == [
        "gradient boosting (scikit-learn)", "logistic regression (scikit-learn)",
    ]  # fmt: skip
    for one in result.baselines:
        assert one.measured["accuracy"] > 0.8
        assert "wins" in one.note
    understood = dear().domain.understood
    assert understood.what == "'dear', one of 2 classes, from 4 of 6 columns; 320 rows to train on, 80 held out"
    assert any("left out: 'number'" in note for note in understood.notes)


def test_breast_cancer_by_its_name() -> None:
    """Real data, in one line: linear models reach 95 to 98 %."""
    result = osk.table("breast_cancer").fit(15, watch=False)
    assert result.measured["accuracy"] >= 0.95
    assert result.baselines[1].measured["accuracy"] >= 0.95


def test_a_skewed_number_is_learned_by_its_logarithm_and_said_in_its_own_unit() -> None:
    frame = houses()
    made = osk.table(frame, target="price", drop=["dear"])
    assert any("'price' is skewed" in note for note in made.domain.understood.notes)
    result = made.fit(20, watch=False)
    assert result.measured["rmse"] < 0.2
    assert result.measured["r2"] > 0.8
    assert result.baselines[1].name == "ridge regression (scikit-learn)"
    said = [made.predict(row).value for row in frame.head(20).to_dict("records")]
    assert np.abs(np.log(said) - np.log(frame["price"].head(20))).mean() < 0.2
    plain = osk.table(frame, target="price", drop=["dear"], log=False).domain
    assert isinstance(plain.goal, Number)
    assert not plain.goal.log
    with pytest.raises(OnionskinError, match="values without a logarithm, such as -1"):
        osk.table(frame.assign(price=frame["price"].where(frame.index > 0, -1.0)), target="price", log=True)


def test_the_same_seed_gives_the_same_numbers_and_another_gives_others() -> None:
    def losses(seed: int) -> list[float]:
        made = osk.table(houses(100), target="dear", drop=["price"], seed=seed)
        return [progress.loss for progress in made.training(2, watch=False)]

    assert losses(0) == losses(0)
    assert losses(0) != losses(1)


def test_a_training_that_was_stopped_goes_on_to_the_bit(tmp_path: Path) -> None:
    """What a batch forgets is random: a checkpoint has to keep that, too."""
    csv = tmp_path / "houses.csv"
    houses(100).to_csv(csv, index=False)
    whole = osk.table(csv, target="dear")
    for _ in whole.training(3, run=tmp_path / "whole"):
        pass
    halved = osk.table(csv, target="dear").training(3, run=tmp_path / "halved")
    steps = iter(halved)
    for _ in range(4):
        next(steps)
    steps.close()
    again = osk.table(csv, target="dear")
    for _ in again.training(3, run=tmp_path / "halved", resume=True):
        pass
    for one, other in zip(whole.model.parameters(), again.model.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("target", ["dear", "price"])
def test_it_is_peeled_as_it_trains(target: str) -> None:
    peeled = osk.peel(osk.table(houses(100), target=target))
    for each in peeled.check(steps=2):
        assert each.agrees, f"{each.level}: {each.first}"
        assert each.level in ("scalars", "c") or not each.refused, each.refused


# ---- kept, and asked


def test_it_comes_back_without_its_data(tmp_path: Path) -> None:
    made = dear()
    made.save(tmp_path / "kept")
    loaded = osk.load(tmp_path / "kept")
    rows = houses().drop(columns=["dear", "price"]).to_dict("records")
    assert [str(one) for one in loaded.predict(rows)] == [str(one) for one in made.predict(rows)]
    assert loaded.domain.understood.what == "'dear' from 4 columns, without their rows"
    again = loaded.open_data(houses())
    assert len(again.domain.train) == 320
    with pytest.raises(OnionskinError, match="not what the learner was made from"):
        osk.load(tmp_path / "kept").open_data(houses(seed=1))


@pytest.mark.parametrize(
    "change",
    [
        {"encoding": {}},
        {"shape": [8, 10**12, 0.1, 32]},
        {"shape": "x"},
        {"goal": {}},
        {"goal": {"classes": ["one"]}},
    ],
)
def test_a_damaged_description_is_refused(change: dict[str, Any], tmp_path: Path) -> None:
    file = dear().save(tmp_path / "kept") / "learner.json"
    told = json.loads(file.read_text())
    told["fitted"] |= change
    file.write_text(json.dumps(told))
    with pytest.raises(OnionskinError, match="cannot be loaded"):
        osk.load(tmp_path / "kept")


def test_an_encoding_of_a_strangers_is_refused() -> None:
    told = dear().domain.fitted()["encoding"]
    for column, part in (("nowhere", ""), ("town", "hour"), ("size", "__class__")):
        wrong = json.loads(json.dumps(told))
        wrong["numbers"][0] |= {"column": column, "part": part}
        with pytest.raises(ValueError, match=r"encoded, and is no column|there is no number"):
            encoding_from_json(wrong).plain(read(houses()).frame)


def test_a_row_is_a_dict_and_more_columns_do_no_harm() -> None:
    made = dear()
    assert made.predict(HOUSE).value in ("yes", "no")
    assert made.predict(HOUSE | {"owner": "Ada"}) == made.predict(HOUSE)
    assert made.predict(pd.Series(HOUSE)) == made.predict(HOUSE)
    assert len(made.predict([HOUSE, HOUSE | {"size": None, "town": float("nan")}])) == 2


@pytest.mark.parametrize(
    ("row", "what", "fix"),
    [
        ({k: v for k, v in HOUSE.items() if k != "size"}, "row 1 has no 'size'", "None where it is not known"),
        ({("Town" if k == "town" else k): v for k, v in HOUSE.items()}, "no 'town'", "did you mean 'Town'"),
        (HOUSE | {"size": "large"}, "'size' of row 1 is 'large', which is no number", "such as"),
        (HOUSE | {"sold": "soon"}, "'sold' of row 1 is 'soon', which is no date", "such as"),
        ("houses.csv", "'houses.csv' is no row of a table", "dict"),
    ],
)
def test_a_row_that_does_not_fit_says_where(row: Any, what: str, fix: str) -> None:
    with pytest.raises(OnionskinError) as caught:
        dear().predict(row)
    assert what in caught.value.what
    assert fix in caught.value.fix


def test_a_category_that_was_never_seen_is_answered_with_a_warning() -> None:
    with pytest.warns(OnionskinWarning, match=r"'town' of 1 of 2 rows .*'Bon' in row 2(.|\n)*did you mean 'Bonn'"):
        answers = dear().predict([HOUSE, HOUSE | {"town": "Bon"}])
    assert all(0 <= answer.confidence <= 1 for answer in answers)


def test_an_example_is_shown_as_its_columns() -> None:
    frame = houses()
    frame.loc[3, "dear"] = None
    domain = osk.table(frame, target="dear", drop=["price"], split="group:town").domain
    shown = domain.shown(3)
    assert shown.where == "row 5"  # the fourth has no target
    assert (
        shown.text == f"size: {frame['size'][4]:.6g} · sold: {frame['sold'][4].date()} · advert: {frame['advert'][4]}"
    )
    assert (shown.label, shown.group) == (frame["dear"][4], frame["town"][4])
    known = domain.columns(np.array([3, 0]))
    assert known is not None
    assert known["size"].tolist() == frame["size"][[4, 0]].tolist()


# ---- the split


def test_the_latest_are_held_out() -> None:
    frame = houses()
    domain = Tabular(frame, target="dear", split="time:sold", valid=0.25)
    assert len(domain.valid) == 100
    assert frame["sold"][domain.train].max() <= frame["sold"][domain.valid].min()


def test_a_group_is_never_parted() -> None:
    frame = houses().assign(owner=[f"owner {i % 37}" for i in range(400)])
    domain = Tabular(frame, target="dear", split="group:owner")
    train, valid = set(frame["owner"][domain.train]), set(frame["owner"][domain.valid])
    assert not train & valid
    assert 60 <= len(domain.valid) <= 100
    assert "owner" not in domain.encoding.columns


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"split": "tim:sold"}, "there is no split 'tim:sold'"),
        ({"split": "time:slod"}, "there is no column 'slod' to split by"),
        ({"split": "time:town"}, "'town' is no time"),
        ({"valid": 1.0}, "valid=1.0"),
        ({"drop": ["twon"]}, "there is no column 'twon'"),
        ({"drop": ["number", "size", "town", "sold", "advert", "price"]}, "has anything to learn 'dear' from"),
        ({"target": None}, "which column is to be learned"),
        ({"target": "deer"}, "there is no column 'deer'"),
    ],
)
def test_what_cannot_be_done_is_said_at_once(settings: dict[str, Any], what: str) -> None:
    with pytest.raises(OnionskinError, match=what):
        osk.table(houses(50), **{"target": "dear"} | settings)


def test_names_and_files(tmp_path: Path) -> None:
    houses(50).to_csv(tmp_path / "houses.csv", index=False)
    made = guessed(str(tmp_path / "houses.csv"), target="dear", valid=0.3)
    assert made.domain.name == "tabular"
    assert len(made.domain.valid) == 15
    with pytest.raises(OnionskinError, match=r"did you mean 'houses.csv'"):
        osk.table(tmp_path / "house.csv", target="dear")
    with pytest.raises(OnionskinError, match="'digits' is no table"):
        osk.table("digits")


def test_a_column_that_gives_the_target_away_is_said_before_training() -> None:
    frame = houses()
    frame["tax"] = np.where(frame["dear"] == "yes", 400.0, 100.0)
    notes = osk.table(frame, target="dear").domain.understood.notes
    assert any("'tax' alone names the class right to 100.0 %" in note for note in notes)


# ---- the encoding


def test_what_is_learned_of_the_data_is_learned_of_training_rows() -> None:
    frame = houses()
    domain = Tabular(frame, target="price")
    changed = frame.copy()
    changed.loc[domain.valid, "size"] *= 1000
    changed.loc[domain.valid, "price"] *= 1.5
    changed.loc[domain.valid, "town"] = "Emden"
    again = Tabular(changed, target="price").fitted()
    assert again["encoding"]["numbers"] == domain.fitted()["encoding"]["numbers"]
    assert again["encoding"]["categories"] == domain.fitted()["encoding"]["categories"]
    assert again["goal"] == domain.fitted()["goal"]


def test_every_kind_of_column_becomes_numbers_or_codes() -> None:
    frame = houses()
    frame.loc[:9, "town"] = None
    frame.loc[10:11, "town"] = "Emden"
    table = read(frame.drop(columns=["number", "price", "dear"]))
    found = encoding.fit(table.frame, table.columns.all, pieces=8)
    numbers, categories = found.names()
    assert numbers[:4] == ["size", "size missing", "sold days", "sold day of the month"]
    assert {"advert has 'quiet'", "advert has 'grey'"} <= set(numbers)
    assert "advert has 'house'" not in numbers  # every row has it
    assert categories == ["town", "sold month", "sold weekday"]
    standard, codes = found.standard(table.frame), found.coded(table.frame)
    assert np.isfinite(standard).all()
    np.testing.assert_allclose(standard.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(standard.std(0), 1, rtol=1e-4)
    town = found.categories[0]
    assert set(codes[:10, 0]) == {town.first + encoding.MISSING}
    assert set(codes[10:12, 0]) == {town.first + encoding.UNSEEN}  # rare
    assert codes.max() < found.codes
    assert [len(set(column)) for column in codes.T] == [5, 12, 7]
    for one in found.numbers:
        assert (np.diff(np.asarray(one.edges, np.float32)) > 0).all()
    assert encoding_from_json(json.loads(json.dumps(found.to_json()))) == found


def test_high_cardinality_keeps_what_is_frequent() -> None:
    stream = np.random.default_rng(0)
    often = np.repeat([f"often {i}" for i in range(700)], 6)
    frame = pd.DataFrame({"city": stream.permutation([*often, *(f"once {i}" for i in range(500))])})
    table = read(frame, kinds={"city": "category"})
    (city,) = encoding.fit(table.frame, table.columns.all, pieces=8).categories
    assert len(city.values) == encoding.MOST_VALUES
    assert all(value.startswith("often") for value in city.values)


@pytest.mark.parametrize("columns", [["town"], ["size"], ["sold", "advert"]])
def test_columns_of_one_kind_alone_are_enough(columns: list[str]) -> None:
    made = osk.table(houses(120)[[*columns, "dear"]], target="dear")
    result = made.fit(2, watch=False)
    assert len(result.baselines) == 2
    assert np.isfinite(result.measured["val_loss"])
    assert made.predict({name: HOUSE[name] for name in columns}).value in ("yes", "no")


# ---- the comparison


def _task(goal: Any, targets: torch.Tensor, outputs: torch.Tensor) -> Task:
    nothing = np.zeros((len(targets), 0))
    rows = np.arange(len(targets))
    return Task(goal, nothing, nothing.astype(np.float32), nothing.astype(np.int64), targets, rows, rows, outputs)


def test_who_wins_is_said_either_way() -> None:
    stream = torch.Generator().manual_seed(0)
    targets = torch.arange(1000) % 2
    right = torch.nn.functional.one_hot(targets, 2).float()
    wrong_in_a_tenth = torch.where((torch.arange(1000) % 10 == 0)[:, None], 1 - right, right)
    goal = OneOf(["a", "b"])
    assert compared(_task(goal, targets, right), wrong_in_a_tenth, "trees").startswith(
        "the network wins by 10.0 points"
    )
    assert compared(_task(goal, targets, wrong_in_a_tenth), right, "trees").startswith("trees wins by 10.0 points")
    assert compared(_task(goal, targets, right), right, "trees") == "neither wins"
    near = torch.where((torch.arange(1000) == 0)[:, None], 1 - right, right)
    assert "it may be chance" in compared(_task(goal, targets, right), near, "trees")
    y = torch.randn(1000, generator=stream)
    noise = torch.randn(1000, generator=stream)
    told = compared(_task(Number("y", 0, 1), y, y + 0.2 * noise), y + 0.1 * noise, "trees")
    assert told.startswith("trees wins: its error is 50.0 % smaller (95 % interval 50.0 to 50.0)")
