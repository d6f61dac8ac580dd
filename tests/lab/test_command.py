"""The command: what it lists, prints and refuses."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from onionskin.lab import question
from onionskin.lab.golf import board
from tests.lab.asked import COIN, in_a_process, written


def onionskin(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "onionskin", "lab", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env={**os.environ, **environment})


def interrupted(process: subprocess.Popen[str], lab: Path, after: float) -> str:
    """Press Ctrl-C so many seconds after a lab has begun to measure, and return what the command said."""
    until = time.monotonic() + 60
    while not (lab / "lab.sqlite").is_file() and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    return process.communicate()[1]


def test_it_lists_the_questions_with_their_answers_so_far(tmp_path: Path) -> None:
    done = onionskin("--json", cwd=tmp_path)
    found = json.loads(done.stdout)["questions"]
    assert [q["name"] for q in found] == question.names()
    assert not any(q["answers"] for q in found)
    assert not (tmp_path / "lab").exists()  # looking writes nothing
    said = onionskin(cwd=tmp_path, COLUMNS="160").stdout
    assert all(name in said for name in question.names())
    assert "not asked yet" in said


def test_asked_stopped_and_gone_on_with(tmp_path: Path) -> None:
    """Ctrl-C keeps what was measured; --resume goes on; the list then has the answer."""
    command = [sys.executable, "-m", "onionskin", "lab", "double-descent", "--quick", "--seeds", "3"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    said = interrupted(process, tmp_path / "lab", after=1.0)
    assert process.returncode in (130, -signal.SIGINT), said
    again = onionskin("double-descent", "--quick", "--resume", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    answer = json.loads(onionskin("--json", cwd=tmp_path).stdout)["questions"]
    (mine,) = next(q for q in answer if q["name"] == "double-descent")["answers"]
    assert mine["is_quick"]
    pages = onionskin("pages", cwd=tmp_path)
    assert pages.returncode == 0, pages.stderr


#: A lab of these questions alone, and the command 'all'.
ALL = """
questions.__path__[:] = questions.__path__[-1:]
from onionskin.cli import main
main(['lab', 'all', '--quick', {}])
"""


def test_all_are_asked_though_one_cannot_be_and_resume_asks_what_is_left(tmp_path: Path) -> None:
    wrong = '"""A question without a question mark."""'
    with written(tmp_path / "more", coin=COIN, between=wrong, dime=COIN):
        asked = in_a_process(tmp_path / "more", ALL.format("'--seeds', '2'"))
        said = asked.communicate()[1]
        assert asked.returncode == 2, said
        assert "error: between: " in said
        assert said.count("Which coin is the heaviest?") == said.count("kept in lab/answers/") == 2
        (tmp_path / "more" / "dime.py").write_text((tmp_path / "more" / "coin.py").read_text() + "# changed\n")
        again = in_a_process(tmp_path / "more", ALL.format("'--resume'")).communicate()[1]
    assert "coin: has its answer" in again
    assert again.count("kept in lab/answers/") == 1
    assert "kept in lab/answers/dime.html" in again


def test_one_ctrl_c_stops_all_and_resume_goes_on(tmp_path: Path) -> None:
    with written(tmp_path / "more", coin=COIN, dime=COIN):
        process = in_a_process(tmp_path / "more", ALL.format("'--seeds', '40'"))
        said = interrupted(process, tmp_path / "lab", after=0.5)
        assert process.returncode == 130, said
        assert "'onionskin lab all --quick --resume' goes on" in said
        assert said.count("Which coin is the heaviest?") == 1
        again = in_a_process(tmp_path / "more", ALL.format("'--resume', '--seeds', '40'"))
        assert "going on after" in again.communicate()[1]
    assert {path.name for path in (tmp_path / "lab" / "answers").glob("*.html")} == {"coin.html", "dime.html"}


def test_an_entry_is_run_before_it_comes_on_the_board(tmp_path: Path) -> None:
    ours = min(Path(board.OURS).glob("xor*.json"))
    for path in (ours, ours.with_suffix(".safetensors")):
        shutil.copy(path, tmp_path / f"mine{path.suffix}")
    done = onionskin("golf", "mine.json", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["score"] == 1.0
    assert (tmp_path / "lab" / "golf" / "mine.safetensors").is_file()


@pytest.mark.parametrize(
    ("arguments", "said", "fix"),
    [
        (["latensy"], "the lab has no question 'latensy'", "did you mean 'latency'?"),
        (["latency", "--resume"], "there is nothing to go on with", "onionskin lab latency"),
        (["latency", "--engine", "rey"], "no 'rey' in engines", "did you mean 'ray'?"),
        (["latency", "--seeds", "0"], "0 seeds", "at least 1"),
        (["merge"], "no file was given", "onionskin lab merge FILE"),
        (["merge", "nowhere.sqlite"], "there is no file", "lab.sqlite of another lab"),
        (["golf"], "no entry was given", "ENTRY.safetensors"),
        (["pages"], "there is no lab/lab.sqlite", "ask a question first"),
        (["latency", "--into", "/proc/nothing"], "/proc/nothing", "--into"),
    ],
)
def test_what_it_refuses(tmp_path: Path, arguments: list[str], said: str, fix: str) -> None:
    done = onionskin(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert fix in done.stderr
    assert "Traceback" not in done.stderr
