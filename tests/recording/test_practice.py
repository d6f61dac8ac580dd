"""Reports beside a run: kept whole or not at all, carried into every copy, and read from wherever a run can be."""

from __future__ import annotations

import json
import re
import shutil
import warnings
from pathlib import Path
from typing import Any

import pytest
import zarr

import onionskin as osk
from onionskin.learn.report import Report
from onionskin.recording import practice
from onionskin.recording.duplicate import duplicate
from onionskin.recording.practice import save_practice
from onionskin.recording.thin import Choice, choose
from onionskin.view import export, publish
from tests.learn.report.every_block import every_block
from tests.recording import build


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build.build_run(tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture
def run(plain: Path, tmp_path: Path) -> Path:
    """A finished run with two reports."""
    folder = Path(shutil.copytree(plain, tmp_path / "run"))
    for name in ("worst", "confusion"):
        every_block(name).save(folder)
    return folder


def _names(location: Path | str) -> list[str]:
    return [entry.name for entry in osk.open_run(location).manifest.practice]


def test_what_was_kept_is_read(run: Path) -> None:
    opened = osk.open_run(run)
    assert _names(run) == ["worst", "confusion"]
    assert opened.manifest.practice[0].title == "The worst mistakes"
    assert Report.from_json(opened.practice("worst")) == every_block("worst")
    with pytest.raises(osk.OnionskinError, match=r"no report 'wurst'[\s\S]*did you mean 'worst'"):
        opened.practice("wurst")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zarr speaks of files that are no arrays
        stock: Any = zarr.open_group(run, mode="r")
        assert "practice" in list(stock.group_keys())


def test_a_run_without_reports_has_none(plain: Path) -> None:
    assert osk.open_run(plain).manifest.practice == ()
    assert "practice" not in osk.open_run(plain).manifest.to_json()
    with pytest.raises(osk.OnionskinError, match="it has none"):
        osk.open_run(plain).practice("worst")


def test_a_later_one_of_the_name_replaces_it(run: Path) -> None:
    other = Report("worst", "Again", "Nothing is wrong.")
    assert other.save(run) == run / "practice" / "worst.json"
    assert Report.from_json(osk.open_run(run).practice("worst")) == other
    assert _names(run) == ["confusion", "worst"]


@pytest.mark.parametrize("zipped", [False, True])
def test_packing_carries_them(run: Path, zipped: bool) -> None:
    packed = osk.open_run(osk.pack(run, zipped=zipped))
    assert Report.from_json(packed.practice("confusion")) == every_block("confusion")


def test_a_copy_carries_them_and_one_that_leaves_them_out_lists_none(run: Path, tmp_path: Path) -> None:
    opened = osk.open_run(run)
    duplicate(opened, run, tmp_path / "whole", choose(opened, run, 10**9, 5))
    assert _names(tmp_path / "whole") == ["worst", "confusion"]
    assert Report.from_json(osk.open_run(tmp_path / "whole").practice("worst")) == every_block()
    duplicate(opened, run, tmp_path / "without", Choice(tuple(range(build.FRAMES)), ("practice",)))
    assert _names(tmp_path / "without") == []
    assert not (tmp_path / "without" / "practice").exists()


def test_what_does_not_fit_is_left_out_and_said(run: Path) -> None:
    save_practice(run, "large", "large", json.dumps({"text": "x" * 10**7}).encode())
    choice = choose(osk.open_run(run), run, 4_000_000)
    assert "the reports" in choice.left_out
    assert not choice.keeps("practice/large.json")


def test_one_file_and_a_published_folder_carry_them(run: Path, tmp_path: Path) -> None:
    export([run], tmp_path / "run.html")
    assert re.search(r'data-path="practice/worst.json"', (tmp_path / "run.html").read_text())
    publish([run], tmp_path / "site")
    listed = json.loads((tmp_path / "site" / "runs.json").read_text())["runs"]
    assert _names(tmp_path / "site" / listed[0]["path"]) == ["worst", "confusion"]
    Report("look", "What is there", "Nothing.").save(run)
    again = publish([run], tmp_path / "site")
    assert not again.runs[0].was_there  # a report more is a change
    assert _names(tmp_path / "site" / listed[0]["path"]) == ["worst", "confusion", "look"]


def test_a_run_that_grows_or_is_a_zip_takes_none(run: Path, tmp_path: Path) -> None:
    zipped = osk.pack(run, zipped=True)
    with pytest.raises(osk.OnionskinError, match="is no folder"):
        every_block().save(zipped)
    status = json.loads((run / "status" / "zarr.json").read_text())
    status["attributes"]["status"] |= {"state": "growing", "updated": 4e9}
    (run / "status" / "zarr.json").write_text(json.dumps(status))
    with pytest.raises(osk.OnionskinError, match="still being recorded"):
        every_block("look").save(run)
    assert not (run / "practice" / "look.json").exists()


def test_far_too_many_or_too_large_are_refused(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(osk.OnionskinError, match=r"has 17\.0 MB"):
        save_practice(run, "large", "large", b"x" * 17_000_000)
    monkeypatch.setattr(practice, "MOST_REPORTS", 2)
    with pytest.raises(osk.OnionskinError, match="has 2 reports"):
        every_block("look").save(run)
    assert _names(run) == ["worst", "confusion"]


def _listed(run: Path, entries: object) -> None:
    path = run / "zarr.json"
    content = json.loads(path.read_text())
    content["attributes"]["onionskin"]["practice"] = entries
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    "entries",
    [
        3,
        ["worst"],
        [{"name": "../../../etc/passwd", "title": ""}],
        [{"name": "worst", "title": "x" * 10**6}],
        [{"name": "worst", "title": ""}] * 2,
        [{"name": f"r{i}", "title": ""} for i in range(65)],
    ],
)
def test_a_hostile_list_is_refused(run: Path, entries: object) -> None:
    _listed(run, entries)
    with pytest.raises(osk.OnionskinError, match="cannot be trusted"):
        osk.open_run(run)


def test_a_report_that_is_missing_or_far_too_large_is_refused(run: Path) -> None:
    (run / "practice" / "worst.json").unlink()
    with pytest.raises(osk.OnionskinError, match="is missing"):
        osk.open_run(run).practice("worst")
    (run / "practice" / "confusion.json").write_bytes(b" " * (practice.MOST_BYTES + 1))
    with pytest.raises(osk.OnionskinError, match="16,777,217 bytes"):
        osk.open_run(run).practice("confusion")
