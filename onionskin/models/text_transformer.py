"""Transformer for texts: every token looks at all others, and their mean says what the text is.

Paper: Vaswani et al. (2017), "Attention is all you need", arXiv 1706.03762: the encoder, with norms inside the branches
(Xiong et al. 2020, "On layer normalization in the transformer architecture", arXiv 2002.04745) and learned positions.
"""

# Shapes: n texts of t tokens, d values a token.

from __future__ import annotations

import torch
from torch import Tensor, nn

from onionskin.errors import OnionskinError
from onionskin.models import Example
from onionskin.models._batches import seeded, strings

#: The token that fills a text up to the length of the longest, and is not looked at.
PADDING = 0


class Block(nn.Module):
    """Attention and an MLP, each behind a norm and added to what came in. Takes and gives (n, t, d)."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.ln1 = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.ln2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, padding: Tensor) -> Tensor:
        """Return the tokens after one block. ``padding``, (n, t), is true where there is nothing to look at."""
        h = self.ln1(x)
        mixed, _ = self.attention(h, h, h, key_padding_mask=padding, need_weights=False)
        x = x + self.dropout(mixed)
        x = x + self.dropout(self.mlp(self.ln2(x)))
        return x


class TextTransformer(nn.Module):
    """Takes tokens, (n, t) whole numbers, padded behind with 0, t ≤ ``context``; gives (n, outputs)."""

    def __init__(
        self, vocabulary: int, context: int, width: int, heads: int, blocks: int, outputs: int, dropout: float
    ) -> None:
        super().__init__()
        if width % heads:
            raise OnionskinError(
                f"{width} values do not divide into {heads} heads", fix="make width a multiple of heads"
            )
        self.token = nn.Embedding(vocabulary, width)
        self.position = nn.Embedding(context, width)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(width, heads, dropout) for _ in range(blocks))
        self.ln = nn.LayerNorm(width)
        self.out = nn.Linear(width, outputs)
        nn.init.normal_(self.token.weight, std=width**-0.5)
        nn.init.normal_(self.position.weight, std=0.1 * width**-0.5)  # at first words count more than places

    def forward(self, tokens: Tensor) -> Tensor:
        """Return logits, or a number, from the mean of the tokens, padding left out."""
        padding = tokens == PADDING  # (n, t)
        x = self.dropout(self.token(tokens) + self.position.weight[: tokens.shape[1]])  # (n, t, d)
        for block in self.blocks:
            x = block(x, padding)
        shares = (~padding).unsqueeze(-1).to(x.dtype)  # (n, t, 1)
        mean = (self.ln(x) * shares).sum(1) / shares.sum(1)
        out: Tensor = self.out(mean)
        return out


def build(
    vocabulary: int = 256,
    context: int = 64,
    width: int = 16,
    heads: int = 2,
    blocks: int = 2,
    outputs: int = 2,
    *,
    dropout: float = 0.0,
) -> TextTransformer:
    """Return the network: 11,746 parameters.

    Args:
        vocabulary: How many tokens there are.
        context: The most tokens of a text.
        width: How many values a token is.
        heads: In how many heads attention looks; they divide the width.
        blocks: How many blocks.
        outputs: How many logits or numbers.
        dropout: The share of values dropped of tokens and at the end of each branch.

    Raises:
        OnionskinError: The width does not divide into the heads.
    """
    return TextTransformer(vocabulary, context, width, heads, blocks, outputs, dropout)


def example() -> Example:
    """Return a small one with 9 texts of up to 6 tokens, three of each of three classes."""
    tokens = strings(9, 6, letters=12)
    tokens[::4, 4:] = PADDING
    with seeded():
        model = build(12, 6, 8, 2, 1, outputs=3)
    return Example(model, tokens, torch.arange(9) % 3, optimizer="sgd:lr=0.125,momentum=0.5")
