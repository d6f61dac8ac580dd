"""What belongs together: each of a pair must be found by the other, among all that there are.

Paper: Radford et al. (2021), "Learning transferable visual models from natural language supervision" (CLIP), arXiv
2103.00020; the loss is InfoNCE of van den Oord, Li & Vinyals (2018), arXiv 1807.03748, both ways.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, final

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity, log_softmax

from onionskin.learn.goals import Answer, Goal

#: How far down a ranking to look.
PLACES: Final = (1, 5, 10)


@final
class Match(Goal):
    """Outputs are two embeddings of each pair, (n, d), whose products are logits; targets number captions, (n,).

    Pairs with the same number have the same caption: each of their photos is a right answer to it.

    Args:
        captions: What each number stands for.
    """

    measure = "reciprocal_rank"
    higher = True

    def __init__(self, captions: Sequence[str] = ()) -> None:
        self.captions = tuple(captions)
        self.outputs = 2

    def losses(self, outputs: Any, targets: Any) -> Tensor:
        """Return the mean of both ways' cross-entropies for each pair, (n,), in nats; right ones share the target."""
        u, v = outputs
        logits = u @ v.T  # (n, n)
        right = (targets[:, None] == targets[None]).to(logits.dtype)
        right = right / right.sum(1, keepdim=True)
        found: Tensor = -(right * (log_softmax(logits, 1) + log_softmax(logits.T, 1))).sum(1) / 2
        return found

    def measured(self, outputs: Any, targets: Any) -> dict[str, float]:
        """Return how often the right caption of a photo, and photo of a caption, is among the first 1, 5 and 10."""
        u, v = outputs
        logits = u @ v.T
        found: dict[str, float] = {}
        ranks = []
        for name, way in (("caption", logits), ("photo", logits.T)):
            place = places(way, targets)
            ranks.append(1 / (1 + place.float()))
            found |= {f"{name}_recall@{k}": (place < k).float().mean().item() for k in PLACES}
        means = {f"recall@{k}": (found[f"caption_recall@{k}"] + found[f"photo_recall@{k}"]) / 2 for k in PLACES}
        both = {"reciprocal_rank": torch.cat(ranks).mean().item(), "val_loss": self.loss(outputs, targets).item()}
        return means | found | both

    def answers(self, outputs: Any) -> list[Answer]:
        """Return how well the two of each pair fit, as a cosine from −1 to 1."""
        return [Answer(f"fits {value:.2f}", value) for value in cosine_similarity(*outputs).tolist()]

    def told(self, target: Any) -> str:
        """Return a caption."""
        return self.captions[int(target)] if self.captions else ""

    def shown(self, measured: Mapping[str, float]) -> str:
        """Return how often the first one, and one of the first ten, is right, of both ways."""
        return f"R@1 {100 * measured['recall@1']:.0f} %, R@10 {100 * measured['recall@10']:.0f} %"


def places(logits: Tensor, targets: Tensor) -> Tensor:
    """Return how many wrong ones stand at or above the best right one of each row, (n,); 0 is found at once."""
    right = targets[:, None] == targets[None]
    best = logits.masked_fill(~right, -torch.inf).amax(1, keepdim=True)
    return ((logits >= best) & ~right).sum(1)
