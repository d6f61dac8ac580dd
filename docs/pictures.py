"""Makes every picture of the documentation out of a real training in a real browser: ``python -m docs.pictures``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page

from onionskin.learn.vision import Training
from tests.browser import browser

FOLDER = Path(__file__).parent / "pictures"

#: What is drawn: the file, and the part of the page's address that makes the view.
PICTURES = {
    "live.png": "frame=-1&probe=3",
    "dark.png": "theme=dark&frame=40&probe=8",
}


def main() -> None:
    """Train, open the page, and take the pictures."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "mnist"
        for _ in Training("mnist", run=run):
            pass
        _take(run, PICTURES)
    take_space()


def take_space() -> None:
    """Train as docs/space.md does, and take its picture."""
    env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path.cwd())}
    with tempfile.TemporaryDirectory() as folder:
        code = (FOLDER.parent / "space.md").read_text().split("```python\n")[1].split("```")[0]
        subprocess.run([sys.executable, "-c", code.replace('run="runs/spiral"', 'run="runs/spiral", budget=0.5')],
                       cwd=folder, env=env, check=True)  # fmt: skip
        _take(Path(folder) / "runs" / "spiral", {"space.png": "view=space"})


def _take(run: Path, pictures: dict[str, str]) -> None:
    with _served(run) as address, browser() as opened:
        for name, view in pictures.items():
            page = opened.new_page(viewport={"width": 1440, "height": 820}, device_scale_factor=1)
            page.goto(f"{address}#{view}")
            wait_for_frame(page)
            page.screenshot(path=FOLDER / name)
            page.close()


@contextmanager
def _served(run: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "onionskin", "view", str(run), "--no-open", "--json"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield str(json.loads(server.stdout.readline())["address"])
    finally:
        server.terminate()
        server.wait()


def wait_for_frame(page: Page) -> None:
    """Wait until the page shows a frame with its pictures."""
    page.wait_for_selector("[data-testid=page][data-state=finished]")
    page.wait_for_selector("[data-testid=scrubber]:not([data-frame='-1'])")
    page.wait_for_timeout(500)


if __name__ == "__main__":
    main()
