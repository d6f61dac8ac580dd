"""Runs something without the training noticing: random streams, grad mode, autocast and stdout are as before."""

from __future__ import annotations

import contextlib
import random
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from typing import Any, TextIO

import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook

from onionskin.watch.skeleton import NotIsolatedError


@contextlib.contextmanager
def isolated(allowed: Collection[nn.Module]) -> Iterator[None]:
    """Run the probes: no gradients, every random stream restored, nothing printed, nothing compiled.

    Args:
        allowed: The modules that may run. A module of the training that is reached in some other way (through a
            global, or an object that holds it) would run in training mode and move its own state: it is stopped.

    Raises:
        NotIsolatedError: Such a module was about to run.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(_random_streams_restored())
        stack.enter_context(torch.no_grad())
        for device in {"cpu", torch.get_default_device().type} - {"meta"}:
            stack.enter_context(torch.autocast(device, enabled=False))
        stack.enter_context(_slow_attention())
        if "torch._dynamo" in sys.modules:  # importing it takes a second: only where the training has done so
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        stack.enter_context(_only(allowed))
        stack.enter_context(_muffled())
        yield


@contextlib.contextmanager
def _random_streams_restored() -> Iterator[None]:
    restore: list[Callable[[], object]] = []
    state = torch.get_rng_state()
    restore.append(lambda: torch.set_rng_state(state))
    if torch.cuda.is_available() and torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        states = torch.cuda.get_rng_state_all()
        restore.append(lambda: torch.cuda.set_rng_state_all(states))
    python_state = random.getstate()
    restore.append(lambda: random.setstate(python_state))
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_state = numpy_random.get_state()
        restore.append(lambda: numpy_random.set_state(numpy_state))
    try:
        yield
    finally:
        for put_back in restore:
            put_back()


@contextlib.contextmanager
def _slow_attention() -> Iterator[None]:
    """Let transformer layers call their submodules: the fused inference path would hide them."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)


@contextlib.contextmanager
def _only(allowed: Collection[nn.Module]) -> Iterator[None]:
    here = threading.get_ident()
    known = {id(module) for module in allowed}

    def stop_others(module: nn.Module, _inputs: Any) -> None:
        if threading.get_ident() != here or id(module) in known or not module.training:
            return
        if next(module.parameters(), None) is not None or next(module.buffers(), None) is not None:
            raise NotIsolatedError(
                f"the model reaches a module ({type(module).__name__}) that is not an attribute of it",
                fix="make it an attribute of the model, or pass both to osk.watch as a dict of modules",
            )

    handle = register_module_forward_pre_hook(stop_others)
    try:
        yield
    finally:
        handle.remove()


class _Muffler:
    """Stands for stdout: drops what this thread prints, passes on what others print."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._thread = threading.get_ident()

    def write(self, text: str) -> int:
        if threading.get_ident() == self._thread:
            return len(text)
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def _muffled() -> Iterator[None]:
    stream = sys.stdout
    if stream is None:
        yield
        return
    muffler = _Muffler(stream)
    sys.stdout = muffler
    try:
        yield
    finally:
        if sys.stdout is muffler:
            sys.stdout = stream
