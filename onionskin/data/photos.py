"""A file as an upright picture in red, green and blue at the size that a network takes, whatever it was saved as.

Pillow decodes. On photos of 500 pixels it is within a fifth of the fastest of its peers (``bench/photos.py`` prints
them), it lets other threads run meanwhile, and it reads what a folder of photos really holds. A large JPEG is decoded
at a half, a quarter or an eighth of its size ("draft", for which the format was made), which is four times as fast.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any, Final, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from onionskin.errors import OnionskinError

try:
    from PIL import Image
except ModuleNotFoundError as error:
    raise OnionskinError(
        "photos are read by Pillow, which is not installed", fix="pip install 'onionskin[learn]'"
    ) from error

T = TypeVar("T")
Plugins = dict[str, tuple[Callable[[IO[bytes], str], Any], Callable[[bytes], bool | str] | None]]
Pixels = npt.NDArray[np.uint8]
Fit = Literal["crop", "pad", "squish"]
FITS: Final = ("crop", "pad", "squish")

#: What files are called that are worth opening. What is inside is told from their first bytes, not from these.
SUFFIXES: Final = (
    ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".gif", ".webp", ".bmp", ".tif", ".tiff",
    ".heic", ".heif", ".avif", ".ppm", ".pgm", ".pbm", ".pnm",
)  # fmt: skip

#: No more pixels are decoded of one file; a few kilobytes can claim to hold billions (a "decompression bomb").
MOST_PIXELS: Final = 100_000_000

# The formats that may be met, in the order of trial. EPS and the like are left out: they start another program.
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF", "HEIF")

# What EXIF's Orientation asks for, as Pillow's Transpose: 2 to 8.
_TURNS: Final = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
_ORIENTATION: Final = 0x0112


@dataclass(frozen=True)
class Header:
    """What a file says of its picture before a pixel is decoded: its format, and its size in pixels when upright."""

    format: str
    width: int
    height: int


class UnreadablePhotoError(Exception):
    """A file is no picture that can be read; the message says why, without the path."""


def read_photo(source: str | Path | bytes, size: int | None = None, fit: Fit = "crop") -> Pixels:
    """Decode a photo: upright, in colour, transparency on white.

    The first picture of an animation is taken. Sixteen bits become eight by their upper half; floats from 0 to 1 go
    from black to white, and all others from their least to their greatest.

    Args:
        source: A file, or the bytes of one.
        size: The side of the square that comes out; ``None`` leaves the photo as large as it is.
        fit: How a photo becomes square. ``"crop"`` cuts the middle out, ``"pad"`` sets the whole on white, and
            ``"squish"`` stretches it. All of them average over the pixels that fall together (antialias).

    Returns:
        (height, width, 3), red, green and blue.

    Raises:
        UnreadablePhotoError: It is missing, empty, cut off, no picture, or larger than :data:`MOST_PIXELS`.
        OnionskinError: ``fit`` is none of the three.
    """
    if fit not in FITS:
        raise OnionskinError(f"no way to fit a photo is called '{fit}'", fix=f"choose one of: {', '.join(FITS)}")

    def decode(image: Image.Image) -> Pixels:
        if size is not None:
            image.draft(None, (2 * size, 2 * size))  # at least so large; what is left of the way is antialiased
        _refuse_a_bomb(image)
        turn = _turn(image)
        image = _in_colour(image)
        if size is not None:
            image = _square(image, size, fit)  # squares commute with turns, and small pictures turn faster
        if turn is not None:
            image = image.transpose(turn)
        return np.asarray(image)

    return _opened(source, decode)


def folder_of(files: Sequence[str]) -> str:
    """Return the folder that all of some files lie in, an absolute path; empty for no files."""
    folders = {os.path.dirname(os.path.abspath(file)) for file in files}  # noqa: PTH100, PTH120  Paths take seconds
    return os.path.commonpath(folders) if folders else ""


def read_thumbnail(source: str | Path | bytes, most: int = 256) -> Pixels:
    """Decode a photo as a person wants to see it: upright, whole, and no side longer than ``most`` pixels.

    Returns and raises as :func:`read_photo` does.
    """

    def decode(image: Image.Image) -> Pixels:
        image.draft(None, (most, most))
        _refuse_a_bomb(image)
        turn = _turn(image)
        image = _in_colour(image)
        share = min(1.0, most / max(image.size))
        image = image.resize((max(round(image.width * share), 1), max(round(image.height * share), 1)))
        return np.asarray(image if turn is None else image.transpose(turn))

    return _opened(source, decode)


def read_header(source: str | Path | bytes) -> Header:
    """Say what a photo is without decoding it, in a tenth of a millisecond. Raises as :func:`read_photo` does."""

    def look(image: Image.Image) -> Header:
        width, height = image.size
        if width < 1 or height < 1:
            raise UnreadablePhotoError(f"it is {width} × {height} pixels")
        if image.format != "JPEG":
            _refuse_a_bomb(image)
        turn = _turn(image)
        return Header(image.format or "?", *((height, width) if turn in (2, 4, 5, 6) else (width, height)))

    return _opened(source, look)


def _opened(source: str | Path | bytes, use: Callable[[Image.Image], T]) -> T:
    """Use the opened file, and say of whatever goes wrong with it why it cannot be read."""
    plugins = _plugins()
    try:
        with io.BytesIO(source) if isinstance(source, bytes) else Path(source).open("rb") as file:
            prefix = file.read(32)
            name = _format(prefix, plugins)
            file.seek(0)
            # The format's own reader, and not Image.open, whose check for bombs refuses large JPEGs that are drafted.
            image = plugins[name][0](file, "")
            return use(image)
    except UnreadablePhotoError:
        raise
    except FileNotFoundError as error:
        raise UnreadablePhotoError("there is no such file") from error
    except IsADirectoryError as error:
        raise UnreadablePhotoError("it is a folder") from error
    except PermissionError as error:
        raise UnreadablePhotoError("it may not be read") from error
    except MemoryError as error:
        raise UnreadablePhotoError("it does not fit in memory") from error
    except Exception as error:  # decoders raise a dozen kinds, and all mean that it cannot be read
        raise UnreadablePhotoError(f"it is damaged: {_first_line(error)}") from error


def _format(prefix: bytes, plugins: Plugins) -> str:
    """Return which of the formats a file begins like."""
    if not prefix:
        raise UnreadablePhotoError("it is empty")
    for name, (_, accepts) in plugins.items():
        answer = accepts(prefix) if accepts else False
        if isinstance(answer, str):  # recognised, and it cannot be read here
            raise UnreadablePhotoError(answer)
        if answer:
            return name
    if prefix[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypmsf1", b"ftyphevc"):
        raise UnreadablePhotoError("it is HEIC, which takes a package: pip install pillow-heif")
    kinds = {b"<": "text", b"{": "text", b"%PDF": "a PDF", b"%!PS": "PostScript", b"PK\x03\x04": "a zip or a document"}
    kind = next((kind for start, kind in kinds.items() if prefix.lstrip().startswith(start)), None)
    raise UnreadablePhotoError(f"it is no photo but {kind}" if kind else "it begins like no format of pictures")


@cache
def _plugins() -> Plugins:
    """Return the reader of each format that may be met, and what recognises it by a file's first bytes."""
    Image.init()
    try:
        import pillow_heif
    except ImportError:
        pass  # phones' HEIC files are then named as what they are
    else:
        pillow_heif.register_heif_opener()
    return {name: Image.OPEN[name] for name in _FORMATS if name in Image.OPEN}


