"""Networks for photos without a training behind them: what they cost depends on their shapes, not on their weights."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
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
    """Fill a tensor: ones for what scales, zeros for what shifts. What memory happens to hold may be no number."""
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


def peak_bytes(model: nn.Module, x: Tensor) -> int:
    """Return how many bytes of results of operations are alive at once in a forward, at most; weights do not count."""
    with torch.no_grad(), _Living() as living:
        model(x)
    most: int = living.most
    return most


class _Living(TorchDispatchMode):  # type: ignore[no-untyped-call]  # PyTorch leaves it untyped
    """Adds up the memory of what operations give, until Python lets go of it."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now = self.most = 0
        self._known: set[int] = set()

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        for given in tree_leaves((args, kwargs)):  # weights and the input were there before
            if isinstance(given, Tensor) and given.untyped_storage()._cdata not in self._known:
                self._known.add(given.untyped_storage()._cdata)
        found = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(found):
            if isinstance(tensor, Tensor):
                self._take(tensor.untyped_storage())
        return found

    def _take(self, storage: torch.UntypedStorage) -> None:
        if storage._cdata in self._known:  # in place, or another view
            return
        self._known.add(storage._cdata)
        self.now += storage.nbytes()
        self.most = max(self.most, self.now)
        weakref.finalize(storage, self._let_go, storage._cdata, storage.nbytes())

    def _let_go(self, which: int, size: int) -> None:
        self._known.discard(which)
        self.now -= size


class _Counting(TorchDispatchMode):  # type: ignore[no-untyped-call]  # PyTorch leaves it untyped
    """Adds up what convolutions and products of matrices do, as they are dispatched."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
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
