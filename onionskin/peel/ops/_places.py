"""Reads where a window goes over an image or a sequence: kernel, stride, padding, dilation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from onionskin.errors import OnionskinError


def each_axis(value: Any, axes: int) -> tuple[int, ...]:
    """Return one number for each axis."""
    values = tuple(value) if isinstance(value, (tuple, list)) else (value,) * axes
    return tuple(int(v) for v in (values * axes if len(values) == 1 else values))


def padding_of(padding: Any, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]) -> tuple[int, ...]:
    """Return how much is added on both sides of each axis, ``"same"`` and ``"valid"`` worked out.

    Raises:
        OnionskinError: ``"same"`` asks for more on one side than on the other, as it does with even kernels.
    """
    if padding == "valid":
        return (0,) * len(kernel)
    if padding != "same":
        return each_axis(padding, len(kernel))
    whole = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    if any(total % 2 for total in whole):
        raise OnionskinError(
            f"pads a kernel of {'×'.join(map(str, kernel))} as 'same', which is more on one side",
            fix="use an odd kernel, or pad with torch.nn.functional.pad before and use padding=0",
        )
    return tuple(total // 2 for total in whole)


def each_or_none(size: Any) -> tuple[int | None, ...]:
    """Return an output size as two numbers; None keeps the axis."""
    return tuple(size) if isinstance(size, (tuple, list)) else (size, size)


def refuse_ceil(
    x: Tensor,
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    *,
    ceil_mode: bool,
) -> None:
    """Refuse ``ceil_mode`` where it adds a window that hangs over the edge; where it adds none, it changes nothing."""
    rows = zip(x.shape[2:], kernel, stride, padding, dilation, strict=True)
    if ceil_mode and any((n + 2 * p - d * (k - 1) - 1) % s for n, k, s, p, d in rows):
        raise OnionskinError(
            f"pools {tuple(x.shape)} with ceil_mode=True, which adds a window that hangs over the edge",
            fix="pad with torch.nn.functional.pad before, or use ceil_mode=False",
        )
