"""A folder of photos becomes a learner in one line, which says what it understood and gives the same numbers again."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

import onionskin as osk
from onionskin.data import album
from onionskin.learn.domains._networks import Transfer
from onionskin.learn.domains.vision import Vision
from onionskin.learn.learner import Learner
from onionskin.learn.practice.augment import augment

COLOURS = {"blue": (60, 60, 200), "green": (60, 180, 60), "red": (200, 60, 60)}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONIONSKIN_CACHE", str(tmp_path / "cache"))


def paint(path: Path, colour: tuple[int, int, int], seed: int) -> Path:
    """A photo of noise around a colour, of some size."""
    random = np.random.default_rng(seed)
    size = (int(random.integers(30, 60)), int(random.integers(30, 60)), 3)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((random.normal(colour, 50, size)).clip(0, 255).astype(np.uint8)).save(path)
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Twelve photos of each of three colours, and one file that is cut off."""
    for name, colour in COLOURS.items():
        for i in range(12):
            paint(tmp_path / "photos" / name / f"{i}.png", colour, i)
    whole = (tmp_path / "photos" / "red" / "0.png").read_bytes()
    (tmp_path / "photos" / "red" / "broken.png").write_bytes(whole[: len(whole) // 2])
    return tmp_path / "photos"


def domain_of(learner: Learner) -> Vision:
    assert isinstance(learner.domain, Vision)
    return learner.domain


def losses_of(learner: Learner, epochs: int) -> list[float]:
    return [progress.loss for progress in learner.training(epochs, watch=False)]


def test_a_folder_of_photos_end_to_end(photos: Path, tmp_path: Path) -> None:
    learner = osk.vision(photos, size=64)
    domain = domain_of(learner)
    assert domain.understood.what == "3 classes, 36 photos, 1 unreadable: listed"
    assert domain.understood.details["unreadable"][0][0].endswith("broken.png")
    assert any("broken.png (it is damaged: image file is truncated" in note for note in domain.understood.notes)
    assert (len(domain.train), len(domain.valid)) == (29, 7)
    result = learner.fit(20, run=tmp_path / "run")
    assert result.measured["accuracy"] == 1
    assert result.baselines[0].measured["accuracy"] < 0.7
    new = paint(tmp_path / "new.jpg", COLOURS["green"], 99)
    answer = learner.predict(str(new))
    assert answer.text == "green"
    for other in (new, new.read_bytes(), Image.open(new), np.asarray(Image.open(new))):
        assert learner.predict(other).scores == pytest.approx(answer.scores, abs=1e-4)
    shown = domain.shown(0)
    with Image.open(io.BytesIO(shown.png or b"")) as thumbnail, Image.open(shown.where) as original:
        assert thumbnail.size == original.size
    assert shown.label == Path(shown.where).parent.name
    table = domain.columns(domain.valid)
    assert table is not None
    assert list(table) == ["width", "height", "format", "kilobytes"]
    learner.save(tmp_path / "kept")
    assert not any(name.startswith("body") for name in _names(tmp_path / "run" / "learner"))
    for place in ("run", "kept"):
        loaded = osk.load(tmp_path / place)
        assert loaded.predict(str(new)).scores == answer.scores
        assert domain_of(loaded.open_data()).understood.what == domain.understood.what


def _names(folder: Path) -> list[str]:
    from safetensors import safe_open

    with safe_open(folder / "model.safetensors", "pt") as file:
        return list(file.keys())


def test_features_are_the_same_cold_warm_and_half_warm(photos: Path, tmp_path: Path) -> None:
    def features(**settings: object) -> torch.Tensor:
        domain = domain_of(osk.vision(photos, size=32, **settings))  # type: ignore[arg-type]
        return domain.batch(np.arange(36))[0][0]

    cold = features()
    (photos / "red" / "0.png").rename(tmp_path / "aside.png")
    shutil.copy(tmp_path / "aside.png", photos / "red" / "0.png")  # another file of the same content
    paint(photos / "blue" / "3.png", COLOURS["blue"], 50)  # and another content in the same file
    half = features()
    assert (cold != half).any(1).sum() == 1
    assert torch.equal(features(cache=False), half)


def test_from_scratch_is_reproducible_with_augmentation(photos: Path) -> None:
    def learner(seed: int = 0) -> Learner:
        return osk.vision(photos, from_scratch=True, size=16, seed=seed)

    first = learner()
    losses = losses_of(first, 10)
    assert losses_of(learner(), 10) == losses
    assert losses_of(learner(1), 1) != losses[:1]
    assert domain_of(first).augmentation.way == "photos"
    assert first.domain.goal.measured(*first.domain.answered(first.domain.valid))["accuracy"] == 1


def test_augmentation_goes_on_where_a_checkpoint_left_it(photos: Path) -> None:
    domain = domain_of(osk.vision(photos, from_scratch=True, size=16))
    torch.manual_seed(5)
    whole = list(domain.batches(3, 0, size=8, seed=1))
    torch.manual_seed(5)
    begun = domain.batches(3, 0, size=8, seed=1)
    first = next(begun)
    state = torch.get_rng_state()
    del begun
    torch.manual_seed(99)
    torch.set_rng_state(state)
    rest = list(domain.batches(3, 1, size=8, seed=1))
    assert len(whole) == 3
    for (x, y), (also_x, also_y) in zip(whole, [first, *rest], strict=True):
        assert torch.equal(x[0], also_x[0])
        assert torch.equal(y, also_y)


def test_a_stopped_training_with_augmentation_goes_on_as_if_it_had_not(photos: Path, tmp_path: Path) -> None:
    def learner() -> Learner:
        return osk.vision(photos, from_scratch=True, size=16)

    whole = [progress.loss for progress in learner().training(2, run=tmp_path / "whole")]
    stopped = iter(learner().training(2, run=tmp_path / "stopped"))
    losses = [next(stopped).loss for _ in range(4)]
    del stopped  # the caller goes away
    losses += [progress.loss for progress in learner().training(2, run=tmp_path / "stopped", resume=True)]
    assert losses == whole


def test_photos_that_memory_has_no_room_for_give_the_same_numbers(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = osk.vision(photos, from_scratch=True, size=16)
    losses = losses_of(held, 3)
    (photos / "red" / "broken.png").unlink()  # which only a whole look finds; a header is looked at otherwise
    monkeypatch.setattr(album, "MOST_HELD", 0)
    streamed = osk.vision(photos, from_scratch=True, size=16)
    assert not domain_of(streamed).pictures.is_in_memory  # type: ignore[union-attr]
    assert losses_of(streamed, 3) == losses


def test_fine_tuning_begins_with_the_head_and_leaves_the_norms_alone(photos: Path) -> None:
    learner = osk.vision(photos, fine_tune=True, size=32, augment="none")
    domain = domain_of(learner)
    assert isinstance(domain.model, Transfer)
    before = {name: value.clone() for name, value in domain.model.state_dict().items()}
    accuracy = domain.goal.measured(*domain.answered(domain.train))["accuracy"]
    assert accuracy > 0.9
    rates = [group["lr"] for group in domain.optimizer(0.001, 0.0).param_groups]
    assert rates == [0.001, 0.000125]
    moved: set[str] = set()
    for _ in learner.training(1, watch=False):  # looked at on the way: the best weights may be those of the beginning
        moved = {name for name, value in domain.model.state_dict().items() if not torch.equal(value, before[name])}
    assert {"head.weight", "body._conv_stem.weight"} <= moved
    assert not any("running" in name for name in moved)


def test_several_labels(photos: Path, tmp_path: Path) -> None:
    files = [f"photos/{name}/{i}.png" for name in COLOURS for i in range(12)]
    labels = {"blue": "cold", "green": "cold;plant", "red": "warm"}
    frame = pd.DataFrame({"file": files, "tags": [labels[file.split("/")[1]] for file in files]})
    frame.to_csv(tmp_path / "tags.csv", index=False)
    learner = osk.vision(tmp_path / "tags.csv", from_scratch=True, size=16, augment="none")
    assert learner.domain.understood.what == "3 labels, 36 photos"
    assert learner.fit(12, watch=False).measured["f1"] > 0.9
    assert learner.predict(str(tmp_path / files[15])).value == ["cold", "plant"]
    assert learner.domain.goal.told(learner.domain.targets(np.array([15]))[0]) == "cold + plant"
    again = osk.vision(frame, folder=str(tmp_path), from_scratch=True, size=16)
    assert torch.equal(again.domain.targets(np.arange(36)), learner.domain.targets(np.arange(36)))
    with pytest.raises(osk.OnionskinError, match="data in memory"):
        again.open_data()


def test_a_folder_here_goes_before_a_data_set_of_its_name(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos.rename(photos.with_name("digits"))
    monkeypatch.chdir(photos.parent)
    learner = osk.vision("digits", from_scratch=True, size=16)
    assert learner.domain.understood.what.startswith("3 classes, 36 photos")
    assert "not the data set of that name" in learner.domain.understood.notes[0]
    assert learner.domain.settings["source"] == str(photos.with_name("digits"))


def test_near_duplicates_stay_on_one_side(photos: Path) -> None:
    (photos / "red" / "broken.png").unlink()
    random = np.random.default_rng(0)
    for i in range(12):  # a copy of each green one, a little larger
        board = Image.fromarray(random.integers(0, 255, (6, 6, 3), np.uint8)).resize((60, 60), Image.Resampling.BICUBIC)
        board.save(photos / "green" / f"{i}.png")
        board.resize((66, 66)).save(photos / "green" / f"{i} copy.jpg", quality=80)
    learner = osk.vision(photos, split="apart", valid=0.3, from_scratch=True, size=16)
    domain = domain_of(learner)
    sides = {domain.shown(int(row)).where: side for side in ("train", "valid") for row in getattr(domain, side)}
    assert len(sides) == 48
    for i in range(12):
        assert sides[str(photos / "green" / f"{i}.png")] == sides[str(photos / "green" / f"{i} copy.jpg")]
    assert 10 <= len(domain.valid) <= 16
    assert any("groups of near-duplicates stay on one side" in note for note in domain.understood.notes)
    assert len(domain.understood.details["near_duplicates"]) >= 12


def test_what_makes_no_sense_has_a_remedy(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "two" / "a").mkdir(parents=True)
    for name in "ab":
        paint(tmp_path / "two" / name / "1.png", (9, 9, 9), 1)
    (tmp_path / "two" / "b" / "1.png").write_bytes(b"")
    cases: list[tuple[object, dict[str, object], str]] = [
        ("minst", {}, "did you mean 'mnist'"),
        (photos.parent / "photo", {}, "did you mean 'photos'"),
        (photos, {"size": 3}, "size=3"),
        (photos, {"fit": "stretch"}, "called 'stretch'"),
        (photos, {"augment": "foto"}, "did you mean 'photos'"),
        (photos, {"augment": "photos"}, "add fine_tune=True"),
        (photos, {"valid": 1.5}, "valid=1.5"),
        (photos, {"split": "apard"}, "did you mean 'apart'"),
        (photos, {"from_scratch": True, "fine_tune": True}, "together"),
        (photos, {"model": "resnet"}, "from_scratch=True"),
        (photos, {"model": "efficientnet_lite1"}, "did you mean 'efficientnet_lite0'"),
        (photos, {"model": "convnett", "from_scratch": True}, "did you mean 'convnet'"),
        (photos, {"model": "lenet", "from_scratch": True}, "does not take pictures"),
        ("digits", {"size": 16}, "leave size out"),
        (tmp_path / "two", {"size": 32}, "1 of 2 photos cannot be read.*it is empty"),
    ]
    for source, settings, what in cases:
        with pytest.raises(osk.OnionskinError, match=f"(?s){what}"):
            osk.vision(source, **settings)  # type: ignore[arg-type]
    learner = osk.vision("digits")
    for thing in (tmp_path / "nothing.png", np.zeros((3, 3)), b"no photo"):
        with pytest.raises(osk.OnionskinError):
            learner.predict(thing)


def test_a_digit_is_read_from_a_file(tmp_path: Path) -> None:
    learner = osk.vision("digits")
    learner.fit(3, watch=False)
    domain = domain_of(learner)
    png = domain.shown(1700).png or b""
    (tmp_path / "digit.png").write_bytes(png)
    (x,) = domain.inputs([tmp_path / "digit.png"])
    torch.testing.assert_close(x, domain.raw(np.array([1700]))[0], atol=0.01, rtol=0)


def test_a_hostile_description_is_refused(photos: Path, tmp_path: Path) -> None:
    osk.vision(photos, from_scratch=True, size=16).save(tmp_path / "kept")
    told = json.loads((tmp_path / "kept" / "learner.json").read_text())
    changes: list[dict[str, object]] = [
        {"fitted": {**told["fitted"], "shape": [3, 10**6, 10**6]}},
        {"fitted": {**told["fitted"], "classes": []}},
        {"fitted": {}},
        {"settings": {**told["settings"], "model": "../../evil"}},
        {"settings": {**told["settings"], "fit": 3}},
    ]
    for change in changes:
        (tmp_path / "kept" / "learner.json").write_text(json.dumps({**told, **change}))
        with pytest.raises(osk.OnionskinError):
            osk.load(tmp_path / "kept")


def test_augment_shows_a_picture_and_eight_ways(photos: Path) -> None:
    learner = osk.vision(photos, from_scratch=True, size=16)
    before = torch.get_rng_state()
    report = augment(learner, 3)
    assert torch.equal(torch.get_rng_state(), before)
    gallery = next(block for block in report.blocks if block.kind == "gallery")
    items = gallery.items  # type: ignore[union-attr]
    assert len(items) == 27
    assert len({item.png for item in items}) == 27
    assert augment(learner, 3) == report
    strokes = augment(osk.vision("digits"), 2, way="strokes")
    assert "changes no picture like this" in strokes.blocks[0].text  # type: ignore[union-attr]
    with pytest.raises(osk.OnionskinError, match="did you mean 'strokes'"):
        augment(learner, way="stroke")
