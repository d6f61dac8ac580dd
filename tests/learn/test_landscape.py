"""The loss around the path of the weights: it is the loss of the weights it says, and goes on after an interruption."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import zarr
from torch import Tensor, nn

import onionskin as osk
from onionskin.errors import OnionskinError
from onionskin.learn.landscape import PARTIAL, Problem, Survey
from onionskin.learn.problem import problem

STEPS = 30


def _model() -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 6), nn.BatchNorm1d(6), nn.Tanh(), nn.Linear(6, 2))


def _examples() -> tuple[Tensor, Tensor]:
    rng = torch.Generator().manual_seed(5)
    x = torch.randn(40, 2, generator=rng)
    return x, (x[:, 0] * x[:, 1] > 0).long()


def _loss(model: nn.Module) -> Tensor:
    x, y = _examples()
    return nn.functional.cross_entropy(model(x), y)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of a small network with buffers, all its frames kept."""
    torch.manual_seed(3)
    model = _model()
    optimizer = torch.optim.SGD(model.parameters(), 0.5)
    path = tmp_path_factory.mktemp("trained") / "xor"
    with osk.watch(model, optimizer, probes=_examples()[0][:4], run=path, every=1, budget=1.0) as run:
        for _ in range(STEPS):
            loss = _loss(model)
            loss.backward()  # type: ignore[no-untyped-call]  # PyTorch's
            optimizer.step()
            optimizer.zero_grad()
            run.log(loss=loss)
    return path


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "xor"))


def _vector(state: dict[str, Any]) -> np.ndarray:
    names = [name for name, _ in _model().named_parameters()]
    return np.concatenate([np.asarray(state[name], np.float64).ravel() for name in names])


def _finished(survey: Survey) -> Survey:
    assert list(survey)[-1] == len(survey)
    return survey


def test_a_point_of_the_grid_is_the_loss_of_the_weights_there(run: Path) -> None:
    """By the definition, from the stored run alone: axes of the path, weights at a point, loss of a fresh model."""
    opened = osk.open_run(run)
    weights = np.stack([_vector(opened.exact(frame)) for frame in range(len(opened.frames))])
    moves = weights - weights[-1]
    survey = _finished(Survey(run, Problem(_model(), _loss, "test"), resolution=5, span=0.4))
    found = osk.open_run(run).landscape
    assert found is not None
    _, sizes, axes = np.linalg.svd(moves - moves.mean(0), full_matrices=False)
    shares = sizes**2 / (sizes**2).sum()
    assert (found.entry.share_x, found.entry.share_y) == pytest.approx(shares[:2], rel=1e-3)
    mine = moves @ axes[:2].T
    np.testing.assert_allclose(np.abs(found.path[:, 1:3]), np.abs(mine), atol=2e-3)
    np.testing.assert_allclose(found.path[-1, 1:4], 0, atol=1e-9)  # the plane goes through the last weights
    assert (found.path[0, 1:3] <= 0).all()
    signs = np.sign(found.path[0, 1:3] * mine[0])[:, None]
    model = _model()
    for row, y in enumerate(np.linspace(found.entry.bottom, found.entry.top, 5)):
        for column, x in enumerate(np.linspace(found.entry.left, found.entry.right, 5)):
            whole = weights[-1] + np.array([x, y]) @ (signs * axes[:2])
            model.load_state_dict(opened.weights(-1))
            nn.utils.vector_to_parameters(torch.from_numpy(whole).float(), model.parameters())
            model.eval()
            with torch.no_grad():
                assert found.loss[row, column] == pytest.approx(_loss(model).item(), rel=2e-3, abs=1e-4)
    np.testing.assert_array_equal(found.path[:, 0], [frame.step for frame in opened.frames])
    assert found.path[-1, 4] == pytest.approx(found.path[:, 4].min(), rel=0.2)
    np.testing.assert_array_equal(survey.landscape.loss, found.loss)
    assert not list(run.glob(".landscape*"))


def test_an_interrupted_survey_goes_on_where_it_stopped(run: Path) -> None:
    calls = 0

    def counted(model: nn.Module) -> Tensor:
        nonlocal calls
        calls += 1
        if calls == 30:
            raise KeyboardInterrupt
        return _loss(model)

    def survey(resolution: int = 6) -> Survey:
        return Survey(run, Problem(_model(), counted, "test"), resolution=resolution)

    with pytest.raises(KeyboardInterrupt):
        list(survey())
    assert osk.open_run(run).landscape is None
    assert (run / PARTIAL).is_file()
    before = calls
    again = survey()
    assert next(iter(again)) == 27  # 29 calls, two of them to see whether the loss is steady
    assert list(again)[-1] == len(again) == 36 + STEPS + 1
    assert calls == before + 2 + len(again) - 27
    whole = osk.open_run(run).landscape
    assert whole is not None
    assert np.isfinite(whole.loss).all()
    assert not (run / PARTIAL).exists()
    other = survey(resolution=4)  # another survey takes nothing over, and its landscape replaces the first
    assert next(iter(other)) == 0
    _finished(other)
    replaced = osk.open_run(run).landscape
    assert replaced is not None
    assert replaced.loss.shape == (4, 4)


