"""Texts and how they go on: a small GPT trained on any text, or SmolLM2, which can write already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Self, final

import numpy as np
import torch
from torch import Tensor, nn

from onionskin import data
from onionskin.errors import OnionskinError, did_you_mean
from onionskin.learn.domain import Domain, Json, Portable, Recipe, Rows, Shown, Understood
from onionskin.learn.events import Event
from onionskin.learn.goals.next_token import NextToken
from onionskin.learn.learner import Learner
from onionskin.learn.loop import Batch
from onionskin.learn.text import reading, tokenizer, writing
from onionskin.learn.text.tokenizer import Piece, Tokens
from onionskin.models import gpt, smollm2
from onionskin.models._gguf import read_gguf

#: What can write, and how it is trained. SmolLM2 is tuned in its last two blocks, slowly: it knows more than the text.
RECIPES: Final = {
    "gpt": Recipe(5, 16, 2**-8, 0.01, "adamw", "one_cycle"),
    "smollm2": Recipe(1, 2, 2**-14, 0.0, "adamw", "one_cycle", threads=0),
}
MODELS: Final = tuple(RECIPES)

#: How many tokens a GPT looks back on, and how many of SmolLM2's are trained on at a time.
CONTEXT: Final = 128
WIDTH, HEADS, BLOCKS = 128, 4, 4

#: SmolLM2 was trained to look back on more; this is what memory is spent on.
SMOLLM2_CONTEXT: Final = 2048
_TUNED: Final = 2

#: The largest vocabulary that is trained, and the most text (characters).
VOCABULARY: Final = 4096
_MOST_LETTERS: Final = 100_000_000

#: What is understood of no data.
NO_TEXT: Final = "no text: it writes"

PROSE: Final = (".txt", ".md", ".text")


def is_prose(source: Any) -> bool:
    """Whether a source is a text file, or a folder of text files that are not sorted into folders."""
    if not isinstance(source, str | Path) or data.is_named(source):
        return False
    path = Path(source)
    if path.is_dir():
        return any(path.glob("*.txt")) and not any(path.glob("*/*.txt"))
    return path.suffix.lower() in PROSE


def language(source: Any, *, seed: int = 0, **settings: Any) -> Learner:
    """Return a learner that writes; as :func:`~onionskin.learn.domains.text.text` with ``model="gpt"``."""
    return Learner(Language(source, seed=seed, **settings), seed=seed)


@final
class Language(Domain):
    """Texts and how they go on. An example is a stretch of tokens, and its targets are the tokens after each.

    Args:
        source: A text file, a folder of them, the name of a data set of texts; None for a model that is only sampled.
        model: ``gpt`` (the default), trained from nothing with byte pairs of its own, or ``smollm2``.
        prompt: What is gone on from, while it trains and where nothing else is said.
        context: How many tokens an example has; by default 128, and fewer of a short text.
        valid: The share at the end of the text that is held out to measure on.
        seed: Of the first weights.

    Raises:
        OnionskinError: There is no such source or model, or too little text.
    """

    name = "language"
    goal: NextToken

    def __init__(
        self,
        source: Any,
        *,
        model: str | None = None,
        prompt: str = "",
        context: int | None = None,
        valid: float = 0.1,
        seed: int = 0,
    ) -> None:
        kind = model or "gpt"
        _check(kind, CONTEXT if context is None else context, valid)
        texts, notes = ([], []) if source is None else _prose(source)
        if source is None and kind == "gpt":
            raise OnionskinError("a GPT has nothing to learn from", fix="give a text file, or model='smollm2'")
        held = max(1, round(valid * sum(map(len, texts)))) if texts else 0
        kept, out = _parted(texts, held)
        if kind == "gpt":
            self._tokens = tokenizer.trained([kept], VOCABULARY, 1 << 30, lower=False)
        context = context or _fitting(self._tokens, out) if kind == "gpt" else context or CONTEXT
        self._build(kind, context, seed, whole=False)
        self.settings = {
            "source": None if source is None else str(source), "model": kind, "prompt": prompt, "context": context,
            "valid": valid, "seed": seed,
        }  # fmt: skip
        parts = [
            np.array(self._tokens.plain(part), np.int64) if part else np.zeros(0, np.int64) for part in (kept, out)
        ]
        self._stream = np.concatenate(parts)
        counts = [max(0, len(part) - 1) // context for part in parts]
        self._starts = np.array([*range(0, counts[0] * context, context),
                                 *(len(parts[0]) + i * context for i in range(counts[1]))], np.int64)  # fmt: skip
        self.train, self.valid = np.arange(counts[0]), np.arange(counts[0], sum(counts))
        if texts and not all(counts):
            raise OnionskinError(f"there are {len(self._stream):,} tokens of text: too few for examples of {context}",
                                 fix="give more text, or a smaller context=")  # fmt: skip
        if kind == "gpt" and counts[0] < self.recipe.batch * 20:
            self.recipe = replace(self.recipe, epochs=20)  # a few pages are read more often
        letters = sum(map(len, texts)) / max(1, len(self._stream)) if texts else 4.0
        self.goal = NextToken(len(self._tokens), letters, self._tokens.said)
        self._samples: writing.Samples | None = None
        self.understood = Understood(
            f"{sum(map(len, texts)):,} characters of text, {len(self._stream):,} tokens" if texts else NO_TEXT,
            tuple(notes), {"tokens": len(self._tokens), "train": counts[0], "valid": counts[1], "context": context},
        )  # fmt: skip

    def _build(self, kind: str, context: int, seed: int, *, whole: bool) -> None:
        self._kind, self._context, self.recipe = kind, context, RECIPES[kind]
        torch.manual_seed(seed)
        if kind == "gpt":
            self.model = gpt.build(len(self._tokens), context, WIDTH, HEADS, BLOCKS, dropout=0.1, fused=True)
        else:
            file = read_gguf(data.load("smollm2").model)
            self._tokens = tokenizer.of_gguf(file, 1 << 30)
            self.model = smollm2.pretrained(file)
            self.model.requires_grad_(False)
            for block in self.model.blocks[-_TUNED:]:
                block.requires_grad_(True)
        self.trained: nn.Module = self.model

    # ------------------------------------------------------------------ to the model

    def batch(self, rows: Rows) -> Batch:
        """Return stretches of tokens, (n, context), and the token after each, (n, context)."""
        found = torch.from_numpy(self._stream[self._starts[rows][:, None] + np.arange(self._context + 1)])
        return (found[:, :-1],), found[:, 1:]

    def portable(self) -> Portable:
        """Return the network, from tokens to the logits of the next one at every place."""
        said = {"tokens": f"(n, t) int64, t up to {self._context}: of the tokenizer"}
        why = (
            "a text is written token by token, hundreds of runs for an answer; osk.load() and learner.sample() do that"
        )
        return Portable(self.model, said, self.raw, {"tokens": (1,)}, why_no_page=why)

    def raw(self, rows: Rows) -> tuple[Tensor, ...]:
        """Return stretches of tokens, (n, context)."""
        return self.batch(rows)[0]

    def inputs(self, things: Sequence[Any]) -> tuple[Tensor, ...]:
        """Return the last tokens of texts, (n, t), as many as the shortest of them has: nothing stands before them."""
        encoded = [self._plain(thing)[-self._context :] for thing in things]
        size = min(map(len, encoded))
        return (torch.tensor([ids[-size:] for ids in encoded]),)

    def _plain(self, thing: Any) -> list[int]:
        if not isinstance(thing, str) or not thing:
            raise OnionskinError(f"it was asked to go on from {thing!r}", fix="give a text with something in it")
        return self._tokens.plain(thing)

    def events(self) -> Mapping[str, Event]:
        """Return what lets it write while it learns."""
        self._samples = writing.Samples(lambda: self.sample(tokens=60))
        return {"samples": self._samples}

    def finished(self, measured: Mapping[str, float]) -> dict[str, float]:
        """Keep what it wrote as a report of the run."""
        written = writing.report(self._samples.run) if self._samples and self._samples.run else None
        if written and self._samples and self._samples.run:
            written.save(self._samples.run)
        return {}

    def packaged(self) -> set[str]:
        """Return the names of SmolLM2's weights that stay as they are."""
        if self._kind == "gpt":
            return set()
        tuned = {name for name, parameter in self.model.named_parameters() if parameter.requires_grad}
        return set(self.model.state_dict()) - tuned

    # ------------------------------------------------------------------ to people

    def sample(
        self,
        prompt: str | None = None,
        *,
        tokens: int = 100,
        temperature: float = 0.8,
        top_k: int | None = 50,
        seed: int = 0,
    ) -> str:
        """Return a prompt and how the model goes on; see :meth:`onionskin.learn.learner.Learner.sample`."""
        prompt = prompt if prompt is not None else str(self.settings["prompt"])
        limit = self._context if self._kind == "gpt" else SMOLLM2_CONTEXT
        end = self._tokens.number("<|im_end|>") if self._kind == "smollm2" else None
        return writing.sampled(self.model, self._tokens, prompt, tokens=tokens, temperature=temperature, top_k=top_k,
                               seed=seed, context=limit, stop=end)  # fmt: skip

    def shown(self, row: int) -> Shown:
        """Return a stretch of the text."""
        start = int(self._starts[row])
        said = self._tokens.said([int(token) for token in self._stream[start : start + self._context]])
        return Shown(said, where=f"from token {start:,} on")

    def tokens(self, things: Sequence[Any]) -> list[list[Piece]]:
        """Return the tokens of texts with their places in them."""
        return [self._tokens.pieces(str(thing)) for thing in things]

    # ------------------------------------------------------------------ to disk

    def fitted(self) -> dict[str, Json]:
        """Return the tokenizer, if it was trained, and the mean length of a token."""
        own = self._tokens.to_json() if self._kind == "gpt" else None
        return {"tokenizer": own, "letters": self.goal.letters}

    @classmethod
    def restored(cls, settings: Mapping[str, Json], fitted: Mapping[str, Json], *, whole: bool) -> Self:
        """Return it without data."""
        self = cls.__new__(cls)
        kind, context = settings["model"], settings["context"]
        _check(kind, context, 0.1)
        self.settings = dict(settings)
        self.train = self.valid = self._starts = np.array([], np.int64)
        self._stream, self._samples = np.array([], np.int64), None
        if kind == "gpt":
            self._tokens = tokenizer.from_json(fitted["tokenizer"], 1 << 30, vocabulary=VOCABULARY)
        self._build(kind, context, 0, whole=whole)
        self.goal = NextToken(len(self._tokens), float(fitted["letters"]), self._tokens.said)
        self.understood = Understood(NO_TEXT)
        return self


