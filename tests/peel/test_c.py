"""The level in C: equal to PyTorch at every step, clean under the strictest compiler, and calm about hostile files."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from onionskin import models, registry
from onionskin.errors import OnionskinError
from onionskin.peel.compare import compare, save_data
from onionskin.peel.compiled import compiled, compiler
from onionskin.peel.levels import c
from onionskin.peel.plan import Plan, plan, plan_example

EXAMPLES = ["mlp", "logistic", "xor", "lenet", "autoencoder"]
TYPES = [torch.float64, torch.float32]


class _Block(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.act = nn.LeakyReLU(0.125)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.act(self.conv(x))
        return y


class _Convolutions(nn.Module):
    """What C has for images, with odd sizes, strides and edges; the second block's input is used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(2, 5, (3, 2), stride=(2, 1), padding=(2, 1))
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.block1 = _Block(5, 5)
        self.block2 = _Block(5, 5)
        self.mix = nn.Conv2d(5, 7, 1)
        self.smooth = nn.AvgPool2d(2, stride=1, padding=1)
        self.mean = nn.AdaptiveAvgPool2d(1)
        self.tanh = nn.Tanh()
        self.out = nn.Linear(7, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.block1(self.pool(self.stem(x)))
        x = self.smooth(self.mix(x + self.block2(x)))
        scores: Tensor = self.out(self.tanh(self.mean(x).flatten(1)).sigmoid())
        return scores.softmax(1)


def _convolutions(dtype: torch.dtype = torch.float64) -> Plan:
    torch.manual_seed(0)
    batches = [(torch.randn(3, 2, 11, 9), torch.randint(0, 4, (3,))) for _ in range(2)]
    return plan(_Convolutions(), batches, dtype=dtype, name="convolutions")


def _agrees(made: Plan, steps: int = 20) -> None:
    found = [each for (each,) in compare(made, steps=steps, only=["c"])][-1]
    assert found.steps == steps
    assert found.agrees, f"{found.first}: {found.worst} is off by {found.tensor_gap}"


@pytest.mark.parametrize(
    ("name", "dtype"), [*((name, torch.float64) for name in EXAMPLES), ("lenet", torch.float32)], ids=str
)
def test_an_example_trains_to_the_same_numbers_in_c(name: str, dtype: torch.dtype) -> None:
    _agrees(plan_example(registry.load(models, name).example(), name=name, dtype=dtype))


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_strides_edges_and_a_value_used_twice_give_the_same_numbers_in_c(dtype: torch.dtype) -> None:
    _agrees(_convolutions(dtype))


@pytest.mark.parametrize(
    ("optimizer", "loss"),
    [
        ("sgd:lr=0.125,momentum=0.5,dampening=0.25,weight_decay=0.0625", "mse"),
        ("sgd:lr=0.125,momentum=0.5,nesterov=True", "bce_with_logits"),
        ("adam:lr=0.0078125,weight_decay=0.0625", "mse"),
    ],
)
def test_optimizers_and_losses_give_the_same_numbers_in_c(optimizer: str, loss: str) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 5), nn.LeakyReLU(0.125), nn.Linear(5, 3))
    _agrees(plan(net, (torch.randn(4, 6), torch.rand(4, 3)), loss=loss, optimizer=optimizer, name="small"))


def test_a_weight_that_is_frozen_or_unused_stays_as_it_is() -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    net[0].weight.requires_grad_(False)
    _agrees(plan(net, (torch.randn(5, 3), torch.tensor([0, 1, 1, 0, 1])), name="frozen"))


def test_a_product_is_right_at_every_edge_of_its_tiles() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(
        *(nn.Linear(i, o) for i, o in zip((401, 19, 9, 7, 5, 3, 2), (19, 9, 7, 5, 3, 2, 1), strict=True))
    )
    _agrees(plan(net, (torch.randn(11, 401), torch.randn(11, 1)), loss="mse", name="edges"), steps=2)


def test_every_line_of_the_step_says_what_it_does() -> None:
    program = c.write(_convolutions())
    lines = program.source.splitlines()
    assert {tag.part for tag in program.lines.values()} == {"forward", "backward"}
    stem = [lines[number - 1] for number, tag in program.lines.items() if tag.path == "stem" and tag.part == "forward"]
    assert any("conv2d(" in line for line in stem)
    assert max(len(line) for line in lines) <= 120


# ---------------------------------------------------------------------- what is refused


class _Norm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(3)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.norm(x)
        return y


