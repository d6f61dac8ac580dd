"""The programs beside a run: read as they were written, carried into copies, and refused where they contradict it."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

import onionskin as osk
from onionskin.errors import OnionskinError
from onionskin.recording import Peel, PeelArray, PeelProgram, PeelStep, save_peel
from onionskin.recording.duplicate import duplicate
from onionskin.recording.thin import choose, even
from tests.recording import build
from tests.recording.make_fixture import FOLDER as FORMAT1
from tests.recording.make_peel_fixture import FOLDER, expected
from tests.recording.peel_run import peel_of


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build.build_run(tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture
def run(plain: Path, tmp_path: Path) -> Path:
    """A finished run with a peel."""
    folder = Path(shutil.copytree(plain, tmp_path / "run"))
    save_peel(folder, peel_of(build.FRAMES))
    return folder


def _equal(found: Peel | None, wanted: Peel) -> None:
    assert found is not None
    assert replace(found, values=wanted.values) == replace(wanted, values=wanted.values)
    np.testing.assert_array_equal(found.values, wanted.values)
    assert found.values.dtype == np.float32


def test_what_was_saved_is_read(run: Path) -> None:
    wanted = peel_of(build.FRAMES)
    _equal(osk.open_run(run).peel, wanted)
    assert len(wanted.arrays) > 20
    stock: Any = zarr.open_group(run, mode="r")
    np.testing.assert_array_equal(stock["peel/values"][:], wanted.values)


def test_the_fixture_reads_as_it_did(tmp_path: Path) -> None:
    shutil.copytree(FORMAT1 / "packed", tmp_path / "run")
    shutil.copytree(FOLDER / "run", tmp_path / "run", dirs_exist_ok=True)
    assert expected(osk.open_run(tmp_path / "run")) == json.loads((FOLDER / "expected.json").read_text())


def test_a_run_without_one_has_none(plain: Path) -> None:
    assert osk.open_run(plain).peel is None
    assert osk.open_run(FORMAT1 / "growing").peel is None


def test_a_later_one_replaces_it(run: Path) -> None:
    other = replace(peel_of(build.FRAMES), arrays=(), values=np.zeros((build.FRAMES, 0), np.float32))
    save_peel(run, other)
    _equal(osk.open_run(run).peel, other)
    assert not (run / "peel" / "values").exists()


_TEXTS = st.text(max_size=20)


@settings(max_examples=25)
@given(data=st.data())
def test_any_peel_comes_back(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory, plain: Path) -> None:
    steps = data.draw(
        st.lists(
            st.builds(PeelStep, _TEXTS, _TEXTS, st.just("backward"), _TEXTS, _TEXTS, _TEXTS), min_size=1, max_size=3
        )
    )
    source = data.draw(st.text(st.sampled_from("ab\n"), max_size=30))
    pair = st.tuples(st.integers(1, source.count("\n") + 1), st.integers(0, len(steps) - 1))
    program = PeelProgram("numpy", source, tuple(data.draw(st.lists(pair, max_size=5))))
    shapes = data.draw(st.lists(st.lists(st.integers(1, 4), max_size=3), max_size=3))
    arrays, offset = [], 0
    for shape in shapes:
        strides = tuple(data.draw(st.integers(1, 3)) for _ in shape)
        size = math.prod(-(-n // s) for n, s in zip(shape, strides, strict=True))
        arrays.append(PeelArray(0, "a", tuple(shape), strides, offset, size))
        offset += size
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    values = rng.choice(np.array([0, -1.5, np.inf, np.nan], np.float32), size=(build.FRAMES, offset))
    peel = Peel("numpy", tuple(steps), (program,), tuple(arrays), values)
    folder = Path(shutil.copytree(plain, tmp_path_factory.mktemp("any") / "run"))
    save_peel(folder, peel)
    _equal(osk.open_run(folder).peel, peel)


_PEEL = peel_of(build.FRAMES)
_ARRAY = _PEEL.arrays[0]
_STEP = _PEEL.steps[0]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (replace(_PEEL, level="c++"), "is of the level 'c\\+\\+'"),
        (replace(_PEEL, programs=_PEEL.programs * 2), "has 10 levels"),
        (replace(_PEEL, programs=(PeelProgram("numpy", "é" * 100_001, ()),)), "100,001 letters or more"),
        (replace(_PEEL, programs=(PeelProgram("numpy", "x = 1\n", ((3, 0),)),)), "has 2 lines"),
        (replace(_PEEL, programs=(PeelProgram("numpy", "x = 1\n", ((1, 99),)),)), "17 steps are known"),
        (replace(_PEEL, steps=(replace(_STEP, part="sideways"), *_PEEL.steps[1:])), "'sideways'"),
        (replace(_PEEL, steps=(replace(_STEP, formula="x" * 5000), *_PEEL.steps[1:])), "formula of too many"),
        (replace(_PEEL, arrays=(replace(_ARRAY, step=99),)), "of step 99"),
        (replace(_PEEL, arrays=(replace(_ARRAY, strides=(1, 0)),)), "strides"),
        (replace(_PEEL, arrays=(replace(_ARRAY, size=3),)), "3 values at 0"),
        (replace(_PEEL, arrays=(replace(_ARRAY, offset=10**6),)), "values at 1000000"),
        (replace(_PEEL, values=_PEEL.values[:-1]), "the run has 20 frames"),
        (replace(_PEEL, values=_PEEL.values.astype(np.float64)), "are float64"),
    ],
)
def test_one_that_contradicts_itself_is_refused_before_anything_is_written(wrong: Peel, words: str, run: Path) -> None:
    before = (run / "zarr.json").read_bytes(), sorted(run.rglob("*"))
    with pytest.raises(OnionskinError, match=words) as refused:
        save_peel(run, wrong)
    assert refused.value.fix
    assert ((run / "zarr.json").read_bytes(), sorted(run.rglob("*"))) == before


def test_a_thinned_copy_has_the_values_of_its_frames(run: Path, tmp_path: Path) -> None:
    opened = osk.open_run(run)
    choice = replace(choose(opened, run, 10**9), frames=even(tuple(range(build.FRAMES)), frozenset(), 7))
    duplicate(opened, run, tmp_path / "copy", choice)
    copy = osk.open_run(tmp_path / "copy")
    _equal(copy.peel, replace(_PEEL, values=_PEEL.values[list(choice.frames)]))


def test_a_copy_that_is_too_small_keeps_the_programs(run: Path, tmp_path: Path) -> None:
    opened = osk.open_run(run)
    most = sum(path.stat().st_size for path in run.rglob("*") if path.is_file()) // 3
    choice = choose(opened, run, most)
    assert "the values beside the peel’s programs" in choice.left_out
    duplicate(opened, run, tmp_path / "copy", choice)
    peel = osk.open_run(tmp_path / "copy").peel
    assert peel is not None
    assert peel.programs == _PEEL.programs
    assert peel.arrays == ()
    assert peel.values.shape == (len(choice.frames), 0)


def test_a_packed_zip_has_it_too(run: Path) -> None:
    _equal(osk.open_run(osk.pack(run, zipped=True)).peel, _PEEL)
