"""Pixels are the same from disk, memory and file; a cache is bounded, never stale, and never in the way."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from onionskin.data.album import Album, prefetched
from onionskin.data.photo_cache import PhotoCache, content_of, key_of
from onionskin.errors import OnionskinWarning


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    places = []
    for i in range(6):
        Image.effect_noise((50, 40), 10 * i).save(tmp_path / f"{i}.png")
        places.append(str(tmp_path / f"{i}.png"))
    (tmp_path / "3.png").write_bytes(b"\x89PNG and nothing else")
    return places


def test_pixels_are_the_same_wherever_they_come_from(files: list[str], tmp_path: Path) -> None:
    cache = PhotoCache("pixels", folder=tmp_path / "cache")
    plain = Album(files, 16).pixels(range(6))
    album = Album(files, 16)
    for threads in (1, 4):
        album = Album(files, 16, cache=cache, threads=threads)
        np.testing.assert_array_equal(album.pixels([5, 0, 3, 5]), plain[[5, 0, 3, 5]])
        assert [lost.path for lost in album.broken.values()] == [files[3]]
    assert (plain[3] == 255).all()
    album.hold()
    for place in files:
        Path(place).unlink()  # what is in memory needs no file
    np.testing.assert_array_equal(album.without([3]).pixels([3]), plain[[4]])


def test_a_cached_photo_is_read_no_more_and_a_replaced_one_is(files: list[str], tmp_path: Path) -> None:
    cache = PhotoCache("pixels", folder=tmp_path / "cache")
    before = Album(files, 16, cache=cache).pixels([0, 1])
    key = key_of(content_of(files[0]) or b"", "pixels 1 16 squish")
    cache.put({key: np.full((16, 16, 3), 7, np.uint8).tobytes()})
    assert (Album(files, 16, cache=cache).pixels([0]) == 7).all()
    np.testing.assert_array_equal(Album(files, 16, "pad", cache=cache).pixels([1]), Album(files, 16, "pad").pixels([1]))
    Image.new("L", (50, 40), 100).save(files[1])
    assert (Album(files, 16, cache=cache).pixels([1]) == 100).all()
    assert (before[1] != 100).any()


def test_the_cache_keeps_what_was_used_last_within_its_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000_000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    cache = PhotoCache("pixels", most_bytes=10_000, folder=tmp_path)
    for i in range(30):
        now[0] += 10_000
        cache.put({bytes([i]): bytes(1000)})
        assert cache.get([b"\0"])  # used every time, so that it stays
    kept = cache.get([bytes([i]) for i in range(30)])
    assert sorted(kept) == [b"\0", *(bytes([i]) for i in range(21, 30))]
    cache.close()
    assert cache.get([b"\0"]) == {b"\0": bytes(1000)}


def test_a_damaged_cache_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "pixels.sqlite").write_bytes(b"no database" * 1000)
    cache = PhotoCache("pixels", folder=tmp_path)
    cache.put({b"a": b"1"})
    assert cache.get([b"a"]) == {b"a": b"1"}


def test_a_cache_that_cannot_be_written_is_no_obstacle(files: list[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file where a folder should be")
    album = Album(files, 16, cache=PhotoCache("pixels", folder=tmp_path / "file"))
    with pytest.warns(OnionskinWarning, match="not cached") as said:
        pixels = album.pixels([0, 1])
        album.pixels([2])
    assert len(said) == 1
    np.testing.assert_array_equal(pixels, Album(files, 16).pixels([0, 1]))


def test_processes_share_a_cache(tmp_path: Path) -> None:
    one, other = PhotoCache("pixels", folder=tmp_path), PhotoCache("pixels", folder=tmp_path)
    threads = [threading.Thread(target=lambda c=c, n=n: [c.put({bytes([n, i]): b"x"}) for i in range(40)])
               for n, c in enumerate((one, other))]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(one.get([bytes([n, i]) for n in (0, 1) for i in range(40)])) == 80
    with sqlite3.connect(one.path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_what_is_fetched_ahead_comes_in_order_and_ends_with_its_reader() -> None:
    made: list[int] = []

    def make(i: int) -> int:
        made.append(i)
        if i == 7:
            raise ValueError("seven")
        return i * i

    assert list(prefetched(range(5), make)) == [0, 1, 4, 9, 16]
    results = prefetched(range(6, 100), make)
    assert next(results) == 36
    with pytest.raises(ValueError, match="seven"):
        next(results)
    endless = prefetched(iter(range(10, 10**9)), make, ahead=2)
    assert [next(endless), next(endless)] == [100, 121]
    before = threading.active_count()
    endless.close()
    assert threading.active_count() == before - 1
    assert max(made) <= 16
