"""Where texts are read from: a table, a folder with a folder of .txt files a class, or a data set by its name.

Nothing is changed, and nothing is left out in silence: what is not read is a note with a count and first examples.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from onionskin import data
from onionskin.errors import OnionskinError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

#: A target with more whole numbers than this is an amount and not a class.
_MOST_NUMBERS: Final = 20

#: No file that is longer is read as one text (bytes).
_MOST_BYTES: Final = 16 * 2**20


@dataclass(frozen=True)
class Material:
    """Texts with what is known of them.

    Attributes:
        texts: (n,) none of them empty.
        targets: (n,) a class's name or a number each.
        is_number: Whether the targets are amounts rather than classes.
        target: What the target is called.
        where: (n,) the file, or the row, each came from.
        notes: What a person should know.
        others: The other columns of a table, (n, …), if there are any.
        source: What was given, where that was a path or a name.
        unlabelled: Texts without a target.
    """

    texts: tuple[str, ...]
    targets: tuple[Any, ...]
    is_number: bool
    target: str
    where: tuple[str, ...]
    notes: tuple[str, ...] = ()
    others: pd.DataFrame | None = None
    source: str | None = None
    unlabelled: tuple[str, ...] = ()


def read(source: Any, *, text: str | None = None, target: str | None = None) -> Material:
    """Read texts and what is to be learned of them.

    Args:
        source: A DataFrame, a CSV, TSV, Excel or Parquet file, a folder with a folder of .txt files for each class, or
            the name of a data set of texts.
        text: The column of texts; by default the one that looks like text.
        target: The column to learn; by default the only other one, or one with a usual name. Of a data set by name
            ``number`` for its numbers instead of its classes.

    Raises:
        OnionskinError: There is no such source or column, or nothing can be learned from it.
    """
    if not isinstance(source, str | Path):
        if type(source).__name__ != "DataFrame":
            raise OnionskinError(f"texts were given as {type(source).__name__}",
                                 fix="give a DataFrame, a path or the name of a data set")  # fmt: skip
        found = _of_table(source, text, target)
    elif data.is_named(source):
        found = _of_name(str(source), text, target)
    elif Path(source).is_dir():
        found = _of_folders(Path(source))
    else:
        found = _of_table(source, text, target)
    return _checked(found)


def decoded(content: bytes) -> tuple[str, str]:
    """Return a file's text, and the encoding it was read by: a byte order mark decides, else UTF-8, else Latin-1.

    Raises:
        OnionskinError: It is no text.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    else:
        try:
            content.decode("utf-8-sig")
            encoding = "utf-8-sig"
        except UnicodeDecodeError:
            encoding = "latin-1"
    found = content.decode(encoding, "replace")
    if found.count("\0") > len(found) // 100:
        raise OnionskinError("it holds binary data", fix="give text")
    return found.replace("\0", ""), encoding


def examples(found: Sequence[str], most: int = 3) -> str:
    """Return the first few of many, for a note: ``a.txt, b.txt, c.txt …``."""
    return ", ".join(found[:most]) + (" …" if len(found) > most else "")


def _of_name(name: str, text: str | None, target: str | None) -> Material:
    told = data.about(name)
    if told.domain != "text":
        raise OnionskinError(f"'{name}' is data for {told.domain} and not texts", fix=f"osk.{told.domain}('{name}')")
    loaded = data.load(name)
    if target in (None, "class"):
        targets: tuple[Any, ...] = tuple(loaded.classes[label] for label in loaded.labels)
    elif target == "number" and loaded.numbers is not None:
        targets = tuple(map(float, loaded.numbers))
    else:
        has = "target='class'" + (" or target='number'" if loaded.numbers is not None else "")
        raise OnionskinError(f"'{name}' has no {target}", fix=f"give {has}")
    where = tuple(f"{name} {row}" for row in range(len(targets)))
    return Material(loaded.texts, targets, target == "number", target or "class", where,
                    (loaded.note,) if loaded.note else (), None, name)  # fmt: skip


