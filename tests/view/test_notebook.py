"""A run as the last line of a notebook's cell: a real kernel, its static rendering, the widget in a real browser."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbconvert
import nbformat
import pytest
from nbclient import NotebookClient
from playwright.sync_api import Browser, Page, expect

import onionskin as osk
from onionskin.view.cell import STATIC_BYTES, bundle
from onionskin.view.widget import RunWidget
from tests.recording import build
from tests.view.look import SHOTS

FIXTURE = Path(__file__).parents[2] / "fixtures" / "format1" / "packed"
ROOT = Path(__file__).parents[2]

_WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(scope="module")
def notebook() -> Any:
    """A notebook that a real kernel has run: one cell opens a run, one records one."""
    cells = [
        f"import onionskin as osk\nosk.open_run({str(FIXTURE)!r})",
        "import torch, tempfile\ntorch.set_num_threads(1)\nmodel = torch.nn.Linear(2, 2)\n"
        "optimizer = torch.optim.SGD(model.parameters(), 0.1)\n"
        "recorder = osk.watch(model, optimizer, probes=torch.ones(1, 2), run=tempfile.mkdtemp() + '/run')\nrecorder",
        "model(torch.ones(1, 2)).sum().backward()\noptimizer.step()\nrecorder.close()",
    ]
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    path = {"metadata": {"path": str(ROOT)}}
    # Left to itself, nbclient keeps the widget's state, and a static page then waits for a kernel that is gone.
    NotebookClient(made, timeout=240, kernel_name="python3", resources=path, store_widget_state=False).execute()
    return made


def test_a_cell_shows_the_widget_and_has_a_static_copy(notebook: Any) -> None:
    for cell in notebook.cells[:2]:
        (output,) = (output for output in cell.outputs if "data" in output)
        assert _WIDGET_VIEW in output["data"]
        assert output["data"]["text/html"].startswith("<iframe")
        assert 'sandbox="allow-scripts"' in output["data"]["text/html"]
        assert len(output["data"]["text/html"]) < 1.05 * STATIC_BYTES
    assert not [output for output in notebook.cells[2].outputs if output.output_type == "error"]


def test_the_static_rendering_is_the_page(notebook: Any, chromium: Browser, tmp_path: Path) -> None:
    html, _ = nbconvert.HTMLExporter().from_notebook_node(notebook)
    (tmp_path / "notebook.html").write_text(html)
    context = chromium.new_context(viewport={"width": 1200, "height": 900})
    context.set_offline(True)
    page = context.new_page()
    page.goto((tmp_path / "notebook.html").as_uri(), wait_until="commit")
    inside = page.frame_locator('iframe[title="Onionskin: packed"]')
    expect(inside.locator("[data-testid=page]")).to_have_attribute("data-state", "finished", timeout=60_000)
    expect(inside.locator("[data-testid=scrubber]")).to_have_attribute("data-frame", "19", timeout=60_000)
    page.keyboard.press("Home")  # the notebook has the focus, and the page does not hear it
    expect(inside.locator("[data-testid=scrubber]")).to_have_attribute("data-frame", "19")
    assert "#" not in page.url
    context.close()


class Kernel:
    """Stands between a widget of Python's and the widget's script in a browser, as a notebook's messages do."""

    def __init__(self, page: Page, widget: RunWidget) -> None:
        self.widget = widget
        self.said: list[tuple[dict[str, Any], list[bytes]]] = []
        self.is_busy = False
        self.asked: list[str] = []
        widget.send = self._say
        page.expose_function("toKernel", self._hear)
        page.set_content("<body data-jp-theme-light='false'><h1>a notebook</h1><div id=one></div>")
        state = {name: getattr(widget, name) for name in ("page", "name", "hash", "height")}
        page.add_script_tag(content=_MODEL.replace("STATE", json.dumps(state).replace("<", "\\u003c")))
        page.evaluate("script => loadWidget(script)", widget._esm)
        self.page = page

    def _say(self, content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        self.said.append((content, list(buffers or [])))

    def _hear(self, text: str) -> None:
        content = json.loads(text)
        self.asked.append(str(content.get("path")))
        if not self.is_busy:
            self.widget._hear(self.widget, content, [])

    def deliver(self) -> None:
        """Hand over what the kernel has said."""
        while self.said:
            content, buffers = self.said.pop(0)
            self.page.evaluate(
                "([c, b]) => fromKernel(c, b)", [content, [base64.b64encode(b).decode() for b in buffers]]
            )

    def until(self, frame: int) -> None:
        scrubber = self.page.frame_locator("#one iframe").locator(f'[data-testid=scrubber][data-frame="{frame}"]')
        until = time.monotonic() + 60
        while not scrubber.count() and time.monotonic() < until:
            self.deliver()
            self.page.wait_for_timeout(50)
        assert scrubber.count()


_MODEL = """
const state = STATE, listeners = [];
const model = {
  get: (name) => state[name], set: (name, value) => { state[name] = value }, save_changes() {},
  send: (content) => toKernel(JSON.stringify(content)),
  on: (event, hear) => listeners.push(hear), off: (event, hear) => listeners.splice(listeners.indexOf(hear), 1),
};
window.fromKernel = (content, texts) => {
  const buffers = texts.map((text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer));
  for (const hear of [...listeners]) hear(content, buffers);
};
window.loadWidget = async (script) => {
  const { default: make } = await import(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })));
  window.widget = make();
  window.widget.initialize({ model });
  window.widget.render({ model, el: document.getElementById('one') });
};
window.state = state;
"""


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1200, "height": 1500})
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert errors == []


