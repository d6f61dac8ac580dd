"""Data by name: one file a data set, with ``ABOUT`` and ``load()``; and how a person's own files become data.

    from onionskin import data

    data.names()                    # digits, mnist, stamps, spam, …
    photos = data.load("stamps")    # fetched on the first use, kept in a cache, its licence shown

A file that has ``ABOUT`` is a data set. The others say how photos and tables of anybody's are read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from onionskin import fetch as packages_by_name
from onionskin import registry
from onionskin.errors import OnionskinError, did_you_mean
from onionskin.fetch import Package, Progress, Whereabouts

if TYPE_CHECKING:
    import pandas as pd

Labels = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

#: What a data set may be for.
DOMAINS: Final = ("vision", "text", "tabular", "recommend", "multimodal", "weights")


@dataclass(frozen=True)
class About:
    """What is to be known of a data set before it is fetched.

    Attributes:
        title: What it is, in a few words.
        domain: One of :data:`DOMAINS`.
        rows: How many examples; of weights, how many values.
        licence: Its name, such as ``GPL-2``.
        note: What else a person should know: who collected it, what is left out, what it does not show.
        packages: What is fetched; empty where it comes with a library.
        comes_with: That library's name.
        target: Of a table, the column to predict, unless another one is named.
    """

    title: str
    domain: str
    rows: int
    licence: str
    note: str
    packages: tuple[Package, ...] = ()
    comes_with: str = ""
    target: str = ""

    @property
    def megabytes(self) -> float:
        """How much would be fetched."""
        return sum(package.size for package in self.packages) / 1e6

    @property
    def source(self) -> str:
        """Where it comes from, for people."""
        return "; ".join(str(package) for package in self.packages) or f"inside {self.comes_with}"

    @property
    def where(self) -> str:
        """Where it is now: ``installed``, ``cached``, ``put there by hand`` or ``to fetch``."""
        if not self.packages:
            return Whereabouts.INSTALLED.value
        order = list(Whereabouts)
        return max((packages_by_name.whereabouts(package) for package in self.packages), key=order.index).value


@dataclass(frozen=True)
class Images:
    """Labelled images as arrays, split by a fixed seed, or by their makers, into a part to train on and one held out.

    Attributes:
        train_x, test_x: (n, 1, height, width) float32, roughly of mean 0 and deviation 1.
        train_y, test_y: (n,) int64 class numbers.
        classes: A name for each class.
        source: Where it comes from, and its licence.
    """

    train_x: npt.NDArray[np.float32]
    train_y: Labels
    test_x: npt.NDArray[np.float32]
    test_y: Labels
    classes: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class Photos:
    """Photos in files, each of one class.

    Attributes:
        files: The files, sorted by path.
        labels: (n,) int64 class numbers.
        classes: A name for each class.
        captions: One line about each photo; empty where there is none.
        source: Where it comes from, and its licence.
        note: What to know when it is quoted.
    """

    files: tuple[Path, ...]
    labels: Labels
    classes: tuple[str, ...]
    captions: tuple[str, ...]
    source: str
    note: str


@dataclass(frozen=True)
class Pairs:
    """Photos in files, each with a caption.

    Attributes:
        files: The files, sorted by path.
        captions: One line about each.
        source, note: As of :class:`Photos`.
    """

    files: tuple[Path, ...]
    captions: tuple[str, ...]
    source: str
    note: str


@dataclass(frozen=True)
class Texts:
    """Texts with classes, or with numbers, or both.

    Attributes:
        texts: The texts, in the order of their source.
        labels: (n,) int64 class numbers.
        classes: A name for each class.
        numbers: (n,) float64, such as a mean rating; None where there are none.
        groups: Which part of the source each comes from.
        source, note: As of :class:`Photos`.
    """

    texts: tuple[str, ...]
    labels: Labels
    classes: tuple[str, ...]
    numbers: Numbers | None
    groups: tuple[str, ...]
    source: str
    note: str


@dataclass(frozen=True)
class Table:
    """A table, and which of its columns to predict.

    Attributes:
        frame: A pandas DataFrame, a row an example, with the columns' own names and nothing filled in.
        target: The column to predict from the others: a class where it holds text or few whole numbers, else a number.
        source, note: As of :class:`Photos`.
    """

    frame: pd.DataFrame
    target: str
    source: str
    note: str


@dataclass(frozen=True)
class Ratings:
    """Who rated what, how, and when; and what is known of both.

    Attributes:
        ratings: A pandas DataFrame with ``user``, ``item``, ``rating`` and ``timestamp`` (seconds since 1970).
        users: One row a user: ``user`` and what is known of them.
        items: One row an item: ``item`` and what is known of it.
        source, note: As of :class:`Photos`.
    """

    ratings: pd.DataFrame
    users: pd.DataFrame
    items: pd.DataFrame
    source: str
    note: str


@dataclass(frozen=True)
class Weights:
    """Weights of a trained network, as files. Reading them is up to who knows the architecture.

    Attributes:
        model: The weights: ``.safetensors``, ``.gguf`` or ``.pth``.
        tokenizer: The ``tokenizer.json`` that belongs to it, where it is a file of its own.
        config: The sizes that it was built with, where they are a file of their own.
        source, note: As of :class:`Photos`.
    """

    model: Path
    tokenizer: Path | None
    config: Path | None
    source: str
    note: str


def names() -> list[str]:
    """Return the names of all data sets, sorted: the files of this folder that say what they are ``ABOUT``."""
    return [name for name in registry.names(_this()) if _is_data_set(name)]


class Name(str):
    """The name of a data set, also where a folder or file here is called the same: what a learner was made from."""

    __slots__ = ()


def is_named(source: Any) -> bool:
    """Whether a source names a data set. What a person has here goes before it, unless it is a :class:`Name`."""
    is_known = isinstance(source, str) and source in names()
    return is_known and (isinstance(source, Name) or not Path(source).exists())


def about(name: str) -> About:
    """Return what there is to know of a data set. Raises OnionskinError where there is none of that name."""
    told: About = _module(name).ABOUT
    return told


def load(name: str, *, offline: bool | None = None, progress: Progress | None = None) -> Any:
    """Load a data set; the first time it is fetched, and its licence is shown.

    Args:
        name: One of :func:`names`.
        offline: Fetch nothing; by default as the environment variable ``ONIONSKIN_OFFLINE`` says.
        progress: Told how a fetch gets on.

    Returns:
        :class:`Images`, :class:`Photos`, :class:`Pairs`, :class:`Texts`, :class:`Table`, :class:`Ratings` or
        :class:`Weights`: what suits it.

    Raises:
        OnionskinError: There is no such data set, or it cannot be had; what is missing, and what to do.
    """
    module = _module(name)
    if not module.ABOUT.packages:
        from onionskin.fetch.notice import show_once

        show_once(f"data-{name}", f"{name} ({module.ABOUT.source}): {module.ABOUT.licence}")
    return module.load(offline=offline, progress=progress)


def only_package(told: About, offline: bool | None, progress: Progress | None) -> Path:
    """Return the folder of a data set's one package, fetched where it must be. Raises as :func:`load` does."""
    (package,) = told.packages
    return packages_by_name.fetch(package, offline=offline, progress=progress)


