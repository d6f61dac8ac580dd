"""One HTML file with a model in it, and what runs it: open it from a disk, with the network off, and it predicts.

The page is built out of ``web/src/deploy``. The model and onnxruntime's WebAssembly stand in it as gzip in base64, in
elements of a type that no browser runs; its content policy takes its own script and nothing from anywhere.
"""

from __future__ import annotations

import base64
import gzip
import html
import json
from collections.abc import Mapping
from typing import Any, Final

from onionskin.view.built import predicting_page, wasm

_PARTS: Final = "<!--model-->"
_TITLE: Final = "<title>Onionskin</title>"


def page_with(model: bytes, told: Mapping[str, Any]) -> bytes:
    """Return the page with a model in it.

    Args:
        model: ONNX.
        told: What goes in and what comes out, as ``model.json`` has it.

    Raises:
        OnionskinError: The page was not built.
    """
    words = json.dumps(told).replace("<", "\\u003c")
    parts = [f'<script type="application/json" id="told">{words}</script>']
    parts += [f'<script type="application/octet-stream" id="{name}">{_packed(content)}</script>'
              for name, content in (("engine", wasm()), ("model", model))]  # fmt: skip
    page = predicting_page().replace(_TITLE, f"<title>{html.escape(str(told['title']))}</title>", 1)
    return page.replace(_PARTS, "\n".join(parts), 1).encode()


def _packed(content: bytes) -> str:
    return base64.b64encode(gzip.compress(content, 6, mtime=0)).decode()
