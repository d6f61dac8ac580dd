"""The lab's file: what it refuses, and how another machine's comes in."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from onionskin.errors import OnionskinError
from onionskin.lab.asking import ask
from onionskin.lab.ledger import Ledger
from onionskin.lab.shelf import merge, write_all
from onionskin.lab.told import listed, told
from tests.lab.asked import COIN, written


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Path]:
    """A lab that has asked about coins."""
    with written(tmp_path / "more", coin=COIN):
        ask("coin", tmp_path / "lab", seeds=3)
        yield tmp_path / "lab"


def elsewhere(lab: Path, place: Path) -> Path:
    """The same lab's file as another machine would have measured it."""
    shutil.copy(lab / "lab.sqlite", place)
    file = sqlite3.connect(place)
    file.executescript(
        "PRAGMA foreign_keys = OFF; UPDATE machines SET key = 'other', name = 'a larger machine';"
        "UPDATE sessions SET machine = 'other', id = 'elsewhere';"
        "UPDATE trials SET machine = 'other', session = 'elsewhere';"
        "UPDATE numbers SET value = value / 2 WHERE measure = 'seconds';"
    )
    file.close()
    return place


def test_another_machines_answers_come_in_beside_ours(lab: Path, tmp_path: Path) -> None:
    other = elsewhere(lab, tmp_path / "other.sqlite")
    assert merge(lab, other) == (1, ["coin"])
    here, there = told(lab, "coin")["answers"]
    assert there["machine"]["name"] == "a larger machine"
    assert len(there["trials"]) == len(here["trials"]) == 9
    halved = [trial["numbers"]["seconds"] for trial in there["trials"]]
    assert halved == pytest.approx([trial["numbers"]["seconds"] / 2 for trial in here["trials"]])
    assert "a larger machine" in (lab / "answers" / "coin.html").read_text()
    assert merge(lab, other) == (0, [])  # again: nothing is twice
    assert len(next(q for q in listed(lab) if q["name"] == "coin")["answers"]) == 2


def test_a_full_answer_stands_before_a_quick_one_and_pages_are_written_again(lab: Path) -> None:
    ask("coin", lab, is_quick=True, seeds=1)
    (answer,) = told(lab, "coin")["answers"]
    assert not answer["is_quick"]
    shutil.rmtree(lab / "answers")
    write_all(lab)
    assert (lab / "answers" / "coin.md").is_file()
    assert (lab / "answers" / "index.json").is_file()


def test_files_that_are_none_are_refused_and_left_alone(lab: Path, tmp_path: Path) -> None:
    words = tmp_path / "words.sqlite"
    words.write_bytes(b"these are words " * 100)
    foreign = tmp_path / "foreign.sqlite"
    with sqlite3.connect(foreign) as file:
        file.execute("CREATE TABLE t (x)")
    file.close()
    newer = tmp_path / "newer.sqlite"
    shutil.copy(lab / "lab.sqlite", newer)
    with sqlite3.connect(newer) as file:
        file.execute("PRAGMA user_version = 7")
    file.close()
    for path, said in [(words, "not a database"), (foreign, "is not the file of a lab"), (newer, "is of version 7"),
                       (tmp_path / "none.sqlite", "there is no file")]:  # fmt: skip
        before = path.read_bytes() if path.is_file() else b""
        with pytest.raises(OnionskinError, match=said):
            merge(lab, path)
        assert (path.read_bytes() if path.is_file() else b"") == before
    with pytest.raises(OnionskinError, match="is of version 7"), Ledger(newer):
        pass
    with pytest.raises(OnionskinError, match="no file was given"):
        merge(lab, None)


def test_a_damaged_file_of_a_stranger_brings_nothing_in(lab: Path, tmp_path: Path) -> None:
    other = elsewhere(lab, tmp_path / "other.sqlite")
    with sqlite3.connect(other) as file:
        file.execute('UPDATE sessions SET arms = \'{"not": "a list"\'')
    file.close()
    before = told(lab, "coin")
    with pytest.raises(OnionskinError, match="damaged"):
        merge(lab, other)
    assert told(lab, "coin") == before


def test_it_can_be_queried_by_hand(lab: Path) -> None:
    file = sqlite3.connect(lab / "lab.sqlite")
    found = dict(
        file.execute("SELECT arm, avg(value) FROM results WHERE question = 'coin' AND measure = 'weight' GROUP BY arm")
    )
    file.close()
    assert found["gold"] > 0.9
    assert 0.4 < found["tin"] < 0.46


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OnionskinError) as error:
        Ledger(tmp_path / "taken" / "lab.sqlite")
    assert "--into" in error.value.fix
