"""A GPT learns from any text file and writes while it learns; SmolLM2 is read from its file, sampled and tuned."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

import onionskin as osk
from onionskin import data
from onionskin.data import Weights
from onionskin.errors import OnionskinError
from onionskin.learn.guess import learner as guessed
from onionskin.learn.text import writing
from tests.models.small_gguf import small_model, write_gguf

LINE = "the cat sat on the mat and the dog sat on the log. "


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "book.txt"
    path.write_text(LINE * 60)
    return path


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPT that learns in seconds."""
    from onionskin.learn.domains import language

    monkeypatch.setattr(language, "WIDTH", 32)
    monkeypatch.setattr(language, "BLOCKS", 2)


def test_a_gpt_learns_a_text_and_writes_while_it_learns(book: Path, tmp_path: Path) -> None:
    learner = osk.text(str(book), context=16, prompt="the cat")
    result = learner.fit(8, run=tmp_path / "run", batch=8, lr=2**-6)
    assert result.measured["perplexity"] < 3
    assert "sat on the" in learner.sample("the cat ", tokens=20, temperature=0)
    assert learner.predict("sat on").text.strip("'")
    written = [json.loads(line) for line in (tmp_path / "run" / writing.FILE).read_text().splitlines()]
    steps = [each["step"] for each in written]
    assert {1, 2, 4, 8, 16} <= set(steps)
    assert steps == sorted(set(steps))
    assert all(each["text"].startswith("the cat") for each in written)
    told = json.loads((tmp_path / "run" / "practice" / "samples.json").read_text())
    assert told["blocks"][0]["rows"][-1][0] == result.steps
    loaded = osk.load(tmp_path / "run")
    assert loaded.sample(tokens=12) == learner.sample(tokens=12)
    assert loaded.open_data().domain.shown(0) == learner.domain.shown(0)


def test_writing_moves_neither_the_training_nor_random_numbers(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    losses = []
    for is_writing in (True, False):
        if not is_writing:
            monkeypatch.setattr(writing.Samples, "write", lambda self: None)
        losses.append([p.loss for p in osk.text(str(book), context=16).training(1, batch=8, watch=False)])
    assert losses[0] == losses[1]
    learner = osk.text(str(book), context=16)
    state = torch.random.get_rng_state()
    first = learner.sample("the", tokens=8, seed=3)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert learner.sample("the", tokens=8, seed=3) == first
    assert learner.sample("the", tokens=8, seed=4) != first
    assert learner.sample("the", tokens=8, top_k=1, seed=5) == learner.sample("the", tokens=8, temperature=0)


def test_smollm2_is_sampled_and_tuned(book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_gguf(tmp_path / "small.gguf", small_model(), "Q8_0")
    monkeypatch.setattr(data, "load", lambda name: Weights(path, None, None, "", ""))
    from onionskin.learn.domains import language

    monkeypatch.setattr(language, "SMOLLM2_CONTEXT", 8)  # less than is written
    monkeypatch.setattr(language, "_TUNED", 1)
    learner = osk.text(None, model="smollm2")
    assert learner.sample("the cat", tokens=20, temperature=0).startswith("the cat")
    with pytest.raises(OnionskinError, match="no examples to train on"):
        learner.fit()
    tuned = osk.text(str(book), model="smollm2", context=16)
    before = {name: value.clone() for name, value in tuned.model.state_dict().items()}
    tuned.fit(1, run=tmp_path / "run", lr=2**-8)
    moved = {name for name, value in tuned.model.state_dict().items() if not torch.equal(value, before[name])}
    assert moved == {name for name in before if name.startswith("blocks.1.")}
    assert tuned.domain.packaged() == set(before) - moved
    assert osk.load(tmp_path / "run").sample("the", tokens=9) == tuned.sample("the", tokens=9)
    assert osk.load(tuned.save(tmp_path / "kept")).sample("the", tokens=9) == tuned.sample("the", tokens=9)


def test_a_text_file_is_for_writing_and_folders_of_classes_are_not(book: Path, tmp_path: Path) -> None:
    assert guessed(str(book)).domain.name == "language"
    (tmp_path / "poems").mkdir()
    (tmp_path / "poems" / "a.txt").write_bytes((LINE * 40).encode("utf-16"))
    (tmp_path / "poems" / "b.txt").write_bytes((LINE * 40 + "é").encode("latin-1"))
    (tmp_path / "poems" / "c.txt").write_bytes(bytes(100))
    domain = guessed(str(tmp_path / "poems")).domain
    assert domain.name == "language"
    assert "could not be read" in "\n".join(domain.understood.notes)
    assert "read as Latin-1" in "\n".join(domain.understood.notes)


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"context": 1}, "give 2 to 4,096"),
        ({"valid": 0.0}, "between 0 and 1"),
        ({"context": 4000}, "too few for examples of 4000"),
    ],
)
def test_wrong_words_have_a_remedy(book: Path, settings: dict[str, Any], fault: str) -> None:
    with pytest.raises(OnionskinError, match=fault):
        osk.text(str(book), **settings)


def test_nothing_to_write_from_is_an_error(book: Path, tmp_path: Path) -> None:
    (tmp_path / "blank.txt").write_text("  \n")
    for source, fault in (
        (tmp_path / "blank.txt", "there is no text"),
        (tmp_path / "bok.txt", "did you mean"),
        (7, "given as int"),
    ):
        with pytest.raises(OnionskinError, match=fault):
            osk.text(source, model="gpt")
    with pytest.raises(OnionskinError, match="nothing to learn from"):
        osk.text(None, model="gpt")
    learner = osk.text(str(book), context=16)
    for options in ({"tokens": 0}, {"temperature": -1.0}, {"top_k": 0}):
        with pytest.raises(OnionskinError):
            learner.sample("the", **options)
    with pytest.raises(OnionskinError, match="writes no text"):
        osk.vision("digits").sample("the")
