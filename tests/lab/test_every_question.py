"""Every file in onionskin/lab/questions answers quickly, through the command line, as a person would ask it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from onionskin.lab import question
from onionskin.lab.told import told

#: Longer than the 20 seconds of a quick answer: this machine may do other things besides.
_PATIENCE = 120


@pytest.mark.parametrize("name", question.names())
def test_it_says_what_it_is(name: str) -> None:
    asked = question.load(name)
    assert len(asked.method) > 200, "how it is answered"
    assert len(asked.claim) > 20
    assert len(asked.changes) > 20
    assert 0 < asked.cost <= 900
    quick, full = asked.arms(True), asked.arms(False)
    assert len(full) >= len(quick)
    assert json.loads(json.dumps([dict(arm.settings) for arm in full])) is not None
    assert name in question.ORDER, "say where a learner meets it"


@pytest.mark.parametrize("name", question.names())
def test_it_answers_quickly(name: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "onionskin", "lab", name, "--quick", "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=_PATIENCE)
    assert done.returncode == 0, done.stderr
    page = json.loads(done.stdout)
    (answer,) = page["answers"]
    assert answer["is_quick"]
    assert any(letter.isdigit() for letter in answer["sentence"]), answer["sentence"]
    assert 20 < len(answer["sentence"]) < 420
    assert answer["rule"]
    assert answer["charts"], "a picture"
    assert "nan" not in answer["sentence"].split()
    for chart in answer["charts"]:
        assert "url" not in json.dumps(chart["spec"].get("data", {})), "data lie in the chart"
    for kind in ("json", "md", "html", "svg", "png"):
        assert (tmp_path / "lab" / "answers" / f"{name}.{kind}").stat().st_size > 300
    _no_ratio_that_may_be_chance(answer)
    assert told(tmp_path / "lab", name)["answers"][0]["sentence"] == answer["sentence"]
    runs = [run for trial in answer["trials"] for run in trial["runs"]]
    assert all((tmp_path / "lab" / run / "zarr.json").is_file() for run in runs), "what is linked to is there"


def _no_ratio_that_may_be_chance(answer: dict[str, Any]) -> None:
    for c in answer["comparisons"]:
        same = 1.0 if c["kind"] == "ratio" else 0.0
        low, high = (
            (-float("inf") if c["low"] is None else c["low"]),
            (float("inf") if c["high"] is None else c["high"]),
        )
        if low <= same <= high and low != high:
            assert not c["differs"]
            assert "no difference" in c["text"]
