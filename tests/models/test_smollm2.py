"""GGUF files are read as llama.cpp's own library reads them; SmolLM2 remembers what it has read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch

from onionskin.errors import OnionskinError
from onionskin.models import smollm2
from onionskin.models._gguf import read_gguf
from onionskin.models._quantised import KINDS
from tests.models.small_gguf import small_model, write_gguf


@pytest.mark.parametrize("code", KINDS)
def test_every_code_is_decoded_as_llama_cpp_does(code: int) -> None:
    kind = KINDS[code]
    coded = np.random.default_rng(code).integers(0, 256, (64, kind.size), dtype=np.uint8)
    with np.errstate(all="ignore"):
        theirs = gguf.quants.dequantize(coded, gguf.GGMLQuantizationType(code)).reshape(-1)
    ours = kind.decode(coded.reshape(-1))
    assert kind.name == gguf.GGMLQuantizationType(code).name
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("coding", ["F32", "Q8_0"])
def test_a_model_comes_back_from_its_file(tmp_path: Path, coding: str) -> None:
    model = small_model()
    loaded = smollm2.pretrained(write_gguf(tmp_path / "small.gguf", model, coding))
    assert loaded.token.weight is loaded.head.weight
    for name, value in model.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[name], value, rtol=0, atol=0.0 if coding == "F32" else 0.02)


def test_what_is_remembered_need_not_be_read_again() -> None:
    model, tokens = small_model().eval(), torch.randint(0, 20, (2, 9))
    memory = smollm2.Memory()
    with torch.no_grad():
        whole = model(tokens)
        parts = [model.after(tokens[:, :4], memory), *(model.after(tokens[:, i : i + 1], memory) for i in range(4, 9))]
    assert len(memory) == 9
    torch.testing.assert_close(torch.cat(parts, dim=1), whole)


def test_only_how_far_apart_tokens_are_counts() -> None:
    """A query and a key that are turned match by their distance alone (section 3.2 of RoFormer)."""
    model, q, k = small_model(), torch.randn(1, 1, 1, 8), torch.randn(1, 1, 1, 8)

    def match(at: int, other: int) -> torch.Tensor:
        one = smollm2.rotate(q, model.cos[at : at + 1], model.sin[at : at + 1])
        return (one * smollm2.rotate(k, model.cos[other : other + 1], model.sin[other : other + 1])).sum()

    torch.testing.assert_close(match(2, 5), match(9, 12))
    assert not torch.allclose(match(2, 5), match(2, 6))


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"general.architecture": "gpt2"}, "holds a 'gpt2'"),
        ({"llama.block_count": 3}, "has no tensor 'blk.2.attn_norm.weight'"),
        ({"llama.embedding_length": 64}, "should be"),
        ({"llama.attention.head_count": 3}, "do not divide"),
        ({"llama.block_count": 1 << 20}, "no whole number from 1 to 1,024"),
        ({"llama.rope.freq_base": float("nan")}, "no positive number"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(tmp_path: Path, changed: dict[str, Any], what: str) -> None:
    path = write_gguf(tmp_path / "odd.gguf", small_model(), "F32", **changed)
    with pytest.raises(OnionskinError, match=what):
        smollm2.pretrained(path)


def test_what_is_no_gguf_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.gguf").write_bytes(b"PK\x03\x04 and so on, for a while")
    with pytest.raises(OnionskinError, match="is no GGUF"):
        read_gguf(tmp_path / "a.gguf")
    (tmp_path / "b.gguf").touch()
    for name in ("b.gguf", "c.gguf"):
        with pytest.raises(OnionskinError, match="cannot read"):
            read_gguf(tmp_path / name)


def test_heads_have_to_divide() -> None:
    with pytest.raises(OnionskinError, match="30 values do not divide into 4 heads"):
        smollm2.build(width=30, heads=4)
    with pytest.raises(OnionskinError, match="4 heads do not divide into 3 groups"):
        smollm2.build(width=32, heads=4, groups=3)
