"""Texts are learned by every model, read from every source, and what is odd about them is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

import onionskin as osk
from onionskin import data
from onionskin.data import Texts, Weights
from onionskin.errors import OnionskinError
from onionskin.fetch.cache import cache_folder
from onionskin.learn.domains import text as texts
from onionskin.learn.domains.text import Text
from onionskin.learn.guess import learner as guessed
from onionskin.learn.learner import Learner
from onionskin.learn.text import ngrams, tokenizer
from onionskin.models import minilm

WORDS = {
    "food": ["bread", "butter", "cheese", "soup", "baked", "salt", "kitchen", "hungry"],
    "sea": ["wave", "sail", "harbour", "tide", "boat", "wind", "deep", "captain"],
}


def sentences(count: int = 60) -> pd.DataFrame:
    """Sentences of two topics in turn, each of five words, with a number that goes with the topic."""
    stream = np.random.default_rng(0)
    labels = [list(WORDS)[i % 2] for i in range(count)]
    said = [f"The {' '.join(stream.choice(WORDS[label], 4))} number {i}!" for i, label in enumerate(labels)]
    return pd.DataFrame({"said": said, "topic": labels, "score": [float(label == "sea") for label in labels]})


@pytest.fixture(autouse=True)
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A MiniLM of the published layout with small random weights, and a cache in a folder of the test."""
    torch.manual_seed(0)
    model = minilm.build(600, 256, 32, 1, 3, 64)
    folder = tmp_path / "minilm"
    folder.mkdir()
    save_file(dict(model.state_dict()), folder / "model.safetensors")
    (folder / "tokenizer.json").write_text(tokenizer.trained([*sentences()["said"]], 600, 256, lower=True).to_json())
    weights = Weights(folder / "model.safetensors", folder / "tokenizer.json", None, "made here", "")
    monkeypatch.setattr(texts, "_minilm", lambda: weights)
    monkeypatch.setenv("ONIONSKIN_CACHE", str(tmp_path / "cache"))
    yield
    torch.set_num_threads(1)


@pytest.mark.parametrize("model", texts.RECIPES)
def test_every_model_learns_and_comes_back(model: str, tmp_path: Path) -> None:
    frame = sentences()
    learner = osk.text(frame, text="said", target="topic", model=model)
    result = learner.fit(6, run=tmp_path / "run", batch=8)
    assert result.measured["accuracy"] >= 0.9
    assert learner.predict("the butter and the soup").text == "food"
    asked = ["the captain and the tide", "bread", "x"]
    outputs = learner.model(*learner.domain.inputs(asked))
    for place in (tmp_path / "run", learner.save(tmp_path / "kept")):
        loaded = osk.load(place)
        assert torch.equal(loaded.model(*loaded.domain.inputs(asked)), outputs)
        assert [answer.text for answer in loaded.predict(asked)] == [answer.text for answer in learner.predict(asked)]
        opened = loaded.open_data(frame)
        assert opened.domain.shown(0) == learner.domain.shown(0)
    again = osk.text(frame, text="said", target="topic", model=model)
    losses = [p.loss for p in again.training(2, batch=8, watch=False)]
    third = osk.text(frame, text="said", target="topic", model=model)
    assert losses == [p.loss for p in third.training(2, batch=8, watch=False)]


def test_a_text_is_answered_alike_alone_and_among_longer_ones() -> None:
    for model in texts.RECIPES:
        learner = osk.text(sentences(), text="said", target="topic", model=model)
        learner.model.eval()
        asked = ["butter", "the captain and the tide and the boat in a harbour with wind and a sail"]
        with torch.no_grad():
            both = learner.model(*learner.domain.inputs(asked))
            torch.testing.assert_close(learner.model(*learner.domain.inputs(asked[:1])), both[:1])


def test_numbers_are_learned_too(tmp_path: Path) -> None:
    frame = sentences().drop(columns="topic")
    frame["score"] = 10 + 5 * frame["score"] + np.linspace(0, 0.1, len(frame))
    learner = osk.text(frame, target="score", model="bag")
    assert learner.fit(12, run=tmp_path / "run", batch=8).measured["r2"] > 0.5
    assert learner.predict("captain tide wave sail").value > learner.predict("bread butter soup cheese").value
    assert osk.load(tmp_path / "run").predict("captain").value == learner.predict("captain").value
    assert learner.result
    assert "ridge" in learner.result.baselines[0].name


