"""Autoencoder: a network that must say its input again after squeezing it through eight numbers.

Paper: Hinton & Salakhutdinov (2006), "Reducing the dimensionality of data with neural networks", Science 313. With
ReLU and plain gradient descent in place of the paper's layer-wise pretraining.
"""

from __future__ import annotations

from torch import Tensor, nn

from onionskin.models import Example
from onionskin.models._batches import bars, seeded


class Autoencoder(nn.Module):
    """Takes grey images between 0 and 1, (n, 1, side, side); gives them again, as far as the code remembers them."""

    def __init__(self, side: int = 8, hidden: int = 32, code: int = 8) -> None:
        super().__init__()
        self.side = side
        self.encoder = nn.Sequential(nn.Linear(side * side, hidden), nn.ReLU(), nn.Linear(hidden, code))
        self.decoder = nn.Sequential(nn.Linear(code, hidden), nn.ReLU(), nn.Linear(hidden, side * side), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        """Return the reconstruction, of the images' shape."""
        code = self.encoder(x.flatten(1))  # (n, code): all that the decoder will know
        pixels: Tensor = self.decoder(code)  # (n, side · side)
        return pixels.view(-1, 1, self.side, self.side)


def build(side: int = 8, hidden: int = 32, code: int = 8) -> Autoencoder:
    """Return the network for 8 × 8 images: 4,744 parameters."""
    return Autoencoder(side, hidden, code)


def example() -> Example:
    """Return the network with 14 images of a bar each; its targets are its inputs."""
    x = bars(14, size=8)
    with seeded():
        return Example(build(), x, loss="mse", optimizer="adam:lr=0.0078125")
