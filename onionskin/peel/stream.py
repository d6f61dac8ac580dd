"""One stream of random numbers for every level: what PyTorch would draw from its own is drawn from NumPy's instead.

No two libraries draw the same numbers from the same seed. So the model that all levels are compared with draws its
dropout masks and its noise as the levels do: by the operation's own file, from one NumPy generator, in the order of
the forward.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch.overrides import TorchFunctionMode

from onionskin.peel.rule import by_spelling, rule
from onionskin.peel.source import parameters

#: What every program's generator begins with.
SEED = 0


class SharedStream(TorchFunctionMode):
    """While it is in force, PyTorch's random functions draw from one NumPy generator."""

    def __init__(self) -> None:
        super().__init__()
        self._rng = np.random.default_rng(SEED)

    def __torch_function__(
        self, func: Any, types: Sequence[type], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        known = by_spelling().get(func)
        if known is not None and known.draws:
            use = known.source.read(*args, **(kwargs or {}))
            drawn = rule(use.op)
            if drawn.draws:
                given = {**use.operands, **use.settings, "rng": self._rng}
                function = drawn.forward("torch")
                result = function(**{name: given[name] for name in parameters(function)})
                return result[0] if isinstance(result, tuple) else result
        return func(*args, **(kwargs or {}))
