"""Attributions add up to what they explain, find what decides, and are drawn; alike are the examples that are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import onionskin as osk
from onionskin.cli import main
from onionskin.errors import OnionskinError
from onionskin.learn.attribution import Neighbours, by_parts, by_words, grad_cam, integrated_gradients, occlusion
from onionskin.learn.domain import Parts
from onionskin.learn.goals.number import Number
from onionskin.learn.goals.one_of import OneOf
from onionskin.learn.report import Caution, Chart, Gallery, Table
from tests.learn.practice.points import Points, learner


class _Looking(nn.Module):
    """Answers by what is bright in the upper left corner."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.fc = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        corner = x * (torch.arange(12) < 4).float() * (torch.arange(12) < 4).float()[:, None]
        answer: Tensor = self.fc(self.conv(corner).relu().mean((2, 3)))
        return answer


def test_integrated_gradients_add_up(digits: Path) -> None:
    """Completeness (Sundararajan et al., proposition 1): the sum is the difference from the baseline."""
    d = osk.load(digits).open_data().domain
    for row in d.valid[:5]:
        (x,) = d.raw(np.array([row]))
        found = integrated_gradients(lambda x: d.model(x)[:, 3], x)
        with torch.no_grad():
            difference = float(d.model(x)[0, 3] - d.model(torch.zeros_like(x))[0, 3])
        assert found.difference == pytest.approx(difference, abs=1e-5)
        assert float(found.values.sum()) == pytest.approx(difference, rel=0.02, abs=0.02)
        assert found.values.shape == (8, 8)


def test_every_method_finds_where_it_looks() -> None:
    model, x = _Looking(), torch.rand(1, 1, 12, 12)

    def spoken(x: Tensor) -> Tensor:
        answer: Tensor = model(x)[:, 0]
        return answer

    cam = grad_cam(model, spoken, x)
    assert cam is not None
    for found in (integrated_gradients(spoken, x), occlusion(spoken, x)):
        strength = found.values.abs()
        assert strength[:4, :4].sum() > 0.9 * strength.sum(), found.method
    assert cam.values.shape == (12, 12)
    assert cam.values.min() >= 0
    assert grad_cam(nn.Sequential(nn.Flatten(), nn.Linear(144, 2)), spoken, x) is None


def test_columns_of_a_linear_model_have_their_own_shares() -> None:
    """Of a linear model, the Shapley value of a column is weight × (value − baseline)."""
    weights = torch.tensor([[1.0, -2.0, 0.5, 4.0]])
    x, baseline = torch.tensor([[1.0, 1.0, 2.0, 1.0]]), torch.tensor([[0.0, 0.5, 0.0, 0.0]])
    groups = torch.tensor([[0, 1, 1, -1]])  # the last belongs to nothing, and stays
    parts = Parts(("a", "b"), (groups,), (baseline,))
    found = by_parts(lambda x: (x * weights).sum(1), (x,), parts)
    assert found.values.tolist() == pytest.approx([1.0, -1.0 + 1.0])
    assert found.difference == pytest.approx(1.0)
    assert found.gap == pytest.approx(0.0, abs=1e-5)


