"""MLP-Mixer: an image is cut into patches, and two MLPs in turn mix the patches and the channels, without attention.

Paper: Tolstikhin et al. (2021), "MLP-Mixer: an all-MLP architecture for vision", arXiv 2105.01601.
"""

# Shapes: n images of t patches, d values each.

from __future__ import annotations

from torch import Tensor, nn

from onionskin.errors import OnionskinError
from onionskin.models import Example
from onionskin.models._batches import images, seeded

#: Of the networks with patches of 16 × 16 (table 1 of the paper): values a patch, blocks.
SIZES = {"S": (512, 8), "B": (768, 12)}


class Block(nn.Module):
    """Mixes the patches, then the channels, each behind a norm and added to what came in. Takes, gives (n, t, d)."""

    def __init__(self, patches: int, width: int) -> None:
        super().__init__()
        self.ln1 = nn.LayerNorm(width)
        self.patches = mlp(patches, width // 2)
        self.ln2 = nn.LayerNorm(width)
        self.channels = mlp(width, 4 * width)

    def forward(self, x: Tensor) -> Tensor:
        """Return the patches after one block (equation 1)."""
        y = self.ln1(x).transpose(1, 2)  # (n, d, t): one row a channel, and the same MLP for all of them
        x = x + self.patches(y).transpose(1, 2)
        mixed: Tensor = x + self.channels(self.ln2(x))
        return mixed


def mlp(width: int, hidden: int) -> nn.Sequential:
    """Return two layers over the last axis."""
    return nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))


class Mixer(nn.Module):
    """Takes images, (n, channels, side, side), of this side alone; gives logits, (n, classes)."""

    def __init__(self, side: int, patch: int, channels: int, width: int, blocks: int, classes: int) -> None:
        super().__init__()
        # A convolution that steps by its own size is one linear map for every patch.
        self.stem = nn.Conv2d(channels, width, patch, stride=patch)
        self.blocks = nn.Sequential(*[Block((side // patch) ** 2, width) for _ in range(blocks)])
        self.ln = nn.LayerNorm(width)
        self.fc = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits, from the mean of the patches."""
        x = self.stem(x).flatten(2).transpose(1, 2)  # (n, t, d)
        x = self.ln(self.blocks(x)).mean(dim=1)  # (n, d)
        logits: Tensor = self.fc(x)
        return logits


def build(
    side: int = 224, patch: int = 16, channels: int = 3, width: int = 512, blocks: int = 8, classes: int = 1000
) -> Mixer:
    """Return Mixer-S/16: 18,528,264 parameters.

    Args:
        side: The width and height of an image.
        patch: The width and height of a patch; it divides the side.
        channels: The channels of the images.
        width: How many values a patch is, an even number.
        blocks: How many blocks.
        classes: How many logits.

    Raises:
        OnionskinError: The side does not divide into patches.
    """
    if side % patch:
        raise OnionskinError(
            f"{side} pixels do not divide into patches of {patch}", fix="make side a multiple of patch"
        )
    return Mixer(side, patch, channels, width, blocks, classes)


def imagenet(name: str = "B") -> Mixer:
    """Return Mixer-S/16 or, with 59,880,472 weights, Mixer-B/16, for photos of 224 × 224, (n, 3, 224, 224).

    Raises:
        OnionskinError: There is no such network.
    """
    if name not in SIZES:
        raise OnionskinError(f"no MLP-Mixer '{name}'", fix=f"choose one of: {', '.join(SIZES)}")
    width, blocks = SIZES[name]
    return build(width=width, blocks=blocks)


def example() -> Example:
    """Return two narrow blocks with 8 images of 16 × 16, two of each of four classes."""
    x, y = images(8, (1, 16, 16), classes=4)
    with seeded():
        model = build(16, 4, 1, width=16, blocks=2, classes=4)
    return Example(model, x, y, loss="cross_entropy", optimizer="sgd:lr=0.0625,momentum=0.5")
