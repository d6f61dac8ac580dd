"""Where the built pages lie: for servers, in one file, for predictions, and the notebook's widget."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from onionskin.errors import OnionskinError


def page_folder() -> Path:
    """Return the folder of the built page. Raises OnionskinError when it was not built."""
    folder = Path(str(files("onionskin.view") / "page"))
    if not (folder / "index.html").is_file():
        raise _not_built()
    return folder


def single_page() -> str:
    """Return the page in one file, without runs. Raises OnionskinError when it was not built."""
    return _text("single.html")


def widget_script() -> str:
    """Return the script of the notebook's widget. Raises OnionskinError when it was not built."""
    return _text("widget.js")


def predicting_page() -> str:
    """Return the page that predicts, without a model. Raises OnionskinError when it was not built."""
    return _text("predict.html")


def wasm() -> bytes:
    """Return onnxruntime's WebAssembly, which runs models in browsers. Raises OnionskinError when it was not built."""
    found = sorted((page_folder() / "assets").glob("ort-wasm-*.wasm"))
    if not found:
        raise _not_built()
    return found[0].read_bytes()


def _text(name: str) -> str:
    try:
        return (page_folder() / name).read_text("utf-8")
    except FileNotFoundError:
        raise _not_built() from None


def _not_built() -> OnionskinError:
    return OnionskinError(
        "the page is not built", fix="run 'make web' in the source tree, or install the package again"
    )
