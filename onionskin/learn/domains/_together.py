"""Rows with a photo, a text and other columns: found by what is in them, and what cannot be used counted and said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from onionskin import data
from onionskin.data.album import Album
from onionskin.data.folder import Unreadable, counted, examples
from onionskin.data.photo_cache import PhotoCache, key_of
from onionskin.errors import OnionskinError
from onionskin.learn.domains import _interactions, _known
from onionskin.learn.domains._known import Column, Known

if TYPE_CHECKING:
    import pandas as pd

#: Fewer rows teach nothing.
FEWEST: Final = 10

#: So many rows are looked at to tell what a column holds.
_SAMPLE: Final = 200

#: So many photos go through a network at once, always: a photo's features must not depend on who else is computed.
_TOGETHER: Final = 16


@dataclass(frozen=True)
class Together:
    """What belongs together in each row.

    Attributes:
        files: The photos; empty where there is no column of them.
        texts: The texts; empty likewise.
        cells: The other columns that are used, a dict a row.
        known: How these become numbers.
        targets: What is to be predicted, as it stands in the data; empty for pairs.
        rows: Where each stands in the source.
        columns: What the columns are called: ``image``, ``text``, ``target``.
        notes: What was left out, and why.
    """

    files: tuple[str, ...]
    texts: tuple[str, ...]
    cells: tuple[Mapping[str, Any], ...]
    known: Known
    targets: tuple[Any, ...]
    rows: tuple[int, ...]
    columns: dict[str, str]
    notes: tuple[str, ...]

    def without(self, broken: Mapping[int, Unreadable]) -> Together:
        """Return it without rows whose photos cannot be read. Raises OnionskinError where too little is left."""
        keep = [at for at in range(len(self.rows)) if at not in broken]
        told = examples([f"{each.path} ({each.why})" for each in broken.values()])
        note = counted(len(broken), "photo is", "photos are", f"unreadable and left out: {told}")
        if len(keep) < FEWEST:
            raise OnionskinError(f"{len(keep)} usable rows of {len(self.rows):,}: {note}", fix=f"give {FEWEST} or more")
        parts: dict[str, Any] = {
            name: tuple(getattr(self, name)[at] for at in keep) if getattr(self, name) else ()
            for name in ("files", "texts", "cells", "targets", "rows")
        }
        return replace(self, **parts, notes=(*self.notes, note))


def read(
    source: Any, *, image: str | None, text: str | None, target: str | None, folder: str | Path | None
) -> Together:  # fmt: skip
    """Return what is in a table, or in a data set by its name. Raises OnionskinError where it cannot be used."""
    if isinstance(source, str) and source in data.names():
        return _by_name(source)
    frame = _interactions.read_frame(source, "photos with their texts")
    frame.columns = [str(name) for name in frame.columns]
    base = Path(folder) if folder is not None else Path(source).parent if isinstance(source, str | Path) else Path()
    columns = _columns(frame, base, {"image": image, "text": text, "target": target})
    if target is None and not {"image", "text"} <= set(columns):
        lacks = "photos" if "image" not in columns else "captions"
        raise OnionskinError(f"no column holds {lacks} among: {', '.join(frame.columns)}", fix=(
            f"say which one: {'image' if lacks == 'photos' else 'text'}='…'; names of photos begin in '{base}', or say "
            "folder='…'; for an answer from columns, say target='…'"))  # fmt: skip
    notes: list[str] = []
    keep = np.ones(len(frame), bool)
    files: list[str] = []
    for kind, name in columns.items():
        cells = frame[name]
        empty = (cells.isna() | (cells.astype(str).str.strip() == "")).to_numpy()
        _note(notes, empty & keep, f"no {kind} in '{name}'")
        keep &= ~empty
    if "image" in columns:
        files = [str(base / str(cell)) for cell in frame[columns["image"]]]
        there = np.array([Path(file).is_file() for file in files])
        _note(notes, keep & ~there, "a photo that is not there", files)
        keep &= there
    rows = np.flatnonzero(keep).tolist()
    if len(rows) < FEWEST:
        told = f": {'; '.join(notes)}" if notes else ""
        raise OnionskinError(f"{len(rows)} usable rows of {len(frame):,}{told}", fix=f"give {FEWEST} or more")
    cells, known = _others(frame, set(columns.values()), rows, notes) if target is not None else ((), Known())
    return Together(
        tuple(files[row] for row in rows) if files else (),
        tuple(str(frame[columns["text"]].iloc[row]).strip() for row in rows) if "text" in columns else (),
        cells, known, tuple(frame[columns["target"]].iloc[rows].tolist()) if "target" in columns else (),
        tuple(rows), columns, tuple(notes),
    )  # fmt: skip


def _by_name(name: str) -> Together:
    pairs = data.load(name)
    if not isinstance(pairs, data.Pairs):
        known = [each for each in data.names() if data.about(each).domain == "multimodal"]
        raise OnionskinError(f"'{name}' holds no photos with captions", fix=f"choose one of: {', '.join(known)}")
    files = tuple(str(file) for file in pairs.files)
    columns = {"image": "image", "text": "caption"}
    return Together(files, pairs.captions, (), Known(), (), tuple(range(len(files))), columns, (pairs.note,))


def _columns(frame: pd.DataFrame, base: Path, asked: Mapping[str, str | None]) -> dict[str, str]:
    """Return the columns of photos, texts and targets that are asked for, or that look like them."""
    found = {}
    for kind, name in asked.items():
        if name is not None:
            found[kind] = str(_interactions.column(frame, "user", name, needed=True))
    if len(set(found.values())) < len(found):
        raise OnionskinError(f"one column is asked for twice: {found}", fix="give each its own")
    sample = frame.iloc[:: max(1, len(frame) // _SAMPLE)]
    texts = [
        name for name in frame if name not in found.values() and sample[name].map(lambda c: isinstance(c, str)).any()
    ]
    if "image" not in found and texts:
        there = {name: sum((base / str(cell)).is_file() for cell in sample[name].dropna()) for name in texts}
        best = max(texts, key=lambda name: there[name])
        if there[best] > len(sample) / 4:
            found["image"] = best
            texts.remove(best)
    if "text" not in found and texts:
        words = {name: sample[name].dropna().astype(str).str.split().str.len().mean() for name in texts}
        best = max(texts, key=lambda name: float(words[name]))
        if asked["target"] is None or words[best] >= 3:  # beside a target, short texts are categories
            found["text"] = best
    return found


def _others(
    frame: pd.DataFrame, taken: set[str], rows: list[int], notes: list[str]
) -> tuple[tuple[Mapping[str, Any], ...], Known]:  # fmt: skip
    """Return the columns that are left, as dicts, and how they become numbers."""
    frame = frame.iloc[rows]
    columns: list[Column] = []
    left_out = []
    for name in frame:
        if name not in taken:
            column = _known.column(frame[name])
            if column is None:
                left_out.append(str(name))
            else:
                columns.append(column)
    if left_out:
        notes.append(f"not used, too many different values: {', '.join(left_out)}")
    cells = [[_known.cell(value) for value in frame[column.name].tolist()] for column in columns]
    names = [column.name for column in columns]
    return tuple(dict(zip(names, row, strict=True)) for row in zip(*cells, strict=True)), Known(tuple(columns))


def _note(notes: list[str], wrong: Any, why: str, names: list[str] | None = None) -> None:
    if wrong.any():
        first = [names[row] if names else f"row {row}" for row in np.flatnonzero(wrong)]
        notes.append(counted(int(wrong.sum()), "row has", "rows have", f"{why} and is left out: {examples(first)}"))


def features(album: Album, encoder: nn.Module, made: str, prepared: Any) -> Tensor:
    """Return what a frozen network makes of each photo, (n, width). ``album.broken`` then has the unreadable.

    Args:
        album: The photos at the size that the network takes.
        encoder: The network, in eval mode.
        made: What tells its features from others', in the cache.
        prepared: From pixels, (n, h, w, 3), to what it takes.
    """
    cache = PhotoCache("features")
    contents = cache.contents(album.files)
    keys = [key_of(content, f"{made} {album.size} {album.fit}") if content else b"" for content in contents]
    kept = cache.get({key for key in keys if key})
    values = {row: np.frombuffer(kept[key], np.float32) for row, key in enumerate(keys) if key in kept}
    missing = [row for row in range(len(album)) if row not in values]
    with torch.no_grad():
        for start in range(0, len(missing), _TOGETHER):
            rows = missing[start : start + _TOGETHER]
            x = prepared(torch.from_numpy(album.pixels(rows)))
            filled = torch.cat([x, x.new_zeros(_TOGETHER - len(x), *x.shape[1:])])
            new = dict(zip(rows, encoder(filled)[: len(rows)].numpy(), strict=True))
            values |= new
            cache.put({keys[row]: new[row].tobytes() for row in rows if keys[row] and row not in album.broken})
    return torch.from_numpy(np.stack([values[row] for row in range(len(album))]))
