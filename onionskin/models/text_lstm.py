"""LSTM for texts: reads word by word, and what it has felt on the way, on average and at most, says what the text is.

Paper: Hochreiter & Schmidhuber (1997), "Long short-term memory", Neural Computation 9; last, largest and mean state
together are from section 3.3 of Howard & Ruder (2018), "Universal language model fine-tuning for text classification",
arXiv 1801.06146, without the last: behind a padded text it would be another one.
"""

# Shapes: n texts of t tokens, d values a token, h values a state.

from __future__ import annotations

import torch
from torch import Tensor, nn

from onionskin.models import Example
from onionskin.models._batches import seeded, strings

#: The token that fills a text up to the length of the longest. Nothing of it is felt.
PADDING = 0


class TextLSTM(nn.Module):
    """Takes tokens, (n, t) whole numbers, padded behind with 0; gives (n, outputs).

    It reads from left to right, so that no state of a text has seen what fills it up.
    """

    def __init__(self, vocabulary: int, width: int, hidden: int, layers: int, outputs: int, dropout: float) -> None:
        super().__init__()
        self.token = nn.Embedding(vocabulary, width)
        self.dropout = nn.Dropout(dropout)
        self.lstm = nn.LSTM(width, hidden, layers, batch_first=True)
        self.out = nn.Linear(2 * hidden, outputs)
        nn.init.normal_(self.token.weight, std=width**-0.5)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return logits, or a number, from the mean and the largest of each value of the states."""
        seen = (tokens != PADDING).unsqueeze(-1)  # (n, t, 1)
        states, _ = self.lstm(self.dropout(self.token(tokens)))  # (n, t, h)
        shares = seen.to(states.dtype)
        mean = (states * shares).sum(1) / shares.sum(1)  # (n, h)
        largest = states.masked_fill(~seen, -1.0).amax(1)  # a state is never below −1
        out: Tensor = self.out(self.dropout(torch.cat([mean, largest], dim=1)))
        return out


def build(
    vocabulary: int = 256, width: int = 16, hidden: int = 16, layers: int = 1, outputs: int = 2, *, dropout: float = 0.0
) -> TextLSTM:
    """Return the network: 6,338 parameters.

    Args:
        vocabulary: How many tokens there are.
        width: How many values a token is.
        hidden: How many values a state has.
        layers: How many layers, each of which reads the states of the last.
        outputs: How many logits or numbers.
        dropout: The share of values dropped of tokens and of what is read off the states.
    """
    return TextLSTM(vocabulary, width, hidden, layers, outputs, dropout)


def example() -> Example:
    """Return a small one with 9 texts of up to 6 tokens, three of each of three classes."""
    tokens = strings(9, 6, letters=12)
    tokens[::4, 4:] = PADDING
    with seeded():
        return Example(build(12, 8, 8, outputs=3), tokens, torch.arange(9) % 3, optimizer="adam:lr=0.03125")
