"""GPT: a transformer that reads from left to right and says, at every place, what comes next.

Paper: Radford, Wu, Child, Luan, Amodei & Sutskever (2019), "Language models are unsupervised multitask learners", with
the attention of Vaswani et al. (2017), "Attention is all you need", arXiv 1706.03762.
"""

# Shapes: n strings of t tokens, d values a token, in h heads of d/h values.

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from onionskin.errors import OnionskinError
from onionskin.models import Example
from onionskin.models._batches import seeded, strings


class CausalSelfAttention(nn.Module):
    """Every token looks at itself and those before it. Takes and gives (n, t, d)."""

    mask: Tensor

    def __init__(self, width: int, heads: int, context: int, dropout: float, fused: bool) -> None:
        super().__init__()
        self.heads = heads
        self.fused = fused
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)
        # True where one may not look: to the right of the diagonal.
        ahead = torch.ones(context, context, dtype=torch.bool).triu(1)
        self.register_buffer("mask", ahead, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return softmax(q kᵀ / √(d/h)) v, equation 1 of the paper, of all heads side by side."""
        n, t, d = x.shape
        q, k, v = self.qkv(x).chunk(3, dim=-1)  # each (n, t, d)
        q = q.view(n, t, self.heads, d // self.heads).transpose(1, 2)  # (n, h, t, d/h)
        k = k.view(n, t, self.heads, d // self.heads).transpose(1, 2)
        v = v.view(n, t, self.heads, d // self.heads).transpose(1, 2)
        if self.fused:
            y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            scores = q @ k.transpose(-2, -1) / math.sqrt(d // self.heads)  # (n, h, t, t)
            scores = scores.masked_fill(self.mask[:t, :t], float("-inf"))  # whose exponential is 0
            y = functional.softmax(scores, dim=-1) @ v
        y = y.transpose(1, 2).reshape(n, t, d)
        out: Tensor = self.dropout(self.proj(y))
        return out


class MLP(nn.Module):
    """Every token thinks by itself, in four times the width. Takes and gives (n, t, d)."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.fc = nn.Linear(width, 4 * width)
        self.gelu = nn.GELU(approximate="tanh")  # GPT-2's own
        self.proj = nn.Linear(4 * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Return what is to be added to each token."""
        out: Tensor = self.dropout(self.proj(self.gelu(self.fc(x))))
        return out


class Block(nn.Module):
    """Attention, then the MLP, each added to what came in. Takes and gives (n, t, d)."""

    def __init__(self, width: int, heads: int, context: int, dropout: float, fused: bool) -> None:
        super().__init__()
        self.ln1 = nn.LayerNorm(width)
        self.attention = CausalSelfAttention(width, heads, context, dropout, fused)
        self.ln2 = nn.LayerNorm(width)
        self.mlp = MLP(width, dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Return the tokens after one block. The norms stand inside the branches, so that the sum is left alone."""
        x = x + self.attention(self.ln1(x))
        x = x + self.mlp(self.ln2(x))
        return x


class GPT(nn.Module):
    """Takes tokens, (n, t) whole numbers below ``vocabulary``, t ≤ ``context``; gives logits, (n, t, vocabulary)."""

    def __init__(
        self, vocabulary: int, context: int, width: int, heads: int, blocks: int, dropout: float, fused: bool
    ) -> None:
        super().__init__()
        if width % heads:
            raise OnionskinError(
                f"{width} values do not divide into {heads} heads", fix="make width a multiple of heads"
            )
        self.token = nn.Embedding(vocabulary, width)
        self.position = nn.Embedding(context, width)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(width, heads, context, dropout, fused) for _ in range(blocks))
        self.ln = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)
        self.head.weight = self.token.weight  # tied: to say a token is to point at its embedding
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, std=0.5 / math.sqrt(width))  # GPT-2's 0.02 at its width
            if isinstance(module, nn.Linear) and module.bias is not None:
                nn.init.zeros_(module.bias)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the logits of the token after each."""
        x = self.token(tokens) + self.position.weight[: tokens.shape[1]]  # (n, t, d) + (t, d)
        x = self.dropout(x)
        for block in self.blocks:
            x = block(x)
        logits: Tensor = self.head(self.ln(x))
        return logits


def next_token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the mean cross-entropy over all places, of logits (n, t, vocabulary) and the tokens that came, (n, t)."""
    return functional.cross_entropy(logits.flatten(0, 1), targets.flatten())


def build(
    vocabulary: int = 32,
    context: int = 16,
    width: int = 32,
    heads: int = 4,
    blocks: int = 2,
    *,
    dropout: float = 0.0,
    fused: bool = False,
) -> GPT:
    """Return the network: 27,008 parameters.

    Args:
        vocabulary: How many tokens there are.
        context: How many tokens it can look back on.
        width: How many values a token is.
        heads: In how many heads attention looks; they divide the width.
        blocks: How many blocks.
        dropout: The share of values dropped behind the embeddings and at the end of each branch.
        fused: Whether attention is PyTorch's one call instead of being written out.

    Raises:
        OnionskinError: The width does not divide into the heads.
    """
    return GPT(vocabulary, context, width, heads, blocks, dropout, fused)


def example() -> Example:
    """Return the network with 4 strings of 16 tokens, each eight letters said twice: the second time can be known."""
    once = strings(4, 8, letters=32)
    twice = once.repeat(1, 3)[:, :17]  # one token more than the context, for the last to have a next
    with seeded():
        return Example(
            build(), twice[:, :-1], twice[:, 1:], loss=next_token_loss, optimizer="sgd:lr=0.03125,momentum=0.75"
        )
