"""Mixup: every example is mixed with another one, and their labels as much.

Paper: Zhang, Cisse, Dauphin & Lopez-Paz (2018), "mixup: Beyond Empirical Risk Minimization", arXiv 1710.09412.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Generator, Tensor
from torch.nn.functional import one_hot

#: Shares are from Beta(α, α): mostly near 0 or 1.
ALPHA: Final = 0.4


def mixup(x: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Return mixed examples, (n, …), and probabilities of their ten classes, (n, 10)."""
    # A Beta is the share of one Gamma in two. PyTorch draws those from its global stream alone, which is seeded too.
    gammas = torch.distributions.Gamma(ALPHA, 1.0).sample((2, len(x))).clamp(min=1e-6)
    share, other = gammas[0] / gammas.sum(0), torch.randperm(len(x), generator=generator)
    labels = one_hot(y, 10).float()
    of_x = share.view(-1, *[1] * (x.ndim - 1))
    return of_x * x + (1 - of_x) * x[other], share[:, None] * labels + (1 - share[:, None]) * labels[other]
