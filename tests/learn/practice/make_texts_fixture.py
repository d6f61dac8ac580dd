"""Writes ``fixtures/deploy/texts.json``: texts, and the tokens and n-grams that Python makes of them.

``python -m tests.learn.practice.make_texts_fixture`` writes it anew; the page's own code is held to it by its tests.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from onionskin.learn.text import ngrams, tokenizer

PLACE = Path(__file__).parents[3] / "fixtures" / "deploy" / "texts.json"

TEXTS = (
    "The cat sat on the mat. The CAT's mat!  Two  spaces",
    "Größe, café naïve: 日本語 🙂🙂 İstanbul ΣΑΣ ½",
    "a\tb\nc  [start] it's 3.14 you'll \u00a0 x_y",
    "ok",
    "A lovely film, warm and FUNNY!",
    "wooden  acting: “I fell asleep”… größer 🙂 it's",
    "joy",
)
_SEEN = ["the cat sat on the mat", "the cat's mat is the best mat", "größe und café 日本語"] * 3


def content() -> dict[str, Any]:
    """Return what the file holds."""
    tokens = tokenizer.trained(_SEEN, 300, 64, lower=True)
    bags = [ngrams.bag(text, 1 << 17) for text in TEXTS]
    return {
        "texts": list(TEXTS),
        "tokenizer": tokenizer.byte_pairs(tokens),
        "tokens": tokens.encoded(TEXTS),
        "rows": 1 << 17,
        "bags": [bag.rows.tolist() for bag in bags],
        "shares": [[round(float(share), 6) for share in bag.shares] for bag in bags],
    }


if __name__ == "__main__":
    PLACE.parent.mkdir(exist_ok=True)
    PLACE.write_text(json.dumps(content(), ensure_ascii=False) + "\n", encoding="utf-8")
