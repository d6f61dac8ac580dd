"""Near-duplicates are found whatever was done to the copy, nothing else is, and no pair is missed."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from onionskin.data.duplicates import distance, fingerprint, fingerprints, near_duplicates


def scene(seed: int, size: int = 160) -> Image.Image:
    """A picture with the spectrum of a photo: the power of a frequency falls with its square."""
    noise = np.fft.rfft2(np.random.default_rng(seed).normal(size=(size, size, 3)), axes=(0, 1))
    up, across = np.fft.fftfreq(size)[:, None, None], np.fft.rfftfreq(size)[None, :, None]
    field = np.fft.irfft2(noise / np.maximum(np.hypot(up, across), 1 / size) ** 1.5, axes=(0, 1))
    low, high = np.percentile(field, [1, 99])
    return Image.fromarray(((field - low) / (high - low) * 255).clip(0, 255).astype(np.uint8))


def compressed(image: Image.Image) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=40)
    return Image.open(file)


COPIES = {
    "smaller": lambda image: image.resize((71, 71)),
    "compressed": compressed,
    "darker": lambda image: image.point(lambda value: value * 0.7),
    "grey": lambda image: image.convert("L"),
    "mirrored": ImageOps.mirror,
    "cropped": lambda image: image.crop((1, 1, 159, 159)),
}


@pytest.mark.parametrize("copy", COPIES)
def test_a_copy_is_near_and_another_photo_is_not(copy: str) -> None:
    photos = [scene(seed) for seed in range(12)]
    pictures = [np.asarray(image) for image in [*photos, *map(COPIES[copy], photos)]]
    assert near_duplicates(fingerprints(pictures)) == [[i, i + 12] for i in range(12)]


def test_every_pair_that_is_near_enough_is_found() -> None:
    random = np.random.default_rng(0)
    prints = random.integers(1, 2**63, 300, np.uint64)
    for i in range(100):  # 100 of them are copies of others, with up to 9 bits flipped
        flips = sum(1 << int(bit) for bit in random.choice(64, i % 10, replace=False))
        prints[i + 200] = prints[i] ^ np.uint64(flips)
    for near in (0, 4, 9):
        together = {
            (i, j)
            for group in near_duplicates(prints, near=near, mirrored=False)
            for i in group
            for j in group
            if i < j
        }
        pairs = np.argwhere(np.triu(distance(prints[:, None], prints[None]) <= near, 1))
        assert together == set(map(tuple, pairs.tolist()))


def test_what_cannot_be_read_is_nobodys_duplicate(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"no picture")
    Image.new("RGB", (40, 30)).save(tmp_path / "black.png")
    Image.new("RGB", (50, 50)).save(tmp_path / "also black.bmp")
    files = [tmp_path / name for name in ("a.png", "black.png", "b.png", "also black.bmp", "there is none.png")]
    assert near_duplicates(fingerprints(files)) == [[1, 3]]
    assert fingerprint(files[1]) != 0
    assert near_duplicates(fingerprints([])) == []
