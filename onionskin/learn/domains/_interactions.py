"""Who rated or chose what: columns found by their names, and everything that cannot be used counted and said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from onionskin.errors import OnionskinError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

#: What columns are called, without case and signs; the first of these that is there is taken.
NAMES: Final = {
    "user": ("user", "userid", "username", "uid", "customer", "customerid", "member", "memberid", "reader", "visitor",
             "visitorid", "person", "who"),
    "item": ("item", "itemid", "movie", "movieid", "film", "book", "bookid", "isbn", "product", "productid", "asin",
             "song",
             "songid", "track", "artist", "artistid", "article", "articleid", "what"),
    "rating": ("rating", "ratings", "score", "stars", "vote", "grade", "liked"),
    "time": ("time", "timestamp", "date", "datetime", "day", "when", "ratedat", "createdat"),
}  # fmt: skip

#: Fewer interactions teach nothing.
FEWEST: Final = 20

#: A rating as far from the scale as this share of it, given by fewer than this share of rows, is taken for a mistake.
_FAR: Final = 0.5
_RARE: Final = 0.002


@dataclass(frozen=True)
class Interactions:
    """Who rated, or chose, what.

    Attributes:
        users, items: (m,) what they are called, as in the data.
        ratings: (m,) float32; None for choices, which have none.
        times: (m,) something that sorts; None where it is not known.
        rows: (m,) where each stands in the source.
        columns: What each column is called there: ``user``, ``item``, ``rating``, ``time``.
        notes: What was left out, and why.
    """

    users: npt.NDArray[Any]
    items: npt.NDArray[Any]
    ratings: npt.NDArray[np.float32] | None
    times: npt.NDArray[np.int64] | None
    rows: npt.NDArray[np.int64]
    columns: dict[str, str]
    notes: tuple[str, ...]


def read_frame(source: Any, what: str) -> pd.DataFrame:
    """Return a DataFrame, or a CSV, TSV or Parquet file as one. Raises OnionskinError."""
    import pandas as pd

    if isinstance(source, pd.DataFrame):
        return source.reset_index(drop=True)
    path = Path(source)
    if not path.is_file():
        near = [each.name for each in path.parent.glob("*")] if path.parent.is_dir() else []
        fix = did_you_mean(path.name, near, otherwise=f"give {what} as a CSV file or a DataFrame")
        raise OnionskinError(f"there is no file {path}", fix=fix)
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        frame: pd.DataFrame = pd.read_csv(path, sep=None, engine="python")
        return frame
    except (ValueError, OSError, ImportError, pd.errors.ParserError) as error:  # a UnicodeDecodeError is a ValueError
        raise OnionskinError(f"{path} cannot be read as a table: {str(error).splitlines()[0]}",
                             fix="mend that line, or save it again as CSV in UTF-8") from error  # fmt: skip


def bare(name: Any) -> str:
    """Return a column's name without case and signs, and without the type that some put behind a colon."""
    return re.sub(r"[^a-z0-9]", "", str(name).split(":")[0].lower())


def column(frame: pd.DataFrame, kind: str, asked: str | None, *, needed: bool) -> str | None:
    """Return the column that is asked for, or whose name says that it is of a kind; None if there is none."""
    found = [str(name) for name in frame.columns]
    if asked is not None:
        if asked not in found:
            fix = did_you_mean(asked, found, otherwise=f"choose one of: {', '.join(found)}")
            raise OnionskinError(f"there is no column '{asked}'", fix=fix)
        return asked
    by_bare = {bare(name): name for name in reversed(found)}
    name = next((by_bare[each] for each in NAMES[kind] if each in by_bare), None)
    if name is None and needed:
        raise OnionskinError(f"no column looks like the {kind} among: {', '.join(found)}", fix=f"say which: {kind}='…'")
    return name


def read(
    source: Any, *, user: str | None, item: str | None, rating: str | None, time: str | None, clicks: bool,
    scale: Sequence[float] | None,
) -> Interactions:  # fmt: skip
    """Return who rated or chose what, each pair once.

    Raises:
        OnionskinError: It cannot be read, has too little in it, or its ratings make no sense.
    """
    frame = read_frame(source, "who rated what")
    columns = {"user": column(frame, "user", user, needed=True), "item": column(frame, "item", item, needed=True)}
    columns["rating"] = None if clicks else column(frame, "rating", rating, needed=False)
    columns["time"] = column(frame, "time", time, needed=False)
    names = {kind: name for kind, name in columns.items() if name is not None}
    if names["user"] == names["item"]:
        raise OnionskinError(f"user and item are the same column, '{names['user']}'", fix="say item='…' as well")
    notes: list[str] = []
    frame = frame[list(names.values())].copy()
    frame = _without(frame, frame[[names["user"], names["item"]]].isna().any(axis=1), "no user or item", notes)
    if "rating" in names:
        frame = _with_ratings(frame, names["rating"], scale, notes)
    if "time" in names:
        frame = frame.sort_values(names["time"], kind="stable")
    twice = frame.duplicated([names["user"], names["item"]], keep="last")
    which = "the last was kept" if "time" in names else "the lower row was kept"
    frame = _without(frame, twice, f"a pair of user and item that comes again ({which})", notes)
    _enough(frame, names)
    times = _moments(frame[names["time"]]) if "time" in names else None
    ratings = frame[names["rating"]].to_numpy(np.float32) if "rating" in names else None
    return Interactions(frame[names["user"]].to_numpy(), frame[names["item"]].to_numpy(), ratings, times,
                        frame.index.to_numpy(np.int64), names, tuple(notes))  # fmt: skip


