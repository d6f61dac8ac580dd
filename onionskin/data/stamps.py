"""197 photos of Tux Paint's stamps in five classes, which the folders of the stamps say."""

from __future__ import annotations

from typing import Final

import numpy as np

from onionskin.data import About, Photos, only_package
from onionskin.data._stamps import STAMPS, WHITE, photos
from onionskin.fetch import Progress

#: The folders of each class. Toys are none of the animals that they are shaped as.
FOLDERS: Final = {
    "bird": ("animals/birds/",),
    "fruit_veg": ("food/fruit/", "food/vegetables/"),
    "mammal": ("animals/mammals/",),
    "object": ("household/", "clothes/", "sports/"),
    "plant": ("plants/",),
}

ABOUT: Final = About(
    title="photos of mammals, birds, fruit and vegetables, plants and objects, cut out on white",
    domain="vision",
    rows=197,
    licence="GPL-2",
    note=f"{WHITE} Classes by the folders that the stamps lie in; what is a photo, by its number of colours.",
    packages=(STAMPS,),
)


def load(offline: bool | None = None, progress: Progress | None = None) -> Photos:
    """Return 35 birds, 40 fruit and vegetables, 62 mammals, 33 objects and 27 plants. Raises OnionskinError."""
    classes = tuple(FOLDERS)
    chosen = [
        (stamp, label)
        for stamp in photos(only_package(ABOUT, offline, progress))
        for label, name in enumerate(classes)
        if stamp.path.startswith(FOLDERS[name]) and "/toys/" not in stamp.path
    ]
    return Photos(
        files=tuple(stamp.file for stamp, _ in chosen),
        labels=np.array([label for _, label in chosen], np.int64),
        classes=classes,
        captions=tuple(stamp.caption for stamp, _ in chosen),
        source=f"{ABOUT.source}, {ABOUT.licence}",
        note=ABOUT.note,
    )
