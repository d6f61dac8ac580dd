"""The committed fixture of format 1 reads as it did on the day it was written."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import zarr

import onionskin as osk
from tests.recording.make_fixture import FOLDER, expected
from tests.watch.make_space_fixture import FOLDER as SPACE
from tests.watch.make_space_fixture import expected as expected_space


@pytest.mark.parametrize("state", ["growing", "packed"])
def test_our_reader(state: str) -> None:
    run = osk.open_run(FOLDER / state)
    assert expected(run) == json.loads((FOLDER / "expected.json").read_text())
    assert not run.is_growing
    assert run.manifest.title == "small"


@pytest.mark.parametrize("state", ["growing", "packed"])
def test_stock_zarr(state: str) -> None:
    wanted = json.loads((FOLDER / "expected.json").read_text())
    group: Any = zarr.open_group(FOLDER / state, mode="r")
    frames = len(wanted["frames"])
    np.testing.assert_array_equal(group["frames"][:], wanted["frames"])
    statistics = np.array(wanted["statistics"], np.float32)
    np.testing.assert_array_equal(group["statistics"][:frames], statistics)
    names = group["scalars"].attrs["names"]
    for i, name in enumerate(names):
        np.testing.assert_array_equal(group["scalars"][:, i], np.array(wanted["scalars"][name], np.float64))
    tensors = group.attrs["onionskin"]["tensors"]
    for i, tensor in enumerate(tensors):
        key = f"{tensor['role']}/{tensor['name']}"
        codes = group[f"pictures/{tensor['role']}"][:frames, tensor["offset"] : tensor["offset"] + 40]
        for frame in range(1, frames):
            scale = statistics[frame, i, -1]
            picture = wanted["pictures"][key][frame]
            finite = [(c, v) for c, v in zip(codes[frame], picture, strict=False) if isinstance(v, float)]
            for code, value in finite:
                assert np.float32(np.float64(code) * scale) == np.float32(value)


def test_the_input_space_of_a_run() -> None:
    wanted = json.loads((SPACE / "expected.json").read_text())
    assert json.loads(json.dumps(expected_space(osk.open_run(SPACE / "run")))) == wanted


@pytest.mark.parametrize("state", ["growing", "packed"])
def test_older_runs_have_none(state: str) -> None:
    assert osk.open_run(FOLDER / state).space is None
