"""What is in data is counted and shown, and what is wrong with them is warned of with counts and first examples."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import onionskin as osk
from onionskin.cli import main
from onionskin.learn.domains.vision import Vision
from onionskin.learn.learner import Learner
from onionskin.learn.practice.look import look
from onionskin.learn.report import Caution, Chart, Gallery, Table


@pytest.fixture
def learner() -> Learner:
    return osk.vision("digits")


def test_it_counts_what_there_is(learner: Learner) -> None:
    d = learner.domain
    report = learner.look()
    assert report.answer.endswith(
        f"{len(d.train):,} to train on and {len(d.valid):,} held out; nothing is there twice."
    )
    assert report.facts["examples"] == 1797
    table = next(block for block in report.blocks if isinstance(block, Table))
    assert sum(float(str(row[1])) for row in table.rows) == len(d.train)
    assert sum(float(str(row[2])) for row in table.rows) == len(d.valid)
    chart = next(block for block in report.blocks if isinstance(block, Chart))
    assert sum(y or 0 for series in chart.series for y in series.y) == 1797
    gallery = next(block for block in report.blocks if isinstance(block, Gallery))
    assert [item.label for item in gallery.items] == [str(digit) for digit in range(10) for _ in range(3)]
    assert gallery.items[0].png
    assert not any(isinstance(block, Caution) for block in report.blocks)
    assert learner.look() == report


def test_what_leaks_and_what_is_torn_is_warned_of(learner: Learner) -> None:
    d = learner.domain
    assert isinstance(d, Vision)
    x = d.pictures._x  # type: ignore[union-attr]
    x[int(d.valid[0])] = x[0].clone()
    x[3] = x[0].clone()
    told = [block.text for block in look(learner).blocks if isinstance(block, Caution)]
    assert any(
        text.startswith(f"1 held-out examples are nearly the same as one that is trained on: row {d.valid[0]};")
        for text in told
    )
    assert any("1 groups of near-duplicates have different labels: row 0 and row 3" in text for text in told)


def test_rare_and_overwhelming_classes_are_warned_of(learner: Learner) -> None:
    d = learner.domain
    labels = np.asarray(d.targets(d.train))
    keep = np.flatnonzero((labels != 7) | (np.cumsum(labels == 7) <= 3))
    d.train = d.train[keep]
    d.valid = d.valid[np.asarray(d.targets(d.valid)) != 7]
    told = [block.text for block in look(learner).blocks if isinstance(block, Caution)]
    assert told[0] == "1 classes have fewer than 10 examples: 7 (3)"
    assert told[1].endswith("how well they are learned: 7")
    assert "times as many of" in told[2]


def test_the_command_tells_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["look", "digits", "--json", "--html", str(tmp_path / "look.html")])
    assert json.loads(capsys.readouterr().out)["facts"]["classes"] == 10
    assert "What is in the data" in (tmp_path / "look.html").read_text()
    with pytest.raises(SystemExit, match="2"):
        main(["look", "digitz"])
    assert "did you mean 'digits'" in capsys.readouterr().err
