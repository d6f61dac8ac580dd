"""Entries of the golf board are run, not believed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from onionskin.errors import OnionskinError
from onionskin.lab.golf import board, entry
from onionskin.lab.golf.tasks import TASKS

OURS = sorted(board.OURS.glob("*.json"))
XOR: list[dict[str, Any]] = [{"kind": "linear", "out": 1, "bias": False}, {"kind": "abs"}]
WEIGHT = {"0.weight": torch.tensor([[1, -1]], dtype=torch.int8)}


@pytest.mark.parametrize("path", [p for p in OURS if not p.stem.startswith(("mnist", "spam"))], ids=lambda p: p.stem)
def test_ours_do_what_the_board_says(path: Path) -> None:
    found = board.verify(path)
    assert found.passes
    assert found.parameters == sum(
        t.numel() for n, t in load_file(path.with_suffix(".safetensors")).items() if not n.endswith(".codebook")
    )


def test_every_task_has_an_entry() -> None:
    assert {entry.read(path).task for path in OURS} == set(TASKS)


def test_a_changed_weight_fails(tmp_path: Path) -> None:
    for suffix in (".json", ".safetensors"):
        shutil.copy(board.OURS / f"xor-distance{suffix}", tmp_path)
    file = tmp_path / "xor-distance.safetensors"
    save_file({"0.weight": torch.tensor([[1, 1]], dtype=torch.int8)}, file)
    assert board.verify(file).score == 0.75
    with pytest.raises(OnionskinError, match="scores 75"):
        board.submit(file, tmp_path / "golf")


def test_a_submitted_entry_is_ranked_beside_ours(tmp_path: Path) -> None:
    mine = entry.write(tmp_path / "mine", "xor", "me", XOR, WEIGHT)
    board.submit(mine, tmp_path / "golf")
    rows = board.board("xor", tmp_path / "golf")
    assert [row.who for row in rows if row.name == "mine"] == ["me"]
    assert rows[0].name == "xor-one-sine"
    with pytest.raises(OnionskinError, match="exists already"):
        board.submit(mine, tmp_path / "golf")


def test_bits_are_counted_by_what_the_values_need(tmp_path: Path) -> None:
    assert entry.read(entry.write(tmp_path / "a", "xor", "me", XOR, WEIGHT)).bits == 4
    floats = {"0.weight": torch.tensor([[1.0, -1.0]])}
    assert entry.read(entry.write(tmp_path / "b", "xor", "me", XOR, floats)).bits == 64
    coded = {
        "0.weight": torch.tensor([[0, 1]], dtype=torch.uint8),
        "0.weight.codebook": torch.tensor([1.0, -1.0]).half(),
    }
    read = entry.read(entry.write(tmp_path / "c", "xor", "me", XOR, coded))
    assert (read.bits, read.parameters) == (2 * 1 + 2 * 16, 2)
    assert board.verify(tmp_path / "c.json").passes


def test_codebooks_keep_values_near() -> None:
    weights = {"0.weight": torch.randn(40, 20, generator=torch.Generator().manual_seed(0))}
    coded = entry.quantised(weights, 4)
    near = coded["0.weight.codebook"].float()[coded["0.weight"].long()]
    assert (near - weights["0.weight"]).square().mean() < 0.02


@pytest.mark.parametrize(
    "changes",
    [
        {"layers": [{"kind": "eval", "code": "1"}]},
        {"layers": [{"kind": "linear", "out": 10**9}]},
        {"layers": [{"kind": "linear", "out": True}]},
        {"layers": [{"kind": "linear", "out": 1, "path": "/etc/passwd"}]},
        {"layers": [{"kind": ["linear"]}]},
        {"layers": [{"kind": "relu"}] * 1000},
        {"layers": []},
        {"layers": [{"kind": "take", "places": [-1]}]},
        {"layers": [{"kind": "words", "words": ["a"]}]},
        {"layers": [{"kind": "maxpool", "size": 2}]},
        {"layers": [*XOR[:1], {"kind": "scan", "out": 1, "unit": "__import__"}]},
        {"task": "chess"},
        {"format": 2},
        {"weights": "../../somewhere"},
    ],
)
def test_a_hostile_architecture_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    file = entry.write(tmp_path / "x", "xor", "me", XOR, WEIGHT)
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))
    with pytest.raises(OnionskinError):
        board.verify(file)


def test_a_network_that_would_take_the_memory_is_refused(tmp_path: Path) -> None:
    layers: list[dict[str, Any]] = [{"kind": "conv2d", "out": 1, "kernel": 1, "padding": 14, "bias": False}] * 32
    weights = {f"{place}.weight": torch.ones(1, 1, 1, 1) for place in range(32)}
    with pytest.raises(OnionskinError, match="too much"):
        board.verify(entry.write(tmp_path / "x", "digits", "me", layers, weights))


@pytest.mark.parametrize(
    "tensors",
    [
        {"0.weight": torch.tensor([[1.0, float("nan")]])},
        {"0.weight": torch.ones(1, 3)},
        {"0.weight": torch.ones(1, 2), "9.weight": torch.ones(2)},
        {"0.weight": torch.ones(1, 2, dtype=torch.float64)},
        {"0.weight": torch.zeros(1, 2, dtype=torch.uint8)},
        {"0.weight": torch.full((1, 2), 9, dtype=torch.uint8), "0.weight.codebook": torch.ones(2)},
        {"0.weight": torch.ones(1, 2), "1.weight.codebook": torch.ones(2)},
        {"0.weight": torch.ones(1000, 1000)},
        {},
    ],
)
def test_hostile_weights_are_refused(tmp_path: Path, tensors: dict[str, torch.Tensor]) -> None:
    file = entry.write(tmp_path / "x", "xor", "me", XOR, tensors)
    with pytest.raises(OnionskinError):
        board.verify(file)


@pytest.mark.parametrize("content", [b"", b"\x80\x04cos\nsystem\n", b"\xff" * 64, b"\x08" + b"\0" * 7 + b"[[[[[[[["])
def test_a_file_that_is_no_safetensors_is_refused(tmp_path: Path, content: bytes) -> None:
    file = entry.write(tmp_path / "x", "xor", "me", XOR, WEIGHT)
    file.with_suffix(".safetensors").write_bytes(content)
    with pytest.raises(OnionskinError, match="safetensors"):
        board.verify(file)


@pytest.mark.parametrize("content", ["[" * 60_000, "{}", "nonsense", '{"format": 1}', "x" * 70_000])
def test_a_file_that_is_no_entry_is_refused(tmp_path: Path, content: str) -> None:
    file = entry.write(tmp_path / "x", "xor", "me", XOR, WEIGHT)
    file.write_text(content)
    with pytest.raises(OnionskinError):
        board.verify(file)


def test_a_broken_entry_stays_on_the_board_with_its_problem(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{}")
    (row,) = [row for row in board.board("xor", tmp_path) if row.name == "broken"]
    assert row.verified is None
    assert "format" in row.problem