@pytest.mark.parametrize(
    ("net", "options", "what", "fix"),
    [
        (_Norm(), {}, "norm: batch_norm is not written in C", "batch_norm.c"),
        (nn.Linear(3, 3), {"optimizer": "adamw:lr=0.5"}, "the optimizer adamw is not written in C", "adamw.c"),
        (nn.Sequential(nn.Linear(3, 3), nn.Softmax(0)), {}, "1: softmax is not written in C so", "softmax.c"),
        (nn.Linear(3, 3), {"optimizer": "adam:amsgrad=True"}, "Adam without amsgrad", "adam.c"),
    ],
)
def test_what_is_not_written_in_c_is_refused(net: nn.Module, options: dict[str, str], what: str, fix: str) -> None:
    made = plan(net, (torch.randn(4, 3), torch.randn(4, 3)), loss="mse", **options)  # type: ignore[arg-type]  # words alone
    with pytest.raises(OnionskinError) as error:
        c.write(made)
    assert what in error.value.what
    assert fix in error.value.fix


def test_without_a_compiler_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OnionskinError, match="no C compiler is found") as error:
        compiler()
    assert "apt install gcc" in error.value.fix


# ---------------------------------------------------------------------- the compiler's and the stranger's view


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program under the compiler's watch: every warning an error, every stray access the end."""
    folder = tmp_path_factory.mktemp("guarded")
    return _build(folder, "-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-fsanitize=address,undefined",
                  "-fno-sanitize-recover", "-O1")  # fmt: skip


def _build(folder: Path, *options: str) -> Path:
    made = _convolutions()
    source = folder / "convolutions_c.c"
    source.write_text(c.write(made).source)
    save_data(made, source.with_suffix(".npz"))
    return compiled(source, *options)


def _run(program: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(program), *words], capture_output=True, text=True, check=False, timeout=60)


def test_it_compiles_as_c99_without_a_warning_and_touches_only_its_own_memory(guarded: Path) -> None:
    done = _run(guarded, "3")
    assert done.returncode == 0, done.stderr
    assert [line.split()[:2] for line in done.stdout.splitlines()] == [["step", "0"], ["step", "1"], ["step", "2"]]


def test_a_compiler_without_vectors_gives_the_same_losses(guarded: Path, tmp_path: Path) -> None:
    plain = _build(tmp_path, "-DPLAIN", "-O1")
    assert _run(plain, "3").stdout == _run(guarded, "3").stdout


def test_a_truncated_or_damaged_npz_ends_with_a_message_and_never_with_a_crash(guarded: Path, tmp_path: Path) -> None:
    program = Path(shutil.copy(guarded, tmp_path / "program"))
    data = tmp_path / "program.npz"
    whole = guarded.with_suffix(".npz").read_bytes()
    random = np.random.default_rng(0)
    directory = whole.index(b"PK\1\2")  # at the end stands a list of all members, which is not read
    damaged = [whole[:length] for length in (0, 3, 29, 30, 35, 60, 120, 200, *random.integers(0, directory, 30))]
    starts = [at for at in range(directory) if whole.startswith(b"PK\3\4", at)]
    for at in random.choice(starts, 40):  # a byte of a header becomes another one
        where = at + int(random.integers(0, 160))
        damaged.append(whole[:where] + bytes([int(random.integers(0, 256))]) + whole[where + 1 :])
    for each in damaged:
        data.write_bytes(each)
        done = _run(program, "1")
        assert done.returncode in (0, 1), done.stderr
        assert "Sanitizer" not in done.stderr
        assert "runtime error" not in done.stderr
        assert done.returncode == 0 or len(done.stderr.splitlines()) == 1
    for each in damaged[:38]:
        data.write_bytes(each)
        assert _run(program, "1").returncode == 1, "what is cut off is missed"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"x": np.zeros((2, 3, 2, 11, 8))}, "another shape"),
        ({"x": np.zeros((2, 3, 2, 11, 9), np.float32)}, "another type"),
        ({"w/out.bias": None}, "w/out.bias: is not in the .npz"),
        ({"targets": np.full((2, 3), 4)}, "a class that the model has no output for"),
    ],
)
def test_an_npz_of_another_model_is_refused(
    guarded: Path, tmp_path: Path, change: dict[str, object], said: str
) -> None:
    program = Path(shutil.copy(guarded, tmp_path / "program"))
    arrays = {**np.load(guarded.with_suffix(".npz")), **change}
    np.savez(tmp_path / "program.npz", **{name: value for name, value in arrays.items() if value is not None})
    done = _run(program, "1")
    assert done.returncode == 1
    assert said in done.stderr


def test_without_its_npz_it_says_where_it_looked(guarded: Path, tmp_path: Path) -> None:
    done = _run(Path(shutil.copy(guarded, tmp_path / "lonely")))
    assert done.returncode == 1
    assert "lonely.npz: cannot be opened" in done.stderr
