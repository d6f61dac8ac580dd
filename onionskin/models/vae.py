"""Variational autoencoder: its code is a cloud, not a point, so that what lies between two codes means something too.

Paper: Kingma & Welling (2013), "Auto-encoding variational Bayes", arXiv 1312.6114.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from onionskin.models import Example
from onionskin.models._batches import bars, seeded


class VAE(nn.Module):
    """Takes grey images between 0 and 1, (n, 1, side, side); gives their logits again, and where the code lay."""

    def __init__(self, side: int = 8, hidden: int = 32, code: int = 4) -> None:
        super().__init__()
        self.side = side
        self.encoder = nn.Sequential(nn.Linear(side * side, hidden), nn.ReLU())
        self.mean = nn.Linear(hidden, code)
        self.log_variance = nn.Linear(hidden, code)
        self.decoder = nn.Sequential(nn.Linear(code, hidden), nn.ReLU(), nn.Linear(hidden, side * side))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the logits of the pixels, of the images' shape, and the code's mean and log variance, (n, code).

        The code is drawn as mean + σ ε with ε from a standard normal: the gradient reaches mean and σ around the draw
        (section 2.4 of the paper).
        """
        h = self.encoder(x.flatten(1))  # (n, hidden)
        mean, log_variance = self.mean(h), self.log_variance(h)
        code = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        logits: Tensor = self.decoder(code)  # (n, side · side)
        return logits.view(-1, 1, self.side, self.side), mean, log_variance


def elbo_loss(outputs: tuple[Tensor, Tensor, Tensor], images: Tensor) -> Tensor:
    """Return the negative evidence lower bound, in nats an image: equation 10 of the paper, with one draw.

    What the code fails to say of the pixels, and how far its cloud is from the standard normal (appendix B).
    """
    logits, mean, log_variance = outputs
    unsaid = functional.binary_cross_entropy_with_logits(logits, images, reduction="none").sum(dim=(1, 2, 3))  # (n,)
    kl = 0.5 * (mean * mean + log_variance.exp() - 1 - log_variance).sum(dim=1)  # (n,)
    return (unsaid + kl).mean()


def build(side: int = 8, hidden: int = 32, code: int = 4) -> VAE:
    """Return the network for 8 × 8 images: 4,616 parameters."""
    return VAE(side, hidden, code)


def example() -> Example:
    """Return the network with 14 images of a bar each; its targets are its inputs."""
    x = bars(14, size=8)
    with seeded():
        return Example(build(), x, loss=elbo_loss, optimizer="sgd:lr=0.0625,momentum=0.5")
