"""Makes every picture of the documentation out of a real training in a real browser: ``python -m docs.pictures``."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from playwright.sync_api import Page

from onionskin.lab.shelf import merge
from onionskin.learn.domains.vision import vision
from onionskin.learn.landscape import Survey
from onionskin.learn.problem import problem
from onionskin.peel.target import peel_target
from onionskin.peel.watched import Watched
from onionskin.recording.tags import tag
from tests.browser import browser

FOLDER = Path(__file__).parent / "pictures"
LAB = Path(__file__).parents[1] / "bench" / "results" / "lab" / "lab.sqlite"
EXAMPLE = Path(__file__).parents[1] / "examples" / "batch_norm.py"

#: A seven as a hand may draw it, 28 × 28, and how the page's address holds a drawing.
_SEVEN = [
    255
    if (6 <= row <= 8 and 7 <= column <= 20) or (8 < row <= 23 and abs(column - 20 + (row - 8) * 0.55) <= 1.5)
    else 0
    for row in range(28)
    for column in range(28)
]
SEVEN = "i" + base64.urlsafe_b64encode(bytes(_SEVEN)).decode().rstrip("=")

#: What is drawn: the file, and the part of the page's address that makes the view.
PICTURES = {
    "live.png": "frame=-1&probe=3",
    "dark.png": "theme=dark&frame=40&probe=8",
    "network.png": "frame=-1&probe=3&at=2.6,250,120",
    "try.png": f"view=try&own={SEVEN}",
    "layer.png": "view=layer&node=conv1",
}

#: The same of several runs: with batch normalisation and without, and in the library some more.
OF_SEVERAL = {
    "compare.png": "run=bn-norm&view=compare&with=bn-plain&frame=30",
    "library.png": "",
}


def main() -> None:
    """Train, open the page, and take the pictures."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "mnist"
        vision("mnist").fit(run=run)
        _take(run, PICTURES)
    take_notebook()
    take_landscape()
    take_space()
    take_peel()
    take_several()
    take_lesson()
    take_lab()


def take_landscape() -> None:
    """Train the digits with every frame kept, compute the loss around their path, and take both pictures."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "digits"
        vision("digits").fit(run=run, budget=1.0)
        for _ in Survey(run, problem(str(run)), resolution=41):
            pass
        views = {"curves.png": "view=curves&frame=100&log=1&smooth=2", "landscape.png": "view=landscape&frame=60"}
        _take(run, views)


def take_space() -> None:
    """Train as docs/space.md does, and take its picture."""
    env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path.cwd())}
    with tempfile.TemporaryDirectory() as folder:
        code = (FOLDER.parent / "space.md").read_text().split("```python\n")[1].split("```")[0]
        subprocess.run([sys.executable, "-c", code.replace('run="runs/spiral"', 'run="runs/spiral", budget=0.5')],
                       cwd=folder, env=env, check=True)  # fmt: skip
        _take(Path(folder) / "runs" / "spiral", {"space.png": "view=space"})


def take_peel() -> None:
    """Record a GPT's NumPy level, and choose the line of its attention scores."""
    with tempfile.TemporaryDirectory() as folder:
        peeled = peel_target("gpt")
        run = Path(folder) / "gpt-numpy"
        for _ in Watched(peeled, "numpy", run=run, steps=60):
            pass
        lines = peeled.program("numpy").source.splitlines()
        chosen = next(number for number, line in enumerate(lines, 1) if line.strip().startswith("scores = "))
        _take(run, {"peel.png": f"view=peel&line=numpy%3A{chosen}"})


def take_notebook() -> None:
    """Let a real kernel run a cell, and take the picture of its static rendering."""
    cell = 'import onionskin as osk\n\nrun = osk.open_run("runs/digits")\nrun'
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    with tempfile.TemporaryDirectory() as folder:
        vision("digits").fit(run=Path(folder) / "runs" / "digits", budget=1.0)
        path = {"metadata": {"path": folder}}
        NotebookClient(notebook, kernel_name="python3", resources=path, store_widget_state=False).execute()
        html, _ = HTMLExporter().from_notebook_node(notebook)
        (Path(folder) / "notebook.html").write_text(html)
        with browser() as opened:
            page = opened.new_page(viewport={"width": 1180, "height": 800}, device_scale_factor=1)
            page.goto((Path(folder) / "notebook.html").as_uri(), wait_until="commit")
            scrubber = "[data-testid=scrubber]:not([data-frame='-1'])"
            page.frame_locator("iframe").locator(scrubber).wait_for()
            page.wait_for_timeout(1500)
            page.screenshot(path=FOLDER / "notebook.png")


def take_lesson() -> None:
    """Look at the worst of MNIST, whose pictures may be shown, and hand its network over."""
    with tempfile.TemporaryDirectory() as folder:
        run, reader = Path(folder) / "mnist", Path(folder) / "reader"
        learner = vision("mnist")
        learner.fit(12, run=run)
        learner.worst()
        learner.confusion()
        _take(run, {"practice.png": "view=practice"})
        learner.deploy(reader)
        example = learner.domain.shown(int(learner.domain.valid[0]))
        assert example.png
        with browser() as opened:
            page = opened.new_page(viewport={"width": 900, "height": 1000}, device_scale_factor=1)
            page.goto((reader / "predict.html").as_uri())
            page.set_input_files("#photo", {"name": "digit.png", "mimeType": "image/png", "buffer": example.png})
            page.wait_for_function("document.body.innerText.includes('Answered in')")
            page.screenshot(path=FOLDER / "deployed.png")


def _take(run: Path, pictures: dict[str, str]) -> None:
    with _served(run) as address, browser() as opened:
        for name, view in pictures.items():
            page = opened.new_page(viewport={"width": 1440, "height": 820}, device_scale_factor=1)
            page.goto(f"{address}#{view}")
            wait_for_frame(page)
            if "view=try" in view:
                page.wait_for_selector("[data-testid=agreement][data-state=agrees]", timeout=240_000)
            page.screenshot(path=FOLDER / name)
            page.close()


def take_several() -> None:
    """Train some networks, and take the pictures of them side by side."""
    with tempfile.TemporaryDirectory() as folder:
        vision("digits").fit(run=Path(folder) / "digits")
        for name, word in (("bn-norm", ""), ("bn-plain", "plain")):
            command = [sys.executable, "-m", "onionskin", "watch", "--budget", "0.5", "--run", f"{folder}/{name}"]
            subprocess.run([*command, str(EXAMPLE), *filter(None, [word])], check=True)
            tag(Path(folder) / name, add=["lr=0.05", word or "batch norm"])
        with _served(Path(folder)) as address, browser() as opened:
            for name, view in OF_SEVERAL.items():
                page = opened.new_page(viewport={"width": 1440, "height": 900}, device_scale_factor=1)
                page.goto(f"{address}#{view}")
                page.wait_for_timeout(4000)
                page.screenshot(path=FOLDER / name)
                page.close()


def take_lab() -> None:
    """Take in what this project's machine measured in full, and take the picture of an answer."""
    with tempfile.TemporaryDirectory() as folder:
        merge(Path(folder), LAB)
        with _served(Path(folder)) as address, browser() as opened:
            page = opened.new_page(viewport={"width": 1180, "height": 1040}, device_scale_factor=1)
            page.goto(f"{address}#lab=latency")
            page.wait_for_selector("svg .mark-symbol path", timeout=60_000)
            page.wait_for_timeout(1500)
            page.screenshot(path=FOLDER / "lab.png")


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
