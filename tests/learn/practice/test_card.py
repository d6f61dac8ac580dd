"""A card says what was measured, asks the rest, and never loses what a person wrote."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import onionskin as osk
from onionskin.cli import main
from onionskin.errors import OnionskinError
from onionskin.learn.model_card import UNANSWERED, Card, Facts, Question, Section, answers_in, markdown, page
from onionskin.learn.practice.card import HTML, MARKDOWN


def test_what_was_measured_is_in_it(digits: Path, tmp_path: Path) -> None:
    loaded = osk.load(digits)
    report = loaded.card(tmp_path / "card")
    text = (tmp_path / "card" / MARKDOWN).read_text()
    d = loaded.domain
    accuracy = d.goal.measured(*d.answered(d.valid))["accuracy"]
    assert f"| accuracy | {accuracy:.4g} |" in text
    assert f"| parameters | {sum(p.numel() for p in d.model.parameters()):,} |" in text
    assert f"| examples trained on | {len(d.train):,} |" in text
    assert "BSD-3-Clause" in text
    assert "Whose are the data" not in text  # it has a licence by name
    assert text.count(UNANSWERED) == report.facts["open"] == report.facts["questions"]
    assert "<script" not in (tmp_path / "card" / HTML).read_text()


def test_answers_are_kept_and_nothing_else_is_lost(digits: Path, tmp_path: Path) -> None:
    loaded = osk.load(digits)
    place = tmp_path / "card"
    loaded.card(place, baselines=False)
    path = place / MARKDOWN
    words = "Nobody, **as far as we know**.\n\n- a list & a <tag>"
    path.write_text(path.read_text().replace(f"answer: harm -->\n{UNANSWERED}", f"answer: harm -->\n{words}"))
    report = loaded.card(place, baselines=False)
    assert words in path.read_text()
    assert report.facts["open"] == int(report.facts["questions"] or 0) - 1
    assert "a &lt;tag&gt;" in (place / HTML).read_text()
    path.write_text(path.read_text().replace("# Model card", "# Our model"))
    mine = path.read_text()
    with pytest.raises(OnionskinError, match="changed elsewhere"):
        loaded.card(place, baselines=False)
    path.write_text("# A card of my own\n")
    with pytest.raises(OnionskinError, match="no card that Onionskin wrote"):
        loaded.card(place, baselines=False)
    assert mine != path.read_text() == "# A card of my own\n"


def test_no_card_of_what_is_not_trained(digits: Path, tmp_path: Path) -> None:
    with pytest.raises(OnionskinError, match="not trained"):
        osk.vision("digits").card(tmp_path)
    shutil.copytree(digits / "learner", tmp_path / "learner")
    with pytest.raises(OnionskinError, match="no run"):
        osk.load(tmp_path / "learner").card()


def test_the_command_writes_it(digits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["card", str(digits), "--into", str(tmp_path), "--no-baselines"])
    assert ended.value.code == 0
    assert (tmp_path / MARKDOWN).is_file()
    assert "questions are answered" in capsys.readouterr().err


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=80), st.text(max_size=80))
def test_what_is_written_is_read(words: str, answer: str) -> None:
    """Whatever names data have brought along: only what stands between the marks is an answer."""
    parts: list[str | Facts | Question] = [
        words,
        Facts(["a", words], [(words, 1.0)]),
        Question("uses", "What for?"),
        Question("harm", "Whom?"),
    ]
    clean = answer.replace("<!--", "").replace("\r", "").strip()
    made = Card(words, words, [Section("Use", parts)], {"uses": clean} if clean else {})
    text = markdown(made)
    wanted = {"uses": clean} if clean and clean != UNANSWERED else {}
    assert answers_in(text, "card") == wanted
    assert "<script" not in page(made).replace("&lt;", "")
