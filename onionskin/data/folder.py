"""Photos and what they are labelled, found in a folder per class, beside a table of names, or in a frame.

Finding looks at names alone: 100,000 files take about a second. Whether a file is a photo at all is told when it is
opened, which :func:`unreadable` does for all of them. Nothing that is found is ever changed.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from onionskin.data.photos import SUFFIXES, UnreadablePhotoError, read_header
from onionskin.errors import OnionskinError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

#: What folders and cells are called that say which photos are held out.
TRAIN: Final = ("train", "training")
VALID: Final = ("valid", "val", "validation", "dev", "holdout", "held-out")
TEST: Final = ("test", "testing")

# Left alone without a word: what systems put into folders. Names that begin with a dot are, too.
_LITTER: Final = ("__MACOSX", "@eaDir", "Thumbs.db", "desktop.ini", "__pycache__")


@dataclass(frozen=True)
class Unreadable:
    """A photo that could not be read, and why."""

    path: str
    why: str


@dataclass(frozen=True)
class Found:
    """Labelled photos.

    Attributes:
        files: Their paths, (n).
        labels: (n,) int64 class numbers; or (n, classes) bool where a photo can have several labels, or none.
        classes: A name for each class.
        held_out: (n,) bool, where the source itself says which photos are not to be trained on; else ``None``.
        unreadable: What was found and cannot be used.
        warnings: What the user should know, each with its count and first examples.
        source: Where they come from.
    """

    files: tuple[str, ...]
    labels: npt.NDArray[Any]
    classes: tuple[str, ...]
    held_out: npt.NDArray[np.bool_] | None
    unreadable: tuple[Unreadable, ...]
    warnings: tuple[str, ...]
    source: str

    def __len__(self) -> int:
        return len(self.files)

    @property
    def several(self) -> bool:
        """Whether a photo can have several labels."""
        return self.labels.ndim == 2

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """How many photos each class has, (classes,)."""
        if self.several:
            return np.asarray(self.labels.sum(0), np.int64)
        return np.bincount(self.labels, minlength=len(self.classes)).astype(np.int64)

    def only(self, rows: npt.NDArray[Any], *, unreadable: Iterable[Unreadable] = ()) -> Found:
        """Return some of the photos, by row numbers or a mask, with more said to be unreadable; the classes stay."""
        keep = np.arange(len(self))[rows]
        return replace(
            self,
            files=tuple(self.files[i] for i in keep),
            labels=self.labels[keep],
            held_out=None if self.held_out is None else self.held_out[keep],
            unreadable=(*self.unreadable, *unreadable),
        )


def find_photos(
    source: str | Path | pd.DataFrame,
    *,
    target: str | Sequence[str] | None = None,
    folder: str | Path | None = None,
    separator: str | None = None,
) -> Found:
    """Find photos and their labels.

    Args:
        source: A folder with a folder per class, or with ``train`` and ``valid`` folders of such; a table of file names
            and labels (CSV or TSV), or a folder with photos and one table; a DataFrame of the same.
        target: The column of the labels, where it is not obvious; several columns of 0 and 1 are labels that a photo
            can have at the same time.
        folder: Where the names of a table begin; by default where the table is, and for a frame the working folder.
        separator: What stands between several labels in a cell; by default ``;`` or ``|`` where a cell has one, or
            blanks where the same words come back in other combinations.

    Raises:
        OnionskinError: There is nothing there, nothing that is labelled, or one class only.
    """
    if not isinstance(source, str | Path):
        from onionskin.data.photo_table import from_frame

        return _sensible(from_frame(source, "the frame", target=target, folder=folder, separator=separator))
    path = Path(source)
    if not path.exists():
        raise OnionskinError(f"there is nothing at '{path}'", fix=nearest(path))
    if path.is_dir() and (table := _table_of(path)) is None:
        return _sensible(_from_folder(path))
    from onionskin.data.photo_table import from_table

    table = path if path.is_file() else table
    assert table is not None
    return _sensible(from_table(table, target=target, folder=folder, separator=separator))


def unreadable(files: Sequence[str], *, threads: int = 4) -> dict[int, Unreadable]:
    """Return which of the files are no photos, by their first bytes and headers: about 10,000 a second.

    A file that is cut off has a good header; it is found when it is decoded.
    """

    def wrong(file: str) -> str | None:
        try:
            read_header(file)
        except UnreadablePhotoError as error:
            return str(error)
        return None

    with ThreadPoolExecutor(threads) as pool:
        whys = list(pool.map(wrong, files))
    return {i: Unreadable(files[i], why) for i, why in enumerate(whys) if why is not None}


def walk(root: str | Path) -> Iterator[os.DirEntry[str]]:
    """Yield the files below a folder, each folder once however many links lead to it, and nothing that is hidden."""
    seen: set[tuple[int, int]] = set()
    pending = [os.fspath(root)]
    while pending:
        place = pending.pop()
        try:
            what = os.stat(place)  # noqa: PTH116 - the walk stays with strings: 100,000 Paths take a second
            if (what.st_dev, what.st_ino) in seen:
                continue
            seen.add((what.st_dev, what.st_ino))
            with os.scandir(place) as entries:
                inside = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            continue  # it is gone, or may not be read
        folders = []
        for entry in inside:
            if entry.name.startswith(".") or entry.name in _LITTER:
                continue
            if entry.is_dir():
                folders.append(entry.path)
            elif entry.is_file():
                yield entry
        pending += reversed(folders)


def is_photo(name: str) -> bool:
    """Return whether a file is called like a photo."""
    return name.lower().endswith(SUFFIXES)


def examples(names: Sequence[Any], most: int = 3) -> str:
    """Return the first few names, and how many more there are."""
    shown = ", ".join(str(name) for name in names[:most])
    return shown + (f" and {len(names) - most:,} more" if len(names) > most else "")


def _from_folder(root: Path) -> Found:
    """Find a folder per class, below ``train`` and ``valid`` where there are such."""
    folders = {entry.name: entry.path for entry in _folders(root)}
    if not folders and not any(is_photo(entry.name) for entry in walk(root)):
        raise OnionskinError(f"'{root}' is empty", fix="put a folder of photos for each class into it")
    parts = {name: _part(name) for name in folders}
    if any(part == "train" for part in parts.values()):
        return _from_parts(root, folders, parts)
    if len(folders) == 1 and not any(is_photo(name) for name in os.listdir(root)):  # noqa: PTH208 - names are all that is asked for
        inside = Path(next(iter(folders.values())))
        if len(_folders(inside)) > 1:  # archives often unpack into one folder more
            return _from_folder(inside)
    files, labels, warnings = _classes(root)
    classes = tuple(sorted(set(labels)))
    empty = sorted(set(folders) - set(classes))
    if empty:
        warnings.append(counted(len(empty), "folder has", "folders have", f"no photos: {examples(empty)}"))
    return _photos(files, labels, classes, None, warnings, str(root))


def _from_parts(root: Path, folders: dict[str, str], parts: dict[str, str | None]) -> Found:
    """Find the classes below ``train`` and ``valid``; without ``valid``, what is below ``test`` is held out."""
    known = [part for part in parts.values() if part]
    aside = "valid" if "valid" in known else "test"
    files: list[str] = []
    labels: list[str] = []
    held: list[bool] = []
    warnings: list[str] = []
    for name, place in sorted(folders.items()):
        part = parts[name]
        if part not in ("train", aside):
            count = sum(is_photo(entry.name) for entry in walk(place))
            if count:
                warnings.append(f"the {count:,} photos in {name}/ are left alone: neither for training nor held out")
            continue
        found, called, more = _classes(Path(place))
        files, labels, held = files + found, labels + called, held + [part == aside] * len(found)
        warnings += more
    seen = {label for label, out in zip(labels, held, strict=True) if not out}
    strange = sorted(set(labels) - seen)
    if strange:
        out = sum(label in strange for label in labels)
        warnings.append(f"{out:,} held-out photos are of classes that are not in training: {examples(strange)}")
    keep = [i for i, label in enumerate(labels) if label in seen]
    marks = np.array([held[i] for i in keep], bool)
    kept = [files[i] for i in keep], [labels[i] for i in keep]
    return _photos(*kept, tuple(sorted(seen)), marks if marks.any() else None, warnings, str(root))


def _classes(root: Path) -> tuple[list[str], list[str], list[str]]:
    """Return the photos below each folder of ``root``, the folder's name for each, and warnings."""
    files, labels, loose, others = [], [], [], []
    start = len(os.fspath(root)) + (not os.fspath(root).endswith(os.sep))
    for entry in walk(root):
        below = entry.path[start:]
        label, slash, _ = below.partition(os.sep)
        if not is_photo(entry.name) and ("." in entry.name or not _opens(entry.path)):
            others.append(below)
        elif not slash:
            loose.append(below)
        else:
            files.append(entry.path)
            labels.append(label)
    warnings = []
    if loose and files:
        warnings.append(counted(len(loose), "photo lies", "photos lie", f"in no class's folder: {examples(loose)}"))
    if loose and not files:
        raise OnionskinError(
            f"the {len(loose):,} photos in '{root}' have no labels: they lie in no folder of a class",
            fix=f"sort them into a folder per class, such as {Path(root.name) / 'grizzly' / loose[0]}, or give a table",
        )
    if others:
        kinds = Counter(Path(name).suffix.lower() or "without a suffix" for name in others)
        shown = ", ".join(kind for kind, _ in kinds.most_common(4))
        warnings.append(counted(len(others), "other file is", "other files are", f"left alone: {shown}"))
    return files, labels, warnings


