"""331 photos of Tux Paint's stamps, each with the line of English that children hear when they choose it."""

from __future__ import annotations

from typing import Final

from onionskin.data import About, Pairs, only_package
from onionskin.data._stamps import STAMPS, WHITE, photos
from onionskin.fetch import Progress

ABOUT: Final = About(
    title="photos cut out on white, each with a caption",
    domain="multimodal",
    rows=331,
    licence="GPL-2",
    note=f"{WHITE} Captions are a few words, and some are shared by several photos.",
    packages=(STAMPS,),
)


def load(offline: bool | None = None, progress: Progress | None = None) -> Pairs:
    """Return the photos and their captions. Raises OnionskinError."""
    chosen = photos(only_package(ABOUT, offline, progress))
    return Pairs(
        files=tuple(stamp.file for stamp in chosen),
        captions=tuple(stamp.caption for stamp in chosen),
        source=f"{ABOUT.source}, {ABOUT.licence}",
        note=ABOUT.note,
    )
