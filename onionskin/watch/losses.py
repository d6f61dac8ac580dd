"""The loss of each step of somebody's script: the tensors whose ``backward()`` came before it."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import torch
from torch.utils.weak import WeakIdKeyDictionary


class Losses:
    """Listens to ``backward()`` while it is entered.

    Several calls before one step (accumulated gradients, a GAN's two halves) add up, as their gradients do. A closure
    that a line search calls several times within one step counts once.
    """

    def __init__(self) -> None:
        self._before: list[float | torch.Tensor] = []
        self._within: list[float | torch.Tensor] = []
        self._is_in_step = False
        self._unscaled: WeakIdKeyDictionary = WeakIdKeyDictionary()
        self._targets: torch.Tensor | None = None
        self._originals: list[tuple[Any, str, Any]] = []

    def __enter__(self) -> Self:
        # Tensor.backward calls torch.autograd.backward by this name: one place hears both.
        self._patch(torch.autograd, "backward", self._around_backward)
        self._patch(torch.amp.GradScaler, "scale", self._around_scale)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for owner, name, original in reversed(self._originals):
            setattr(owner, name, original)
        self._originals.clear()

    def begin_step(self) -> None:
        """An optimizer is about to step."""
        self._is_in_step = True
        self._within.clear()

    def end_step(self) -> float | torch.Tensor | None:
        """An optimizer has stepped. Returns the loss of the step, or None where no backward was heard."""
        self._is_in_step = False
        heard = self._before or self._within[:1]
        loss: float | torch.Tensor | None = None
        for value in heard:
            loss = value if loss is None else loss + value
        self._before.clear()
        self._within.clear()
        return loss

    def labels(self, count: int, of: int) -> list[int] | None:
        """Return the class numbers of the first ``count`` of the ``of`` examples in the first batch, where known."""
        targets = self._targets
        if targets is None or tuple(targets.shape) != (of,) or targets.is_floating_point():
            return None
        labels = [int(label) for label in targets[:count]]
        return labels if min(labels) >= 0 else None

    def _patch(self, owner: Any, name: str, wrapper: Callable[[Any], Any]) -> None:
        original = getattr(owner, name)
        self._originals.append((owner, name, original))
        setattr(owner, name, wrapper(original))

    def _around_backward(self, original: Callable[..., None]) -> Callable[..., None]:
        def backward(tensors: Any, *args: Any, **kwargs: Any) -> None:
            try:
                for tensor in [tensors] if isinstance(tensors, torch.Tensor) else list(tensors):
                    self._hear(tensor)
            except Exception:  # noqa: BLE001  a loss that cannot be read is not logged; the script goes on
                pass
            return original(tensors, *args, **kwargs)

        return backward

    def _around_scale(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def scale(scaler: Any, outputs: Any) -> Any:
            scaled = original(scaler, outputs)
            if isinstance(scaled, torch.Tensor) and isinstance(outputs, torch.Tensor):
                self._unscaled[scaled] = outputs.detach()
            return scaled

        return scale

    def _hear(self, tensor: torch.Tensor) -> None:
        if tensor.numel() != 1:
            return
        if self._targets is None:
            self._targets = _targets_behind(tensor)
        loss = self._unscaled[tensor] if tensor in self._unscaled else tensor  # noqa: SIM401  it compares by id
        value = float(loss.item()) if loss.is_cpu else loss.detach().clone()
        (self._within if self._is_in_step else self._before).append(value)


def _targets_behind(loss: torch.Tensor, depth: int = 8) -> torch.Tensor | None:
    """Return the class numbers that a loss was computed against: autograd keeps them for the backward."""
    nodes = [loss.grad_fn]
    for _ in range(depth):
        following = []
        for node in nodes:
            if node is None:
                continue
            target = getattr(node, "_saved_target", None)
            if isinstance(target, torch.Tensor):
                return target.detach().clone()
            following += [inner for inner, _ in node.next_functions]
        nodes = following[:16]
    return None
