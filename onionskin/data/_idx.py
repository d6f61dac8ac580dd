"""The files that MNIST came in, and Fashion-MNIST after it: a magic number, the sizes, and the values as bytes.

Source: LeCun, Cortes & Burges, "The MNIST database of handwritten digits".
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from onionskin.data import Images, with_channel
from onionskin.errors import OnionskinError

#: No file of these is larger when it is inflated.
_MOST_BYTES: Final = 2**26


def read(folder: Path, *, classes: tuple[str, ...], source: str, ending: str = "") -> Images:
    """Return the 60,000 images to train on and the 10,000 held out, as their makers have split them.

    Args:
        folder: Holds the four files of either.
        classes: A name for each class.
        source: Where they come from, and their licence.
        ending: What follows their usual names.

    Raises:
        OnionskinError: A file is missing, is cut off, or is none of these.
    """
    parts = {}
    for part in ("train", "t10k"):
        x = _array(folder / f"{part}-images-idx3-ubyte{ending}", axes=3)
        y = _array(folder / f"{part}-labels-idx1-ubyte{ending}", axes=1)
        if len(x) != len(y) or y.max(initial=0) >= len(classes):
            raise OnionskinError(
                f"{folder} has {len(x):,} images and {len(y):,} labels up to {y.max(initial=0)} for {part}",
                fix="remove it, and have the package fetched again",
            )
        parts[part] = with_channel(x.astype(np.float32)), y.astype(np.int64)
    (train_x, train_y), (test_x, test_y) = parts["train"], parts["t10k"]
    mean, std = train_x.mean(dtype=np.float64), train_x.std(dtype=np.float64)
    for pixels in (train_x, test_x):
        pixels -= np.float32(mean)
        pixels /= np.float32(std)
    return Images(train_x, train_y, test_x, test_y, classes, source)


def _array(file: Path, *, axes: int) -> npt.NDArray[np.uint8]:
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
            data = stream.read(_MOST_BYTES)
    except (OSError, EOFError) as error:
        raise OnionskinError(f"{file} cannot be read: {error}", fix="have the package fetched again") from error
    head = np.frombuffer(data[: 4 + 4 * axes], ">u4")
    # 0x0800 says bytes; below it stands the number of axes.
    if (
        len(head) != 1 + axes
        or head[0] != 0x0800 + axes
        or len(data) - 4 - 4 * axes != np.prod(head[1:], dtype=np.int64)
    ):
        raise OnionskinError(
            f"{file} is no idx file of {axes} axes, or is cut off", fix="have the package fetched again"
        )
    return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(head[1:])
