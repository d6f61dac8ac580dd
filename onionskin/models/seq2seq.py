"""Sequence to sequence with attention: one network reads, the other writes, and looks back at what it needs.

Paper: Bahdanau, Cho & Bengio (2014), "Neural machine translation by jointly learning to align and translate", arXiv
1409.0473. With one reading direction, and the maxout layer left out.
"""

# Shapes: n strings, of s letters read and t letters written; d values an embedding or a state.

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from onionskin.models import Example
from onionskin.models._batches import seeded, strings

#: The letter that stands before the first one that is written.
START = 0


class Attention(nn.Module):
    """Scores every place that was read by how well it fits the writer's state (section 3.1 of the paper)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.score = nn.Linear(width, 1, bias=False)

    def forward(self, state_nd: Tensor, read_nsd: Tensor) -> Tensor:
        """Return the context, (n, d): the mean of what was read, weighted by the softmax of vᵀ tanh(W s + U h)."""
        fit = self.score(torch.tanh(self.query(state_nd).unsqueeze(1) + self.key(read_nsd)))  # (n, s, 1)
        weights = functional.softmax(fit, dim=1)  # they sum to 1 over what was read
        return (weights * read_nsd).sum(dim=1)


class DecoderCell(nn.Module):
    """Writes one letter: looks back, then moves its state by the last letter and by what it saw."""

    def __init__(self, letters: int, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(letters, width)
        self.attention = Attention(width)
        self.gru = nn.GRU(2 * width, width, batch_first=True)
        self.out = nn.Linear(2 * width, letters)

    def forward(self, last_n: Tensor, state_nd: Tensor, read_nsd: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits of the next letter, (n, letters), and the state after it, (n, d)."""
        context = self.attention(state_nd, read_nsd)  # (n, d)
        x = torch.cat([self.embedding(last_n), context], dim=1)  # (n, 2 d)
        _, h = self.gru(x.unsqueeze(1), state_nd.unsqueeze(0))  # one step: t = 1
        state = h.squeeze(0)
        return self.out(torch.cat([state, context], dim=1)), state


class Seq2Seq(nn.Module):
    """Takes strings, (n, s), and the letter before each that it is to write, (n, t); gives logits, (n, t, letters)."""

    def __init__(self, letters: int, written: int, width: int) -> None:
        super().__init__()
        self.written = written
        self.embedding = nn.Embedding(letters, width)
        self.encoder = nn.GRU(width, width, batch_first=True)
        self.decoder = DecoderCell(letters, width)

    def forward(self, source: Tensor, before: Tensor) -> Tensor:
        """Return the logits of every letter, each given the right ones before it: teacher forcing."""
        read, h = self.encoder(self.embedding(source))  # (n, s, d), and the last of it, (1, n, d)
        state = h.squeeze(0)
        logits = []
        for place in range(self.written):
            scores, state = self.decoder(before[:, place], state, read)
            logits.append(scores)
        return torch.stack(logits, dim=1)


def letter_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the mean cross-entropy over all places, of logits (n, t, letters) and the right letters (n, t)."""
    return functional.cross_entropy(logits.flatten(0, 1), targets.flatten())


def build(letters: int = 10, written: int = 5, width: int = 16) -> Seq2Seq:
    """Return the network: 5,210 parameters.

    Args:
        letters: How many there are, with the one that means "start".
        written: How many it writes.
        width: How many values embeddings and states have.
    """
    return Seq2Seq(letters, written, width)


def example() -> Example:
    """Return the network with 16 strings of 5 letters, which it learns to write backwards."""
    source = strings(16, 5, letters=10)
    target = source.flip(1)
    before = torch.cat([torch.full((16, 1), START), target[:, :-1]], dim=1)
    with seeded():
        return Example(build(), (source, before), target, loss=letter_loss, optimizer="adam:lr=0.03125")
