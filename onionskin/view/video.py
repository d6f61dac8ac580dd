"""A training as a video or an animated picture, frame by frame of the page."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

from onionskin.errors import OnionskinError
from onionskin.view.still import Shot, camera, kind_of

Progress = Callable[[int, int], None]

KINDS = ("mp4", "gif")


def video(
    run: str | Path, out: str | Path, frames: Sequence[int], shot: Shot, *, fps: int = 12, progress: Progress
) -> Path:
    """Write frames of a run as ``.mp4`` or ``.gif``.

    Args:
        run: A run folder, a ``.zip`` of one, or its address.
        out: The file. It is there when it is whole, and not before.
        frames: Which frames, in their order.
        shot: How the run is looked at.
        fps: Frames of the run a second.
        progress: Called with how many frames are done, and how many there are.

    Raises:
        OnionskinError: The name says nothing that can be made, or what it takes is not installed.
    """
    out = Path(out)
    kind = kind_of(out, KINDS)
    if not 1 <= fps <= 60:
        raise OnionskinError(f"{fps} frames a second cannot be made", fix="give from 1 to 60, such as --fps 12")
    begin = _begin_mp4 if kind == "mp4" else _begin_gif
    with in_place(out) as beside:
        film = begin(beside, fps, shot)
        with camera(run, shot) as page:
            for done, frame in enumerate(frames):
                progress(done, len(frames))
                film.add(_opened(page.png(frame)))
        film.finish()
        progress(len(frames), len(frames))
    return out


@contextmanager
def in_place(out: Path) -> Iterator[Path]:
    """Write a file beside its place and move it there at the end: whatever ends it leaves no half of one."""
    beside = out.with_name(f".{out.stem}.new{out.suffix}")
    try:
        yield beside
        beside.replace(out)
    except OSError as error:
        raise OnionskinError(
            f"{out} cannot be written: {error.strerror or error}", fix="choose another place"
        ) from error
    finally:
        beside.unlink(missing_ok=True)


class Film(Protocol):
    """What takes one picture after the other."""

    def add(self, image: Any) -> None:
        """Add a picture."""

    def finish(self) -> None:
        """Write what is left."""


class _Mp4:
    """H.264 in MP4, which every browser and slide program plays."""

    def __init__(self, av: Any, path: Path, fps: int, shot: Shot) -> None:
        self._av = av
        self._file = av.open(str(path), "w")
        self._stream = self._file.add_stream("libx264", rate=Fraction(fps))
        self._stream.width, self._stream.height, self._stream.pix_fmt = shot.width, shot.height, "yuv420p"
        self._stream.options = {"crf": "16", "preset": "medium"}  # thin lines and letters stay sharp

    def add(self, image: Any) -> None:
        for packet in self._stream.encode(self._av.VideoFrame.from_image(image)):
            self._file.mux(packet)

    def finish(self) -> None:
        for packet in self._stream.encode():
            self._file.mux(packet)
        self._file.close()


class _Gif:
    """An animated GIF: 256 colours a frame, played again and again."""

    def __init__(self, path: Path, fps: int) -> None:
        self._path = path
        self._milliseconds = round(1000 / fps)
        self._images: list[Any] = []

    def add(self, image: Any) -> None:
        self._images.append(image.quantize(256, dither=0))  # kept as 256 colours: an eighth of the memory and less

    def finish(self) -> None:
        first, *others = self._images
        first.save(self._path, save_all=True, append_images=others, duration=self._milliseconds, loop=0, disposal=1)


def _begin_mp4(path: Path, fps: int, shot: Shot) -> Film:
    try:
        import av
        import PIL  # noqa: F401  the pictures come through it
    except ModuleNotFoundError as error:
        raise OnionskinError(f"{error.name} is not installed", fix="pip install 'onionskin[video]'") from error
    return _Mp4(av, path, fps, shot)


def _begin_gif(path: Path, fps: int, _shot: Shot) -> Film:
    try:
        import PIL  # noqa: F401  the film is saved through it
    except ModuleNotFoundError as error:
        raise OnionskinError("Pillow is not installed", fix="pip install 'onionskin[video]'") from error
    return _Gif(path, fps)


def _opened(png: bytes) -> Any:
    from PIL import Image

    return Image.open(io.BytesIO(png)).convert("RGB")
