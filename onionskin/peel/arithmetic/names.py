"""What single numbers are called: ``hidden_w21`` is the weight in row 2, column 1 of ``hidden``, counted from 1."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable, Mapping
from typing import Final

from onionskin.peel.arithmetic.scalar import FUNCTIONS

#: What no variable may be called.
RESERVED: Final = frozenset(
    [
        *keyword.kwlist,
        *dir(builtins),
        *FUNCTIONS,
        *(
            "ast",
            "sys",
            "array",
            "Path",
            "zipfile",
            "data",
            "shapes",
            "weights",
            "frozen",
            "gradient",
            "arrays",
            "slopes",
            "frozen_shapes",
        ),
        *(
            "gradients",
            "state",
            "train",
            "example",
            "read",
            "nested",
            "examples",
            "weights_of",
            "begin",
            "i",
            "batches",
            "step",
            "steps",
            "total",
            "lr",
        ),
    ]
)

_SHORT: Final = {"weight": "w", "bias": "b"}


def parameter_stems(names: Iterable[str]) -> Mapping[str, str]:
    """Return what the numbers of each parameter begin with: ``fc1_w``, or ``w`` where one layer alone has weights."""
    listed = list(names)
    owners = {name.rpartition(".")[0] for name in listed}
    out = {}
    for name in listed:
        owner, _, last = name.rpartition(".")
        short = _SHORT.get(last, last)
        out[name] = short if len(owners) == 1 or not owner else f"{owner.replace('.', '_')}_{short}"
    return out


class ScalarNames:
    """Gives every number a name of its own."""

    def __init__(self) -> None:
        self._taken: set[str] = set(RESERVED)
        self._stems: set[str] = set()

    def stem(self, wish: str) -> str:
        """Return what the names of an array's numbers begin with: as wished, or with a number: ``relu2``."""
        plain = re.sub(r"\W", "_", wish).strip("_") or "x"
        plain = f"layer_{plain}" if plain[0].isdigit() else plain
        found, number = plain, 2
        while found in self._stems:
            found, number = f"{plain}{'_' if plain[-1].isdigit() else ''}{number}", number + 1
        self._stems.add(found)
        return found

    def of_cell(self, stem: str, place: tuple[int, ...], shape: tuple[int, ...]) -> str:
        """Return the name of one number of an array, by its place in it counted from 0."""
        if all(size == 1 for size in shape):
            return self.free(stem)
        between = "" if all(size <= 9 for size in shape) else "_"
        tight = len(stem) == 1 or (between == "" and stem.endswith(("_w", "_b")))
        return self.free(
            stem + ("" if tight and not stem[-1].isdigit() else "_") + between.join(str(i + 1) for i in place)
        )

    def free(self, wish: str) -> str:
        """Return a name that nothing has yet."""
        name, number = wish, 2
        while name in self._taken:
            name, number = (f"{wish}_out", 2) if name in RESERVED else (f"{wish}_{number}", number + 1)
        self._taken.add(name)
        return name
