"""Photos in files: read once, kept in memory where they fit, and what a frozen network makes of each kept on disk."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from torch import Tensor

from onionskin.data.album import Album
from onionskin.data.duplicates import fingerprints, near_duplicates
from onionskin.data.folder import Found, Unreadable, examples, unreadable
from onionskin.data.photo_cache import PhotoCache, key_of
from onionskin.data.photos import Fit, UnreadablePhotoError, read_header, read_thumbnail
from onionskin.errors import OnionskinError
from onionskin.learn.domain import Rows
from onionskin.learn.domains._pictures import Pictures
from onionskin.learn.report.png import png_of

if TYPE_CHECKING:
    import pandas as pd

#: So many pictures go through a frozen network at once. Fewer are filled up, so that each comes out the same to the bit
#: whatever it is computed with.
_TOGETHER: Final = 16

Told = Callable[[int, int], None]


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
        made = f"features 2 {name} {self.height} {self._fit}"
        cache = self._features if name else None
        contents = cache.contents(self.files) if cache else [None] * len(self)
        keys = [key_of(content, made) if content else b"" for content in contents]
        kept = cache.get({key for key in keys if key}) if cache else {}
        values = {i: np.frombuffer(kept[key], np.float32) for i, key in enumerate(keys) if key in kept}
        missing = np.array([i for i in range(len(self)) if i not in values], np.int64)
        # A copy whose weights lie channel by channel in each place: on a CPU it takes 35 ms a photo instead of 55.
        fast = copy.deepcopy(body).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        with _all_threads(), torch.no_grad(), bar("looking at photos", len(missing)) as told:
            for start in range(0, len(missing), _TOGETHER):
                rows = missing[start : start + _TOGETHER]
                x = prepared(self.pixels(rows))
                filled = torch.cat([x, x.new_zeros(_TOGETHER - len(x), *x.shape[1:])])
                seen = fast(filled.contiguous(memory_format=torch.channels_last))
                new = dict(zip(rows.tolist(), seen[: len(rows)].numpy(), strict=True))
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
