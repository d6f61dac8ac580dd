"""Twenty photos of ImageNet, for a smoke test of a classifier: their classes stand in their names."""

from __future__ import annotations

from typing import Final

import numpy as np

from onionskin.data import About, Photos, only_package
from onionskin.errors import OnionskinError
from onionskin.fetch import Package, Progress

ABOUT: Final = About(
    title="photos of ImageNet with their class numbers, to see whether a pretrained network works",
    domain="vision",
    rows=20,
    licence="ImageNet's terms",
    note="Twenty photos say whether a network and its preprocessing are put together rightly, and nothing of how good "
    "it is. The photos belong to who took them: look at them, do not pass them on.",
    packages=(
        Package(
            client="pip",
            name="foolbox",
            version="3.3.4",
            file="foolbox-3.3.4-py3-none-any.whl",
            sha256="11049d515d38e765e206a73ace9cc648b81a0d6d1da9ad9057e149ee117989cb",
            size=1_677_112,
            parts=("foolbox/data/imagenet_*.jpg",),
            contents="f97f53691886511cc3703b695027da3b2b82b082498982956cb1b6b9487b9385",
            unpacked=1_450_600,
            licence="MIT for its code; the photos are ImageNet's, and not to be passed on",
        ),
    ),
)


def load(offline: bool | None = None, progress: Progress | None = None) -> Photos:
    """Return the photos; ``classes`` are ImageNet's numbers from 0 to 999 as text. Raises OnionskinError."""
    files = sorted((only_package(ABOUT, offline, progress) / "foolbox/data").glob("imagenet_*.jpg"))
    try:
        labels = np.array([int(file.stem.split("_")[2]) for file in files], np.int64)
    except (IndexError, ValueError) as error:
        raise OnionskinError(
            f"a photo of {ABOUT.source} has no class in its name: {error}", fix="run 'onionskin data foolbox'"
        ) from error
    classes = tuple(str(number) for number in range(1000))
    return Photos(tuple(files), labels, classes, ("",) * len(files), f"{ABOUT.source}, {ABOUT.licence}", ABOUT.note)