def _quiet(location: Path, monkeypatch: pytest.MonkeyPatch) -> RunWidget:
    """A widget whose thread does not speak: the test says when."""
    monkeypatch.setattr(RunWidget, "_tell", lambda self: None)
    return RunWidget(location)


def test_the_widget_asks_the_kernel(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(page, _quiet(FIXTURE, monkeypatch))
    kernel.until(19)
    inside = page.frame_locator("#one iframe")
    expect(inside.locator("html")).to_have_attribute("data-theme", "dark")  # as the notebook has it
    page.evaluate("document.body.dataset.jpThemeLight = 'true'")
    expect(inside.locator("html")).to_have_attribute("data-theme", "light")
    inside.locator("h1").click()
    page.keyboard.press("Home")
    kernel.until(0)
    assert "#" not in page.url
    page.wait_for_function("state.hash.includes('frame=0')")
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / "widget.png")


def test_the_widget_grows_while_the_kernel_is_busy(page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = build.build_run(tmp_path / "run", finished=False)
    widget = _quiet(run, monkeypatch)
    kernel = Kernel(page, widget)
    kernel.is_busy = True
    sent: dict[str, tuple[int, int]] = {}
    widget._send_all(sent, listed=True)
    kernel.until(build.FRAMES - 1)
    expect(page.frame_locator("#one iframe").locator("[data-testid=page]")).to_have_attribute("data-state", "live")
    osk_run = osk.open_run(run)
    assert osk_run.status.state == "growing"
    path = run / "status" / "zarr.json"
    content = json.loads(path.read_text())
    content["attributes"]["status"] |= {"state": "closed", "ended": "finished"}
    path.write_text(json.dumps(content))
    widget._send_all(sent, listed=True)
    kernel._say({"kind": "grown", "growing": False})
    kernel.deliver()
    expect(page.frame_locator("#one iframe").locator("[data-testid=page]")).to_have_attribute("data-state", "finished")


def test_the_kernel_hands_out_nothing_but_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("mine")
    run = build.build_run(tmp_path / "run")
    (run / "link").symlink_to(tmp_path / "secret")
    widget = _quiet(run, monkeypatch)
    said: list[tuple[Any, Any]] = []
    widget.send = lambda content, buffers=None: said.append((content, buffers))
    for path in ("../secret", "/etc/passwd", "link", "pictures/../../secret", ".reserve", "", "a\0b", "no"):
        widget._hear(widget, {"kind": "read", "id": 1, "path": path}, [])
        assert said.pop() == ({"kind": "answer", "id": 1, "isThere": False}, [])
    for strange in ("text", {"kind": "read"}, {"kind": "read", "id": "1", "path": 3}, {"kind": "other"}, None):
        widget._hear(widget, strange, [])
    assert said == []
    widget._hear(widget, {"kind": "read", "id": 2, "path": "zarr.json"}, [])
    assert said[0][1] == [(run / "zarr.json").read_bytes()]


def test_a_zip_is_shown_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = osk.pack(build.build_run(tmp_path / "run"), zipped=True)
    widget = _quiet(packed, monkeypatch)
    said: list[tuple[Any, Any]] = []
    widget.send = lambda content, buffers=None: said.append((content, buffers))
    widget._hear(widget, {"kind": "read", "id": 2, "path": "zarr.json"}, [])
    assert json.loads(said[0][1][0])["node_type"] == "group"


def test_what_cannot_be_shown_says_why(tmp_path: Path) -> None:
    shown = bundle(str(FIXTURE), "<Run>")
    assert shown["text/plain"] == "<Run>"
    with pytest.raises(osk.OnionskinError, match="there is no run at"):
        RunWidget(tmp_path / "nothing")
