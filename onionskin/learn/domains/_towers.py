"""Eyes, a reader, and what is trained over both: two towers that meet, or one answer from everything."""

# Shapes: n examples; g values of a photo and w of the words for it; d values of a text, c of a table's columns.

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from onionskin.models.efficientnet_lite0 import EfficientNetLite0

#: How much a photo's words count beside the map of least squares, whose inputs have length 1 each. Learned with few
#: pairs it would go below 0: the pairs can be told apart without words, and new ones cannot.
ANCHOR: Final = 0.5


class Eyes(nn.Module):
    """A pretrained network's features of a photo and its mirror image, and in words what it takes the photo for.

    Takes photos, (n, 3, 224, 224); gives (n, g + w). The words are the names of its classes as a text encoder reads
    them, each as probable as it is: Norouzi et al. (2013), "Zero-shot learning by convex combination of semantic
    embeddings", arXiv 1312.5650. They lie where captions lie before anything was trained.

    Args:
        net: The network, with its last layer.
        names: (classes, w) what each class is called, as the text encoder has it.
    """

    names: Tensor

    def __init__(self, net: EfficientNetLite0, names: Tensor) -> None:
        super().__init__()
        self.net = net
        self.register_buffer("names", names)

    def forward(self, photos: Tensor) -> Tensor:
        """Return features and words."""
        features = (self._features(photos) + self._features(photos.flip(3))) / 2
        words = functional.softmax(self.net._fc(features), dim=1) @ self.names
        return torch.cat([features, words], 1)

    def _features(self, photos: Tensor) -> Tensor:
        n = self.net
        x = n._relu(n._bn0(n._conv_stem(n._pad(photos))))
        for block in n._blocks:
            x = block(x)
        x = n._relu(n._bn1(n._conv_head(x)))
        found: Tensor = n._avg_pooling(x).flatten(1)
        return found


class Reader(nn.Module):
    """A text as the mean of its tokens' embeddings, through one layer: for towers from scratch.

    Takes tokens, (n, t), padded with 0; gives (n, d).
    """

    def __init__(self, vocabulary: int, width: int) -> None:
        super().__init__()
        self.tokens = nn.EmbeddingBag(vocabulary, width, mode="mean", padding_idx=0)
        self.hidden = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the texts' vectors."""
        x = self.tokens(tokens)
        found: Tensor = x + self.hidden(x.relu())
        return found


