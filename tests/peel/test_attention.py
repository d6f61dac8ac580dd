"""PyTorch's attention and recurrent modules as people use them, at every level: masks, memories, states, refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import onionskin as osk
from onionskin.errors import OnionskinError

LEVELS = ("line", "loop", "tensors", "backward", "numpy")


class Attending(nn.Module):
    """Attention in one of several ways, over words; then the logits of three classes."""

    def __init__(self, way: Callable[[Attending, Tensor, Tensor], Tensor], **settings: Any) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.words = nn.Embedding(9, 8)
        self.memory = nn.Embedding(9, 8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True, **settings)
        self.out = nn.Linear(8, 3)
        self.way = way
        self.register_buffer("later", torch.ones(6, 6, dtype=torch.bool).triu(1))

    def forward(self, ids: Tensor) -> Tensor:
        y: Tensor = self.out(self.way(self, self.words(ids), ids).mean(1))
        return y


def _plain(m: Attending, x: Tensor, ids: Tensor) -> Tensor:
    return m.attention(x, x, x)[0]  # type: ignore[no-any-return]  # what a module returns has no type


def _causal(m: Attending, x: Tensor, ids: Tensor) -> Tensor:
    return m.attention(x, x, x, attn_mask=m.later, is_causal=True, need_weights=False)[0]  # type: ignore[no-any-return]


def _constant_mask(m: Attending, x: Tensor, ids: Tensor) -> Tensor:
    later = torch.ones(6, 6, dtype=torch.bool).triu(1)
    return m.attention(x, x, x, attn_mask=later)[0]  # type: ignore[no-any-return]


def _padding(m: Attending, x: Tensor, ids: Tensor) -> Tensor:
    return m.attention(x, x, x, attn_mask=m.later, key_padding_mask=ids == 0)[0]  # type: ignore[no-any-return]


def _weights(m: Attending, x: Tensor, ids: Tensor) -> Tensor:
    y, weights = m.attention(x, x, x)
    return y + (weights**2).mean()  # type: ignore[no-any-return]


def _across(m: Attending, x: Tensor, ids: Tensor) -> Tensor:
    memory = m.memory(ids[:, :4])
    return m.attention(x, memory, memory)[0]  # type: ignore[no-any-return]


def _apart(m: Attending, x: Tensor, ids: Tensor) -> Tensor:
    memory = m.memory(ids[:, :4])
    return m.attention(x, memory[..., :5], memory[..., 5:])[0]  # type: ignore[no-any-return]


def _encoder(m: Attending, x: Tensor, ids: Tensor) -> Tensor:
    return m.encoder(x, src_key_padding_mask=ids == 0)  # type: ignore[operator,no-any-return]


def words() -> tuple[Tensor, Tensor]:
    seeded = torch.Generator().manual_seed(1)
    ids = torch.randint(1, 9, (4, 6), generator=seeded)
    ids[0, 4:] = 0
    return ids, torch.randint(0, 3, (4,), generator=seeded)


def assert_equal_at_every_level(model: nn.Module, batch: Any) -> None:
    for agreement in osk.peel(model, batch).check(steps=5, only=LEVELS):
        assert agreement.agrees, f"{agreement.level}: {agreement.first}"
        assert agreement.steps == 5, agreement.refused


@pytest.mark.parametrize("way", [_plain, _causal, _constant_mask, _padding, _weights, _across])
@pytest.mark.parametrize("bias", [True, False])
def test_attention_is_peeled_with_masks_and_across(way: Any, bias: bool) -> None:
    assert_equal_at_every_level(Attending(way, bias=bias), words())


def test_keys_and_values_of_other_widths_are_peeled() -> None:
    assert_equal_at_every_level(Attending(_apart, kdim=5, vdim=3), words())


def test_a_padded_encoder_is_peeled() -> None:
    model = Attending(_encoder)
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
    model.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
    assert_equal_at_every_level(model, words())


def test_attention_that_drops_out_within_is_refused() -> None:
    with pytest.raises(OnionskinError, match=r"drops out 0\.25 of its attention"):
        osk.peel(Attending(_plain, dropout=0.25), words())


class Reading(nn.Module):
    """A recurrent layer whose first state is learnt; then the logits of three classes."""

    def __init__(self, layer: nn.Module, states: int) -> None:
        super().__init__()
        self.layer = layer
        self.begin = nn.ParameterList(nn.Parameter(torch.randn(4, 5, 6) / 2) for _ in range(states))
        self.out = nn.Linear(12, 3)

    def forward(self, x: Tensor) -> Tensor:
        begin = tuple(each * 1.0 for each in self.begin)
        said, ends = self.layer(x, begin if len(begin) > 1 else begin[0])
        h = ends[0] if isinstance(ends, tuple) else ends
        y: Tensor = self.out(said[:, 0] + torch.cat([h[-2], h[-1]], dim=1))
        return y


@pytest.mark.parametrize(("kind", "states"), [(nn.RNN, 1), (nn.GRU, 1), (nn.LSTM, 2)])
@pytest.mark.parametrize("bias", [True, False])
def test_two_layers_both_ways_from_a_learnt_state_are_peeled(kind: Any, states: int, bias: bool) -> None:
    torch.manual_seed(0)
    model = Reading(kind(3, 6, num_layers=2, bidirectional=True, batch_first=True, bias=bias), states)
    assert_equal_at_every_level(model, (torch.randn(5, 4, 3), torch.randint(0, 3, (5,))))


@pytest.mark.parametrize(
    ("layer", "what"),
    [
        (nn.LSTM(3, 6, proj_size=2), "projects the 6 entries of its memory to 2"),
        (nn.GRU(3, 6, num_layers=2, dropout=0.5), r"drops out 0\.5 of what one recurrent layer tells the next"),
    ],
)
def test_what_is_not_peeled_of_recurrent_layers_says_so(layer: nn.Module, what: str) -> None:
    class Last(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = layer

        def forward(self, x: Tensor) -> Tensor:
            return self.layer(x)[0][-1]  # type: ignore[no-any-return]

    with pytest.raises(OnionskinError, match=what):
        osk.peel(Last(), (torch.randn(4, 2, 3), torch.randint(0, 2, (2,))))