def _check(kind: Any, context: Any, valid: float) -> None:
    if kind not in MODELS:
        fix = did_you_mean(str(kind), MODELS, otherwise=f"choose one of: {', '.join(MODELS)}")
        raise OnionskinError(f"there is no model '{kind}' that writes", fix=fix)
    if not isinstance(context, int) or not 2 <= context <= 4096:
        raise OnionskinError(f"context={context!r}", fix="give 2 to 4,096 tokens, such as 128")
    if not 0 < valid < 1:
        raise OnionskinError(f"valid={valid}", fix="give the share to hold out, between 0 and 1, such as 0.1")


def _fitting(tokens: Tokens, held: str) -> int:
    """Return how many tokens an example has, so that several are held out of a short text."""
    return min(CONTEXT, max(8, len(tokens.plain(held)) // 4))


def _parted(texts: Sequence[str], held: int) -> tuple[str, str]:
    """Return what is trained on and what is held out: so many characters at the end of all."""
    whole = "\n\n".join(texts)
    return whole[: len(whole) - held], whole[len(whole) - held :]


def _prose(source: Any) -> tuple[list[str], list[str]]:
    """Return texts, and notes on what was not read."""
    notes: list[str] = []
    if not isinstance(source, str | Path):
        raise OnionskinError(f"text was given as {type(source).__name__}", fix="give the path of a text file")
    if data.is_named(source):
        loaded = data.load(str(source))
        texts = [*getattr(loaded, "texts", ())]
    else:
        path = Path(source)
        if not path.exists():
            raise reading.missing(path)
        files = sorted(path.rglob("*.txt")) if path.is_dir() else [path]
        texts = []
        for file in files:
            try:
                found, encoding = reading.decoded(file.read_bytes())
            except (OSError, OnionskinError) as error:
                why = error.what if isinstance(error, OnionskinError) else error.strerror
                notes.append(f"{file} could not be read and is left out: {why}")
                continue
            if encoding == "latin-1":
                notes.append(f"{file} is not UTF-8 and was read as Latin-1")
            texts.append(found.strip())
    texts = [text for text in texts if text]
    if not texts:
        raise OnionskinError(f"there is no text in {source}", fix=(notes or ["give a text file"])[0])
    if sum(map(len, texts)) > _MOST_LETTERS:
        raise OnionskinError(f"{source} has {sum(map(len, texts)):,} characters",
                             fix=f"give at most {_MOST_LETTERS:,}: a part of it")  # fmt: skip
    return texts, notes


DOMAIN: Final = Language
