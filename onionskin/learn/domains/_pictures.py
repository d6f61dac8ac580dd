"""What a domain of pictures is made from: photos in files, or a data set of arrays, behind one face."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from torch import Tensor

from onionskin import data
from onionskin.data import Images, Photos
from onionskin.data.album import Album
from onionskin.data.duplicates import fingerprints, near_duplicates
from onionskin.data.folder import Found, Unreadable, counted, examples, find_photos, unreadable
from onionskin.data.photo_cache import PhotoCache, key_of
from onionskin.data.photos import Fit, UnreadablePhotoError, read_header, read_photo, read_thumbnail
from onionskin.errors import OnionskinError, did_you_mean
from onionskin.learn.domain import Rows, split
from onionskin.learn.report.png import png_of

if TYPE_CHECKING:
    import pandas as pd

#: How a picture is held out: each by itself, or with those that show nearly the same.
SPLITS: Final = ("random", "apart")

#: So many pictures go through a frozen network at once. Fewer are filled up, so that each comes out the same to the bit
#: whatever it is computed with.
_TOGETHER: Final = 16

Told = Callable[[int, int], None]


class Pictures(ABC):
    """Labelled pictures of one size.

    Attributes:
        labels: (n,) class numbers, or (n, classes) of 0 and 1 as float32.
        classes: A name for each class.
        channels, height, width: Of every picture.
        held_out: (n,) bool where the source says what is not to be trained on.
        what: A sentence: ``3 classes, 431 photos, 12 unreadable: listed``.
        notes: What a person should know besides.
        details: The same for programs.
    """

    labels: Tensor
    classes: tuple[str, ...]
    channels: int
    height: int
    width: int
    held_out: np.ndarray[tuple[int], np.dtype[np.bool_]] | None
    what: str
    notes: list[str]
    details: dict[str, Any]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def several(self) -> bool:
        """Whether a picture can have several labels."""
        return self.labels.ndim == 2

    @abstractmethod
    def pixels(self, rows: Rows) -> Tensor:
        """Return pictures from 0 to 1, (n, channels, height, width) float32."""

    @abstractmethod
    def png(self, row: int) -> bytes:
        """Return one as a person wants to see it."""

    @abstractmethod
    def where(self, row: int) -> str:
        """Return what tells one from the others: its file, or its row."""

    @property
    def is_in_memory(self) -> bool:
        """Whether pixels cost nothing."""
        return True

    def columns(self, rows: Rows) -> pd.DataFrame | None:
        """Return what is known of pictures besides their labels."""
        return None

    def groups(self) -> list[list[int]]:
        """Return the groups of pictures that show nearly the same."""
        pixels = [(self.pixels(np.array([i]))[0].permute(1, 2, 0) * 255).byte().numpy() for i in range(len(self))]
        return near_duplicates(fingerprints([p[..., 0] if p.shape[2] == 1 else p for p in pixels]))

    def parted(self, share: float, seed: int, way: str) -> tuple[Rows, Rows]:
        """Return which pictures are trained on and which are held out.

        Args:
            share: Of the pictures to hold out, where the source does not say which.
            seed: Of the choice.
            way: One of :data:`SPLITS`.
        """
        if way not in SPLITS:
            fix = did_you_mean(way, SPLITS, otherwise=f"choose one of: {', '.join(SPLITS)}")
            raise OnionskinError(f"no split is called '{way}'", fix=fix)
        if isinstance(share, bool) or not 0 < share < 1:
            raise OnionskinError(f"valid={share!r}", fix="give the share to hold out, such as 0.2")
        if len(self) < 2:
            raise OnionskinError("one picture is nothing to learn from and be tested on", fix="give more photos")
        if self.held_out is not None:
            return np.flatnonzero(~self.held_out), np.flatnonzero(self.held_out)
        train, valid = split(len(self), share, seed) if way == "random" else self._apart(share, seed)
        return self._with_every_class(train, valid)

    def _apart(self, share: float, seed: int) -> tuple[Rows, Rows]:
        """Hold out whole groups of near-duplicates."""
        together = np.arange(len(self))
        groups = self.groups()
        for group in groups:
            together[group] = group[0]
        self.details["near_duplicates"] = [[self.where(i) for i in group] for group in groups]
        if groups:
            rest = f"of near-duplicates stay on one side of the split, {sum(map(len, groups))} pictures in all"
            self.notes.append(counted(len(groups), "group", "groups", rest))
        leaders = np.random.default_rng(seed).permutation(np.unique(together))
        held: list[int] = []
        for leader in leaders[:-1]:
            if len(held) >= round(len(self) * share):
                break
            held += np.flatnonzero(together == leader).tolist()
        valid = np.sort(np.array(held, np.int64))
        return np.setdiff1d(np.arange(len(self)), valid), valid

    def _with_every_class(self, train: Rows, valid: Rows) -> tuple[Rows, Rows]:
        """Move one picture of each class that chance left out of training there; what no training shows is no test."""
        if self.several:
            return train, valid
        labels = self.labels.numpy()
        missing = np.setdiff1d(labels[valid], labels[train])
        moved = [valid[labels[valid] == label][0] for label in missing]
        if len(moved) >= len(valid):
            raise OnionskinError(
                f"there is one picture of each class, or hardly more: {len(self)} in all",
                fix="give at least ten photos of each class",
            )
        return np.sort(np.append(train, moved).astype(np.int64)), np.setdiff1d(valid, moved)


class ArrayPictures(Pictures):
    """A data set of arrays, which are standardised: (n, channels, height, width)."""

    def __init__(self, images: Images, name: str, note: str = "") -> None:
        self._x = torch.from_numpy(np.concatenate([images.train_x, images.test_x]))
        self.labels = torch.from_numpy(np.concatenate([images.train_y, images.test_y]))
        self.classes = tuple(images.classes)
        self.channels, self.height, self.width = self._x.shape[1:]
        # Their blackest and whitest pixels are 0 and 1, which says what they were standardised by.
        low, high = self._x.min().item(), self._x.max().item()
        self.mean, self.std = (-low / (high - low),) * self.channels, (1 / (high - low),) * self.channels
        self.held_out = np.arange(len(self)) >= len(images.train_x)
        self.what = f"{len(self.classes)} classes, {len(self):,} pictures of {self.height} × {self.width}"
        self.notes = [note] if note else []
        self.details = {"source": images.source, "name": name}

    def standard(self, rows: Rows) -> Tensor:
        """Return pictures as they were standardised."""
        return self._x[rows]

    def pixels(self, rows: Rows) -> Tensor:
        """Return pictures from 0 to 1."""
        return (self._x[rows] * self.std[0] + self.mean[0]).clamp(0, 1)

    def png(self, row: int) -> bytes:
        """Return one."""
        return png_of(self.pixels(np.array([row]))[0].permute(1, 2, 0).numpy())

    def where(self, row: int) -> str:
        """Return its number."""
        return f"row {row}"


class FilePictures(Pictures):
    """Photos in files, at one size.

    Args:
        found: The files and their labels.
        size: The side of the squares that they become.
        fit: How.
        cached: Whether pixels and features are kept on disk.
    """

    channels = 3

    def __init__(self, found: Found, size: int, fit: Fit, *, cached: bool) -> None:
        self.height = self.width = size
        self._cache = PhotoCache("pixels") if cached else None
        self._features = PhotoCache("features") if cached else None
        self.album = Album(found.files, size, fit, cache=self._cache)
        self._fit = fit
        self._take(found)

    def _take(self, found: Found) -> None:
        self.found = found
        self.files = found.files
        self.labels = torch.from_numpy(found.labels.astype(np.float32) if found.several else found.labels)
        self.classes = found.classes
        self.held_out = found.held_out
        lost = len(found.unreadable)
        kinds = "labels" if found.several else "classes"
        self.what = f"{len(self.classes)} {kinds}, {len(self):,} photos" + (
            f", {lost:,} unreadable: listed" if lost else ""
        )
        self.notes = list(found.warnings)
        if lost:
            told = [f"{Path(photo.path).name} ({photo.why})" for photo in found.unreadable]
            self.notes.append(f"unreadable: {examples(told)}")
        counts = dict(zip(self.classes, found.counts.tolist(), strict=True))
        self.details = {"source": found.source, "classes": counts,
                        "unreadable": [[photo.path, photo.why] for photo in found.unreadable]}  # fmt: skip

    def hold(self) -> None:
        """Decode all photos, or look at their beginnings where memory has no room; leave out what is broken."""
        if self.album.fits_in_memory:
            with bar("reading photos", len(self)) as told:
                self.album.hold(told=told)
            self._leave_out(self.album.broken)
        else:
            self._leave_out(unreadable(self.files))

    def features(self, body: torch.nn.Module, name: str, prepared: Callable[[Tensor], Tensor]) -> Tensor:
        """Return what a frozen network makes of each photo, (n, features), and leave out what is broken.

        Args:
            body: The network, in eval mode.
            name: What tells its weights from others; empty where nothing does, and nothing is kept on disk.
            prepared: Standardises pixels from 0 to 1.
        """
        made = f"features 1 {name} {self.height} {self._fit}"
        cache = self._features if name else None
        contents = cache.contents(self.files) if cache else [None] * len(self)
        keys = [key_of(content, made) if content else b"" for content in contents]
        kept = cache.get({key for key in keys if key}) if cache else {}
        values = {i: np.frombuffer(kept[key], np.float32) for i, key in enumerate(keys) if key in kept}
        missing = np.array([i for i in range(len(self)) if i not in values], np.int64)
        with _all_threads(), torch.no_grad(), bar("looking at photos", len(missing)) as told:
            for start in range(0, len(missing), _TOGETHER):
                rows = missing[start : start + _TOGETHER]
                x = prepared(self.pixels(rows))
                filled = torch.cat([x, x.new_zeros(_TOGETHER - len(x), *x.shape[1:])])
                new = dict(zip(rows.tolist(), body(filled)[: len(rows)].numpy(), strict=True))
                values |= new
                good = [i for i in rows.tolist() if i not in self.album.broken and keys[i]]
                if cache:
                    cache.put({keys[i]: new[i].tobytes() for i in good})
                told(min(start + _TOGETHER, len(missing)), len(missing))
        whole = [values[i] for i in range(len(self)) if i not in self.album.broken]
        self._leave_out(self.album.broken)
        return torch.from_numpy(np.stack(whole)) if whole else torch.empty(0, 0)

    def _leave_out(self, broken: Mapping[int, Unreadable]) -> None:
        """Do without photos that turned out to be broken. Raises OnionskinError where too little is left."""
        if not broken:
            return
        rows = np.setdiff1d(np.arange(len(self)), list(broken))
        found = self.found.only(rows, unreadable=broken.values())
        present = (found.counts > 0).sum()
        if not len(found) or present < (1 if found.several else 2):
            told = [f"{photo.path}: {photo.why}" for photo in found.unreadable]
            raise OnionskinError(
                f"{len(told):,} of {len(self):,} photos cannot be read, and those of "
                f"{'no class' if not len(found) else 'one class'} are left: {examples(told)}",
                fix="fetch or export these files again, as JPEG or PNG",
            )
        self.album = self.album.without(broken)
        self._take(found)

    def pixels(self, rows: Rows) -> Tensor:
        """Return photos from 0 to 1, (n, 3, size, size)."""
        return torch.from_numpy(self.album.pixels(rows)).permute(0, 3, 1, 2).float().div_(255)

    @property
    def is_in_memory(self) -> bool:
        """Whether they were decoded already."""
        return self.album.is_held

    def png(self, row: int) -> bytes:
        """Return a photo with its own proportions."""
        try:
            return png_of(read_thumbnail(self.files[row]))
        except UnreadablePhotoError:  # since it was found
            return png_of(np.full((8, 8, 3), 255, np.uint8))

    def where(self, row: int) -> str:
        """Return a photo's path, as it was found."""
        return self.files[row]

    def groups(self) -> list[list[int]]:
        """Return the groups of near-duplicates, by the files and not by what the size leaves of them."""
        return near_duplicates(fingerprints(self.files))

    def columns(self, rows: Rows) -> pd.DataFrame:
        """Return the size, the format and the file's size of photos."""
        import pandas as pd

        told: list[tuple[Any, ...]] = []
        for row in rows:
            try:
                header = read_header(self.files[row])
                size = os.stat(self.files[row]).st_size / 1000  # noqa: PTH116
                told.append((header.width, header.height, header.format, round(size, 1)))
            except (UnreadablePhotoError, OSError):
                told.append((None, None, None, None))
        return pd.DataFrame(told, columns=["width", "height", "format", "kilobytes"])


