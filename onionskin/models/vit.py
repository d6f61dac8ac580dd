"""Vision transformer: an image is cut into patches, and read as a sentence is.

Paper: Dosovitskiy et al. (2020), "An image is worth 16x16 words: transformers for image recognition at scale", arXiv
2010.11929.
"""

# Shapes: n images, as t − 1 patches and the class token before them; d values a token.

from __future__ import annotations

import torch
from torch import Tensor, nn

from onionskin.errors import OnionskinError
from onionskin.models import Example
from onionskin.models._batches import images, seeded

#: How many values a token is, and in how many heads attention looks: 64 values each.
IMAGENET = {"Ti": (192, 3), "S": (384, 6), "B": (768, 12)}


class Block(nn.Module):
    """Attention and an MLP, each behind a norm and added to what came in (equations 2, 3). Takes, gives (n, t, d)."""

    def __init__(self, width: int, heads: int, dropout: float, ratio: int = 2) -> None:
        super().__init__()
        self.ln1 = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, dropout=dropout, batch_first=True)
        self.ln2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, ratio * width),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(ratio * width, width),
            nn.Dropout(dropout),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the tokens after one block."""
        h = self.ln1(x)
        mixed, _ = self.attention(h, h, h, need_weights=False)  # every patch looks at every other: no mask
        x = x + mixed
        x = x + self.mlp(self.ln2(x))
        return x


class ViT(nn.Module):
    """Takes images, (n, channels, side, side); gives logits, (n, classes)."""

    def __init__(
        self,
        side: int,
        patch: int,
        channels: int,
        width: int,
        heads: int,
        blocks: int,
        classes: int,
        dropout: float = 0.0,
        ratio: int = 2,
    ) -> None:
        super().__init__()
        # A convolution that steps by its own size is one linear map for every patch.
        self.patches = nn.Conv2d(channels, width, patch, stride=patch)
        tokens = (side // patch) ** 2 + 1
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(0.02 * torch.randn(1, tokens, width))
        self.blocks = nn.Sequential(*[Block(width, heads, dropout, ratio) for _ in range(blocks)])
        self.ln = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits, from what the class token has gathered (equation 4)."""
        x = self.patches(x).flatten(2).transpose(1, 2)  # (n, t − 1, d)
        x = torch.cat([self.class_token.expand(x.shape[0], -1, -1), x], dim=1)  # (n, t, d)
        x = self.blocks(x + self.positions)
        logits: Tensor = self.head(self.ln(x[:, 0]))
        return logits


def build(
    side: int = 16,
    patch: int = 4,
    channels: int = 1,
    width: int = 32,
    heads: int = 4,
    blocks: int = 2,
    classes: int = 10,
    *,
    dropout: float = 0.0,
    ratio: int = 2,
) -> ViT:
    """Return the network for 16 × 16 images: 18,602 parameters.

    Args:
        side: The width and height of an image.
        patch: The width and height of a patch; it divides the side.
        channels: The channels of the images.
        width: How many values a token is.
        heads: In how many heads attention looks; they divide the width.
        blocks: How many blocks.
        classes: How many logits.
        dropout: The share of values dropped in each block.
        ratio: How many times as wide as a token the MLP of a block is inside; 4 in the paper.

    Raises:
        OnionskinError: The side does not divide into patches, or the width into heads.
    """
    if side % patch:
        raise OnionskinError(
            f"{side} pixels do not divide into patches of {patch}", fix="make side a multiple of patch"
        )
    if width % heads:
        raise OnionskinError(f"{width} values do not divide into {heads} heads", fix="make width a multiple of heads")
    return ViT(side, patch, channels, width, heads, blocks, classes, dropout, ratio)


def imagenet(name: str = "B", side: int = 224) -> ViT:
    """Return a network for photos, (n, 3, side, side), and 1,000 classes, with patches of 16 × 16.

    Args:
        name: ``Ti``, ``S`` (Touvron et al., "Training data-efficient image transformers", arXiv 2012.12877) or ``B``
            (table 1 of the paper).
        side: The width and height of the photos, a multiple of 16.

    Raises:
        OnionskinError: There is no such network, or no such side.
    """
    if name not in IMAGENET:
        raise OnionskinError(f"no vision transformer '{name}'", fix=f"choose one of: {', '.join(IMAGENET)}")
    width, heads = IMAGENET[name]
    return build(side, 16, 3, width, heads, blocks=12, classes=1000, ratio=4)


def example() -> Example:
    """Return the network with 8 images of 16 × 16, two of each of four classes."""
    x, y = images(8, (1, 16, 16), classes=4)
    with seeded():
        return Example(build(classes=4), x, y, loss="cross_entropy", optimizer="sgd:lr=0.0625,momentum=0.5")
