"""Networks for photos without a training behind them: what they cost depends on their shapes, not on their weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from onionskin.models._imagenet import NETS

#: So many numbers are drawn; weights are these, over and over: drawing 140 million would take longer than the rest.
_DRAWN: Final = 1 << 20


def net(name: str) -> nn.Module:
    """Return a network of ``NETS`` in evaluation mode, with small weights that keep its signal of ordinary size."""
    with torch.device("meta"):
        model = NETS[name]()
    model.to_empty(device="cpu")
    drawn = torch.randn(_DRAWN, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for path, tensor in [*model.named_parameters(), *model.named_buffers()]:
            _fill(path.rsplit(".", 1)[-1], tensor, drawn)
    return model.eval()


def _fill(name: str, tensor: Tensor, drawn: Tensor) -> None:
    """Fill a tensor. Ones for what scales, zeros for what shifts; what is left over, as memory has it, may be no number."""
    if not tensor.is_floating_point() or name in ("bias", "running_mean"):
        tensor.zero_()
    elif name == "running_var" or (name == "weight" and tensor.ndim == 1):
        tensor.fill_(1.0)
    else:
        fan_in = max(1, tensor[0].numel()) if tensor.ndim > 1 else tensor.numel()
        times = -(-tensor.numel() // _DRAWN)
        tensor.copy_(drawn.repeat(times)[: tensor.numel()].view_as(tensor)).mul_(fan_in**-0.5)


@dataclass(frozen=True)
class Counted:
    """What one forward of one input does.

    Attributes:
        parameters: Of the network.
        macs: Multiply-adds in convolutions and products of matrices.
        activations: Numbers that these write, as Dollár, Singh & Girshick (2021, arXiv 2103.06877) count them.
    """

    parameters: int
    macs: int
    activations: int


@cache
def count(name: str, pixels: int) -> Counted:
    """Return what a forward of a network of ``NETS`` on one square image does, without doing it: on the meta device."""
    with torch.device("meta"):
        return count_of(NETS[name]().eval(), torch.empty(1, 3, pixels, pixels))


def count_of(model: nn.Module, x: Tensor) -> Counted:
    """Return what a forward does.

    Args:
        model: A network, in evaluation mode.
        x: Its input, on the same device.
    """
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # attention as one operation would not be counted
    try:
        with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), _Counting() as counting:
            model(x)
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
    return Counted(sum(p.numel() for p in model.parameters()), counting.macs, counting.activations)


class _Counting(TorchDispatchMode):
    """Adds up what convolutions and products of matrices do, as they are dispatched."""

    def __init__(self) -> None:
        super().__init__()
        self.macs = self.activations = 0

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        found = func(*args, **(kwargs or {}))
        counts = flop_registry.get(func._overloadpacket)
        if counts is not None:
            self.macs += counts(*args, **(kwargs or {}), out_val=found) // 2
            first = found[0] if isinstance(found, tuple) else found
            self.activations += first.numel()
        return found
