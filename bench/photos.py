"""Photos a second: decoded and resized to 224 pixels from JPEGs of 500, on two cores, beside the usual ways.

    python -m bench.photos

Compare the ratios: other work on the machine slows all of them alike, and they take turns. What a photo takes of a core
hardly depends on other work: two cores decode 2,000 over it a second.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import PIL
import torch
from PIL import Image

from onionskin.data.album import Album
from onionskin.data.folder import find_photos
from onionskin.data.photo_cache import PhotoCache

SIZE, COUNT, ROUNDS = 224, 400, 3


def write_photos(folder: Path) -> list[str]:
    """Cut 400 JPEGs of 500 × 375 pixels, of about 50 kB, out of the two photos that come with scikit-learn."""
    from sklearn.datasets import load_sample_images

    random = np.random.default_rng(0)
    whole = [Image.fromarray(pixels) for pixels in load_sample_images().images]
    files = []
    for i in range(COUNT):
        image = whole[i % 2]
        width = int(random.uniform(0.6, 0.85) * image.width)
        height = width * 3 // 4
        left, top = (int(random.integers(room + 1)) for room in (image.width - width, image.height - height))
        place = folder / f"{i}.jpg"
        image.crop((left, top, left + width, top + height)).resize((500, 375)).save(place, quality=90)
        files.append(str(place))
    return files


def pillow(file: str) -> Any:
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BILINEAR))


def plain_pillow(files: list[str]) -> None:
    for file in files:
        pillow(file)


class Files(torch.utils.data.Dataset[torch.Tensor]):
    """What tutorials do: open, convert, resize, to a float tensor."""

    def __init__(self, files: list[str]) -> None:
        self.files = files

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, i: int) -> torch.Tensor:
        return torch.from_numpy(pillow(self.files[i]).copy()).permute(2, 0, 1).float() / 255


def data_loader(workers: int) -> Callable[[list[str]], None]:
    def run(files: list[str]) -> None:
        for _ in torch.utils.data.DataLoader(Files(files), batch_size=32, num_workers=workers):
            pass

    return run


def ours(files: list[str]) -> None:
    album = Album(files, SIZE, threads=2)
    for start in range(0, len(files), 32):
        album.pixels(range(start, min(start + 32, len(files))))


def kept(cache: PhotoCache) -> Callable[[list[str]], None]:
    def run(files: list[str]) -> None:
        album = Album(files, SIZE, cache=cache, threads=2)
        for start in range(0, len(files), 32):
            album.pixels(range(start, min(start + 32, len(files))))

    return run


def in_threads(decode: Callable[[str], Any]) -> Callable[[list[str]], None]:
    def run(files: list[str]) -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(decode, files))

    return run


def others() -> dict[str, Callable[[list[str]], None]]:
    """Other decoders, in two threads, where they are installed."""
    found: dict[str, Callable[[list[str]], None]] = {}
    try:
        import cv2

        cv2.setNumThreads(1)

        def opencv(file: str) -> Any:
            pixels: Any = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_COLOR_RGB)
            return cv2.resize(pixels, (SIZE, SIZE), interpolation=cv2.INTER_AREA)

        found["OpenCV, two threads"] = in_threads(opencv)
    except ImportError:
        pass
    try:
        import simplejpeg

        def simple(file: str) -> Any:
            pixels = simplejpeg.decode_jpeg(Path(file).read_bytes(), "RGB", fastdct=True, fastupsample=True)
            return np.asarray(Image.fromarray(pixels).resize((SIZE, SIZE), Image.Resampling.BILINEAR))

        found["simplejpeg, two threads"] = in_threads(simple)
    except ImportError:
        pass
    try:
        import pyvips

        def vips(file: str) -> Any:
            return pyvips.Image.thumbnail(file, SIZE, height=SIZE, size="force").numpy()

        found["pyvips, two threads"] = in_threads(vips)
    except (ImportError, OSError):
        pass
    return found


def many_files(folder: Path) -> float:
    """Return the seconds that finding 100,000 files in a hundred folders takes."""
    for i in range(100):
        (folder / f"{i}").mkdir(parents=True)
        for j in range(1000):
            os.close(os.open(folder / f"{i}" / f"{j}.jpg", os.O_CREAT))
    began = time.perf_counter()
    assert len(find_photos(folder)) == 100_000
    return time.perf_counter() - began


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        files = write_photos(Path(place))
        cache = PhotoCache("pixels", folder=Path(place) / "cache")
        os.utime(files[0])
        ways: dict[str, Callable[[list[str]], None]] = {
            "Pillow, one thread": plain_pillow,
            "DataLoader, no workers": data_loader(0),
            "DataLoader, two workers": data_loader(2),
            **others(),
            "ours, two threads": ours,
            "ours, kept on disk": kept(cache),
        }
        time.sleep(2.1)  # the cache trusts the time of no file that was written just now
        kept(cache)(files)
        best, work = dict.fromkeys(ways, 0.0), dict.fromkeys(ways, float("inf"))
        for _ in range(ROUNDS):
            for name, run in ways.items():
                began, before = time.perf_counter(), sum(os.times()[:4])
                run(files)
                best[name] = max(best[name], len(files) / (time.perf_counter() - began))
                work[name] = min(work[name], 1000 * (sum(os.times()[:4]) - before) / len(files))
        one = best["DataLoader, two workers"]
        print(f"{COUNT} JPEGs of 500 × 375 to {SIZE} × {SIZE}; the best of {ROUNDS} rounds")
        for name, rate in best.items():
            ratio = f"{rate / one:5.2f} × the DataLoader with two workers"
            print(f"  {name:26} {rate:7.0f} photos/s   {work[name]:5.2f} ms of a core each   {ratio}")
        print("  asked: ≥ 400 photos/s")
        print(f"100,000 files found in {many_files(Path(place) / 'many'):.2f} s")
    print(f"Pillow {PIL.__version__}, PyTorch {torch.__version__}, Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
