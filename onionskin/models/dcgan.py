"""DCGAN: one network makes images, the other tells them from real ones, and each is the other's teacher.

Paper: Radford, Metz & Chintala (2015), "Unsupervised representation learning with deep convolutional generative
adversarial networks", arXiv 1511.06434, on Goodfellow et al. (2014), "Generative adversarial nets", arXiv 1406.2661.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from onionskin.models import Example, Phase
from onionskin.models._batches import bars, seeded


class Generator(nn.Module):
    """Takes noise, (n, noise); gives images between −1 and 1, (n, 1, 8, 8)."""

    def __init__(self, noise: int, width: int) -> None:
        super().__init__()
        self.conv1 = nn.ConvTranspose2d(noise, 2 * width, 2, bias=False)
        self.bn1 = nn.BatchNorm2d(2 * width)
        self.conv2 = nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.ConvTranspose2d(width, 1, 4, stride=2, padding=1)

    def forward(self, noise: Tensor) -> Tensor:
        """Return the images: every transposed convolution doubles their size."""
        x = noise[:, :, None, None]  # (n, noise, 1, 1)
        x = self.bn1(self.conv1(x)).relu()  # (n, 2 width, 2, 2)
        x = self.bn2(self.conv2(x)).relu()  # (n, width, 4, 4)
        image: Tensor = self.conv3(x).tanh()  # (n, 1, 8, 8)
        return image


class Discriminator(nn.Module):
    """Takes images, (n, 1, 8, 8); gives logits, (n,): above 0 means "real"."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, width, 4, stride=2, padding=1)
        self.conv2 = nn.Conv2d(width, 2 * width, 4, stride=2, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(2 * width)
        self.conv3 = nn.Conv2d(2 * width, 1, 2)
        self.relu = nn.LeakyReLU(0.2)  # a slope below 0 too, or the generator would hear nothing from dead units

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        x = self.relu(self.conv1(x))  # (n, width, 4, 4)
        x = self.relu(self.bn2(self.conv2(x)))  # (n, 2 width, 2, 2)
        logits: Tensor = self.conv3(x).flatten()  # (n, 1, 1, 1) as (n,)
        return logits


class DCGAN(nn.Module):
    """Both networks. Takes noise, (n, noise); gives what the discriminator says of the images made from it, (n,)."""

    def __init__(self, noise: int = 8, width: int = 8) -> None:
        super().__init__()
        self.generator = Generator(noise, width)
        self.discriminator = Discriminator(width)

    def forward(self, noise: Tensor) -> Tensor:
        """Return the logits of the generator's images."""
        logits: Tensor = self.discriminator(self.generator(noise))
        return logits


def discriminator_loss(model: Any, noise: Tensor, images: Tensor) -> Tensor:
    """Return how badly it tells real images from made ones; nothing of it reaches the generator."""
    real = model.discriminator(images)
    made = model.discriminator(model.generator(noise).detach())
    mistaken_real = binary_cross_entropy_with_logits(real, torch.ones_like(real))
    mistaken_made = binary_cross_entropy_with_logits(made, torch.zeros_like(made))
    return mistaken_real + mistaken_made


def generator_loss(model: Any, noise: Tensor, images: Tensor) -> Tensor:
    """Return how rarely the made images pass for real: −log D(G(z)), which pulls hardest where it is far from passing.

    The other form, log(1 − D(G(z))), is flat there (section 3 of Goodfellow et al.). The real images are not looked at.
    """
    made = model(noise)
    return binary_cross_entropy_with_logits(made, torch.ones_like(made))


def build(noise: int = 8, width: int = 8) -> DCGAN:
    """Return both networks: 5,018 parameters."""
    return DCGAN(noise, width)


def example() -> Example:
    """Return both networks with 16 images of a bar each, and the noise that 16 others are to be made from."""
    images = 2 * bars(16, size=8) - 1
    noise = torch.from_numpy(np.random.default_rng(1).standard_normal((16, 8))).float()
    phases = (
        Phase("discriminator", discriminator_loss, "discriminator", "adam:lr=0.00390625"),
        Phase("generator", generator_loss, "generator", "adam:lr=0.00390625"),
    )
    with seeded():
        return Example(build(), noise, images, phases=phases)