def _without(frame: pd.DataFrame, wrong: pd.Series[bool], why: str, notes: list[str]) -> pd.DataFrame:
    """Return the rows that are not wrong, and note how many were, with the first of them."""
    if wrong.any():
        first = ", ".join(str(row) for row in frame.index[wrong][:3])
        notes.append(f"{int(wrong.sum()):,} rows with {why} are left out: row {first}{' …' if wrong.sum() > 3 else ''}")
    return frame[~wrong]


def _with_ratings(
    frame: pd.DataFrame, name: str, scale: Sequence[float] | None, notes: list[str]
) -> pd.DataFrame:  # fmt: skip
    import pandas as pd

    given = frame[name]
    numbers = pd.to_numeric(given, errors="coerce").replace([np.inf, -np.inf], np.nan)
    words = given.notna() & numbers.isna()
    if words.any():
        row = words.idxmax()
        raise OnionskinError(f"{int(words.sum()):,} ratings in '{name}' are no numbers: {given[row]!r} in row {row}",
                             fix="write them as numbers, or say clicks=True to learn from who chose what")  # fmt: skip
    frame = frame.assign(**{name: numbers})
    frame = _without(frame, numbers.isna(), "no rating", notes)
    if scale is not None:
        if len(scale) != 2 or not scale[0] < scale[1]:
            raise OnionskinError(f"scale={scale!r}", fix="give the lowest and the highest rating: scale=(1, 5)")
        beyond = (frame[name] < scale[0]) | (frame[name] > scale[1])
        return _without(frame, beyond, f"a rating beyond {scale[0]:g} to {scale[1]:g}", notes)
    _no_strays(frame[name])
    return frame


def _no_strays(ratings: pd.Series[float]) -> None:
    """Raise OnionskinError where a few ratings lie far from all others, such as a 55 among 1 to 5."""
    if not len(ratings):
        return
    low, high = ratings.quantile([_RARE, 1 - _RARE], interpolation="nearest") if len(ratings) > 1 / _RARE else \
        np.sort(ratings)[[len(ratings) > FEWEST, -1 - (len(ratings) > FEWEST)]]  # fmt: skip
    far = _FAR * (high - low)
    strays = (ratings < low - far) | (ratings > high + far)
    if high > low and strays.any():
        row = strays.idxmax()
        raise OnionskinError(
            f"{int(strays.sum()):,} ratings are out of the range of the others, {low:g} to {high:g}: "
            f"{ratings[row]:g} in row {row}",
            fix=f"correct them, or say scale=({low:g}, {high:g}) to leave them out, or a wider one to keep them",
        )


def _enough(frame: pd.DataFrame, names: dict[str, str]) -> None:
    if len(frame) < FEWEST:
        raise OnionskinError(f"{len(frame)} usable rows", fix=f"give {FEWEST} ratings or more: thousands are better")
    for kind in ("user", "item"):
        if frame[names[kind]].nunique() < 2:
            only = frame[names[kind]].tolist()[0]
            raise OnionskinError(f"there is one {kind} alone, {plain(only)!r}, in column '{names[kind]}'",
                                 fix=f"give several, or say which column it is: {kind}='…'")  # fmt: skip
    if "rating" in names and frame[names["rating"]].nunique() < 2:
        raise OnionskinError(f"all {len(frame):,} ratings are {frame[names['rating']].iloc[0]:g}",
                             fix="say clicks=True to learn from who chose what")  # fmt: skip


def _moments(times: pd.Series[Any]) -> npt.NDArray[np.int64]:
    """Return when, as numbers that sort. Raises OnionskinError where it is neither number nor date."""
    import pandas as pd

    if times.isna().any():
        raise OnionskinError(f"{int(times.isna().sum()):,} rows have no time in '{times.name}'", fix="fill them in, or "
                             "rename the column so that it is not taken for the time")  # fmt: skip
    if pd.api.types.is_numeric_dtype(times):
        return np.argsort(np.argsort(times.to_numpy(), kind="stable")).astype(np.int64)
    try:
        moments = pd.to_datetime(times).to_numpy().astype("datetime64[ns]")
    except (ValueError, TypeError) as error:
        raise OnionskinError(f"the times in '{times.name}' cannot be read: {str(error).splitlines()[0]}",
                             fix="write them as 2026-01-31, or as seconds") from error  # fmt: skip
    return np.asarray(moments.astype(np.int64))


def plain(name: Any) -> int | str:
    """Return who somebody is as JSON keeps it: a whole number or a text. A 3.0 is a 3 in a column that lacked some."""
    if isinstance(name, float) and name.is_integer():
        return int(name)
    return name if isinstance(name, int | str) and not isinstance(name, bool) else str(name)
