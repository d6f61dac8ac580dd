"""Arrays of Scalars, which NumPy's own functions compute with: an operation's forward is read as it stands.

NumPy hands its functions to ``__array_ufunc__`` of what they are called on. Sums and products of objects it can do by
itself; what compares or chooses is written down as a choice, instead of being made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from onionskin.peel.arithmetic.scalar import FUNCTIONS, Scalar, Scalars

_Objects = npt.NDArray[Any]


class ScalarArray(np.ndarray[Any, np.dtype[np.object_]]):
    """An array of Scalars."""

    home: Scalars

    def __array_finalize__(self, obj: Any) -> None:
        self.home = getattr(obj, "home", None)  # type: ignore[assignment]  # NumPy makes one of nothing first

    def __array_ufunc__(self, ufunc: np.ufunc, method: Any, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
        plain = [np.asarray(x) if isinstance(x, ScalarArray) else x for x in inputs]
        kwargs.pop("dtype", None), kwargs.pop("casting", None), kwargs.pop("subok", None)
        rule = _rule(self.home, ufunc)
        if rule is None or method not in ("__call__", "reduce"):
            result = getattr(ufunc, method)(*plain, **kwargs)
        elif method == "__call__":
            result = np.frompyfunc(rule, len(plain), 1)(*plain)
        else:
            result = _reduced(np.frompyfunc(rule, 2, 1), plain[0], kwargs)
        if out is not None:
            np.asarray(out[0])[...] = result
            return out[0]
        return self._like(result)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if func is np.where and len(args) == 3:
            plain = [np.asarray(x) if isinstance(x, ScalarArray) else x for x in args]
            return self._like(np.frompyfunc(self.home.where, 3, 1)(*plain))
        return self._like(super().__array_function__(func, types, args, kwargs))

    def _like(self, result: Any) -> Any:
        if not isinstance(result, np.ndarray) or result.dtype != object:
            return result
        found = result.view(ScalarArray)
        found.home = self.home
        return found


def array_of(home: Scalars, entries: Any, shape: tuple[int, ...] | None = None) -> ScalarArray:
    """Return an array of Scalars or plain numbers: nested lists, or a flat list and a shape."""
    if shape is None:
        found = np.array(entries, dtype=object)
    else:
        found = np.empty(len(entries), dtype=object)
        found[:] = entries
        found = found.reshape(shape)
    out = found.view(ScalarArray)
    out.home = home
    return out


def _rule(s: Scalars, ufunc: np.ufunc) -> Callable[..., Scalar] | None:
    """Return what one of NumPy's functions does to Scalars, where NumPy cannot do it itself."""
    name = ufunc.__name__
    if name in _COMPARISONS:
        return lambda a, b: s.compare(_COMPARISONS[name], a, b)
    if name in ("maximum", "fmax"):
        return lambda a, b: s.max([a, b])
    if name in ("minimum", "fmin"):
        return lambda a, b: s.neg(s.max([s.neg(a), s.neg(b)]))
    if name == "clip":
        return lambda x, low, high: s.neg(s.max([s.neg(high), s.neg(s.max([low, x]))]))
    if name == "absolute":
        return lambda x: s.call("abs", x)
    if name == "sign":
        return lambda x: s.compare(">", x, 0.0) - s.compare("<", x, 0.0)
    if name == "square":
        return lambda x: s.mul(x, x)
    if name == "power":
        return s.power
    if name == "logical_not":
        return lambda x: s.compare("==", x, 0.0)
    return (lambda x: s.call(name, x)) if name in FUNCTIONS else None


_COMPARISONS: Final[Mapping[str, str]] = {
    "equal": "==",
    "not_equal": "!=",
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
    "greater_equal": ">=",
}


def _reduced(pair: np.ufunc, x: _Objects, kwargs: Mapping[str, Any]) -> Any:
    """Reduce an array over some axes, one after the other: NumPy does not know that their order does not matter."""
    axis = kwargs.get("axis", 0)
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    for each in sorted((a % x.ndim for a in axes), reverse=True):
        x = np.asarray(pair.reduce(x, axis=each, keepdims=bool(kwargs.get("keepdims"))), dtype=object)
    return x if x.ndim else x.item()
