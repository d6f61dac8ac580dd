"""What a person means by a path: the domain that the data look like, or a remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from onionskin.errors import OnionskinError
from onionskin.learn.guess import guess, learner


@pytest.mark.parametrize(
    ("files", "domain"),
    [
        (["bear/1.jpg", "bear/2.PNG", "cat/1.webp", "notes.txt"], "vision"),
        (["good/1.txt", "good/2.txt", "bad/1.txt", "bad/cover.jpg"], "text"),
    ],
)
def test_folders(files: list[str], domain: str, tmp_path: Path) -> None:
    for file in files:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    assert guess(str(tmp_path)) == domain


@pytest.mark.parametrize(
    ("lines", "domain"),
    [
        ("age,class,survived\n30,1,yes\n4,3,no\n", "tabular"),
        ("age;class;survived\n30;1;yes\n4;3;no\n", "tabular"),
        ("user_id,movie_id,rating\n1,2,4\n2,2,3\n", "recommend"),
        ("file,label\na.jpg,bear\nb.png,cat\n", "vision"),
        ("image,caption\na.jpg,a brown bear in the snow\nb.png,a cat that sleeps all day\n", "multimodal"),
        ("text,label\nthis was a very good film,1\nthis was a waste of time,0\n", "text"),
    ],
)
def test_tables(lines: str, domain: str, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text(lines, encoding="utf-8-sig")
    assert guess(str(tmp_path / "data.csv")) == domain


def test_any_other_file_is_text(tmp_path: Path) -> None:
    (tmp_path / "shakespeare.txt").write_text("to be or not to be")
    assert guess(str(tmp_path / "shakespeare.txt")) == "text"


def test_what_is_not_there_has_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "titanic.csv").touch()
    (tmp_path / "pictures").mkdir()
    for wrong, said in (("titanc.csv", "did you mean 'titanic.csv'"), ("minst", "did you mean 'mnist'"),
                        ("picture", "did you mean 'pictures'"), ("pictures", "no pictures and no texts"),
                        ("far/away", "give a folder")):  # fmt: skip
        with pytest.raises(OnionskinError, match=said):
            guess(wrong)


def test_a_setting_of_another_domain_is_refused() -> None:
    with pytest.raises(OnionskinError, match="vision takes no --prompt"):
        learner("digits", prompt="no")
    with pytest.raises(OnionskinError, match="did you mean 'vision'"):
        learner("digits", domain="vison")