def _of_folders(folder: Path) -> Material:
    texts, targets, where, broken, latin, empty = [], [], [], [], [], []
    for file, label in _files(folder):
        place = str(file.relative_to(folder))
        try:
            if file.stat().st_size > _MOST_BYTES:
                raise OnionskinError("it is longer than 16 MB", fix="cut it")
            content, encoding = decoded(file.read_bytes())
        except (OSError, OnionskinError) as error:
            broken.append(f"{place} ({error.what if isinstance(error, OnionskinError) else error.strerror})")
            continue
        if encoding == "latin-1":
            latin.append(place)
        texts.append(content)
        targets.append(label)
        where.append(place)
        if not content.strip():
            empty.append(label)
    notes = []
    if broken:
        notes.append(f"{len(broken):,} files could not be read and are left out: {examples(broken)}")
    if latin:
        notes.append(f"{len(latin):,} files are not UTF-8 and were read as Latin-1: {examples(latin)}")
    lost = sorted({sub.name for sub in folder.iterdir() if sub.is_dir()} - set(targets))
    if lost:
        notes.append(f"{len(lost):,} folders hold no text and are no classes: {examples(lost)}")
    return Material(tuple(texts), tuple(targets), False, "class", tuple(where), tuple(notes), None, str(folder))


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the .txt files below each folder in a folder, with that folder's name, in the order of their names."""
    labels = sorted(sub for sub in folder.iterdir() if sub.is_dir() and not sub.name.startswith("."))
    if not labels:
        raise OnionskinError(f"{folder} has no folders in it, one for each class",
                             fix="put the .txt files of each class into a folder of their own; or, to learn to write "
                             "like them, osk.text(folder, model='gpt')")  # fmt: skip
    for label in labels:
        for file in sorted(label.rglob("*.txt")):
            yield file, label.name


def _of_table(source: Any, text: str | None, target: str | None) -> Material:
    from onionskin.data import table

    named = str(source) if isinstance(source, str | Path) else None
    plain = table.read(source)
    for name in (text, target):
        if name is not None and name not in plain.columns:
            raise OnionskinError(f"there is no column '{name}' in {plain.source}", fix=plain.columns.nearest(name))
    text = text or _text_column(plain, target)
    target = target or _target_column(plain, text)
    if text == target:
        raise OnionskinError(f"'{text}' is both text and target", fix="name two columns: text=, target=")
    texts, aims = plain.frame[text], plain.frame[target]
    if plain.columns[text].kind in ("number", "date"):
        raise OnionskinError(
            f"'{text}' holds {plain.columns[text].kind}s and no text", fix="name another column: text="
        )
    notes = [str(note.text) for note in plain.notes if not note.text.startswith(f"'{text}'")]
    absent, blank = texts.isna() | (texts.astype("str").str.strip() == ""), aims.isna()
    for gone, what in ((absent, f"no text in '{text}' and are left out"), (blank & ~absent, f"no '{target}'")):
        if gone.any():
            rows = [str(row + 1) for row in np.flatnonzero(gone)[:4]]
            notes.append(f"{int(gone.sum()):,} of {len(texts):,} rows have {what}: rows {examples(rows)}")
    if (absent | blank).all():
        fault = f"'{text}' holds no text" if absent.all() else f"no row has both '{text}' and '{target}'"
        raise OnionskinError(f"{fault} in any of the {len(texts):,} rows of {plain.source}",
                             fix="name another column: text=, target=")  # fmt: skip
    kept = np.flatnonzero(~(absent | blank))
    values = aims.iloc[kept]
    is_number = plain.columns[target].kind == "number" and (
        values.nunique() > _MOST_NUMBERS or bool((values % 1 != 0).any())
    )
    named_targets = tuple(map(float, values)) if is_number else tuple(_class(value) for value in values)
    others = plain.frame.drop(columns=[text, target]).iloc[kept].reset_index(drop=True)
    return Material(tuple(map(str, texts.iloc[kept])), named_targets, is_number, target,
                    tuple(f"row {row + 1}" for row in kept), tuple(notes),
                    others if len(others.columns) else None, named,
                    tuple(map(str, texts[blank & ~absent])))  # fmt: skip