def test_what_minilm_says_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    real = minilm.MiniLM.depths

    def counted(self: minilm.MiniLM, tokens: torch.Tensor, last: int = 3) -> torch.Tensor:
        seen.append(len(tokens))
        return real(self, tokens, last)

    monkeypatch.setattr(minilm.MiniLM, "depths", counted)
    first, second = (Text(sentences(count), text="said", target="topic") for count in (40, 60))
    kept = first.batch(first.train)[0][0]
    assert sum(seen) == 40
    second.batch(second.train)
    assert sum(seen) == 60  # the first forty are known
    again = Text(sentences(40), text="said", target="topic")
    assert torch.equal(again.batch(again.train)[0][0], kept)
    with torch.no_grad():
        whole = again.model(*again.raw(again.valid))
        part = again.trained(*again.batch(again.valid)[0])
    torch.testing.assert_close(whole, part, rtol=1e-3, atol=1e-3)  # kept in 16 bits
    place = cache_folder() / "features.sqlite"
    place.write_bytes(b"no database")
    damaged = Text(sentences(40), text="said", target="topic")
    torch.testing.assert_close(damaged.batch(damaged.train)[0][0], kept, rtol=1e-3, atol=1e-3)


def test_texts_without_a_label_teach_as_well(tmp_path: Path) -> None:
    """Words that stand in no labelled text are learned from those that MiniLM's head is sure of."""
    frame = sentences(60)
    frame.loc[20:, "topic"] = None
    domain = Text(frame, text="said", target="topic")
    assert "40 texts teach without a label" in "".join(domain.understood.notes)
    assert len(domain.texts) == len(domain.train) + len(domain.valid) == 20
    learner = Learner(domain)
    losses = [p.loss for p in learner.training(4, batch=8, run=tmp_path / "run")]
    again = osk.text(frame, text="said", target="topic")
    assert losses == [p.loss for p in again.training(4, batch=8, watch=False)]
    words = domain.trained.words.weight  # type: ignore[union-attr]
    only = set(ngrams.bag(" ".join(frame["said"][20:]), texts.ROWS).rows) - set(
        ngrams.bag(" ".join(frame["said"][:20]), texts.ROWS).rows
    )
    moved = words[sorted(int(row) for row in only)].abs().sum(1) > 0  # type: ignore[index]
    assert moved.any()
    limited = Text(sentences(60), text="said", target="topic", most=20)
    assert len(limited.train) == 20
    assert len(limited.valid) == 12
    assert "28 texts teach without a label" in "".join(limited.understood.notes)
    assert limited.targets(np.arange(60)).tolist() == [row % 2 for row in range(60)]
    with pytest.raises(OnionskinError, match="2 or more"):
        Text(sentences(60), text="said", target="topic", most=1)


def test_copies_stay_on_one_side_and_what_is_odd_is_said() -> None:
    frame = sentences(20)
    frame.loc[[3, 7], "said"] = [None, "  "]
    frame.loc[[5], "topic"] = None
    frame = pd.concat([frame, frame.iloc[[0, 1, 2]], pd.DataFrame({"said": ["so long " * 400], "topic": ["rare"]})])
    domain = Text(frame, text="said", target="topic", model="lstm")
    told = "\n".join(domain.understood.notes)
    for note in ("2 of 24 rows have no text in 'said' and are left out: rows 4, 8", "1 of 24 rows have no 'topic'",
                 "3 texts are there before", "1 of 3 classes have one text only: rare",
                 "1 texts are longer than 256 tokens"):  # fmt: skip
        assert note in told
    sides = [{domain.texts[row] for row in rows} for rows in (domain.train, domain.valid)]
    assert not sides[0] & sides[1]
    assert len(domain.train) + len(domain.valid) == 21
    assert list(domain.columns(domain.valid[:1]).columns) == ["words", "score"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"said": [None] * 6}, "holds no text"),
        ({"said": [""] * 6}, "holds no text"),
        ({"topic": ["a"] * 6}, "there is nothing to learn"),
        ({"topic": [None] * 6}, "no row has both 'said' and 'topic'"),
        ({"said": [1.5, 2, 3, 4, 5, 6]}, "holds numbers and no text"),
        ({"said": ["same"] * 6}, "are the same"),
    ],
)
def test_nothing_to_learn_from_is_an_error(change: dict[str, Any], fault: str) -> None:
    with pytest.raises(OnionskinError, match=fault):
        osk.text(sentences(6).assign(**change), text="said", target="topic", model="bag")


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"target": "topics"}, "did you mean 'topic'"),
        ({"text": "sayd", "target": "topic"}, "did you mean 'said'"),
        ({}, "give target="),
        ({"text": "said", "target": "said"}, "both text and target"),
        ({"target": "topic", "model": "lsmt"}, "did you mean 'lstm'"),
        ({"target": "topic", "model": "minilm", "from_scratch": True}, "from scratch"),
        ({"target": "topic", "valid": 1.0}, "between 0 and 1"),
    ],
)
def test_wrong_words_have_a_remedy(settings: dict[str, Any], fault: str) -> None:
    with pytest.raises(OnionskinError, match=fault):
        osk.text(sentences(10), **settings)


