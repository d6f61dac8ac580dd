"""From what a person gives to pictures: a folder, a table, a name; and one new thing that is asked about."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from onionskin import data
from onionskin.data import Photos
from onionskin.data.folder import Found, find_photos
from onionskin.data.photos import Fit, Pixels, UnreadablePhotoError, read_photo
from onionskin.errors import OnionskinError, did_you_mean
from onionskin.learn.domains._photos import FilePictures
from onionskin.learn.domains._pictures import ArrayPictures, Pictures


def gathered(
    source: Any, *, size: int, fit: Fit, target: str | Sequence[str] | None, folder: str | None, separator: str | None,
    cached: bool,
) -> Pictures:  # fmt: skip
    """Return the pictures that a source means: a data set's name, a folder, a table, or a frame."""
    if data.is_named(source):
        return _named(source, size=size, fit=fit, cached=cached)
    if isinstance(source, str) and not Path(source).exists() and os.sep not in source and "." not in source:
        near = [name for name in data.names() if data.about(name).domain == "vision"]
        places = [path.name for path in Path().iterdir() if path.is_dir()]
        fix = did_you_mean(source, [*near, *places], otherwise=f"give a folder of photos, or one of: {', '.join(near)}")
        raise OnionskinError(f"there is no folder and no data set called '{source}'", fix=fix)
    found = find_photos(source, target=target, folder=folder, separator=separator)
    if isinstance(source, str) and source in data.names():
        note = f"these are the photos in the folder '{source}' here, and not the data set of that name"
        found = replace(found, warnings=(note, *found.warnings))
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


def _resized(pixels: Pixels, height: int, width: int) -> Pixels:
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR))
