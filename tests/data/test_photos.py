"""A photo comes out upright and in colour whatever it was saved as, and what is none says why."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from onionskin.data.photos import Fit, Header, UnreadablePhotoError, read_header, read_photo
from onionskin.errors import OnionskinError

RED, GREEN, BLUE, WHITE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0)


def quarters(width: int = 60, height: int = 40) -> Image.Image:
    """Red, green, blue and black, from the upper left to the lower right."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    image.paste(BLACK, (width // 2, height // 2, width, height))
    return image


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def corners(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> list[tuple[int, ...]]:
    """The colours in the middles of the quarters, each channel black or full or what is between."""
    h, w = pixels.shape[:2]
    places = [(h // 4, w // 4), (h // 4, 3 * w // 4), (3 * h // 4, w // 4), (3 * h // 4, 3 * w // 4)]
    return [tuple(round(int(v) / 51) * 51 for v in pixels[place]) for place in places]


def see_through() -> Image.Image:
    image = quarters().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize((60, 40)).point(lambda v: 255 if v < 128 else 0))
    return image


HALF = Image.fromarray(np.array([[0], [65535]], np.uint16).repeat(20, 0).repeat(60, 1))  # black above, white below
UPPER: list[tuple[int, ...]] = [RED, GREEN, WHITE, WHITE]

MODES: dict[str, tuple[Callable[[], bytes], list[tuple[int, ...]]]] = {
    "png": (lambda: saved(quarters(), "PNG"), [RED, GREEN, BLUE, BLACK]),
    "jpeg": (lambda: saved(quarters(), "JPEG", quality=95, subsampling=0), [(255, 0, 0), GREEN, BLUE, BLACK]),
    "webp": (lambda: saved(quarters(), "WEBP", lossless=True), [RED, GREEN, BLUE, BLACK]),
    "bmp": (lambda: saved(quarters(), "BMP"), [RED, GREEN, BLUE, BLACK]),
    "palette": (lambda: saved(quarters().quantize(8), "PNG"), [RED, GREEN, BLUE, BLACK]),
    "gif": (lambda: saved(quarters(), "GIF"), [RED, GREEN, BLUE, BLACK]),
    "1 bit": (lambda: saved(quarters().convert("L").point(lambda v: 255 * (v > 100)).convert("1"), "PNG"),
              [BLACK, WHITE, BLACK, BLACK]),
    "grey with alpha": (lambda: saved(see_through().convert("LA"), "PNG"),
                        [(51, 51, 51), (153, 153, 153), WHITE, WHITE]),
    "alpha": (lambda: saved(see_through(), "PNG"), UPPER),
    "palette with alpha": (lambda: saved(see_through().quantize(8), "PNG"), UPPER),
    "a transparent colour": (lambda: saved(quarters(), "PNG", transparency=BLUE), [RED, GREEN, WHITE, BLACK]),
    "16 bits": (lambda: saved(HALF, "PNG"), [BLACK, BLACK, WHITE, WHITE]),
    "16 bits in tiff": (lambda: saved(HALF, "TIFF"), [BLACK, BLACK, WHITE, WHITE]),
    "floats": (lambda: saved(Image.fromarray(np.asarray(HALF).astype(np.float32) / 65535), "TIFF"),
               [BLACK, BLACK, WHITE, WHITE]),
    "cmyk": (lambda: saved(quarters().convert("CMYK"), "TIFF"), [RED, GREEN, BLUE, BLACK]),
    "an animation": (lambda: saved(quarters(), "GIF", save_all=True, append_images=[Image.new("RGB", (60, 40), WHITE)]),
                     [RED, GREEN, BLUE, BLACK]),
}  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_is_the_same_picture(mode: str) -> None:
    make, colours = MODES[mode]
    whole, square = read_photo(make()), read_photo(make(), 32, "squish")
    assert (whole.shape, square.shape) == ((40, 60, 3), (32, 32, 3))
    assert whole.dtype == np.uint8
    assert corners(whole) == corners(square) == colours


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("fit", ["crop", "pad", "squish"])
def test_every_orientation_is_upright(orientation: int, fit: Fit) -> None:
    turns = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the ones that undo it
    image = quarters() if orientation == 1 else quarters().transpose(Image.Transpose(turns[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = saved(image, "JPEG", quality=95, subsampling=0, exif=exif)
    assert corners(read_photo(file)) == [RED, GREEN, BLUE, BLACK]
    assert corners(read_photo(file, 24, "squish")) == [RED, GREEN, BLUE, BLACK]
    np.testing.assert_allclose(read_photo(file, 24, fit), read_photo(saved(quarters(), "PNG"), 24, fit), atol=12)
    assert read_header(file) == Header("JPEG", 60, 40)


def test_the_fits_crop_pad_and_squish() -> None:
    image = Image.new("RGB", (90, 30), BLUE)
    image.paste(RED, (30, 0, 60, 30))  # a third each
    file = saved(image, "PNG")
    assert (read_photo(file, 30, "crop") == RED).all()
    padded = read_photo(file, 30, "pad")
    assert (padded[:9] == WHITE).all()
    assert (padded[11:19, 12:18] == RED).all()
    squished = read_photo(file, 30, "squish")
    assert (squished[:, 12:18] == RED).all()
    assert (squished[:, :8] == BLUE).all()
    with pytest.raises(OnionskinError, match="strech"):
        read_photo(file, 30, "strech")  # type: ignore[arg-type]


def test_nothing_is_skipped_when_a_photo_shrinks() -> None:
    """A board of single black and white pixels is grey from afar, in a JPEG that is decoded at an eighth, too."""
    board = Image.fromarray((np.indices((1024, 1024)).sum(0) % 2 * 255).astype(np.uint8))
    for kind in ("PNG", "JPEG"):
        small = read_photo(saved(board, kind), 32, "squish")
        assert abs(small.astype(int) - 127).max() <= 2


def test_a_large_jpeg_is_decoded_smaller() -> None:
    """The shortcut changes less than one grey level on average."""
    x = np.linspace(0, 12, 1600)
    waves = (np.sin(x)[:, None] * np.cos(2 * x)[None] * 100 + 128).astype(np.uint8)
    image = Image.fromarray(np.stack([waves, waves.T, 255 - waves], 2))
    file = saved(image, "JPEG", quality=95)
    slow = np.asarray(Image.open(io.BytesIO(file)).convert("RGB").resize((64, 64), Image.Resampling.BILINEAR))
    assert abs(read_photo(file, 64, "squish").astype(int) - slow).mean() < 1


def bomb() -> bytes:
    """A PNG of a hundred bytes that claims 4,000,000,000 pixels."""
    head = struct.pack(">IIBBBBB", 100_000, 40_000, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")]
    chunks = [struct.pack(">I", len(c)) + n + c + struct.pack(">I", zlib.crc32(n + c)) for n, c in parts]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


BROKEN = {
    "empty": (b"", "it is empty"),
    "cut off": (saved(quarters(600, 400), "JPEG")[:1500], "truncated"),
    "cut off png": (saved(Image.effect_noise((200, 200), 50), "PNG")[:5000], "damaged"),
    "only a beginning": (saved(quarters(), "PNG")[:20], "damaged"),
    "text": (b"<!DOCTYPE html><title>404</title>", "no photo but text"),
    "noise": (bytes(range(256)), "like no format"),
    "a bomb": (bomb(), "claims 100000 × 40000 pixels"),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "PostScript"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_cannot_be_read_says_why(kind: str, tmp_path: Path) -> None:
    content, why = BROKEN[kind]
    (tmp_path / "photo.jpg").write_bytes(content)
    for source in (content, tmp_path / "photo.jpg", str(tmp_path / "photo.jpg")):
        with pytest.raises(UnreadablePhotoError, match=why):
            read_photo(source, 32)


def test_what_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadablePhotoError, match="no such file"):
        read_photo(tmp_path / "nothing.png")
    with pytest.raises(UnreadablePhotoError, match="a folder"):
        read_photo(tmp_path)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(UnreadablePhotoError, match="damaged"):
        read_photo(tmp_path / "loop")


def test_any_bytes_are_a_photo_or_none() -> None:
    """Flipped bytes may do anything to a picture, and raise nothing else."""
    random = np.random.default_rng(0)
    files = [saved(quarters(), kind) for kind in ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP")]
    for i in range(300):
        content = bytearray(files[i % len(files)])
        for place in random.integers(0, len(content), 4):
            content[place] = random.integers(256)
        try:
            assert read_photo(bytes(content), 16).shape == (16, 16, 3)
        except UnreadablePhotoError as error:
            assert str(error)  # noqa: PT017 - both outcomes are right
