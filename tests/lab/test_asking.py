"""Asking: rounds, stopping, going on after a kill, skipping what is missing, and noticing company."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from onionskin.errors import OnionskinError
from onionskin.lab import question
from onionskin.lab.asking import Asking, ask
from onionskin.lab.ledger import Ledger
from tests.lab.asked import COIN, in_a_process, written


@pytest.fixture
def coin(tmp_path: Path) -> Iterator[Path]:
    """A lab that also asks about coins; yields the lab's folder."""
    with written(tmp_path / "more", coin=COIN):
        yield tmp_path / "lab"


def rows(lab: Path) -> list[tuple[str, int, float]]:
    with sqlite3.connect(lab / "lab.sqlite") as file:
        asked = "SELECT arm, seed, value FROM results WHERE measure = 'weight' ORDER BY arm, seed"
        found: list[tuple[str, int, float]] = file.execute(asked).fetchall()
    file.close()
    return found


def test_it_answers_with_intervals_and_says_where_nothing_differs(coin: Path) -> None:
    page = ask("coin", coin, seeds=6)
    (answer,) = page["answers"]
    assert answer["sentence"].startswith("Gold is heavier than tin: +")
    assert "tin and zinc: no difference found" in answer["sentence"]
    assert answer["claim_holds"] is False
    assert [c["differs"] for c in answer["comparisons"]] == [True, False]
    assert {arm["numbers"]["weight"]["count"] for arm in answer["arms"]} == {6}
    for kind in ("json", "md", "html", "svg", "png"):
        assert (coin / "answers" / f"coin.{kind}").stat().st_size > 500
    assert "<script" not in (coin / "answers" / "coin.html").read_text()


def test_arms_are_interleaved_in_an_order_drawn_for_each_round(coin: Path) -> None:
    ask("coin", coin, seeds=6)
    with Ledger(coin / "lab.sqlite") as ledger:
        (session,) = ledger.sessions("coin")
        order = [(t.seed, t.arm) for t in ledger.trials(session)]
    assert [seed for seed, _ in order] == sorted(seed for seed, _ in order)  # round by round
    rounds = [tuple(arm for s, arm in order if s == seed) for seed in range(6)]
    assert all(set(each) == {"gold", "tin", "zinc"} for each in rounds)
    assert len(set(rounds)) > 2


def test_it_stops_when_it_is_sure_or_when_the_time_is_over(coin: Path, tmp_path: Path) -> None:
    sure = COIN.replace("precision=1e-9", "precision=0.05")
    with written(tmp_path / "other", sure=sure):
        ask("sure", coin, seconds=60)
        assert len({seed for _, seed, _ in rows(coin)}) == 3  # the fewest rounds are enough for ± 5 points
    began = time.perf_counter()
    ask("coin", tmp_path / "slow", seconds=1.5)
    assert time.perf_counter() - began < 15
    assert 3 < len({seed for _, seed, _ in rows(tmp_path / "slow")}) < 40


def test_killed_at_ten_moments_it_ends_with_the_same_trials(coin: Path, tmp_path: Path) -> None:
    """SIGKILL at any moment: no trial is lost or there twice, and the numbers are those of a run that went through."""
    whole = tmp_path / "whole"
    ask("coin", whole, seeds=12)
    code = "from onionskin.lab.asking import Asking\n"
    code += "for _ in Asking('coin', 'lab', seeds=12, resume={}): print('one', flush=True)"
    chance = random.Random(0)
    killed = 0
    process = in_a_process(tmp_path / "more", code.format(False))
    while killed < 10:
        assert process.stdout is not None
        for _ in range(chance.randint(1, 3)):
            process.stdout.readline()
        time.sleep(chance.random() * 0.05)
        process.kill()
        process.communicate()
        killed += 1
        process = in_a_process(tmp_path / "more", code.format(True))
    _, error = process.communicate()
    assert process.returncode == 0, error
    assert rows(coin) == rows(whole)
    assert Counter((arm, seed) for arm, seed, _ in rows(coin)).most_common(1)[0][1] == 1


def test_there_is_nothing_to_go_on_with_after_the_end_or_after_a_change(coin: Path, tmp_path: Path) -> None:
    ask("coin", coin, seeds=2)
    with pytest.raises(OnionskinError, match="nothing to go on with"):
        Asking("coin", coin, resume=True)
    stopped = iter(Asking("coin", coin, seeds=3))
    next(stopped)
    del stopped
    with pytest.raises(OnionskinError, match="was begun with --seeds 3"):
        Asking("coin", coin, seeds=4, resume=True)
    (tmp_path / "more" / "coin.py").write_text((tmp_path / "more" / "coin.py").read_text() + "\n")
    with pytest.raises(OnionskinError, match="has changed since"):
        Asking("coin", coin, resume=True)


