"""Labels that were made wrong come first, what is there twice or unlike all is found, and nothing is changed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score

import onionskin as osk
from onionskin.cli import main
from onionskin.learn.decisions import Decision
from onionskin.learn.domain import Domain
from onionskin.learn.domains.vision import Vision
from onionskin.learn.folds import out_of_sample
from onionskin.learn.practice.clean import report_of
from onionskin.learn.report import Report
from onionskin.learn.suspects import Suspicions, suspicions


def _labels(domain: Domain) -> torch.Tensor:
    assert isinstance(domain, Vision)
    assert domain.pictures is not None
    return domain.pictures.labels


@pytest.fixture(scope="module")
def damaged() -> tuple[Domain, Suspicions, np.ndarray]:
    """The digits with a fifth of their labels made wrong, one that is there three times, and one that is noise."""
    domain = osk.vision("digits").domain
    assert isinstance(domain, Vision)
    assert domain.pictures is not None
    rng = np.random.default_rng(0)
    labels, x = _labels(domain), domain.pictures._x  # type: ignore[attr-defined]
    wrong = rng.permutation(len(labels))[: len(labels) // 5]
    labels[wrong] = (labels[wrong] + torch.from_numpy(rng.integers(1, 10, len(wrong)))) % 10
    x[[17, int(domain.valid[5])]] = x[4].clone()
    x[23] = torch.from_numpy(rng.choice([x.min().item(), x.max().item()], x[23].shape)).float()
    domain.trained.train()
    before = {name: value.clone() for name, value in domain.model.state_dict().items()}
    split = domain.train.copy()
    found = suspicions(domain, folds=3, epochs=6)
    assert all(torch.equal(value, before[name]) for name, value in domain.model.state_dict().items())
    assert domain.train.tolist() == split.tolist()
    assert domain.trained.training
    is_wrong = np.zeros(len(labels), bool)
    is_wrong[wrong] = True
    return domain, found, is_wrong


def test_labels_that_were_made_wrong_come_first(damaged: tuple[Domain, Suspicions, np.ndarray]) -> None:
    _, found, is_wrong = damaged
    assert found.doubts is not None
    assert average_precision_score(is_wrong, found.doubts) > 0.95
    labels = [s for s in found.suspects if s.issue == "label"]
    assert np.mean([is_wrong[s.row] for s in labels]) > 0.9
    assert len(labels) > 0.8 * is_wrong.sum()
    assert [s.score for s in labels] == sorted((s.score for s in labels), reverse=True)
    assert all(s.suggested != s.label for s in labels)


def test_what_is_there_twice_and_what_is_unlike_all(damaged: tuple[Domain, Suspicions, np.ndarray]) -> None:
    domain, found, _ = damaged
    twice = [s for s in found.suspects if s.issue == "duplicate"]
    assert [(s.where, s.other, s.part) for s in twice] == [
        ("row 17", "row 4", "train"),
        (f"row {domain.valid[5]}", "row 4", "valid"),
    ]
    outliers = [s for s in found.suspects if s.issue == "outlier"]
    assert outliers[0].where == "row 23"
    assert len(outliers) < 10


def test_the_report_says_it_and_what_was_decided(damaged: tuple[Domain, Suspicions, np.ndarray]) -> None:
    domain, found, _ = damaged
    report = report_of(domain, found, {"row 17": Decision("row 17", "duplicate", "drop")})
    assert "2 are near-duplicates of others" in report.answer
    assert report.facts["leaks"] == 1
    assert report.facts["decided"] == 1
    words = str(report)
    assert "1 held-out examples are nearly the same as one that is trained on" in words
    assert "the same as row 4; dropped" in words
    assert Report.from_json(json.dumps(report.to_json())) == report


def test_the_same_seed_judges_the_same() -> None:
    domain = osk.vision("digits").domain
    domain.train = domain.train[:300]
    outputs = []
    for _ in range(2):
        *_, (rows, said) = out_of_sample(domain, folds=2, epochs=1)
        outputs.append(said)
        assert len(rows) == len(said) == 300 + len(domain.valid)
    torch.testing.assert_close(outputs[0], outputs[1], rtol=0, atol=0)


def test_what_makes_no_sense_is_refused() -> None:
    domain = osk.vision("digits").domain
    with pytest.raises(osk.OnionskinError, match="1 folds"):
        next(iter(out_of_sample(domain, folds=1)))
    domain.train, domain.valid = domain.train[:4], domain.valid[:2]
    with pytest.raises(osk.OnionskinError, match="6 examples are too few"):
        suspicions(domain)


def test_the_command_prints_the_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["clean", "digits", "--folds", "2", "--epochs", "1", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["name"] == "clean"
    assert told["facts"]["examples"] == 1797
    assert told["facts"]["labels"] > 0
    assert not list(tmp_path.iterdir())  # nothing was decided, so nothing was written
