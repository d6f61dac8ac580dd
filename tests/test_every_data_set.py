"""Every file in onionskin/data is loaded: shapes, types, classes, and a split that does not move."""

from __future__ import annotations

import numpy as np
import pytest

from onionskin import data, registry


@pytest.mark.parametrize("name", registry.names(data))
def test_it_loads(name: str) -> None:
    images = registry.load(data, name).load()
    for x, y in ((images.train_x, images.train_y), (images.test_x, images.test_y)):
        assert (x.ndim, x.dtype, x.shape[1]) == (4, np.float32, 1)
        assert (y.ndim, y.dtype, len(y)) == (1, np.int64, len(x))
        assert set(np.unique(y)) == set(range(len(images.classes)))
    assert abs(images.train_x.mean()) < 1e-3
    assert abs(images.train_x.std() - 1) < 1e-3
    assert len(images.test_x) == (len(images.train_x) + len(images.test_x)) // 5
    assert "BSD" in images.source
    again = registry.load(data, name).load()
    np.testing.assert_array_equal(again.test_x, images.test_x)
    seen = {image.tobytes() for image in images.train_x}
    assert sum(image.tobytes() in seen for image in images.test_x) < 5  # nothing is held out and trained on
