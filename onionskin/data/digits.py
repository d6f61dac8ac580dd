"""1,797 scanned digits of 8 × 8 pixels (Alpaydin & Kaynak, UCI), inside scikit-learn."""

from __future__ import annotations

import numpy as np

from onionskin.data import Images, split_images
from onionskin.errors import OnionskinError


def load() -> Images:
    """Return the digits. Raises OnionskinError when scikit-learn is not installed."""
    try:
        from sklearn.datasets import load_digits
    except ModuleNotFoundError as error:
        raise OnionskinError(
            "the digits come with scikit-learn, which is not installed", fix="pip install 'onionskin[data]'"
        ) from error
    pixels, labels = load_digits(return_X_y=True)
    return split_images(
        pixels.reshape(-1, 8, 8).astype(np.float32),
        labels.astype(np.int64),
        classes=tuple("0123456789"),
        source="UCI optical recognition of handwritten digits, through scikit-learn (BSD-3-Clause)",
    )