def _photos(
    files: list[str],
    labels: list[str],
    classes: tuple[str, ...],
    held_out: npt.NDArray[np.bool_] | None,
    warnings: list[str],
    source: str,
) -> Found:
    number = {name: i for i, name in enumerate(classes)}
    numbers = np.array([number[label] for label in labels], np.int64)
    return Found(tuple(files), numbers, classes, held_out, (), tuple(warnings), source)


def _sensible(photos: Found) -> Found:
    """Return the photos with what is odd about their classes. Raises OnionskinError where nothing can be learned."""
    if not len(photos):
        why = f"; {examples([f'{x.path}: {x.why}' for x in photos.unreadable], 2)}" if photos.unreadable else ""
        raise OnionskinError(
            f"there are no photos in {photos.source}{why}", fix=f"give photos: files such as {', '.join(SUFFIXES[:6])}"
        )
    if len(photos.classes) < (1 if photos.several else 2):
        raise OnionskinError(
            f"all {len(photos):,} photos in {photos.source} are labelled '{photos.classes[0]}': nothing to tell apart",
            fix="add photos of what it is not, in a folder of their own",
        )
    warnings = list(photos.warnings)
    same = Counter(name.strip().casefold() for name in photos.classes)
    alike = [name for name in photos.classes if same[name.strip().casefold()] > 1]
    if alike:
        warnings.append(f"classes whose names differ in capitals or blanks only: {examples(alike)}")
    few = [f"{name} ({count})" for name, count in zip(photos.classes, photos.counts, strict=True) if count < 5]
    if few:
        warnings.append(counted(len(few), "class has", "classes have", f"fewer than 5 photos: {examples(few)}"))
    return replace(photos, warnings=tuple(warnings))


