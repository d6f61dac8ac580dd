"""What frozen MiniLM understands of a text, joined with the very words that stand in it, under one linear layer.

The two know different things: MiniLM what is meant, also by words that the training texts lack; the n-grams which words
tell the classes apart here. Paper of the idea, for recommending apps: Cheng et al. (2016), "Wide & deep learning for
recommender systems", arXiv 1606.07792.
"""

# Shapes: n texts of t tokens and m n-grams; f features of MiniLM.

from __future__ import annotations

from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from onionskin.models.minilm import MiniLM


class Head(nn.Module):
    """A linear layer over standardised features and n-grams.

    Takes features, (n, f), rows of n-grams, (n, m), and what each counts, (n, m); gives (n, outputs).
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, features: int, rows: int, outputs: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("deviation", torch.ones(features))
        self.meaning = nn.Linear(features, outputs)
        self.words = nn.EmbeddingBag(rows, outputs, mode="sum")
        for weight in (self.meaning.weight, self.meaning.bias, self.words.weight):
            nn.init.zeros_(weight)  # the loss is convex: there is nothing to break a symmetry for

    def standardise(self, features: Tensor) -> None:
        """Take mean and deviation from training features, (n, f): their length is then √2 where the n-grams' is 1."""
        self.mean.copy_(features.mean(0))
        spread = features.std(0, correction=0)
        # Some features hardly move at all: one over their deviation would make noise of them.
        self.deviation.copy_(spread.clamp(min=1e-3) * (features.shape[1] / 2) ** 0.5)

    def forward(self, features: Tensor, ngrams: Tensor, shares: Tensor) -> Tensor:
        """Return logits, or a number."""
        words = functional.embedding_bag(ngrams, self.words.weight, per_sample_weights=shares, mode="sum")
        out: Tensor = self.meaning((features - self.mean) / self.deviation) + words
        return out


class Joined(nn.Module):
    """MiniLM, which stays as it is, and the head over it.

    Takes tokens, (n, t), padded with 0, rows of n-grams, (n, m), and what each counts, (n, m); gives (n, outputs).
    """

    def __init__(self, encoder: MiniLM, rows: int, outputs: int, *, depths: int = 3) -> None:
        super().__init__()
        self.encoder = encoder.requires_grad_(False).eval()
        self.depths = depths
        self.head = Head(depths * encoder.embeddings.word_embeddings.embedding_dim, rows, outputs)

    def train(self, mode: bool = True) -> Self:
        """Train the head alone: MiniLM drops nothing out."""
        super().train(mode)
        self.encoder.eval()
        return self

    def forward(self, tokens: Tensor, ngrams: Tensor, shares: Tensor) -> Tensor:
        """Return logits, or a number."""
        out: Tensor = self.head(self.encoder.depths(tokens, self.depths), ngrams, shares)
        return out
