"""70,000 clothes of 28 × 28 pixels, as hard as MNIST is easy.

Paper: Xiao, Rasul & Vollgraf (2017), "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
Algorithms", arXiv:1708.07747.
"""

from __future__ import annotations

from typing import Final

from onionskin.data import About, Images, only_package
from onionskin.data._idx import read
from onionskin.fetch import Package, Progress

CLASSES: Final = (
    "T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip

ABOUT: Final = About(
    title="clothes in ten classes, 28 × 28 pixels, with the split of its makers",
    domain="vision",
    rows=70_000,
    licence="MIT",
    note="By Zalando, from the pictures of its shop. Shirts, T-shirts, pullovers and coats are hard to tell apart.",
    packages=(
        Package(
            client="apt",
            name="dataset-fashion-mnist",
            version="0.0~git20200523.55506a9-1",
            file="dataset-fashion-mnist_0.0~git20200523.55506a9-1_all.deb",
            sha256="39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0",
            size=30_900_652,
            parts=("usr/share/datasets/fashion-mnist/*.gz",),
            contents="b49331e4e67014f3cde398bb1692b738862e25ec00c95a4a2d589d25c27cd410",
            unpacked=30_878_551,
            licence="MIT, by Zalando SE",
        ),
    ),
)


def load(offline: bool | None = None, progress: Progress | None = None) -> Images:
    """Return 60,000 images to train on and 10,000 held out. Raises OnionskinError."""
    folder = only_package(ABOUT, offline, progress) / "usr/share/datasets/fashion-mnist"
    return read(folder, classes=CLASSES, source=f"{ABOUT.source}, {ABOUT.licence}", ending=".gz")
