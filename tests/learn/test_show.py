"""Examples are shown before a training and after it, and asked about from the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import onionskin as osk
from onionskin.learn.report import Gallery, Report


def _gallery(report: Report) -> Gallery:
    (gallery,) = report.blocks
    assert isinstance(gallery, Gallery)
    return gallery


def test_before_and_after_a_training(tmp_path: Path) -> None:
    learner = osk.vision("digits")
    before = _gallery(learner.show(4))
    assert [item.predicted for item in before.items] == [""] * 4
    learner.fit(20, run=tmp_path / "run")
    after = _gallery(learner.show(4))
    assert [item.where for item in after.items] == [item.where for item in before.items]
    assert all(item.png and str(item.predicted).startswith(str(item.label)) for item in after.items)
    assert _gallery(osk.load(tmp_path / "run").show(4)) == after
    with pytest.raises(osk.OnionskinError, match="1 to 200"):
        learner.show(0)
    command = [sys.executable, "-m", "onionskin", "show", str(tmp_path / "run"), "--count", "4", "--json"]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert len(told["blocks"][0]["items"]) == 4


def test_augmented_pictures_are_shown(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "onionskin", "augment", "mnist", "--count", "1", "--json"]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    items = next(block["items"] for block in told["blocks"] if block["kind"] == "gallery")
    assert len(items) == 9
    assert len({item["png"] for item in items}) == 9
    with pytest.raises(osk.OnionskinError, match="it is there for pictures"):
        osk.table("iris").augment()


def test_predict_asks_about_a_file(tmp_path: Path) -> None:
    learner = osk.vision("digits")
    learner.fit(20, run=tmp_path / "run")
    row = int(learner.domain.valid[0])
    picture = learner.domain.shown(row)
    assert picture.png
    (tmp_path / "digit.png").write_bytes(picture.png)
    command = [
        sys.executable,
        "-m",
        "onionskin",
        "predict",
        str(tmp_path / "run"),
        str(tmp_path / "digit.png"),
        "--json",
    ]
    (told,) = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert told["text"] == picture.label
    assert sum(told["scores"].values()) == pytest.approx(1, abs=1e-4)
    wrong = subprocess.run([*command[:5], "{age: 3}"], capture_output=True, text=True)
    assert wrong.returncode == 2
    assert "is no JSON" in wrong.stderr