def gathered(
    source: Any, *, size: int, fit: Fit, target: str | Sequence[str] | None, folder: str | None, separator: str | None,
    cached: bool,
) -> Pictures:  # fmt: skip
    """Return the pictures that a source means: a data set's name, a folder, a table, or a frame."""
    if isinstance(source, str) and source in data.names():
        return _named(source, size=size, fit=fit, cached=cached)
    if isinstance(source, str) and not Path(source).exists() and os.sep not in source and "." not in source:
        near = [name for name in data.names() if data.about(name).domain == "vision"]
        places = [path.name for path in Path().iterdir() if path.is_dir()]
        fix = did_you_mean(source, [*near, *places], otherwise=f"give a folder of photos, or one of: {', '.join(near)}")
        raise OnionskinError(f"there is no folder and no data set called '{source}'", fix=fix)
    found = find_photos(source, target=target, folder=folder, separator=separator)
    return FilePictures(found, size, fit, cached=cached)


def _named(name: str, *, size: int, fit: Fit, cached: bool) -> Pictures:
    about = data.about(name)
    if about.domain != "vision":
        raise OnionskinError(
            f"'{name}' is data for {about.domain}", fix=f"onionskin train {name} --domain {about.domain}"
        )
    loaded = data.load(name)
    if isinstance(loaded, Photos):
        files = tuple(map(str, loaded.files))
        found = Found(
            files, loaded.labels, loaded.classes, None, (), (loaded.note,) if loaded.note else (), loaded.source
        )
        return FilePictures(found, size, fit, cached=cached)
    return ArrayPictures(loaded, name, about.note)