def test_folders_of_files_in_any_encoding(tmp_path: Path) -> None:
    for i, (said, label) in enumerate(sentences(12)[["said", "topic"]].itertuples(index=False)):
        (tmp_path / "mails" / label).mkdir(parents=True, exist_ok=True)
        (tmp_path / "mails" / label / f"{i}.txt").write_text(
            f"{said} é", encoding=["utf-8", "utf-8-sig", "utf-16", "latin-1"][i % 4]
        )
    (tmp_path / "mails" / "sea" / "broken.txt").write_bytes(bytes(4000))
    (tmp_path / "mails" / "sea" / "blank.txt").write_text(" \n")
    (tmp_path / "mails" / "nothing").mkdir()
    before = sorted((p, p.read_bytes()) for p in tmp_path.rglob("*.txt"))
    domain = guessed(str(tmp_path / "mails"), model="bag").domain
    assert isinstance(domain, Text)
    assert all(one.endswith("! é") for one in domain.texts)
    assert len(domain.texts) == 12
    told = "\n".join(domain.understood.notes)
    for note in ("1 files could not be read", "3 files are not UTF-8", "1 texts are empty", "1 folders hold no text"):
        assert note in told
    assert sorted((p, p.read_bytes()) for p in tmp_path.rglob("*.txt")) == before


def test_csv_and_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sentences(20)[["said", "topic"]].to_csv(tmp_path / "said.csv", index=False)
    domain = guessed(str(tmp_path / "said.csv"), model="bag").domain
    assert domain.understood.what == "2 classes, 20 texts"
    frame = sentences(20)
    known = Texts(
        tuple(frame["said"]), np.arange(20) % 2, ("food", "sea"), frame["score"].to_numpy(), ("",) * 20, "", ""
    )
    monkeypatch.setattr(data, "load", lambda name: known)
    assert osk.text("snippets", model="bag").domain.understood.what == "2 classes, 20 texts"
    assert osk.text("snippets", model="bag", target="number").domain.understood.what == "numbers (number), 20 texts"
    with pytest.raises(OnionskinError, match="target='class' or target='number'"):
        osk.text("snippets", target="mood")
    with pytest.raises(OnionskinError, match="is data for vision"):
        osk.text("digits")
    with pytest.raises(OnionskinError, match="did you mean"):
        osk.text(str(tmp_path / "sayd.csv"))


def test_pieces_have_their_places() -> None:
    for model in texts.RECIPES:
        domain = Text(sentences(20), text="said", target="topic", model=model)
        for piece in domain.tokens(["The bread, the sail!"])[0]:
            assert "The bread, the sail!"[piece.start : piece.end] == piece.text
        with pytest.raises(OnionskinError, match="a text with something in it"):
            domain.inputs([" "])


def test_a_hash_is_the_same_wherever_a_piece_stands() -> None:
    one, other = ngrams.bag("the cat sat", 1 << 17), ngrams.bag("the cat sat on the mat, and the cat sat", 1 << 17)
    assert np.isin(one.rows, other.rows).all()
    assert (one.shares**2).sum() == pytest.approx(1)
    assert len(np.intersect1d(one.rows, ngrams.bag("QUITE other words; 漢字", 1 << 17).rows)) < 3
    rows, shares = ngrams.padded([one, ngrams.bag("", 10), other])
    assert rows.shape == shares.shape == (3, len(other.rows))
    assert not shares[1].any()


def test_a_strangers_learner_is_not_believed(tmp_path: Path) -> None:
    learner = osk.text(sentences(20), text="said", target="topic", model="lstm")
    learner.save(tmp_path / "kept")
    path = tmp_path / "kept" / "learner.json"
    good = json.loads(path.read_text())
    inside = json.loads(good["fitted"]["tokenizer"])
    inside["model"]["vocab"]["strange"] = 10**6
    for fitted in (
        {"classes": ["a"]},
        {"classes": 7},
        {"tokenizer": "{}"},
        {"tokenizer": None},
        {"tokenizer": json.dumps(inside)},
    ):
        path.write_text(json.dumps({**good, "fitted": {**good["fitted"], **fitted}}))
        with pytest.raises(OnionskinError):
            osk.load(tmp_path / "kept")
    path.write_text(json.dumps({**good, "settings": {**good["settings"], "model": "os.system"}}))
    with pytest.raises(OnionskinError):
        osk.load(tmp_path / "kept")
    path.write_text(json.dumps(good))
    assert osk.load(tmp_path / "kept").predict("soup").text in WORDS
