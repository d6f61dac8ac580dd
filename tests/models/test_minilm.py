"""MiniLM reads the published layout, agrees with PyTorch's own encoder, and does not see what fills a sentence up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

from onionskin.errors import OnionskinError
from onionskin.models import minilm


def small() -> minilm.MiniLM:
    torch.manual_seed(0)
    return minilm.build(50, 16, 64, 2, 2, 128, eps=1e-12).eval()


def test_it_is_a_bert_as_pytorch_builds_one() -> None:
    """Post-norm layers of torch.nn with the same weights give the same tokens."""
    model, tokens = small(), torch.randint(1, 50, (3, 9))
    tokens[1, 5:] = minilm.PADDING
    theirs = nn.TransformerEncoderLayer(64, 2, 128, 0.0, "gelu", 1e-12, batch_first=True).eval()
    x = seen = model.embeddings(tokens)
    with torch.no_grad():
        layers: Any = model.encoder.layer
        for layer in layers:
            a, q = layer.attention, layer.attention.self
            theirs.self_attn.in_proj_weight.copy_(torch.cat([q.query.weight, q.key.weight, q.value.weight]))
            theirs.self_attn.in_proj_bias.copy_(torch.cat([q.query.bias, q.key.bias, q.value.bias]))
            theirs.self_attn.out_proj.load_state_dict(a.output.dense.state_dict())
            theirs.norm1.load_state_dict(a.output.LayerNorm.state_dict())
            theirs.linear1.load_state_dict(layer.intermediate.dense.state_dict())
            theirs.linear2.load_state_dict(layer.output.dense.state_dict())
            theirs.norm2.load_state_dict(layer.output.LayerNorm.state_dict())
            x = theirs(x, src_key_padding_mask=tokens == minilm.PADDING)
            if x.shape != seen.shape:  # PyTorch cuts padding off
                x = functional.pad(x, (0, 0, 0, seen.shape[1] - x.shape[1]))
        mean = minilm.mean_of_tokens(x, tokens != minilm.PADDING)
        torch.testing.assert_close(model(tokens), functional.normalize(mean, dim=-1))
        torch.testing.assert_close(model.depths(tokens, 1), mean)


def test_a_sentence_is_the_same_among_longer_ones() -> None:
    model, tokens = small(), torch.randint(1, 50, (4, 12))
    tokens[0, 5:] = minilm.PADDING
    with torch.no_grad():
        torch.testing.assert_close(model(tokens)[:1], model(tokens[:1, :5]))
        torch.testing.assert_close(model(tokens).norm(dim=1), torch.ones(4))


def test_the_published_layout_loads(tmp_path: Path) -> None:
    model = small()
    state = dict(model.state_dict())
    extra = {"pooler.dense.weight": torch.zeros(64, 64), "embeddings.position_ids": torch.arange(16)[None]}
    save_file({**state, **extra}, tmp_path / "model.safetensors")
    loaded = minilm.pretrained(tmp_path / "model.safetensors")
    assert loaded.sizes == model.sizes
    tokens = torch.randint(1, 50, (2, 7))
    with torch.no_grad():
        torch.testing.assert_close(loaded(tokens), model(tokens))
    save_file({n: v for n, v in state.items() if "layer.1.output.dense.bias" not in n}, tmp_path / "less.safetensors")
    with pytest.raises(OnionskinError, match="holds no MiniLM"):
        minilm.pretrained(tmp_path / "less.safetensors")
    save_file({"x": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(OnionskinError, match="holds no MiniLM"):
        minilm.pretrained(tmp_path / "other.safetensors")
    (tmp_path / "none.safetensors").write_bytes(b"\xff" * 64)
    for name in ("none.safetensors", "nowhere.safetensors"):
        with pytest.raises(OnionskinError, match="cannot read"):
            minilm.pretrained(tmp_path / name)


@pytest.mark.parametrize("sizes", [None, [1, 2], [50, 16, 64, 2, 2, 10**9], [50, 16, 64, 2, 2, True], [0] * 6])
def test_sizes_of_a_stranger_are_not_believed(sizes: object) -> None:
    with pytest.raises(ValueError, match="sizes of an encoder"):
        minilm.checked(sizes)