def _refuse_a_bomb(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise UnreadablePhotoError(f"it claims {width} × {height} pixels, more than {MOST_PIXELS:,}")


def _turn(image: Image.Image) -> Image.Transpose | None:
    """Return what makes the picture upright, by its EXIF; a damaged EXIF says nothing."""
    if image.format == "HEIF":
        return None  # its reader has turned it already
    try:
        turn = _TURNS.get(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - the parser of EXIF raises whatever the damage makes it raise
        return None
    return None if turn is None else Image.Transpose(turn)


def _in_colour(image: Image.Image) -> Image.Image:
    """Return the picture in RGB: transparency on white, and deeper values as eight bits."""
    if image.mode == "RGB" and "transparency" not in image.info:
        image.load()
        return image
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGB", image.size, (255, 255, 255))
        white.paste(image, mask=image.getchannel("A"))
        return white
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_eight_bits(np.asarray(image))).convert("RGB")
    return image.convert("RGB")


def _eight_bits(values: npt.NDArray[np.generic]) -> Pixels:
    """Return deep greys as bytes, by a rule that is the same for all photos wherever the type says what white is."""
    if values.dtype.kind == "f":
        deep = np.nan_to_num(values.astype(np.float64), posinf=0, neginf=0)
        low, high = float(deep.min()), float(deep.max())
        if low >= 0 and high <= 1:
            low, high = 0.0, 1.0
        return ((deep - low) * (255 / max(high - low, 1e-12))).round().astype(np.uint8)
    whole = values.astype(np.int64).clip(0)
    deepest = int(whole.max())
    if values.dtype.itemsize == 2 or 255 < deepest < 65536:
        return (whole >> 8).astype(np.uint8)
    return (whole >> max(deepest.bit_length() - 8, 0)).astype(np.uint8)


def _square(image: Image.Image, size: int, fit: Fit) -> Image.Image:
    """Return the picture as a square of ``size`` pixels."""
    width, height = image.size
    short, long = min(width, height), max(width, height)
    bilinear = Image.Resampling.BILINEAR  # Pillow's widens its triangle by the scale: nothing is skipped
    if fit == "pad":
        inner = max(round(width * size / long), 1), max(round(height * size / long), 1)
        white = Image.new("RGB", (size, size), (255, 255, 255))
        white.paste(image.resize(inner, bilinear), ((size - inner[0]) // 2, (size - inner[1]) // 2))
        return white
    left, top = (width - short) / 2, (height - short) / 2
    box = (left, top, left + short, top + short) if fit == "crop" else (0.0, 0.0, float(width), float(height))
    return image.resize((size, size), bilinear, box=box)


def _first_line(error: Exception) -> str:
    """Return what an exception says, in a line."""
    return (str(error) or type(error).__name__).splitlines()[0][:120]
