"""What the networks for phones share: channels in eights, and a gate for each channel."""

from __future__ import annotations

from torch import Tensor, nn


def in_eights(channels: float) -> int:
    """Return the nearest multiple of 8, which phones' processors like: at least 8, and 0.9 of what is asked."""
    near = max(8, int(channels + 4) // 8 * 8)
    return near + 8 if near < 0.9 * channels else near


class SqueezeExcitation(nn.Module):
    """Scales each channel by what all of them are in the mean over the image. Takes, gives (n, channels, h, w).

    Paper: Hu, Shen & Sun (2017), "Squeeze-and-excitation networks", arXiv 1709.01507.
    """

    def __init__(self, channels: int, squeezed: int, act: type[nn.Module], gate: type[nn.Module]) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, squeezed, 1)  # of one pixel: a linear layer that leaves the axes where they are
        self.act = act()
        self.fc2 = nn.Conv2d(squeezed, channels, 1)
        self.gate = gate()

    def forward(self, x: Tensor) -> Tensor:
        """Return the channels, each times its gate from 0 to 1."""
        s = self.act(self.fc1(self.pool(x)))  # (n, squeezed, 1, 1)
        s = self.gate(self.fc2(s))  # (n, channels, 1, 1)
        scaled: Tensor = x * s
        return scaled
