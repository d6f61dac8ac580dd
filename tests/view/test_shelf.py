"""The runs that a server shows: found below a folder without being opened, and found again while it runs."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest

import onionskin as osk
from onionskin.view import find_runs, shelf
from onionskin.view.shelf import Shelf, find
from tests.view.served import Served

FIXTURE = Path(__file__).parents[2] / "fixtures" / "format1" / "packed"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("run1", "exp1/run2", "exp1/deep/run3"):
        shutil.copytree(FIXTURE, tmp_path / name)
    return tmp_path


def test_runs_in_folders_are_found_and_called_by_their_path(folder: Path) -> None:
    assert sorted(run.name for run in find([folder])) == ["exp1/deep/run3", "exp1/run2", "run1"]
    assert sorted(find_runs([folder])) == [str(folder / name) for name in ("exp1/deep/run3", "exp1/run2", "run1")]


def test_what_is_no_run_is_shown_only_where_somebody_put_it_among_runs(folder: Path) -> None:
    (folder / "damaged").mkdir()
    (folder / "damaged/zarr.json").write_text("{")
    (folder / "damaged.zip").write_text("no zip")
    (folder / "exp1/data.zarr").mkdir()
    (folder / "exp1/data.zarr/zarr.json").write_text("{}")
    shutil.make_archive(str(folder / "exp1/pictures"), "zip", FIXTURE / "frames", "c")
    (folder / ".hidden").mkdir()
    shutil.copytree(FIXTURE, folder / ".hidden/run")
    (folder / "loop").symlink_to(folder)
    names = {run.name for run in find([folder]) if not run.name.startswith("loop/")}
    assert names == {"exp1/deep/run3", "exp1/run2", "run1", "damaged", "damaged.zip"}


def test_no_more_than_so_many_folders_are_searched(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "MOST_FOLDERS", 2)
    assert {run.name for run in find([folder])} == {"exp1/run2", "run1"}
    monkeypatch.setattr(shelf, "MOST_DEPTH", 0)
    assert {run.name for run in find([folder])} == {"run1"}


def test_two_runs_of_one_name_are_told_apart_by_the_folder_above(folder: Path) -> None:
    shutil.copytree(FIXTURE, folder / "exp2/run2")
    names = [run["name"] for run in Shelf([folder / "exp1", folder / "exp2"]).listed()]
    assert sorted(names) == ["deep/run3", "exp1/run2", "exp2/run2"]


def test_a_run_that_joins_is_listed_and_every_run_keeps_its_path(folder: Path) -> None:
    served = Served(folder)

    def listed() -> dict[str, str]:
        return {run["name"]: run["path"] for run in json.loads(served.get("/runs.json")[2])["runs"]}

    before = listed()
    assert set(before) == {"run1", "exp1/run2", "exp1/deep/run3"}
    shutil.copytree(FIXTURE, folder / "exp2/new")
    shutil.rmtree(folder / "run1")
    until = time.monotonic() + 20
    while "exp2/new" not in listed() and time.monotonic() < until:
        time.sleep(0.1)
    after = listed()
    assert {**after, "run1": before["run1"]} == {**before, "exp2/new": after["exp2/new"]}
    assert served.get(f"/{after['exp2/new']}/zarr.json")[0] == 200
    assert served.get(f"/{before['run1']}/zarr.json")[0] == 404
    served.close()


def test_it_says_when_a_run_was_last_written(folder: Path) -> None:
    runs = Shelf([folder / "run1"])
    (before,) = runs.listed()
    assert before["name"] == "run1"
    time.sleep(0.02)
    osk.recording.tags.tag(folder / "run1", add=["bn"])
    runs._looked = -10
    (after,) = runs.listed()
    assert after["changed"] > before["changed"]


def test_five_hundred_runs_are_listed_without_opening_one(tmp_path: Path) -> None:
    for number in range(500):
        run = tmp_path / f"run{number}"
        (run / "status").mkdir(parents=True)
        (run / "zarr.json").write_text("no JSON: whoever opens it fails")
        (run / "status/zarr.json").write_text("")
    assert len(Shelf([tmp_path]).listed()) == 500
