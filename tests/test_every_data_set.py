"""Every data set says what it is, and under which licence; those that need no network are loaded and looked at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from onionskin import data, registry
from onionskin.data import About, Images, Table, Weights
from onionskin.errors import OnionskinError
from onionskin.fetch.package import SOURCES

#: What `make setup` installs.
AT_HAND = ["breast_cancer", "diabetes", "digits", "efficientnet_lite0", "iris", "mnist", "wine"]

DOCS = Path(__file__).parents[1] / "docs" / "data.md"


@pytest.mark.parametrize("name", data.names())
def test_it_says_what_it_is(name: str) -> None:
    told: About = data.about(name)
    assert told == registry.load(data, name).ABOUT
    assert told.domain in data.DOMAINS
    assert told.rows > 0
    assert told.title
    assert told.licence
    assert told.note.endswith(".")
    assert bool(told.packages) != bool(told.comes_with)
    assert bool(told.target) == (told.domain in ("tabular", "recommend"))
    assert f"| `{name}` |" in DOCS.read_text()
    for package in told.packages:
        assert package.client in SOURCES
        assert package.version in package.file
        assert package.parts
        assert (len(package.sha256), len(package.contents)) == (64, 64)
        assert package.licence
        assert 0 < package.unpacked < 2**28


def test_two_that_share_a_package_share_its_place_in_the_cache() -> None:
    assert data.about("stamps").packages == data.about("stamps_captions").packages == data.about("bears").packages
    keys = {package.key for name in data.names() for package in data.about(name).packages}
    assert len(keys) == len({package.name for name in data.names() for package in data.about(name).packages})


@pytest.mark.parametrize("name", AT_HAND)
def test_what_is_at_hand_is_loaded(name: str) -> None:
    told, loaded = data.about(name), data.load(name, offline=True)
    assert told.where == "installed"
    if isinstance(loaded, Images):
        _check_images(loaded, told, data.load(name))
    elif isinstance(loaded, Table):
        assert len(loaded.frame) == told.rows
        assert loaded.target == told.target == loaded.frame.columns[-1]
        assert not loaded.frame.isna().any().any()
        assert told.licence in loaded.source
    else:
        assert isinstance(loaded, Weights)
        assert loaded.model.is_file()


def _check_images(images: Images, told: About, again: Images) -> None:
    for x, y in ((images.train_x, images.train_y), (images.test_x, images.test_y)):
        assert (x.ndim, str(x.dtype), x.shape[1]) == (4, "float32", 1)
        assert (y.ndim, str(y.dtype), len(y)) == (1, "int64", len(x))
        assert set(np.unique(y)) == set(range(len(images.classes)))
    assert len(images.train_x) + len(images.test_x) == told.rows
    assert torch.from_numpy(images.train_x).stride()[1] == images.train_x[0].size  # not channels-last by accident
    assert abs(images.train_x.mean()) < 1e-3
    assert abs(images.train_x.std() - 1) < 1e-3
    assert len(images.test_x) == told.rows // 5
    assert "BSD" in images.source
    np.testing.assert_array_equal(again.test_x, images.test_x)
    seen = {image.tobytes() for image in images.train_x}
    assert sum(image.tobytes() in seen for image in images.test_x) < 5  # nothing is held out and trained on


@pytest.mark.parametrize("name", [name for name in data.names() if name not in AT_HAND])
def test_what_would_be_fetched_says_so(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONIONSKIN_CACHE", str(tmp_path / "empty"))
    (package,) = data.about(name).packages
    monkeypatch.setattr("onionskin.fetch.start._checked", {})
    if data.about(name).where != "installed":  # a person may well have installed one
        with pytest.raises(OnionskinError, match=rf"offline, and {package.name} .* MB\) is not here"):
            data.load(name, offline=True)


def test_an_unknown_name_is_told_the_nearest() -> None:
    with pytest.raises(OnionskinError, match="there is no data set called 'stmaps'") as error:
        data.load("stmaps")
    assert error.value.fix == "did you mean 'stamps'?"
    with pytest.raises(OnionskinError, match="there is no data set called 'photos'"):
        data.about("photos")  # a file of the folder, and no data set
