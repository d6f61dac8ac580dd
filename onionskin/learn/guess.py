"""Which domain a person means by a path or a name, when they do not say."""

from __future__ import annotations

import csv
import inspect
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from onionskin import data, registry
from onionskin.errors import OnionskinError, did_you_mean
from onionskin.learn import domains
from onionskin.learn.learner import Learner

PICTURES: Final = frozenset(
    f".{kind}"
    for kind in ("jpg", "jpeg", "png", "gif", "bmp", "webp", "tif", "tiff", "heic", "heif", "avif", "ppm", "pgm")
)
TABLES: Final = frozenset([".csv", ".tsv", ".parquet", ".xlsx"])

#: So many files of a folder are looked at, so many rows of a table.
_MOST_FILES: Final = 2000
_MOST_ROWS: Final = 200

#: A column whose values have so many words on average is text.
_WORDS_OF_TEXT: Final = 5


def learner(source: str, domain: str | None = None, **settings: Any) -> Learner:
    """Return the learner that a path or the name of a data set means.

    Args:
        source: A folder, a file, or a name from ``onionskin data``.
        domain: One of the domains; by default what the data look like.
        settings: For the domain; None is left out.

    Raises:
        OnionskinError: There is nothing of that name, or the domain takes no such setting.
    """
    name = domain if domain is not None else guess(source)
    given = {key: value for key, value in settings.items() if value is not None}
    if name == "text" and _is_to_write(source, given.get("model")):
        name = "language"
    chosen = registry.load(domains, name)
    known = [p.name for p in inspect.signature(chosen.DOMAIN.__init__).parameters.values() if p.kind is p.KEYWORD_ONLY]
    wrong = next((key for key in given if key not in known), None)
    if wrong is not None:
        option = f"--{wrong.replace('_', '-')}"
        raise OnionskinError(
            f"{name} takes no {option}", fix=f"it takes {', '.join(sorted(known))}; or choose another --domain"
        )
    made = chosen.DOMAIN(source, **given)
    return Learner(made, seed=given.get("seed", 0))


def _is_to_write(source: str, model: Any) -> bool:
    """Whether texts are given to learn how they go on, and not what they are."""
    language = registry.load(domains, "language")
    return model in language.MODELS if model is not None else bool(language.is_prose(source))


def guess(source: str) -> str:
    """Return the domain that a source looks like. Raises OnionskinError where there is nothing there."""
    path = Path(source)
    if source in data.names():
        return data.about(source).domain
    if path.is_dir():
        return _of_folder(path)
    if path.is_file():
        return "text" if path.suffix.lower() not in TABLES else _of_table(path)
    if path.suffix or os.sep in source:
        near = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        fix = did_you_mean(path.name, near, otherwise="give a folder of photos or texts, a CSV file, or a name from "
                           "`onionskin data`")  # fmt: skip
        raise OnionskinError(f"there is no {source}", fix=fix)
    names = [name for name in data.names() if data.about(name).domain != "weights"]
    otherwise = "see `onionskin data` for what has a name, or give a path"
    fix = did_you_mean(source, [*names, *(entry.name for entry in Path().iterdir())], otherwise=otherwise)
    raise OnionskinError(f"there is nothing called '{source}' to train on", fix=fix)


def _of_folder(path: Path) -> str:
    kinds = [suffix for suffix in _suffixes(path) if suffix in PICTURES or suffix == ".txt"]
    if not kinds:
        fix = "give a folder with one folder of pictures (or .txt files) for each class"
        raise OnionskinError(f"there are no pictures and no texts in {path}", fix=fix)
    return "text" if kinds.count(".txt") > len(kinds) / 2 else "vision"


def _suffixes(path: Path) -> Iterator[str]:
    seen = 0
    for _, _, files in os.walk(path):
        for file in files:
            yield os.path.splitext(file)[1].lower()  # noqa: PTH122  a hundred thousand Paths would be slow
            seen += 1
            if seen == _MOST_FILES:
                return


def _of_table(path: Path) -> str:
    rows = _first_rows(path)
    columns = {name: [row[name] for row in rows if row.get(name)] for name in (rows[0] if rows else {})}
    lower = [name.lower() for name in columns]
    pictures = [name for name, values in columns.items() if values and _share(values, _is_picture) > 0.5]
    texts = [
        name for name, values in columns.items() if values and name not in pictures and _words(values) >= _WORDS_OF_TEXT
    ]
    if pictures:
        return "multimodal" if texts else "vision"
    if any("user" in name for name in lower) and any(
        word in name for name in lower for word in ("item", "movie", "product")
    ):
        return "recommend"
    return "text" if texts and len(columns) <= 3 else "tabular"


def _first_rows(path: Path) -> list[Mapping[str, str]]:
    if path.suffix.lower() not in (".csv", ".tsv"):
        return []
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        head = file.read(65_536)
    try:
        dialect: Any = csv.Sniffer().sniff(head, ",;\t|")
    except csv.Error:
        dialect = csv.excel
    lines = head.splitlines()[: _MOST_ROWS + 1]
    return [{str(k): str(v or "") for k, v in row.items()} for row in csv.DictReader(lines, dialect=dialect)]


def _share(values: list[str], fits: Any) -> float:
    return sum(map(bool, map(fits, values))) / len(values)


def _is_picture(value: str) -> bool:
    return Path(value).suffix.lower() in PICTURES


def _words(values: list[str]) -> float:
    return sum(len(value.split()) for value in values) / len(values)
