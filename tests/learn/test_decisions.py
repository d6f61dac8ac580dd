"""Decisions are on the disk at once, survive a kill in mid-line, and change a learner's data, never the originals."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onionskin as osk
from onionskin.learn.decisions import COLUMNS, DECISIONS, Decision, beside, decide, key_of, read_decisions, sorted_out

_TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), min_size=1, max_size=20)


@settings(max_examples=20, deadline=None)
@given(
    made=st.lists(
        st.builds(Decision, _TEXTS, st.sampled_from(["label", "outlier"]), st.sampled_from(DECISIONS), _TEXTS)
    )
)
def test_the_last_decision_of_each_counts(made: list[Decision], tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("decided") / "d.csv"
    wanted: dict[str, tuple[str, str]] = {}
    for decision in made:
        decide(file, decision)
        wanted.pop(key_of(decision.where), None)
        if decision.decision != "undo":
            wanted[key_of(decision.where)] = (decision.decision, decision.label)
    if made:
        read = read_decisions(file)
        assert {where: (d.decision, d.label) for where, d in read.items()} == wanted
        assert list(read) == list(wanted)
        assert all(d.when for d in read.values())


def test_half_a_line_is_passed_by_and_the_next_one_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "d.csv"
    decide(file, Decision("a", "label", "drop"))
    whole = file.read_bytes()
    for cut in range(1, 30):
        file.write_bytes(whole + b"b,label,relabel,some long label,2026"[:cut])
        assert list(read_decisions(file)) == ["a"]
        decide(file, Decision("c", "label", "accept"))
        assert list(read_decisions(file)) == ["a", "c"]


def test_a_process_that_is_killed_loses_nothing_that_it_said(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom onionskin.learn.decisions import Decision, decide\n"
        "for i in range(10**6):\n"
        "    decide(sys.argv[1], Decision(f'row {i}', 'label', 'drop'))\n"
        "    print(i, flush=True)\n"
    )
    file = tmp_path / "d.csv"
    with subprocess.Popen([sys.executable, "-c", script, str(file)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(20):
            process.stdout.readline()
        process.kill()
        said = 20 + len(process.stdout.read().splitlines())
    assert len(read_decisions(file)) >= said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a,b\n1,2\n", "it begins with a,b"),
        (f"{','.join(COLUMNS)}\nrow 1,label,perhaps,,\n", "line 2 of"),
        (f"{','.join(COLUMNS)}\nrow 1,label,relabel,,\n", "line 2 of"),
        (f"{','.join(COLUMNS)}\nrow 1,label\n", "line 2 of"),
        (f'{",".join(COLUMNS)}\n"row 1,label,drop,,\n', "no CSV"),
    ],
)
def test_what_decides_nothing_is_refused_with_its_line(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "d.csv").write_text(content)
    with pytest.raises(osk.OnionskinError, match=said):
        read_decisions(tmp_path / "d.csv")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "bears.decisions.csv").write_text("")
    with pytest.raises(osk.OnionskinError, match=r"did you mean 'bears.decisions.csv'"):
        read_decisions(tmp_path / "bear.decisions.csv")
    with pytest.raises(osk.OnionskinError, match="cannot be written"):
        decide(tmp_path / "nowhere" / "d.csv", Decision("a", "label", "drop"))


def test_decisions_lie_beside_the_data(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "titanic.csv").touch()
    assert beside(tmp_path / "photos") == tmp_path / "photos.decisions.csv"
    assert beside(f"{tmp_path}/photos/") == tmp_path / "photos.decisions.csv"
    assert beside(tmp_path / "titanic.csv") == tmp_path / "titanic.decisions.csv"
    assert beside("mnist") == Path("mnist.decisions.csv")


def test_files_are_named_from_where_the_decisions_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "old" / "photos" / "bear").mkdir(parents=True)
    (tmp_path / "old" / "photos" / "bear" / "1.jpg").touch()
    monkeypatch.chdir(tmp_path / "old" / "photos")
    decide(beside("../photos"), Decision("bear/1.jpg", "label", "drop"))
    (tmp_path / "old").rename(tmp_path / "new")
    file = tmp_path / "new" / "photos.decisions.csv"
    assert "\nphotos/bear/1.jpg,label,drop," in file.read_text()
    assert list(read_decisions(file)) == [key_of(str(tmp_path / "new/photos/bear/1.jpg"))]
    monkeypatch.chdir(tmp_path)
    dropped, _, applied = sorted_out(read_decisions(file), ["new/photos/bear/0.jpg", "new/photos/bear/1.jpg"])
    assert dropped == [1]
    assert applied.unknown == ()


def test_a_learner_takes_them(tmp_path: Path) -> None:
    file = tmp_path / "d.csv"
    plain = osk.vision("digits").domain
    train, valid = plain.train.tolist(), plain.valid.tolist()
    decide(file, Decision(plain.where(train[3]), "label", "relabel", "8"))
    decide(file, Decision(plain.where(train[5]), "outlier", "drop"))
    decide(file, Decision(plain.where(valid[2]), "duplicate", "drop"))
    decide(file, Decision(plain.where(train[9]), "label", "accept"))
    decide(file, Decision("row 999999", "label", "drop"))
    learner = osk.vision("digits", decisions=file)
    d = learner.domain
    assert d.train.tolist() == [row for row in train if row != train[5]]
    assert d.valid.tolist() == [row for row in valid if row != valid[2]]
    assert d.shown(train[3]).label == "8"
    assert plain.shown(train[3]).label != "8"
    assert any("2 dropped, 1 relabelled, 1 kept as they are; 1 are of examples" in n for n in d.understood.notes)
    # A learner that was saved finds them again.
    learner.save(tmp_path / "saved")
    assert osk.load(tmp_path / "saved").open_data().domain.train.tolist() == d.train.tolist()


def test_decisions_that_leave_nothing_or_name_no_class_are_refused(tmp_path: Path) -> None:
    plain = osk.vision("digits").domain
    decide(tmp_path / "a.csv", Decision(plain.where(0), "label", "relabel", "eight"))
    with pytest.raises(osk.OnionskinError, match="there is no class 'eight'"):
        osk.vision("digits", decisions=tmp_path / "a.csv")
    lines = [",".join(COLUMNS), *(f"{plain.where(int(row))},label,drop,," for row in plain.valid)]
    (tmp_path / "b.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(osk.OnionskinError, match="none are left to train or measure on"):
        osk.vision("digits", decisions=tmp_path / "b.csv")


def test_a_table_takes_them_by_its_own_rows(tmp_path: Path) -> None:
    rows = [f"{i % 7},{'abc'[i % 3]},{'yes' if i % 7 > 3 else 'no'}" for i in range(80)]
    rows[4] = "1,a,"  # without a target it is no example, and keeps its place
    table = tmp_path / "t.csv"
    table.write_text("\n".join(["x,letter,bought", *rows]) + "\n")
    original = table.read_bytes()
    decide(beside(table), Decision("row 8", "label", "relabel", "yes"))
    decide(beside(table), Decision("row 12", "outlier", "drop"))
    d = osk.table(table, target="bought", decisions=beside(table)).domain
    places = {d.where(int(row)): int(row) for row in [*d.train, *d.valid]}
    assert len(places) == 78
    assert "row 12" not in places
    assert "row 5" not in places
    assert d.shown(places["row 8"]).label == "yes"
    assert rows[7].endswith("no")
    assert table.read_bytes() == original
