"""Three pictures of bears among Tux Paint's stamps: a black one, a brown one, and a teddy. A demo, and no data set.

No bears come in any package, and three pictures are nothing to train on. ``onionskin train bears`` shows what a
network that was trained on ImageNet sees in them, and how to gather photos of one's own.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from onionskin.data import About, Photos, only_package
from onionskin.data._stamps import ROOT, STAMPS, caption
from onionskin.fetch import Progress

#: What each is, by looking at it, and its file.
BEARS: Final = {
    "black": "animals/mammals/bears/bear.png",
    "grizzly": "animals/mammals/bears/european-bear.png",
    "teddy": "animals/mammals/bears/toys/edward_bear.png",
}

ABOUT: Final = About(
    title="two bears and a teddy: three pictures for a demo",
    domain="vision",
    rows=3,
    licence="GPL-2",
    note="Three pictures are a demo: nothing can be trained on them, and no accuracy measured. Labels by looking.",
    packages=(STAMPS,),
)


def load(offline: bool | None = None, progress: Progress | None = None) -> Photos:
    """Return the three pictures. Raises OnionskinError."""
    root = only_package(ABOUT, offline, progress) / ROOT
    files = tuple(root / path for path in BEARS.values())
    return Photos(
        files=files,
        labels=np.arange(len(BEARS)),
        classes=tuple(BEARS),
        captions=tuple(caption(file.with_suffix(".txt")) for file in files),
        source=f"{ABOUT.source}, {ABOUT.licence}",
        note=ABOUT.note,
    )