def test_a_missing_library_skips_its_arm_and_is_named(coin: Path, tmp_path: Path) -> None:
    text = COIN.replace('"nap": 0.02})', '"nap": 0.02}, needs=("no_such_library",) if name == "zinc" else ())')
    text = text.replace('results.difference("tin", "zinc", "weight")', '"zinc" in results')
    with written(tmp_path / "other", poor=text):
        (answer,) = ask("poor", coin, seeds=2)["answers"]
    assert answer["skipped"] == [
        {"arm": "zinc", "reason": "no_such_library not installed: pip install 'onionskin[lab]'"}
    ]
    assert [arm["name"] for arm in answer["arms"]] == ["gold", "tin"]
    assert "no_such_library" in (coin / "answers" / "poor.html").read_text()


def test_where_every_arm_is_skipped_it_says_so(coin: Path, tmp_path: Path) -> None:
    text = COIN.replace(
        "time.sleep(arm[", "raise __import__('onionskin.lab').lab.Skip('no scales here'); time.sleep(arm["
    )
    with (
        written(tmp_path / "other", none=text),
        pytest.raises(OnionskinError, match="no arm of 'none' can be measured here"),
    ):
        ask("none", coin, seeds=2)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("CLAIM = ", "CLIAM = ", "has no CLAIM"),
        ("heaviest?", "heaviest.", "asks nothing"),
        ("def answer", "def reply", r"has no answer\(\)"),
        ("import torch\n", "import torhc\n", "cannot be read: ModuleNotFoundError"),
        ('arm["nap"]) ', "", ""),
    ],
)
def test_a_file_with_an_error_is_named(coin: Path, tmp_path: Path, old: str, new: str, said: str) -> None:
    if not said:
        old, new, said = (
            'time.sleep(arm["nap"])',
            "1 / 0",
            r"measure met ZeroDivisionError: division by zero \(.*broken.py:\d+\)",
        )
    with written(tmp_path / "other", broken=COIN.replace(old, new)):
        with pytest.raises(OnionskinError, match=said) as error:
            ask("broken", coin, seeds=2)
        assert error.value.fix
        ask("coin", coin, seeds=1)  # and the others can be asked all the same


def test_an_error_halfway_keeps_what_was_measured(coin: Path, tmp_path: Path) -> None:
    text = COIN.replace("time.sleep(arm[", "1 / (seed < 2); time.sleep(arm[")
    with written(tmp_path / "other", late=text), pytest.raises(OnionskinError, match="ZeroDivisionError"):
        ask("late", coin, seeds=4)
    assert len(rows(coin)) == 6


def test_unknown_questions_and_senseless_wishes(coin: Path) -> None:
    with pytest.raises(OnionskinError, match="no question 'cion'") as error:
        Asking("cion", coin)
    assert error.value.fix == "did you mean 'coin'?"
    for wish, said in [
        ({"seeds": 0}, "0 seeds"),
        ({"engine": "rey"}, "no 'rey' in engines"),
        ({"address": "x:1"}, "engine 'local'"),
    ]:
        with pytest.raises(OnionskinError, match=said):
            Asking("coin", coin, **wish)  # type: ignore[arg-type]
    assert "coin" in question.names()


def test_a_load_beside_it_is_noticed(coin: Path, tmp_path: Path) -> None:
    """A process that keeps the other core busy makes the answer say so, and what to do."""
    text = COIN.replace('"nap": 0.02', '"nap": 0.7')
    load = subprocess.Popen([sys.executable, "-c", "print('on', flush=True)\nwhile True: pass"], stdout=subprocess.PIPE)
    try:
        assert load.stdout is not None
        load.stdout.readline()
        with written(tmp_path / "other", slow=text):
            (answer,) = ask("slow", coin, seeds=1)["answers"]
    finally:
        load.kill()
        load.communicate()
    assert answer["is_busy"]
    assert "The machine was busy: others took" in answer["busy"]
    assert "ask again" in answer["busy"]
    assert all(trial["others"] > 0.5 for trial in answer["trials"])


def test_a_full_disk_loses_nothing(coin: Path) -> None:
    ask("coin", coin, seeds=1)
    with sqlite3.connect(coin / "lab.sqlite") as file:
        pages = file.execute("PRAGMA page_count").fetchone()[0]
    file.close()
    asking = Asking("coin", coin, seeds=2)
    began = iter(asking)
    next(began)
    had = len(rows(coin))
    with (
        Ledger(coin / "lab.sqlite") as ledger,
        pytest.raises(OnionskinError, match="database or disk is full") as error,
    ):
        ledger._file.execute(f"PRAGMA max_page_count = {pages}")
        for number in range(2000):
            (session,) = [s for s in ledger.sessions("coin") if s.finished is None]
            ledger.skip(session, f"arm {number}", "reason " * 50)
    assert "--resume goes on" in error.value.fix
    assert len(rows(coin)) == had
    began.close()  # type: ignore[attr-defined]
    for _ in Asking("coin", coin, seeds=2, resume=True):
        pass
    assert Counter(arm for arm, _, _ in rows(coin)) == {"gold": 3, "tin": 3, "zinc": 3}
