"""The answers of a lab are handed out beside its runs, copied with them, and nothing else of the folder is reached."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import onionskin as osk
from onionskin.view import find_runs, publish
from tests.view.make_lab_fixture import FOLDER, RUN, questions
from tests.view.served import Served

_RUN = Path(__file__).parents[2] / "fixtures" / "format1" / "packed"


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """A lab with one recorded run, and a secret beside its answers."""
    folder = Path(shutil.copytree(FOLDER, tmp_path / "lab"))
    shutil.copytree(_RUN, folder / RUN)
    (folder / "secret.json").write_text('"secret"')
    (folder / "answers/link.json").symlink_to(folder / "secret.json")
    return folder


@pytest.fixture
def served(lab: Path) -> Iterator[Served]:
    server = Served(lab)
    yield server
    server.close()


def test_answers_and_runs_are_handed_out(served: Served, lab: Path) -> None:
    status, headers, content = served.get("/lab/index.json")
    assert (status, headers.get_content_type()) == (200, "application/json")
    assert [one["name"] for one in json.loads(content)["questions"]] == [one["name"] for one in questions()]
    assert served.get("/lab/latency.json")[2] == (lab / "answers/latency.json").read_bytes()
    shown = json.loads(served.get("/runs.json")[2])
    assert shown["lab"] is True
    assert [run["name"] for run in shown["runs"]] == [RUN]
    assert served.get("/lab/depth.json")[0] == 404  # it has not been asked yet


@pytest.mark.parametrize(
    "path",
    [
        "../secret",
        "..%2Fsecret",
        "%2e%2e/secret",
        "link",
        "INDEX",
        "index.json/../../secret",
        "answers/index",
        ".",
        "a%00b",
    ],
)
def test_nothing_but_answers_is_reached(served: Served, path: str) -> None:
    status, _, content = served.get(f"/lab/{path}.json")
    assert status in (400, 404)
    assert b"secret" not in content


def test_a_folder_of_answers_that_leads_elsewhere_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab/answers").symlink_to(FOLDER / "answers")
    served = Served(tmp_path / "lab")
    assert served.get("/lab/index.json")[0] == 404
    served.close()


def test_where_there_is_no_lab_none_is_told_of() -> None:
    served = Served(_RUN)
    assert served.get("/lab/index.json")[0] == 404
    assert "lab" not in json.loads(served.get("/runs.json")[2])
    served.close()


def test_a_lab_without_runs_opens_and_two_labs_do_not(tmp_path: Path) -> None:
    assert find_runs([FOLDER]) == []
    shutil.copytree(FOLDER, tmp_path / "other")
    with pytest.raises(osk.OnionskinError, match=r"two labs.*\n.*onionskin lab merge"):
        publish([FOLDER, tmp_path / "other"], tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_it_is_published_with_its_runs(lab: Path, tmp_path: Path) -> None:
    done = publish([lab], tmp_path / "site")
    assert done.answers == 2
    assert [run.name for run in done.runs] == [RUN]
    listed = json.loads((tmp_path / "site/runs.json").read_text())
    assert listed["lab"] is True
    assert osk.open_run(tmp_path / "site" / listed["runs"][0]["path"]).frames
    assert {path.name for path in (tmp_path / "site/lab").iterdir()} == {"index.json", "batch.json", "latency.json"}
    publish([_RUN], tmp_path / "site")  # what was published before stays
    assert json.loads((tmp_path / "site/runs.json").read_text())["lab"] is True


def test_a_damaged_list_is_told_before_anything_is_written(lab: Path, tmp_path: Path) -> None:
    for damage in ("{", "[]", '{"questions": [{"answers": [1]}]}', '{"questions": 3}'):
        (lab / "answers/index.json").write_text(damage)
        with pytest.raises(osk.OnionskinError, match=r"index\.json is damaged"):
            publish([lab], tmp_path / "site")
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize("has_runs", [False, True])
def test_view_shows_it_by_itself(lab: Path, has_runs: bool) -> None:
    if has_runs:
        shutil.copytree(_RUN, lab.parent / "runs/own")
    command = [sys.executable, "-m", "onionskin", "view", "--no-open"]
    server = subprocess.Popen(command, cwd=lab.parent, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    said = server.stdout.readline()
    assert ("2 runs and the lab in lab" if has_runs else "/#lab until") in said
    server.send_signal(signal.SIGINT)
    assert server.wait(timeout=10) == 0
    server.stdout.close()
