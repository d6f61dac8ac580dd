"""Operations, one file each: forward, backward, formula, a sentence (see ``peel/rule.py``)."""

from __future__ import annotations

from typing import Any

#: An array of NumPy's. The same lines are read with PyTorch's tensors, so it says no more than what it is meant to be.
Array = Any
