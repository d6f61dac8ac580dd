"""Photos and captions find each other, photo, text and columns give one answer, and what cannot be used is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch.nn import functional

import onionskin as osk
from onionskin.learn.domains import _encoders, _towers
from onionskin.learn.goals.match import Match, places
from onionskin.learn.text import tokenizer
from onionskin.models import efficientnet_lite0, minilm

COLOURS = {"red": (220, 30, 30), "green": (30, 180, 40), "blue": (30, 60, 220), "yellow": (230, 220, 40)}
SHAPES = ("bar", "block", "frame")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """48 pictures of coloured things on white, a table of captions, and one that also says what they cost."""
    place = tmp_path_factory.mktemp("things")
    rng = np.random.default_rng(0)
    rows = []
    for at in range(48):
        colour, shape = list(COLOURS)[at % 4], SHAPES[at // 4 % 3]
        pixels = np.full((40, 40, 3), 255, np.uint8)
        x, y = rng.integers(2, 12, 2)
        pixels[y : y + (8 if shape == "bar" else 24), x : x + 24] = COLOURS[colour]
        if shape == "frame":
            pixels[y + 6 : y + 18, x + 6 : x + 18] = 255
        Image.fromarray(pixels).save(place / f"{at}.png")
        weight = float(rng.normal(10 if shape == "block" else 5, 1))
        cost = weight * 2 + 5 * (colour == "red")
        rows.append((f"{at}.png", f"a {colour} {shape} on white", colour, weight, cost))
    frame = pd.DataFrame(rows, columns=["file", "caption", "colour", "weight", "cost"])
    frame[["file", "caption"]].to_csv(place / "pairs.csv", index=False)
    frame.to_csv(place / "offers.csv", index=False)
    return place


@pytest.fixture
def pretrained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Encoders of the pretrained ones' kind without their packages of 90 MB. Features are kept in a new cache."""

    def frozen(*, weights: bool, tokens: str | None = None) -> _encoders.Encoders:
        torch.manual_seed(5)
        new = tokenizer.trained(["a red bar on white"], 300, 32, lower=True)
        words = new if tokens is None else tokenizer.from_json(tokens, 32)
        net, reader = efficientnet_lite0.build(), minilm.build(300, 32, 384, 12, 1, 64).eval()
        norms = [module for module in net.modules() if isinstance(module, torch.nn.BatchNorm2d)]
        for norm in norms:
            norm.momentum = 1.0  # one look sets the averages, without which a signal would fade away
        with torch.no_grad():
            net(torch.randn(4, 3, 64, 64))
        net.eval()
        names = torch.randn(1000, 384) if weights else torch.zeros(1000, 384)
        return _encoders.Encoders(
            _towers.Eyes(net, names), reader, words, 64, 1280, 384, 384, efficientnet_lite0.prepared
        )

    monkeypatch.setenv("ONIONSKIN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(_encoders, "frozen", frozen)


@pytest.fixture(scope="module")
def matched(folder: Path) -> Any:
    learner = osk.multimodal(folder / "pairs.csv", from_scratch=True, valid=0.25)
    learner.fit(8, watch=False, batch=12)
    return learner


def test_photos_and_captions_find_each_other(matched: Any, folder: Path) -> None:
    d = matched.domain
    assert d.understood.what == "48 photos, 12 different captions"
    assert "image from 'file', text from 'caption'" in d.understood.notes
    assert matched.result.measured["recall@5"] > 0.7
    found = matched.search("a red block on white", 3)
    assert found[0].score == max(hit.score for hit in found)
    assert "red" in found[0].caption
    captions = matched.caption(folder / "4.png", 2)  # a red block
    assert "red" in captions[0].caption
    prompts = ["a red block on white", "a blue block on white"]
    answer = matched.classify(folder / "4.png", prompts)
    assert answer.value == prompts[0]
    assert sum(answer.scores.values()) == pytest.approx(1)
    fits = matched.predict([(folder / "4.png", text) for text in prompts])
    assert fits[0].value > fits[1].value
    assert d.shown(4).label == d.shown(4).text == "a red block on white"
    for wrong in ("red", ["a"], ["a", "a"]):
        with pytest.raises(osk.OnionskinError, match="prompts="):
            matched.classify(folder / "4.png", wrong)
    with pytest.raises(osk.OnionskinError, match="no text"):
        matched.search(" ")
    with pytest.raises(osk.OnionskinError, match="cannot be read"):
        matched.caption(folder / "pairs.csv")


def test_it_comes_back_as_it_was_saved(matched: Any, folder: Path, tmp_path: Path) -> None:
    matched.save(tmp_path / "kept")
    loaded = osk.load(tmp_path / "kept")
    pair = (folder / "4.png", "a green bar on white")
    assert loaded.predict(pair) == matched.predict(pair)
    assert loaded.search("a yellow frame on white", 3) == matched.search("a yellow frame on white", 3)  # opens the data
    with pytest.raises(osk.OnionskinError, match="cannot do that"):
        loaded.recommend(3)


def test_frozen_encoders_are_seen_through_once_and_left_alone(pretrained: None, folder: Path, tmp_path: Path) -> None:
    """What is trained on kept features is what the whole model says of photos; only its head is written with a run."""
    learner = osk.multimodal(folder / "pairs.csv")
    d: Any = learner.domain
    before = {name: value.clone() for name, value in d.model.encoders.state_dict().items()}
    learner.fit(2, run=tmp_path / "run")
    assert all(torch.equal(before[name], value) for name, value in d.model.encoders.state_dict().items())
    rows = d.valid[:3]
    with torch.no_grad():
        whole, kept = d.model(*d.raw(rows)), d.trained(*d.batch(rows)[0])
    for one, other in zip(whole, kept, strict=True):
        torch.testing.assert_close(one, other, atol=2e-2, rtol=1e-2)  # texts are kept in 16 bits
    assert len(learner.result.baselines) == 1  # type: ignore[union-attr]
    assert d.packaged() == {f"encoders.{name}" for name in before}
    again: Any = osk.multimodal(folder / "pairs.csv").domain
    assert all(torch.equal(a, b) for a, b in zip(again._inputs, d._inputs, strict=True))


def test_towers_begin_where_least_squares_ends() -> None:
    from sklearn.linear_model import Ridge

    generator = torch.Generator().manual_seed(0)
    seen, read = torch.randn(30, 50, generator=generator), torch.randn(30, 8, generator=generator)
    head = _towers.Heads(42, 8, 8, 0.0)
    head.begin(seen, read, 2.0)
    x, words = head.centred(seen)
    y = functional.normalize(read - read.mean(0), dim=1)
    wanted = Ridge(alpha=2.0 * float((x**2).sum(1).mean()), fit_intercept=False).fit(x, y)
    torch.testing.assert_close(head.image.weight, torch.from_numpy(wanted.coef_).float(), atol=1e-4, rtol=1e-3)
    u, v = head(seen, read)
    torch.testing.assert_close(functional.normalize(v, dim=1), y)
    mapped = x @ head.image.weight.T + 0.5 * words
    torch.testing.assert_close(functional.normalize(u, dim=1), functional.normalize(mapped, dim=1))


def test_every_photo_of_a_shared_caption_is_right() -> None:
    logits = torch.tensor([[1.0, 3.0, 2.0], [1.0, 3.0, 2.0], [9.0, 0.0, 9.0]])
    assert places(logits, torch.tensor([0, 1, 0])).tolist() == [1, 0, 0]
    goal = Match(["a", "b"])
    u, v = torch.randn(2, 4, 6, generator=torch.Generator().manual_seed(1))
    alone = torch.tensor([0, 1, 2, 3])
    both = functional.cross_entropy(u @ v.T, alone) + functional.cross_entropy(v @ u.T, alone)
    assert goal.loss((u, v), alone).item() == pytest.approx(both.item() / 2, rel=1e-5)
    perfect = torch.eye(4) * 50
    same = torch.tensor([0, 0, 1, 2])
    assert goal.measured((perfect[[0, 0, 2, 3]], perfect[[0, 0, 2, 3]]), same)["recall@1"] == 1


def test_photo_text_and_columns_give_one_answer(pretrained: None, folder: Path) -> None:
    learner = osk.multimodal(folder / "offers.csv", target="cost", valid=0.25)
    d = learner.domain
    assert d.understood.what == "48 photos, texts, 2 columns, to predict 'cost'"
    result = learner.fit(watch=False)
    assert result.measured["r2"] > 0.6
    row = pd.read_csv(folder / "offers.csv").iloc[4].to_dict()
    answer = learner.predict({**row, "file": folder / "4.png"})
    assert answer.value == pytest.approx(row["cost"], rel=0.5)
    with pytest.raises(osk.OnionskinError, match="no text in"):
        learner.predict({"file": folder / "4.png"})
    with pytest.raises(osk.OnionskinError, match="predicts 'cost'"):
        learner.search("a red bar")
    frame = pd.read_csv(folder / "offers.csv").drop(columns=["file", "caption"])
    classes = osk.multimodal(frame, target="colour", from_scratch=True)
    assert classes.fit(2, watch=False).baselines[0].name.startswith("always")


def _broken(folder: Path, **cells: Any) -> pd.DataFrame:
    frame = pd.read_csv(folder / "offers.csv").astype(object)
    for name, value in cells.items():
        frame.loc[3, name] = value
    return frame


def test_what_cannot_be_used_is_counted(folder: Path, tmp_path: Path) -> None:
    (folder / "cut.png").write_bytes((folder / "3.png").read_bytes()[:60])
    frame = pd.read_csv(folder / "pairs.csv").astype(object)
    frame.loc[3, "file"], frame.loc[5, "file"], frame.loc[7, "caption"] = "cut.png", "nowhere.png", None
    d = osk.multimodal(frame, folder=folder, from_scratch=True).domain
    notes = " ".join(d.understood.notes)
    for part in ("1 photo is unreadable", "cut.png", "1 row has a photo that is not there", "1 row has no text"):
        assert part in notes, notes
    assert len(d.train) + len(d.valid) == 45
    assert d.shown(len(d.train) + len(d.valid) - 1).where.endswith("47.png")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"image": "fiel"}, "did you mean 'file'"),
        ({"folder": "nowhere"}, "holds photos"),
        ({"valid": 2}, "valid=2"),
        ({"image": "file", "text": "file"}, "asked for twice"),
        ({"target": "file"}, "different values"),
    ],
)
def test_nonsense_is_refused(folder: Path, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(osk.OnionskinError, match=said):
        osk.multimodal(folder / "pairs.csv", from_scratch=True, **settings)


def test_too_little_is_refused(folder: Path) -> None:
    frame = pd.read_csv(folder / "pairs.csv")
    with pytest.raises(osk.OnionskinError, match="5 usable rows"):
        osk.multimodal(frame[:5], folder=folder, from_scratch=True)
    with pytest.raises(osk.OnionskinError, match="in all rows"):
        osk.multimodal(frame.assign(same=1), folder=folder, from_scratch=True, target="same")
    with pytest.raises(osk.OnionskinError, match="holds captions"):
        osk.multimodal(frame[["file"]], folder=folder, from_scratch=True)
