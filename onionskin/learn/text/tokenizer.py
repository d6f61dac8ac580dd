"""How texts become numbers: tokenizers that come with weights, and ones that are trained on the texts at hand.

Paper: Sennrich, Haddow & Birch (2016), "Neural machine translation of rare words with subword units", arXiv 1508.07909,
on bytes as in GPT-2, so that there is no text that it cannot say.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from torch import Tensor

from onionskin.errors import OnionskinError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from onionskin.models._gguf import GGUF

#: The token that fills short texts up: the same in all of them.
PADDING: Final = 0

#: No vocabulary is larger, and no tokenizer longer (characters).
_MOST_TOKENS: Final = 1 << 20
_MOST_LETTERS: Final = 16 << 20


@dataclass(frozen=True)
class Piece:
    """One token of a text: what of it, and from which character to which."""

    text: str
    start: int
    end: int


class Tokens:
    """A tokenizer with a length that no text is longer than.

    Args:
        tokenizer: Of the package ``tokenizers``.
        most: The most tokens of a text, those that stand around it included.
    """

    def __init__(self, tokenizer: Tokenizer, most: int) -> None:
        tokenizer.no_padding()  # files ask for padding and lengths of their own
        tokenizer.no_truncation()
        self._whole = tokenizer
        self.most = most

    def __len__(self) -> int:
        """How many tokens there are."""
        return int(self._whole.get_vocab_size())

    def encoded(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the tokens of each text, at most ``most``; the last one stays where a text is cut."""
        found = []
        for one in self._whole.encode_batch(list(texts)):
            ids = one.ids
            found.append(ids if len(ids) <= self.most else [*ids[: self.most - 1], ids[-1]])
        return found

    def pieces(self, text: str) -> list[Piece]:
        """Return a text's tokens with their places in it; those that stand around it are empty."""
        one = self._whole.encode(text)
        found = [Piece(text[a:b], a, b) for a, b in one.offsets]
        return found if len(found) <= self.most else [*found[: self.most - 1], found[-1]]

    def plain(self, text: str) -> list[int]:
        """Return the tokens of a text with nothing around it, however many."""
        ids: list[int] = self._whole.encode(text, add_special_tokens=False).ids
        return ids

    def said(self, tokens: Sequence[int]) -> str:
        """Return what tokens say."""
        text: str = self._whole.decode(list(tokens), skip_special_tokens=False)
        return text

    def number(self, token: str) -> int | None:
        """Return a token's number; None if there is none."""
        found: int | None = self._whole.token_to_id(token)
        return found

    def to_json(self) -> str:
        """Return it as the text of a ``tokenizer.json``."""
        return str(self._whole.to_str())


def padded(encoded: Sequence[Sequence[int]]) -> Tensor:
    """Return texts as one tensor, (n, t) int64, filled up behind with :data:`PADDING` to the length of the longest."""
    rows = np.full((len(encoded), max(map(len, encoded), default=1)), PADDING, np.int64)
    for row, ids in zip(rows, encoded, strict=True):
        row[: len(ids)] = ids
    return torch.from_numpy(rows)


def from_file(path: Path, most: int) -> Tokens:
    """Read a ``tokenizer.json``. Raises OnionskinError when it is none."""
    try:
        return from_json(path.read_text(encoding="utf-8"), most)
    except (OSError, UnicodeDecodeError) as error:
        raise OnionskinError(f"cannot read {path}: {error}", fix="give a tokenizer.json") from error


def from_json(content: Any, most: int, *, vocabulary: int = _MOST_TOKENS) -> Tokens:
    """Read the text of a ``tokenizer.json``, perhaps a stranger's; nothing of it is run.

    Args:
        content: The text.
        most: The most tokens of a text.
        vocabulary: The most tokens that the model behind it knows.

    Raises:
        OnionskinError: It is none, or has numbers that the model does not know.
    """
    own = library()
    if not isinstance(content, str) or len(content) > _MOST_LETTERS:
        raise OnionskinError("the tokenizer is no text of a tokenizer.json", fix="give another copy")
    try:
        tokenizer = own.Tokenizer.from_str(content)
        numbers = tokenizer.get_vocab(with_added_tokens=True).values()
    except Exception as error:
        raise OnionskinError(f"the tokenizer cannot be read: {error}", fix="give a tokenizer.json") from error
    if not numbers or max(numbers) >= vocabulary:
        raise OnionskinError(f"the tokenizer has {len(numbers):,} tokens up to number {max(numbers, default=0):,}, "
                             f"and the model knows {vocabulary:,}", fix="give the tokenizer of this model")  # fmt: skip
    return Tokens(tokenizer, most)