def test_it_lies_in_the_run_for_every_reader_packed_or_not(run: Path) -> None:
    _finished(Survey(run, Problem(_model(), _loss, "test"), resolution=7))
    wanted = osk.open_run(run).landscape
    assert wanted is not None
    zipped = osk.pack(run, zipped=True)
    for place in (run, zipped):
        found = osk.open_run(place).landscape
        assert found is not None
        assert found.entry == wanted.entry
        np.testing.assert_array_equal(found.loss, wanted.loss)
        np.testing.assert_array_equal(found.path, wanted.path)
    group: Any = zarr.open_group(run, mode="r")
    np.testing.assert_array_equal(group["landscape/loss"][:], wanted.loss)
    assert group["landscape"].attrs["columns"] == ["step", "x", "y", "off", "loss"]
    assert len(osk.open_run(run).frames) == STEPS + 1


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ({"resolution": 6}, "has the shape"),
        ({"resolution": 10**9}, "points from"),
        ({"left": 5.0, "right": 1.0}, "points from"),
        ({"share_x": None}, "not a finite number"),
    ],
)
def test_a_damaged_one_is_refused(run: Path, damage: dict[str, object], said: str) -> None:
    _finished(Survey(run, Problem(_model(), _loss, "test"), resolution=4))
    document = json.loads((run / "zarr.json").read_text())
    document["attributes"]["onionskin"]["landscape"].update(damage)
    (run / "zarr.json").write_text(json.dumps(document))
    with pytest.raises(OnionskinError, match=said):
        _ = osk.open_run(run).landscape


def test_a_copy_without_its_arrays_has_none(run: Path) -> None:
    _finished(Survey(run, Problem(_model(), _loss, "test"), resolution=4))
    shutil.rmtree(run / "landscape")
    assert osk.open_run(run).landscape is None


@pytest.mark.parametrize(
    ("loss", "model", "said"),
    [
        (lambda _: torch.rand(()), _model, "for the same weights"),
        (_loss, lambda: nn.Linear(2, 2), "does not build the model of this run"),
    ],
)
def test_a_loss_that_changes_and_another_model_are_refused(run: Path, loss: Any, model: Any, said: str) -> None:
    with pytest.raises(OnionskinError, match=said):
        Survey(run, Problem(model(), loss, "test"), resolution=4)


def test_runs_without_exact_weights_say_how_to_record_them(tmp_path: Path, run: Path) -> None:
    document = json.loads((run / "zarr.json").read_text())
    document["attributes"]["onionskin"]["exact"] = []
    (run / "zarr.json").write_text(json.dumps(document))
    with pytest.raises(OnionskinError, match="up to 100,000 parameters"):
        Survey(run, Problem(_model(), _loss, "test"))


def test_a_zip_is_refused_with_what_to_do(run: Path) -> None:
    zipped = osk.pack(run, zipped=True)
    with pytest.raises(OnionskinError, match="unpack or copy the run into a folder"):
        Survey(zipped, Problem(_model(), _loss, "test"))


SCRIPT = """
import pathlib, torch
from torch import nn
pathlib.Path({ran!r}).touch()

def landscape():
    model = nn.Sequential(nn.Linear(2, 6), nn.BatchNorm1d(6), nn.Tanh(), nn.Linear(6, 2))
    x = torch.linspace(-1, 1, 20).reshape(10, 2)
    return model, lambda model: (model(x) ** 2).mean()

if __name__ == "__main__":
    raise SystemExit("it trained")
"""


def test_a_script_says_its_model_and_loss_in_a_function(run: Path, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(SCRIPT.format(ran=str(tmp_path / "ran")))
    _finished(Survey(run, problem(str(script)), resolution=4))
    found = osk.open_run(run).landscape
    assert found is not None
    assert (found.entry.source, found.entry.examples) == ("train.py", 0)


@pytest.mark.parametrize("code", ["import pathlib; pathlib.Path('ran').touch()", "landscape = 3", "def landscape(:"])
def test_a_script_without_that_function_is_not_run(tmp_path: Path, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(code)
    with pytest.raises(OnionskinError) as error:
        problem("train.py")
    assert "def landscape():" in str(error.value) or "is no Python" in str(error.value)
    assert not (tmp_path / "ran").exists()


def test_what_gives_no_model_and_no_loss_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("def landscape():\n    return 3\n")
    with pytest.raises(OnionskinError, match="gives no model and loss"):
        problem(str(tmp_path / "train.py"))
    with pytest.raises(OnionskinError, match="holds no learner"):
        problem(str(tmp_path))
    with pytest.raises(OnionskinError, match="no script"):
        problem("nowhere.py")


def test_the_command(run: Path, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(SCRIPT.format(ran=str(tmp_path / "ran")))
    command = [sys.executable, "-m", "onionskin", "landscape", str(run), str(script), "--resolution", "5", "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["points"] == 25
    assert 0 < sum(told["shares"]) <= 1.0001
    osk.vision("digits").fit(1, run=tmp_path / "digits")
    wrong = subprocess.run([*command[:5], str(tmp_path / "digits")], capture_output=True, text=True)
    assert wrong.returncode == 2
    assert "does not build the model of this run" in wrong.stderr
    bare = subprocess.run(command[:5], capture_output=True, text=True)
    assert "holds no learner" in bare.stderr
