"""Two towers, one for images and one for texts, that learn to put what belongs together in the same place.

Paper: Radford et al. (2021), "Learning transferable visual models from natural language supervision" (CLIP), arXiv
2103.00020. With a small convolution and a bag of words in place of the paper's transformers.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from onionskin.models import Example
from onionskin.models._batches import images, seeded


class ImageTower(nn.Module):
    """Takes images, (n, 1, 8, 8); gives embeddings, (n, width)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3, stride=2, padding=1)
        self.fc = nn.Linear(8 * 4 * 4, width)

    def forward(self, image: Tensor) -> Tensor:
        """Return the embeddings."""
        x = self.conv(image).relu()  # (n, 8, 4, 4)
        embedding: Tensor = self.fc(x.flatten(1))
        return embedding


class TextTower(nn.Module):
    """Takes words, (n, t) whole numbers below ``vocabulary``; gives embeddings, (n, width)."""

    def __init__(self, vocabulary: int, width: int) -> None:
        super().__init__()
        self.words = nn.EmbeddingBag(vocabulary, width, mode="mean")
        self.fc = nn.Linear(width, width)

    def forward(self, words: Tensor) -> Tensor:
        """Return the embeddings."""
        x = self.words(words).relu()  # the mean of the words' embeddings
        embedding: Tensor = self.fc(x)
        return embedding


class TwoTower(nn.Module):
    """Takes n images and their n texts; gives logits, (n, n): how well image i fits text j."""

    def __init__(self, vocabulary: int = 12, width: int = 16) -> None:
        super().__init__()
        self.image = ImageTower(width)
        self.text = TextTower(vocabulary, width)
        # Learned as a logarithm, so that the scale stays positive; it begins at 1/0.07, as the paper's does.
        self.log_scale = nn.Parameter(torch.tensor([math.log(1 / 0.07)]))

    def forward(self, image: Tensor, words: Tensor) -> Tensor:
        """Return the cosine of every image's and every text's embedding, times the scale."""
        u, v = self.image(image), self.text(words)
        u = u / u.norm(dim=1, keepdim=True)  # (n, width), of length 1
        v = v / v.norm(dim=1, keepdim=True)
        logits: Tensor = self.log_scale.exp() * (u @ v.T)
        return logits


def contrastive_loss(logits: Tensor, pairs: Tensor) -> Tensor:
    """Return CLIP's symmetric loss: each image must find its text among all of them, and each text its image.

    Args:
        logits: How well each image fits each text, (n, n).
        pairs: Which text belongs to each image, (n,): 0 to n − 1.
    """
    return (cross_entropy(logits, pairs) + cross_entropy(logits.T, pairs)) / 2


def build(vocabulary: int = 12, width: int = 16) -> TwoTower:
    """Return both towers: 2,609 parameters."""
    return TwoTower(vocabulary, width)


def example() -> Example:
    """Return both towers with 8 images of 8 × 8, and a text of three words for each, of which no two are alike."""
    x, y = images(8, (1, 8, 8), classes=8)
    words = torch.stack([y, (y + 1) % 12, (3 * y + 2) % 12], dim=1)
    with seeded():
        return Example(build(), (x, words), torch.arange(8), loss=contrastive_loss, optimizer="adam:lr=0.0078125")