class _Words(nn.Module):
    """Adds up what words are worth, and is saturated by a tanh."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(6, 3)
        with torch.no_grad():
            self.embedding.weight.copy_(torch.arange(18).reshape(6, 3) / 20)
            self.embedding.weight[5] = torch.tensor([-1.0, -1.0, -1.0])

    def forward(self, ids: Tensor) -> Tensor:
        return torch.tanh(self.embedding(ids).sum((1, 2)) / 4)


def test_tokens_are_explained_through_their_embedding() -> None:
    model, ids = _Words(), torch.tensor([[4, 5, 1, 0]])
    parts = Parts(("good", "bad", "the"), (torch.tensor([[0, 1, 2, -1]]),), (torch.zeros_like(ids),), model.embedding)
    found = by_parts(model, (ids,), parts)
    assert found.values[0] > 0 > found.values[1]
    assert abs(found.values[0]) > abs(found.values[2])
    with torch.no_grad():
        difference = float(model(ids) - model(torch.zeros_like(ids)))
    assert float(found.values.sum()) == pytest.approx(difference, rel=0.01)


def test_the_nearest_are_those_that_are_alike() -> None:
    torch.manual_seed(0)
    x = torch.randn(60, 4)
    x[10] = 2 * x[40]  # in the part to train on: the same direction
    domain = Points((x, torch.arange(60) % 2), goal=OneOf(["a", "b"]), model=nn.Sequential(nn.Linear(4, 2)), held=5)
    domain.train = np.arange(5, 39)
    (row, angle), *rest = Neighbours(domain).nearest((x[40:41],), 3)
    assert row == 10
    assert angle == pytest.approx(1.0, abs=1e-5)
    assert len(rest) == 2
    assert rest[0][1] >= rest[1][1]


def test_the_report_draws_pictures_and_neighbours(digits: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loaded = osk.load(digits)
    report = loaded.explain(rows=[int(osk.vision("digits").domain.valid[0])], nearest=3)
    drawn, alike = (block for block in report.blocks if isinstance(block, Gallery))
    assert [item.png is not None for item in drawn.items] == [True] * 3  # an MLP has no convolution
    assert len(alike.items) == 3
    assert alike.items[0].score is not None
    assert report == loaded.explain(rows=[int(loaded.domain.valid[0])], nearest=3)
    with pytest.raises(SystemExit) as ended:
        main(["explain", str(digits), "--count", "1", "--method", "occlusion", "--nearest", "0", "--target", "8"])
    assert ended.value.code == 0
    assert "'8'" in capsys.readouterr().out
    with pytest.raises(OnionskinError, match="no class '11'"):
        loaded.explain(target="11")
    with pytest.raises(OnionskinError, match="no row 99999"):
        loaded.explain(rows=[99_999])
    with pytest.raises(OnionskinError, match="no method 'gradcam'") as error:
        loaded.explain(methods=["gradcam"])
    assert "grad_cam" in error.value.fix


def test_parts_are_charted_and_what_has_none_is_said() -> None:
    x = torch.randn(40, 3)
    model = nn.Linear(3, 1)
    domain = Points((x, x.sum(1)), goal=Number("price", 0.0, 1.0), model=model)
    asked = learner(domain)
    with pytest.raises(OnionskinError, match="neither pixels nor named parts"):
        asked.explain()
    domain.made_of = Parts(("rooms", "age", "garden"), (torch.tensor([[0, 1, 2]]),), (torch.zeros(1, 3),))
    report = asked.explain([[1.0, 2.0, 3.0]], nearest=0)
    chart, table = (next(b for b in report.blocks if isinstance(b, kind)) for kind in (Chart, Table))
    assert isinstance(chart, Chart)
    assert chart.x.ticks == ("rooms", "age", "garden")
    weights = model.weight[0] * torch.tensor([1.0, 2.0, 3.0])
    assert chart.series[0].y == pytest.approx(weights.tolist(), rel=1e-4)
    assert not any(isinstance(block, Caution) for block in report.blocks)
    assert isinstance(table, Table)


def test_a_table_is_explained_by_its_columns() -> None:
    import pandas as pd

    random = np.random.default_rng(0)
    frame = pd.DataFrame({"size": random.uniform(0, 1, 300), "noise": random.uniform(0, 1, 300)})
    frame["town"] = random.choice(["Aachen", "Bonn"], 300)
    frame["dear"] = np.where((frame["size"] > 0.5) ^ (random.random(300) < 0.02), "yes", "no")
    from onionskin.learn.domains.tabular import table

    asked = table(frame, target="dear")
    asked.fit(3, watch=False)
    report = asked.explain(count=4, nearest=1)
    rows = [block.rows for block in report.blocks if isinstance(block, Table)]
    assert len(rows) == 4
    assert all({row[0] for row in each} == {"size", "noise", "town"} for each in rows)
    strength = {name: sum(abs(float(row[1] or 0)) for each in rows for row in each if row[0] == name) for name in
                ("size", "noise", "town")}  # fmt: skip
    assert max(strength, key=lambda name: strength[name]) == "size"
    assert float(report.facts["largest_gap"] or 0) < 1e-3


def test_words_of_a_text_add_up_whatever_reads_it() -> None:
    worth = {"good": 2.0, "bad": -3.0, "not": 0.5}

    def given(texts: list[str]) -> tuple[Tensor, ...]:
        return (torch.tensor([sum(worth.get(word, 0.0) for word in text.split()) for text in texts]),)

    found, words = by_words(lambda x: x, given, "good films are not bad")
    assert words == ["good", "films", "are", "not", "bad"]
    assert found.values.tolist() == pytest.approx([2.0, 0.0, 0.0, 0.5, -3.0])
    assert found.gap == pytest.approx(0.0, abs=1e-9)
    long, groups = by_words(lambda x: x**2, given, "good bad films " * 100)
    assert len(groups) <= 32
    assert sum(len(group.split()) for group in groups) == 300
    assert float(long.values.sum()) == pytest.approx(100.0**2, rel=1e-5)