def _class(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _text_column(plain: Any, target: str | None) -> str:
    """Return the column that looks like text: of those that are no numbers the one with the longest values."""
    words = {c.name: plain.frame[c.name].dropna().astype("str").str.len().mean() for c in plain.columns
             if c.name != target and c.kind not in ("number", "date", "empty")}  # fmt: skip
    words = {name: size for name, size in words.items() if not math.isnan(size)}
    if not words:
        raise OnionskinError(f"no column of {plain.source} holds text", fix="name the one that does: text=")
    return str(max(words, key=lambda name: words[name]))


def _target_column(plain: Any, text: str) -> str:
    others = [c.name for c in plain.columns if c.name != text and c.kind not in ("identifier", "empty", "constant")]
    others = others or [c.name for c in plain.columns if c.name != text]
    usual = [n for n in others if n.lower() in ("label", "class", "target", "category", "sentiment", "rating", "y")]
    if len(others) != 1 and len(usual) != 1:
        raise OnionskinError(f"it is not said which column of {plain.source} to learn",
                             fix=f"give target=, one of: {', '.join(others) or 'none is left'}")  # fmt: skip
    return str((usual or others)[0])


def _checked(found: Material) -> Material:
    """Leave out empty texts, say what is odd, and refuse what nothing can be learned from."""
    if not found.texts:
        raise OnionskinError(f"there are no texts in {found.source or 'what was given'}",
                             fix="give a folder with a folder of .txt files for each class, or a table")  # fmt: skip
    notes = list(found.notes)
    kept = [row for row, text in enumerate(found.texts) if text.strip()]
    if len(kept) < len(found.texts):
        lost = [found.where[row] for row, text in enumerate(found.texts) if not text.strip()]
        notes.append(f"{len(lost):,} texts are empty and are left out: {examples(lost)}")
    texts, targets, where = (tuple(column[row] for row in kept) for column in (found.texts, found.targets, found.where))
    known = Counter(targets)
    if len(texts) < 2 or len(known) < 2:
        only = f"all have {found.target} {next(iter(known))!r}" if len(known) == 1 else "none is left"
        raise OnionskinError(f"there are {len(texts):,} texts, and {only}: there is nothing to learn",
                             fix="give texts of two classes or more")  # fmt: skip
    if not found.is_number:
        lonely = [str(name) for name, count in known.items() if count == 1]
        if lonely:
            notes.append(f"{len(lonely):,} of {len(known):,} classes have one text only: {examples(lonely)}")
        if len(known) > len(texts) / 2 and len(texts) > 10:
            raise OnionskinError(f"'{found.target}' has {len(known):,} classes for {len(texts):,} texts: most have one",
                                 fix="name another column: target=")  # fmt: skip
    notes += _copies(texts, targets, where)
    others = None if found.others is None else found.others.iloc[kept].reset_index(drop=True)
    return replace(found, texts=texts, targets=targets, where=where, notes=tuple(notes), others=others)


def _copies(texts: Sequence[str], targets: Sequence[Any], where: Sequence[str]) -> Iterator[str]:
    first: dict[str, int] = {}
    again = [row for row, text in enumerate(texts) if first.setdefault(text, row) != row]
    if again:
        named = examples([where[row] for row in again])
        yield f"{len(again):,} texts are there before: {named}; copies stay on one side of the split"
    parted = [where[row] for row in again if targets[row] != targets[first[texts[row]]]]
    if parted:
        yield f"{len(parted):,} copies say something else than the first: {examples(parted)}"


def missing(path: Path) -> OnionskinError:
    """Return what to say of a path that is not there."""
    near = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    return OnionskinError(f"there is no {path}", fix=did_you_mean(path.name, near, otherwise="check the path"))
