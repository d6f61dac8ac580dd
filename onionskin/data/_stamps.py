"""The stamps of Tux Paint: pictures for children to paint with, cut out on nothing, each with a line of text.

Which of them are photographs is not said anywhere. A photo has many colours and a drawing few, so one that shows at
least :data:`LEAST_COLOURS` of them, rounded to six bits a channel (which takes the noise of scaling away) and counted
where it is more than half opaque, is taken for one, unless its file lies in a folder called ``cartoon`` or its own
name says so. Of 785 pictures with a caption, 331 are photos by that rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from onionskin.data import needed
from onionskin.errors import OnionskinError
from onionskin.fetch import Package

LEAST_COLOURS: Final = 600

STAMPS: Final = Package(
    client="apt",
    name="tuxpaint-stamps-default",
    version="2022.06.04-1",
    file="tuxpaint-stamps-default_2022.06.04-1_all.deb",
    sha256="6db6c1bfc870a47f1499d6203b083522eacb57c5f9c87d468f2e92eb6d9d5f34",
    size=160_880_444,
    parts=("usr/share/tuxpaint/stamps/*.png", "usr/share/tuxpaint/stamps/*.txt"),
    contents="378745bdde798543e8b93e9951db0fb64750efaf48b2e0046bf75712d2f8d39f",
    unpacked=26_515_621,
    licence="GPL-2, by Bill Kendrick and the contributors of Tux Paint",
)

ROOT: Final = "usr/share/tuxpaint/stamps"

#: What to say wherever a figure of these photos is quoted.
WHITE: Final = (
    "Every photo is cut out, on white where nothing is, and some show the same thing twice: whatever is measured on "
    "them is better than it would be on photos of the world."
)


@dataclass(frozen=True)
class Stamp:
    """One picture: its file, its path below the folder of all stamps, and its caption in English."""

    file: Path
    path: str
    caption: str


def photos(folder: Path) -> list[Stamp]:
    """Return the stamps that are photographs, sorted by path.

    Args:
        folder: What :data:`STAMPS` was unpacked into.

    Raises:
        OnionskinError: Pillow is not installed.
    """
    root = folder / ROOT
    found = []
    for file in sorted(root.rglob("*.png"), key=lambda file: file.relative_to(root).as_posix()):
        path = file.relative_to(root).as_posix()
        text = file.with_suffix(".txt")
        if text.is_file() and "cartoon" not in path and colours(file) >= LEAST_COLOURS:
            found.append(Stamp(file, path, caption(text)))
    return found


def colours(file: Path) -> int:
    """Return how many colours of six bits a channel a picture shows where it is more than half opaque."""
    image = needed(_pillow, "Pillow", "learn")
    with image.open(file) as opened:
        if opened.mode == "P":
            opened.apply_transparency()
        pixels = np.asarray(opened.convert("RGBA"))
    r, g, b = (pixels[pixels[..., 3] > 128][:, :3] >> 2).T.astype(np.uint32)
    return len(np.unique(r << 12 | g << 6 | b))


def _pillow() -> object:
    from PIL import Image

    return Image


def caption(text: Path) -> str:
    """Return the first line of a stamp's text, which is the English one. Raises OnionskinError where there is none."""
    try:
        return text.read_text(encoding="utf-8").splitlines()[0].strip()
    except (UnicodeDecodeError, IndexError) as error:
        raise OnionskinError(
            f"{text} has no caption", fix="run 'onionskin data stamps' to see that it is whole"
        ) from error