def needed(module: Callable[[], Any], name: str, extra: str) -> Any:
    """Import a library that a data set takes. Raises OnionskinError where it is not installed."""
    try:
        return module()
    except ModuleNotFoundError as error:
        raise OnionskinError(
            f"this data takes {name}, which is not installed", fix=f"pip install 'onionskin[{extra}]'"
        ) from error


def split_images(x: npt.NDArray[np.float32], y: Labels, *, classes: tuple[str, ...], source: str) -> Images:
    """Hold out a fifth, the same one every time, and scale by the mean and deviation of the rest.

    Args:
        x: (n, height, width) pixels.
        y: (n,) class numbers.
        classes: A name for each class.
        source: Where it comes from, and its licence.
    """
    order = np.random.default_rng(0).permutation(len(x))
    held_out, kept = order[: len(x) // 5], order[len(x) // 5 :]
    mean, std = x[kept].mean(), x[kept].std()
    scaled = with_channel(((x - mean) / std).astype(np.float32))
    return Images(scaled[kept], y[kept], scaled[held_out], y[held_out], classes, source)


def with_channel(x: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return grey pictures, (n, height, width), with an axis for their one channel, (n, 1, height, width).

    Not ``x[:, None]``, whose strides PyTorch takes for channels-last: channels-last convolutions of four channels
    corrupted memory when they went backward (torch 2.13 with oneDNN, on an AMD Zen 1 that has AVX2 and no AVX-512).
    """
    return x.reshape(len(x), 1, *x.shape[1:])


def _this() -> Any:
    import onionskin.data

    return onionskin.data


@cache
def _is_data_set(name: str) -> bool:
    """Whether a file has ABOUT; it is read, not imported, since it may take a library that is missing."""
    text = (Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8")
    return re.search(r"^ABOUT\b", text, re.MULTILINE) is not None


def _module(name: str) -> Any:
    known = names()
    if name not in known:
        raise OnionskinError(
            f"there is no data set called '{name}'",
            fix=did_you_mean(name, known, otherwise=f"choose one of: {', '.join(known)}"),
        )
    return registry.load(_this(), name)
