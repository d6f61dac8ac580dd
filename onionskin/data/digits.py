"""1,797 scanned digits of 8 × 8 pixels (Alpaydin & Kaynak, UCI), inside scikit-learn."""

from __future__ import annotations

from typing import Final

import numpy as np

from onionskin.data import About, Images, split_images
from onionskin.data._sklearn import datasets
from onionskin.fetch import Progress

ABOUT: Final = About(
    title="scanned handwritten digits, 8 × 8 pixels",
    domain="vision",
    rows=1_797,
    licence="BSD-3-Clause",
    note="UCI's optical recognition of handwritten digits, its test part. Thirteen people wrote all of them.",
    comes_with="scikit-learn",
)


def load(offline: bool | None = None, progress: Progress | None = None) -> Images:
    """Return the digits. Raises OnionskinError when scikit-learn is not installed."""
    pixels, labels = datasets("digits").load_digits(return_X_y=True)
    return split_images(
        pixels.reshape(-1, 8, 8).astype(np.float32),
        labels.astype(np.int64),
        classes=tuple("0123456789"),
        source="UCI optical recognition of handwritten digits, through scikit-learn (BSD-3-Clause)",
    )
