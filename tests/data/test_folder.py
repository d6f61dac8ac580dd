"""Photos are found with their labels however they are laid out, and what is odd about them is said with examples."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from onionskin.data.folder import Found, find_photos, unreadable
from onionskin.errors import OnionskinError


def photo(path: Path, colour: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (4, 3), colour).save(path, "PNG")
    return path


def lay(root: Path, *names: str) -> Path:
    for i, name in enumerate(names):
        photo(root / name, i)
    return root


def told(photos: Found, root: Path) -> list[tuple[str, str]]:
    return [
        (Path(f).relative_to(root).as_posix(), photos.classes[y])
        for f, y in zip(photos.files, photos.labels, strict=True)
    ]


def test_a_folder_per_class(tmp_path: Path) -> None:
    lay(tmp_path, "cat/2.png", "cat/1.JPG", "dog/deep/er/1.png", "dog/1.png", "dog/without a suffix")
    photos = find_photos(tmp_path)
    assert photos.classes == ("cat", "dog")
    assert told(photos, tmp_path) == [
        ("cat/1.JPG", "cat"), ("cat/2.png", "cat"),
        ("dog/1.png", "dog"), ("dog/without a suffix", "dog"), ("dog/deep/er/1.png", "dog"),
    ]  # fmt: skip
    assert photos.counts.tolist() == [2, 3]
    assert photos.held_out is None
    assert photos.warnings == ("2 classes have fewer than 5 photos: cat (2), dog (3)",)


def test_what_is_beside_the_photos_is_left_alone_and_said(tmp_path: Path) -> None:
    lay(tmp_path, *(f"{c}/{i}.png" for c in "ab" for i in range(5)), "loose.png")
    lay(tmp_path, ".git/x.png", "a/.hidden.png", "__MACOSX/a/._1.png", "a/.thumbs/1.png")
    for name in ("a/notes.txt", "a/Thumbs.db", ".DS_Store", "b/labels.json"):
        (tmp_path / name).write_text("x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "a" / "around").symlink_to(tmp_path)
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    photos = find_photos(tmp_path)
    assert photos.counts.tolist() == [5, 5]
    assert photos.warnings == (
        "1 photo lies in no class's folder: loose.png",
        "2 other files are left alone: .txt, .json",
        "1 folder has no photos: empty",
    )


def test_train_and_valid_folders(tmp_path: Path) -> None:
    lay(
        tmp_path,
        *(f"train/{c}/{i}.png" for c in "ab" for i in range(6)),
        *(f"val/{c}/{i}.png" for c in "abz" for i in range(2)),
    )
    lay(tmp_path, "test/a/1.png")
    photos = find_photos(tmp_path)
    assert photos.held_out is not None
    assert photos.classes == ("a", "b")
    assert (len(photos), photos.held_out.sum()) == (16, 4)
    assert photos.warnings == (
        "the 1 photos in test/ are left alone: neither for training nor held out",
        "2 held-out photos are of classes that are not in training: z",
    )


def test_an_archive_that_unpacks_into_one_folder_more(tmp_path: Path) -> None:
    lay(tmp_path, *(f"bears-main/{c}/{i}.png" for c in ("grizzly", "teddy") for i in range(5)))
    assert find_photos(tmp_path).classes == ("grizzly", "teddy")


@pytest.mark.parametrize("how", ["csv", "semicolons", "folder", "frame", "stems"])
def test_a_table_of_names(tmp_path: Path, how: str) -> None:
    lay(tmp_path, *(f"photos/{i}.png" for i in range(8)))
    suffix = "" if how == "stems" else ".png"
    frame = pd.DataFrame({"file": [f"{i}{suffix}" for i in range(8)], "label": ["cat", "polar bear"] * 4})
    place = tmp_path / "photos" / "labels.csv" if how == "folder" else tmp_path / "labels.csv"
    frame.to_csv(place, index=False, sep=";" if how == "semicolons" else ",")
    if how == "frame":
        photos = find_photos(frame, folder=tmp_path)
    else:
        photos = find_photos(tmp_path / "photos" if how == "folder" else place)
    assert photos.classes == ("cat", "polar bear")
    assert told(photos, tmp_path) == [(f"photos/{i}.png", photos.classes[i % 2]) for i in range(8)]


@pytest.mark.parametrize("mark", [";", "|", " "])
def test_several_labels_in_a_cell(tmp_path: Path, mark: str) -> None:
    lay(tmp_path, *(f"{i}.png" for i in range(6)))
    cells = [
        mark.join(words) for words in (["sky"], ["sky", "sea"], ["sea", "boat"], [], ["boat"], ["boat", "sky", "sea"])
    ]
    pd.DataFrame({"image": [f"{i}.png" for i in range(6)], "tags": cells}).to_csv(tmp_path / "t.csv", index=False)
    photos = find_photos(tmp_path)
    assert photos.several
    assert photos.classes == ("boat", "sea", "sky")
    assert photos.labels.astype(int).tolist() == [[0, 0, 1], [0, 1, 1], [1, 1, 0], [0, 0, 0], [1, 0, 0], [1, 1, 1]]
    assert photos.counts.tolist() == [3, 3, 3]


def test_several_columns_of_0_and_1_and_one_that_holds_out(tmp_path: Path) -> None:
    lay(tmp_path, *(f"{i}.png" for i in range(6)))
    frame = pd.DataFrame({"image": [f"{i}.png" for i in range(6)], "sky": [1, 0] * 3, "sea": [1.0, 1.0, 0.0] * 2})
    photos = find_photos(frame.assign(is_valid=[False, True] * 3), folder=tmp_path)
    assert photos.classes == ("sky", "sea")
    assert photos.labels.astype(int).tolist() == [[1, 1], [0, 1], [1, 0], [0, 1], [1, 1], [0, 0]]
    assert photos.held_out is not None
    assert photos.held_out.tolist() == [False, True] * 3
    with pytest.raises(OnionskinError, match="column 'sea' of labels holds '7'"):
        find_photos(frame.assign(sea=7), target=["sky", "sea"], folder=tmp_path)


def test_rows_that_cannot_be_used_are_said_and_the_rest_goes_on(tmp_path: Path) -> None:
    lay(tmp_path, *(f"{i}.png" for i in range(12)), "x/same.png", "y/same.png")
    rows = [f"{i}.png,{'ab'[i % 2]}" for i in range(12)]
    rows += ["3.png,b", "4.png,b", "gone.png,a", "same.png,a", ",b", 'a.png,"never closed', "5.png,b,c,d"]
    (tmp_path / "t.csv").write_text("\n".join(["file,label", *rows, "11.png,"]))
    photos = find_photos(tmp_path / "t.csv")
    assert photos.counts.tolist() == [6, 6]
    assert {lost.path: lost.why.split(":")[0] for lost in photos.unreadable} == {
        "gone.png": "there is no such file", "same.png": "2 files have this name", "row 16": "the row names no photo",
    }  # fmt: skip
    said = "\n".join(photos.warnings)
    assert "2 rows are broken: line" in said
    assert "1 photo has no label and is left out: 11.png" in said
    assert "1 row names a photo that is there already: 3.png" in said
    assert "1 row names a photo that has other labels in an earlier row, which counts: 4.png" in said


def test_what_cannot_be_learned_from_has_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    lay(tmp_path, "bears/only/1.png", "flat/1.png", "flat/2.png")
    for place, what in {
        "bear": "did you mean 'bears'", "empty": "is empty", "bears": "labelled 'only'", "flat": "2 photos .* labels",
    }.items():  # fmt: skip
        with pytest.raises(OnionskinError, match=what):
            find_photos(tmp_path / place)
    frame = pd.DataFrame({"file": ["1.png", "2.png"], "size": ["a", "b"], "colour": ["x", "y"]})
    with pytest.raises(OnionskinError, match="several columns that could be labels: size, colour"):
        find_photos(frame, folder=tmp_path / "flat")
    with pytest.raises(OnionskinError, match="did you mean 'colour'"):
        find_photos(frame, folder=tmp_path / "flat", target="color")
    with pytest.raises(OnionskinError, match="no column of the frame names photos"):
        find_photos(frame[["size", "colour"]], folder=tmp_path / "flat")
    with pytest.raises(OnionskinError, match="no rows"):
        find_photos(frame[:0])
    with pytest.raises(OnionskinError, match="found in a int"):
        find_photos(3)
    with pytest.raises(OnionskinError, match=r"no photos in the frame; 1.png: there is no such file"):
        find_photos(frame[["file", "size"]], folder=tmp_path / "empty")


def test_broken_files_are_found_by_their_beginnings(tmp_path: Path) -> None:
    lay(tmp_path, *(f"{i}.png" for i in range(5)))
    (tmp_path / "1.png").write_bytes(b"")
    (tmp_path / "3.png").write_bytes(b"<html>")
    files = [str(tmp_path / f"{i}.png") for i in range(6)]
    assert {i: lost.why for i, lost in unreadable(files).items()} == {
        1: "it is empty", 3: "it is no photo but text", 5: "there is no such file",
    }  # fmt: skip


def test_many_files_are_found_in_no_time(tmp_path: Path) -> None:
    """A file costs the same among few and among many; ``bench/photos.py`` finds 100,000."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for i in range(2_000):
            os.close(os.open(tmp_path / name / f"{i}.jpg", os.O_CREAT))
    began = time.perf_counter()
    photos = find_photos(tmp_path)
    assert time.perf_counter() - began < 1
    assert np.array_equal(photos.counts, [2_000, 2_000])
