"""What the losses that compare entry by entry ask for: an output and a target of the same shape."""

from __future__ import annotations

from torch import Tensor

from onionskin.errors import OnionskinError


def refuse_unlike(input: Tensor, target: Tensor, weight: Tensor | None = None) -> None:
    """Raise OnionskinError where a target would be broadcast, which is hardly ever meant, or entries are weighted."""
    if input.shape != target.shape:
        raise OnionskinError(
            f"compares an output of shape {tuple(input.shape)} with a target of shape {tuple(target.shape)}",
            fix="give both the same shape, as with target.view_as(output)",
        )
    if weight is not None:
        raise OnionskinError(
            "weights the entries of a loss",
            fix="write (weight * F.…(output, target, reduction='none')).sum() / weight.sum()",
        )
