"""What cannot be peeled is refused before anything is written: what, where, and what to do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import onionskin as osk
from onionskin import OnionskinError
from onionskin.peel.compare import LEVELS

ARRAYS = ("line", "loop", "tensors", "backward", "numpy")


class Net(nn.Module):
    """A linear layer, then whatever is tried."""

    def __init__(self, then: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 3)
        self.then = then

    def forward(self, x: Tensor) -> Tensor:
        return self.then(self.fc(x))


def batch(n: int = 5) -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    return torch.randn(n, 4), torch.randint(0, 3, (n,))


def _by_value(x: Tensor) -> Tensor:
    return x if x.sum() > 0 else -x


def _shape_by_value(x: Tensor) -> Tensor:
    return x[x[:, 0].nonzero().ravel()]


def _view_changed(x: Tensor) -> Tensor:
    y = x * 2
    y.view(-1).relu_()
    return y


def _set_items(x: Tensor) -> Tensor:
    y = x * 1
    y[:, 0] = 0
    return y


REFUSED = {
    "control flow by value": (_by_value, "looks at the values", "torch.where"),
    "a Python number out of a tensor": (lambda x: x * x.mean().item(), "looks at the values", "torch.where"),
    "a shape by value": (_shape_by_value, "nonzero", "torch.where"),
    "an unknown operation": (lambda x: torch.special.bessel_j0(x), "bessel_j0", "onionskin/peel/ops/"),
    "a view changed in place": (_view_changed, "changed in place", "new tensor"),
    "items that are set": (_set_items, "writes into a tensor", "torch.where"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_model_that_cannot_be_followed_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    then, what, remedy = REFUSED[name]
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OnionskinError) as refused:
        osk.peel(Net(then), batch()).write("numpy")
    assert what in refused.value.what
    assert remedy in refused.value.fix
    assert "Net" in refused.value.what
    assert not list(tmp_path.iterdir())


def test_the_place_of_a_refusal_is_named() -> None:
    model = nn.Sequential(nn.Linear(4, 4), Net(lambda x: torch.special.bessel_j0(x)))
    with pytest.raises(OnionskinError, match=r"^1 \(Net\) calls torch.special.bessel_j0"):
        osk.peel(model, batch())


@pytest.mark.parametrize(
    ("options", "what", "remedy"),
    [
        ({"loss": "cross_entrpy"}, "no 'cross_entrpy'", "did you mean 'cross_entropy'"),
        ({"loss": lambda out, y: out}, "the loss is a tensor of shape (5, 3)", ".mean()"),
        ({"loss": lambda out, y: 1.0}, "the loss is a float", ".mean()"),
        ({"loss": lambda out, y: torch.zeros(())}, "depends on no trainable parameter", "requires_grad"),
        ({"optimizer": "sdg:lr=0.1"}, "no 'sdg'", "did you mean 'sgd'"),
        ({"optimizer": "sgd:rate=0.1"}, "no setting 'rate'", "lr"),
        ({"optimizer": "sgd:lr=fast"}, "'fast'", "sgd:lr="),
        ({"dtype": torch.float16}, "float16", "float64"),
    ],
)
def test_options_that_make_no_sense(options: dict[str, Any], what: str, remedy: str) -> None:
    with pytest.raises(OnionskinError) as refused:
        osk.peel(nn.Linear(4, 3), batch(), **options)
    assert what in refused.value.what
    assert remedy in refused.value.fix


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ((torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64)), "no values"),
        (torch.zeros(5, 4), "no pair"),
        ((torch.zeros(5, 4), [0, 1, 2, 0, 1]), "int"),
        ((torch.zeros(5, 4, dtype=torch.complex64), torch.zeros(5)), "complex"),
        ([], "no pair"),
        ([batch(5), batch(4)], "different shapes"),
    ],
)
def test_batches_that_make_no_sense(given: Any, what: str) -> None:
    with pytest.raises(OnionskinError) as refused:
        osk.peel(nn.Linear(4, 3), given)
    assert what in refused.value.what


def test_a_model_without_anything_to_train() -> None:
    with pytest.raises(OnionskinError, match="has no parameter"):
        osk.peel(nn.Linear(4, 3).requires_grad_(False), batch())
    with pytest.raises(OnionskinError, match="builtin_function"):
        osk.peel(torch.relu, batch())  # type: ignore[arg-type]  # that is what is tried


# ---------------------------------------------------------------------- what works


def test_a_model_in_eval_mode_is_peeled_as_it_is() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.5), nn.Linear(6, 3)).eval()
    for each in osk.peel(model, batch()).check(steps=5, only=ARRAYS):
        assert each.agrees, f"{each.level}: {each.first}"


def test_inputs_that_do_not_lie_in_order_are_peeled() -> None:
    x, y = torch.randn(4, 5).T, torch.randint(0, 6, (10,))[::2] % 3
    for each in osk.peel(nn.Linear(4, 3), (x, y)).check(steps=5, only=ARRAYS):
        assert each.agrees, f"{each.level}: {each.first}"


def test_frozen_parameters_stay_as_they_are() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3))
    model[0].requires_grad_(False)
    own = osk.peel(model, batch(), optimizer=torch.optim.Adam([*model[2].parameters()], lr=0.125))
    assert '"0.weight"' not in "".join(line for line in own.program("numpy").source.splitlines() if "g[" in line)
    for each in own.check(steps=5, only=ARRAYS):
        assert each.agrees, f"{each.level}: {each.first}"


# ---------------------------------------------------------------------- files and the command


def test_a_file_of_somebody_elses_is_not_replaced(tmp_path: Path) -> None:
    place = tmp_path / "train.py"
    place.write_text("print('mine')\n")
    own = osk.peel(nn.Linear(4, 3), batch())
    with pytest.raises(OnionskinError, match="was not written by a peel"):
        own.write("numpy", place)
    assert place.read_text() == "print('mine')\n"
    own.write("numpy", tmp_path / "own.py")
    own.write("loop", tmp_path / "own.py")  # one of ours is
    assert "torch" in (tmp_path / "own.py").read_text()


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OnionskinError, match="cannot be written"):
        osk.peel(nn.Linear(4, 3), batch()).write("numpy", tmp_path / "nowhere" / "x.py")


def onionskin(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "onionskin", "peel", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env={**os.environ, "COLUMNS": "200"})


def test_the_command_peels_a_function_of_the_users(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import torch\nfrom torch import nn\n\ndef build():\n    torch.manual_seed(0)\n"
        "    model = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))\n"
        "    return model, (torch.randn(6, 4), torch.arange(6) % 3)\n"
    )
    wrote = onionskin("mine.py:build", "--level", "numpy", "--optimizer", "adam:lr=0.0078125", cwd=tmp_path)
    assert wrote.returncode == 0, wrote.stderr
    ran = subprocess.run([sys.executable, "mine_numpy.py", "3"], cwd=tmp_path, capture_output=True, text=True)
    assert len(ran.stdout.splitlines()) == 3, ran.stderr
    checked = onionskin("mine.py:build", "--check", "--steps", "3", "--json", cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr
    told = json.loads(checked.stdout)
    assert [level["level"] for level in told["levels"]] == list(LEVELS)
    assert all(level["tensor_gap"] <= 1e-12 for level in told["levels"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["mpl", "--check"], "did you mean 'mlp'"),
        (["nothing.py:build", "--check"], "there is no file nothing.py"),
        (["mlp"], "add --level numpy"),
        ([], "name an architecture"),
        (["mlp", "--level", "nunpy"], "did you mean 'numpy'"),
        (["mlp", "--level", "scalars"], "400"),
        (["mlp", "--check", "--steps", "0"], "at least one step"),
    ],
)
def test_the_command_says_what_to_do(arguments: list[str], said: str, tmp_path: Path) -> None:
    done = onionskin(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_check_that_fails_exits_with_1(tmp_path: Path) -> None:
    """The gradient of a bias before BatchNorm is rounding alone, and Adam makes whole steps of it."""
    (tmp_path / "zero.py").write_text(
        "import torch\nfrom torch import nn\n\ndef build():\n    torch.manual_seed(0)\n"
        "    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 3))\n"
        "    return model, (torch.randn(8, 3), torch.arange(8) % 3)\n"
    )
    done = onionskin("zero.py:build", "--check", "--optimizer", "adam:lr=0.125", "--steps", "20", cwd=tmp_path)
    assert done.returncode == 1  # Adam divides the rounding of a gradient that is 0 by itself
    assert "weight 0.bias" in done.stdout