def trained(texts: Sequence[str], vocabulary: int, most: int, *, lower: bool) -> Tokens:
    """Train byte pairs on texts: the same texts give the same tokens.

    Token 0 fills up, and token 1 stands before a text.

    Args:
        texts: What to learn from.
        vocabulary: How many tokens there are at most, 258 or more.
        most: The most tokens of a text.
        lower: Whether capitals are read as small letters.
    """
    own = library()
    tokenizer = own.Tokenizer(own.models.BPE())
    shaping = [own.normalizers.NFC(), *([own.normalizers.Lowercase()] if lower else [])]
    tokenizer.normalizer = own.normalizers.Sequence(shaping)
    tokenizer.pre_tokenizer = own.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = own.decoders.ByteLevel()
    special = ["[padding]", "[start]"]
    trainer = own.trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=special, show_progress=False, min_frequency=2,
        initial_alphabet=own.pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = own.processors.TemplateProcessing(
        single="[start] $A", special_tokens=[("[start]", tokenizer.token_to_id("[start]"))]
    )
    return Tokens(tokenizer, most)


def of_gguf(file: GGUF, most: int) -> Tokens:
    """Build the tokenizer that a GGUF file describes: byte pairs in the manner of GPT-2.

    Raises:
        OnionskinError: The file describes another one, or contradicts itself.
    """
    own = library()
    kind, parting = file.text("tokenizer.ggml.model"), file.text("tokenizer.ggml.pre")
    if kind != "gpt2" or parting not in ("smollm", "gpt-2", "gpt2"):
        raise OnionskinError(f"{file.path} has a tokenizer {kind!r}, {parting!r}", fix="give a file such as SmolLM2's")
    names, merges = file.texts("tokenizer.ggml.tokens"), file.texts("tokenizer.ggml.merges")
    pairs = [tuple(merge.split(" ")) for merge in merges]
    vocabulary = {name: number for number, name in enumerate(names)}
    if len(vocabulary) != len(names) or any(len(pair) != 2 for pair in pairs):
        raise OnionskinError(f"{file.path} has tokens twice, or merges that are no pairs", fix="give another copy")
    try:
        tokenizer = own.Tokenizer(own.models.BPE(vocabulary, pairs))
    except Exception as error:
        raise OnionskinError(f"{file.path}: its tokenizer is damaged: {error}", fix="give another copy") from error
    parts = [own.pre_tokenizers.ByteLevel(add_prefix_space=False)]
    if parting == "smollm":
        parts.insert(0, own.pre_tokenizers.Digits(individual_digits=True))
    tokenizer.pre_tokenizer = own.pre_tokenizers.Sequence(parts)
    tokenizer.decoder = own.decoders.ByteLevel()
    # A control token, such as the end of a text, has kind 3: it is never made of letters.
    kinds = file.settings.get("tokenizer.ggml.token_type", [])
    control = [name for name, what in zip(names, kinds, strict=False) if what == 3]
    tokenizer.add_special_tokens([own.AddedToken(name, special=True, normalized=False) for name in control])
    return Tokens(tokenizer, most)


def library() -> Any:
    """Return the package ``tokenizers``. Raises OnionskinError where it is not installed."""
    try:
        import tokenizers
        from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers  # noqa: F401
    except ImportError:
        raise OnionskinError("texts take the package tokenizers", fix="pip install 'onionskin[learn]'") from None
    return tokenizers


def byte_pairs(tokens: Tokens) -> dict[str, Any] | None:
    """Return what a page has to know of a tokenizer of :func:`trained`, JSON; None for one of another kind."""
    told = json.loads(tokens.to_json())
    shaping = [one["type"] for one in (told["normalizer"] or {}).get("normalizers", [])]
    if told["model"]["type"] != "BPE" or (told["pre_tokenizer"] or {}).get("type") != "ByteLevel":
        return None
    if shaping not in (["NFC"], ["NFC", "Lowercase"]):
        return None
    return {
        "vocabulary": told["model"]["vocab"],
        "merges": [
            list(merge) if not isinstance(merge, str) else merge.split(" ") for merge in told["model"]["merges"]
        ],
        "special": [one["content"] for one in told["added_tokens"]],
        "start": tokens.number("[start]"),
        "lower": "Lowercase" in shaping,
        "most": tokens.most,
    }
