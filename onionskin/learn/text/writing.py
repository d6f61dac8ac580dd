"""How a language model writes: one token after another, each drawn from what the model says could come."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, final

import torch
from torch import Tensor, nn

from onionskin.errors import OnionskinError
from onionskin.learn.events import Event
from onionskin.learn.report import Report, Table
from onionskin.learn.text.tokenizer import Tokens
from onionskin.models.smollm2 import Memory, SmolLM2
from onionskin.watch import Recorder

#: What a training writes while it learns: one JSON object a line, ``{"step": 64, "text": "…"}``.
FILE: Final = "samples.jsonl"

#: The report shows so many of them, the last ones.
_MOST_SHOWN: Final = 60


def write(
    model: nn.Module,
    start: Sequence[int],
    *,
    tokens: int,
    temperature: float,
    top_k: int | None,
    seed: int,
    context: int,
    stop: int | None = None,
) -> Iterator[int]:
    """Yield tokens that go on from others. PyTorch's own random numbers stay where they are.

    Args:
        model: From tokens, (1, t), to logits, (1, t, tokens).
        start: What to go on from, one token or more; of more than ``context`` the last are read.
        tokens: How many to write at most.
        temperature: What logits are divided by; 0 for the likeliest token each time.
        top_k: How many tokens may come; None for all.
        seed: The same seed gives the same text.
        context: How many tokens the model can look back on.
        stop: The token that ends a text.

    Raises:
        OnionskinError: An argument makes no sense.
    """
    if tokens < 1:
        raise OnionskinError(f"tokens={tokens}", fix="give 1 or more")
    if not 0 <= temperature < float("inf"):
        raise OnionskinError(
            f"temperature={temperature}", fix="give 0 for the likeliest text, 1 for the model's own odds"
        )
    if top_k is not None and top_k < 1:
        raise OnionskinError(f"top_k={top_k}", fix="give 1 or more, or None for all tokens")
    random = torch.Generator().manual_seed(seed)
    was_training = model.training
    model.eval()
    try:
        for token in _drawn(model, [*start], tokens, context, lambda x: _choice(x, temperature, top_k, random)):
            if token == stop:
                return
            yield token
    finally:
        model.train(was_training)


def _drawn(
    model: nn.Module, known: list[int], count: int, context: int, choose: Callable[[Tensor], int]
) -> Iterator[int]:
    memory = Memory()
    for _ in range(count):
        with torch.no_grad():
            if isinstance(model, SmolLM2):
                if not 0 < len(memory) < context:  # at the start; and where it is full, from the later half of it
                    memory, known = Memory(), known[-(context // 2) :]
                logits = model.after(torch.tensor([known[len(memory) :]]), memory)
            else:
                logits = model(torch.tensor([known[-context:]]))
        known.append(choose(logits[0, -1]))
        yield known[-1]


def _choice(logits: Tensor, temperature: float, top_k: int | None, random: torch.Generator) -> int:
    if not torch.isfinite(logits).any():
        raise OnionskinError("the model gives no number for any token", fix="train it with a lower learning rate")
    if temperature == 0:
        return int(logits.argmax())
    values, places = torch.topk(logits.float(), min(top_k or len(logits), len(logits)))
    odds = torch.softmax(values.double() / temperature, 0)
    return int(places[torch.multinomial(odds, 1, generator=random)])


@final
class Samples(Event):
    """Lets a model write while it learns: after steps 1, 2, 4, 8 … and after every epoch.

    What it writes is kept in the run (:data:`FILE`), and told on a terminal. It draws from random numbers of its own,
    so that the training is the same as without.

    Args:
        sample: Returns a text.
    """

    def __init__(self, sample: Callable[[], str]) -> None:
        self._sample = sample
        self.run: Path | None = None
        self.step = 0

    def recorded(self, run: Recorder | None) -> None:
        """Keep what is written in the run."""
        self.run = run.path if run else None

    def stepped(self, loss: Tensor) -> None:
        """Write, if the number of steps is a power of two."""
        self.step += 1
        if self.step & (self.step - 1) == 0:
            self.write()

    def epoch_ended(self, epoch: int) -> None:
        """Write."""
        if self.step & (self.step - 1):
            self.write()

    def write(self) -> None:
        """Write a text, keep it and tell it. Never raises into a training."""
        try:
            text = self._sample()
        except OnionskinError as error:
            text = f"({error.what})"
        if self.run is not None:
            with suppress(OSError), (self.run / FILE).open("a", encoding="utf-8") as file:
                file.write(json.dumps({"step": self.step, "text": text}) + "\n")
        if sys.stderr.isatty():
            print(f"step {self.step:,}: {text!r}", file=sys.stderr, flush=True)

    def state(self) -> dict[str, float]:
        """Return the number of steps."""
        return {"step": self.step}

    def load(self, state: Mapping[str, float]) -> None:
        """Take it up."""
        self.step = int(state["step"])


def report(run: Path) -> Report | None:
    """Return what a model wrote while it learned, as the run has it; None where it wrote nothing."""
    rows = []
    with suppress(OSError):
        for line in (run / FILE).read_text(encoding="utf-8").splitlines()[-_MOST_SHOWN:]:
            with suppress(ValueError, KeyError, TypeError):
                told = json.loads(line)
                rows.append((int(told["step"]), str(told["text"])))
    if not rows:
        return None
    table = Table(("step", "text"), tuple(rows), "What it wrote after so many steps, each time from the same start.")
    return Report(
        "samples", "What it wrote while it learned", f"After {rows[-1][0]:,} steps: {rows[-1][1][:300]}", (table,)
    )


def sampled(model: nn.Module, tokenizer: Tokens, prompt: str, **options: int | float | None) -> str:
    """Return the prompt and how a model goes on from it; see :func:`write`."""
    start = tokenizer.plain(prompt) or [0]
    return prompt + tokenizer.said([*write(model, start, **options)])  # type: ignore[arg-type]