def picture(thing: Any, *, channels: int, height: int, width: int, fit: Fit) -> Tensor:
    """Return one new thing as a picture from 0 to 1, (channels, height, width).

    Args:
        thing: A path, the bytes of a file, a picture of Pillow's, or an array of bytes, (h, w) or (h, w, 1, 3 or 4).
        channels, height, width: What comes out.
        fit: How a photo becomes square.
    """
    from io import BytesIO

    from PIL import Image

    if isinstance(thing, str | Path | bytes):
        source: Any = thing
    else:
        array = None if isinstance(thing, Image.Image) else np.asarray(thing)
        if array is not None and (array.dtype != np.uint8 or array.ndim not in (2, 3)):
            raise OnionskinError(
                f"a picture cannot be made of a {type(thing).__name__} of {array.dtype}, {array.shape}",
                fix="give a path, a picture of Pillow's, or an array of bytes: (height, width, 3)",
            )
        image = thing if array is None else Image.fromarray(array[..., 0] if array.shape[2:] == (1,) else array)
        file = BytesIO()
        image.save(file, "PNG", compress_level=0)
        source = file.getvalue()
    try:
        pixels = read_photo(source, height, fit) if height == width else _resized(read_photo(source), height, width)
    except UnreadablePhotoError as error:
        name = str(thing) if isinstance(thing, str | Path) else "the picture"
        raise OnionskinError(f"{name} cannot be read: {error}", fix="give a photo, such as a JPEG or PNG") from error
    if channels == 1:
        pixels = np.asarray(Image.fromarray(pixels).convert("L"))[..., None]
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1).float().div_(255)


def _resized(pixels: Any, height: int, width: int) -> Any:
    from PIL import Image

    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR))


@contextmanager
def bar(what: str, count: int) -> Iterator[Told]:
    """Show on a terminal how far something is: yields what to call with how many of how many are done."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    if count < 64 or not console.is_terminal:
        yield lambda done, total: None
        return
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(what, total=count)
        yield lambda done, total: progress.update(task, completed=done)


@contextmanager
def _all_threads() -> Iterator[None]:
    """Let PyTorch use every core: a training that ran before may have left it one."""
    before = torch.get_num_threads()
    torch.set_num_threads(max(before, min(os.cpu_count() or 1, 16)))
    try:
        yield
    finally:
        torch.set_num_threads(before)
