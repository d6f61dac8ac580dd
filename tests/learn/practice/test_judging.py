"""worst, confusion and slices: what they say is what the data are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import onionskin as osk
from onionskin.cli import main
from onionskin.errors import OnionskinError
from onionskin.learn.calibration import calibrated, fitted
from onionskin.learn.goals import Goal
from onionskin.learn.goals.any_of import AnyOf
from onionskin.learn.goals.number import Number
from onionskin.learn.goals.one_of import OneOf
from onionskin.learn.judged import judged, score
from onionskin.learn.report import Caution, Chart, Gallery, Matrix, Report, Table
from tests.learn.practice.points import Given, Points, learner


def _only(report: Report, kind: type, number: int = 0) -> object:
    return [block for block in report.blocks if isinstance(block, kind)][number]


def _classes(count: int = 400, *, wrong_in: str = "", table: bool = True) -> Points:
    """Three classes, 5 % wrong; of group ``wrong_in`` half."""
    random = np.random.default_rng(0)
    y = torch.from_numpy(random.integers(0, 3, count))
    group = random.choice(["a", "b", "c"], count)
    said = y.clone()
    for i in range(count):
        if random.random() < (0.5 if group[i] == wrong_in else 0.05):
            said[i] = (y[i] + 1) % 3
    x = 3.0 * torch.nn.functional.one_hot(said, 3).float()
    frame = pd.DataFrame({"group": group, "age": random.integers(0, 90, count), "note": None}) if table else None
    return Points((x, y), goal=OneOf(["x", "y", "z"]), model=Given(), table=frame)


def test_the_worst_are_those_with_the_highest_loss(digits: Path) -> None:
    loaded = osk.load(digits).open_data()
    d = loaded.domain
    report = loaded.worst(8)
    gallery = _only(report, Gallery)
    assert isinstance(gallery, Gallery)
    outputs, targets = d.answered(d.valid)
    losses = d.goal.losses(outputs, targets)
    order = losses.argsort(descending=True, stable=True)[:8]
    assert [item.where for item in gallery.items] == [d.shown(int(d.valid[k])).where for k in order]
    assert [item.score for item in gallery.items] == pytest.approx(losses[order].tolist())
    assert [item.label for item in gallery.items] == [d.goal.told(targets[k]) for k in order]
    assert all(item.png for item in gallery.items)
    assert osk.open_run(digits).manifest.practice
    with pytest.raises(OnionskinError, match="count=0"):
        loaded.worst(0)
    with pytest.raises(OnionskinError, match="no part 'vald'") as error:
        loaded.worst(part="vald")
    assert "valid" in error.value.fix


def test_a_training_part_can_be_looked_at() -> None:
    report = learner(_classes()).worst(4, part="train")
    assert report.facts["examples"] == 200
    assert "training" in report.answer


@pytest.mark.parametrize(
    ("goal", "outputs", "targets"),
    [
        (OneOf(["a", "b"]), torch.randn(60, 2), torch.arange(60) % 2),
        (AnyOf(["a", "b", "c"]), torch.randn(60, 3), (torch.randn(60, 3) > 0).float()),
        (Number("price", 3.0, 2.0), torch.randn(60), torch.randn(60)),
        (Number("price", 3.0, 2.0, log=True), torch.randn(60, 1), torch.randn(60)),
    ],
)
def test_a_score_is_the_goals_own_measure(goal: Goal, outputs: torch.Tensor, targets: torch.Tensor) -> None:
    seen = judged(learner(Points((outputs, targets), goal=goal, model=Given(), held=50)))
    measure = score(seen)
    assert measure.value() == pytest.approx(goal.measured(outputs[:50], targets[:50])[goal.measure], rel=1e-5)
    low, high = measure.interval()
    assert low < measure.value() < high


def test_confusion_counts_classes(digits: Path) -> None:
    loaded = osk.load(digits)
    report = loaded.open_data().confusion()
    matrix = _only(report, Matrix)
    assert isinstance(matrix, Matrix)
    d = loaded.domain
    outputs, targets = d.answered(d.valid)
    counts = np.zeros((10, 10))
    np.add.at(counts, (targets.numpy(), outputs.argmax(1).numpy()), 1)
    np.testing.assert_array_equal(np.array(matrix.values), counts)
    pairs = _only(report, Table)
    assert isinstance(pairs, Table)
    assert sum(int(row[2] or 0) for row in pairs.rows) == report.facts["wrong"]


def test_confusion_of_many_classes_keeps_those_that_are_confused() -> None:
    y = torch.arange(400) % 100
    said = torch.where(y < 3, (y + 1) % 3, y)
    x = 5.0 * torch.nn.functional.one_hot(said, 100).float()
    names = [f"c{k}" for k in range(100)]
    matrix = _only(learner(Points((x, y), goal=OneOf(names), model=Given())).confusion(), Matrix)
    assert isinstance(matrix, Matrix)
    assert len(matrix.rows) == 40
    assert {"c0", "c1", "c2"} <= set(matrix.rows)
    assert "100" in matrix.caption


def test_confusion_of_labels_and_numbers() -> None:
    y = (torch.arange(300).reshape(100, 3) % 2).float()
    x = 2 * y - 1
    x[:10, 1] *= -1
    report = learner(Points((x, y), goal=AnyOf(["a", "b", "c"]), model=Given(), held=50)).confusion()
    assert report.facts["wrong"] == 10
    assert report.facts["hardest"] == "b"
    goal = Number("price", 10.0, 2.0)
    report = learner(Points((torch.zeros(40) + 1, torch.linspace(-1, 1, 40)), goal=goal, model=Given())).confusion()
    assert report.facts["mean_error"] == pytest.approx(3.0, abs=0.1)
    assert "above" in report.answer
    chart = _only(report, Chart)
    assert isinstance(chart, Chart)
    assert len(chart.series[0].x) == 20


def test_the_group_that_is_failed_is_named_and_no_other() -> None:
    report = learner(_classes(600, wrong_in="b")).slices()
    assert report.facts["failed_most"] == "group = b"
    cautions = [block for block in report.blocks if isinstance(block, Caution)]
    assert len(cautions) == 1
    assert "against 9" in cautions[0].text
    table = _only(report, Table)
    assert isinstance(table, Table)
    failed = [row for row in table.rows if row[8]]
    assert [row[1] for row in failed] == ["b"]
    quarters = [row for row in table.rows if row[0] == "age"]
    assert len(quarters) == 4
    assert sum(int(row[2] or 0) for row in quarters) == 300
    assert "beyond chance" in learner(_classes(600)).slices().answer


def test_groups_of_ones_own(tmp_path: Path) -> None:
    domain = _classes(600, wrong_in="b", table=False)
    frame = _classes(600, wrong_in="b").columns(np.arange(600))
    assert frame is not None
    group = frame["group"]
    wanted = learner(domain).slices(group[:300]).facts
    assert wanted["failed_most"] == "group = b"
    assert learner(domain).slices(group).facts == wanted
    shuffled = pd.DataFrame({"where": [f"row {i}" for i in range(300)], "group": group[:300]}).sample(frac=1.0)
    shuffled.to_csv(tmp_path / "mine.csv", index=False)
    assert learner(domain).slices(tmp_path / "mine.csv").facts == wanted
    with pytest.raises(OnionskinError, match="7 rows"):
        learner(domain).slices(group[:7])
    with pytest.raises(OnionskinError, match="no column 'clas'"):
        learner(domain).slices("clas")
    with pytest.raises(OnionskinError, match=r"there is no .*mime\.csv") as error:
        learner(domain).slices(tmp_path / "mime.csv")
    assert "mine.csv" in error.value.fix
    pairs = learner(_classes(600, wrong_in="b")).slices(["group", "class"], cross=True)
    assert int(pairs.facts["groups"] or 0) == 3 + 3 + 9


def test_a_number_has_slices_too() -> None:
    random = torch.Generator().manual_seed(0)
    y, group = torch.randn(400, generator=random), np.arange(400) % 2
    x = y + torch.randn(400, generator=random) * torch.from_numpy(np.where(group == 1, 2.0, 0.1)).float()
    domain = Points((x, y), goal=Number("price", 0.0, 1.0), model=Given(), table=pd.DataFrame({"kind": group}))
    assert learner(domain).slices("kind").facts["failed_most"] == "kind = 1"


def test_temperature_undoes_what_made_it_too_sure() -> None:
    random = torch.Generator().manual_seed(0)
    logits = torch.randn(4000, 3, generator=random) * 2
    y = torch.multinomial(logits.softmax(1), 1, generator=random)[:, 0]
    assert fitted(logits, y) == pytest.approx(1.0, abs=0.08)
    assert fitted(3 * logits, y) == pytest.approx(3.0, abs=0.25)
    honest, sure = calibrated(logits, y), calibrated(3 * logits, y)
    assert honest.error < 0.03
    assert sure.error > 0.1
    assert sure.error_after is not None
    assert sure.error_after < 0.03
    assert sum(b.count for b in sure.bins) == 4000
    labels = calibrated(4 * torch.ones(50, 2), torch.ones(50, 2))
    assert labels.right == 1.0


def test_the_command_says_the_same(digits: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command's report is the method's, and it lies in the run."""
    with pytest.raises(SystemExit) as ended:
        main(["slices", str(digits), "--by", "class", "--json"])
    assert ended.value.code == 0
    told = json.loads(capsys.readouterr().out)
    assert told == osk.load(digits).open_data().slices("class").to_json()
    assert json.loads((digits / "practice/slices.json").read_text()) == told
    for command in (["worst", str(digits), "--count", "3"], ["confusion", str(digits), "--part", "train"]):
        with pytest.raises(SystemExit) as ended:
            main(command)
        assert ended.value.code == 0
        assert "of" in capsys.readouterr().out