def _folders(root: Path) -> list[os.DirEntry[str]]:
    with os.scandir(root) as entries:
        inside = sorted(entries, key=lambda entry: entry.name)
    return [e for e in inside if e.is_dir() and not e.name.startswith(".") and e.name not in _LITTER]


def _table_of(folder: Path) -> Path | None:
    """Return the one table of a folder whose photos are not sorted into folders of classes."""
    tables = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in (".csv", ".tsv")]
    holding = [entry for entry in _folders(folder) if any(is_photo(inside.name) for inside in walk(entry.path))]
    return tables[0] if len(tables) == 1 and len(holding) < 2 else None


def _part(name: str) -> str | None:
    low = name.lower()
    for part, names in (("train", TRAIN), ("valid", VALID), ("test", TEST)):
        if low in names:
            return part
    return None


def _opens(path: str) -> bool:
    try:
        read_header(path)
    except UnreadablePhotoError:
        return False
    return True


def counted(count: int, one: str, several: str, rest: str) -> str:
    """Return a sentence about one or several."""
    return f"{count:,} {one if count == 1 else several} {rest}"


def nearest(path: Path) -> str:
    """Return the remedy for a path that is not there: the nearest name where the path stops being right."""
    place = path
    while not place.parent.exists():
        place = place.parent
    there = [entry.name for entry in os.scandir(place.parent) if not entry.name.startswith(".")]
    return did_you_mean(place.name, there, otherwise="give a folder with a folder of photos for each class")