class Heads(nn.Module):
    """The tops of two towers. Takes what eyes and reader gave, (n, g + w), (n, d); gives embeddings, (n, d) twice.

    Each embedding is a cosine's vector times the root of the scale, so that products are logits. A photo's begins as
    the words for it, and a text's as itself: what is learned is the difference.

    Args:
        features: How many numbers of a photo are features, g.
        words: How many are words, w: 0 or d.
        width: Of a text, d.
        dropout: The share of inputs to what is learned that are dropped in training.
        scale: What cosines are multiplied with at the beginning, to be logits. CLIP begins at 1/0.07.
    """

    def __init__(self, features: int, words: int, width: int, dropout: float, *, scale: float = 1 / 0.07) -> None:
        super().__init__()
        self.features = features
        self.image = nn.Linear(features + words, width, bias=False)
        self.text = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)
        self.log_scale = nn.Parameter(torch.tensor([math.log(scale)]))
        # Beside words that fit already, a scale that learns runs away with few pairs: it tells apart the ones it knows.
        self.log_scale.requires_grad_(not words)
        self.seen_mean: Tensor
        self.read_mean: Tensor
        self.register_buffer("seen_mean", torch.zeros(features + words))
        self.register_buffer("read_mean", torch.zeros(width))
        nn.init.zeros_(self.text.weight)
        nn.init.zeros_(self.text.bias)

    def centred(self, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Return features, and words, of photos without their mean and of length 1: (n, g + w), (n, w)."""
        seen = seen - self.seen_mean
        features = functional.normalize(seen[:, : self.features], dim=1)
        words = functional.normalize(seen[:, self.features :], dim=1)
        return torch.cat([features, words], 1), words

    def images(self, seen: Tensor) -> Tensor:
        """Return the embeddings of photos, (n, d)."""
        both, words = self.centred(seen)
        u = self.image(self.dropout(both))
        if words.shape[1]:
            u = u + ANCHOR * words
        return functional.normalize(u, dim=1) * (self.log_scale / 2).exp()

    def texts(self, read: Tensor) -> Tensor:
        """Return the embeddings of texts, (n, d)."""
        t = functional.normalize(read - self.read_mean, dim=1)
        v = t + self.text(self.dropout(t))
        return functional.normalize(v, dim=1) * (self.log_scale / 2).exp()

    def forward(self, seen: Tensor, read: Tensor) -> tuple[Tensor, Tensor]:
        """Return both."""
        return self.images(seen), self.texts(read)

    @torch.no_grad()
    def begin(self, seen: Tensor, read: Tensor, damping: float) -> None:
        """Begin where least squares ends: means, and the map of photos to their texts, damped.

        Args:
            seen, read: Of the examples to train on.
            damping: In means of what photos have in themselves.
        """
        self.seen_mean.copy_(seen.mean(0))
        self.read_mean.copy_(read.mean(0))
        x, _ = self.centred(seen)
        y = functional.normalize(read - self.read_mean, dim=1)
        self.image.weight.copy_(ridge(x, y, damping).T)


def ridge(x: Tensor, y: Tensor, damping: float) -> Tensor:
    """Return W, (features, outputs), that makes |x W − y|² + λ |W|² least: by the kernel, for rows are few.

    λ is ``damping`` times the mean squared length of the rows of ``x``.
    """
    x, y = x.double(), y.double()
    kernel = x @ x.T
    kernel = kernel + damping * kernel.diagonal().mean() * torch.eye(len(x), dtype=torch.float64)
    weights: Tensor = torch.linalg.solve(kernel, y)
    return (x.T @ weights).float()


class Fusion(nn.Module):
    """One answer from all there is, fused late: each part brought to one scale, then one linear layer over all.

    Each part has a length of about 1, however many numbers it is: gradient descent then listens to all of them alike,
    where Adam, which moves every weight as far, would learn the part with most numbers by heart.

    Takes any of photos, (n, g), texts, (n, d), and columns, (n, c); gives (n, outputs).
    """

    def __init__(self, widths: Sequence[int], outputs: int, dropout: float) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.BatchNorm1d(width, affine=False, momentum=None) for width in widths)
        self.shares = [1 / math.sqrt(width) for width in widths]
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(sum(widths), outputs)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, *parts: Tensor) -> Tensor:
        """Return logits, or a number."""
        scaled = [norm(part) * share for norm, part, share in zip(self.norms, parts, self.shares, strict=True)]
        out: Tensor = self.head(self.dropout(torch.cat(scaled, 1)))
        return out


class Joint(nn.Module):
    """Encoders and what is over them. Takes what there is of photos, tokens and columns, in this order.

    Args:
        encoders: One for each part; an identity for columns.
        head: :class:`Heads` or :class:`Fusion`.
        frozen: Whether the encoders stay as they are.
    """

    def __init__(self, encoders: Sequence[nn.Module], head: nn.Module, *, frozen: bool) -> None:
        super().__init__()
        self.encoders = nn.ModuleList(encoders)
        self.head = head
        self.frozen = frozen
        if frozen:
            self.encoders.requires_grad_(False)
        self.train()

    def train(self, mode: bool = True) -> Self:
        """Set the mode; what is frozen drops nothing out and keeps its averages."""
        super().train(mode)
        if self.frozen:
            self.encoders.eval()
        return self

    def forward(self, *parts: Tensor) -> tuple[Tensor, Tensor] | Tensor:
        """Return what the head makes of what the encoders give."""
        found: tuple[Tensor, Tensor] | Tensor = self.head(
            *(encode(part) for encode, part in zip(self.encoders, parts, strict=True))
        )
        return found
