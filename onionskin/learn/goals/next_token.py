"""The next token, at every place of a text: cross-entropy, measured as perplexity."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, final

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from onionskin.learn.goals import Answer, Goal
from onionskin.models.gpt import next_token_loss

#: So many candidates are named in an answer.
_NAMED = 10


@final
class NextToken(Goal):
    """Outputs are logits, (n, t, tokens); targets are the tokens that came, (n, t).

    Args:
        tokens: How many tokens there are.
        letters: How many characters a token has on average; it makes models of different vocabularies comparable.
        said: Returns what tokens say.
    """

    measure = "val_loss"
    higher = False
    peeled_loss: ClassVar[Any] = staticmethod(next_token_loss)

    def __init__(self, tokens: int, letters: float, said: Callable[[Sequence[int]], str]) -> None:
        self.outputs, self.letters, self._said = tokens, letters, said

    def losses(self, outputs: Any, targets: Any) -> Tensor:
        """Return the mean cross-entropy over the places of each text, (n,), in nats a token."""
        if isinstance(outputs, tuple):  # what was kept
            found: Tensor = outputs[0]
            return found
        return cross_entropy(outputs.flatten(0, 1), targets.flatten(), reduction="none").view(targets.shape).mean(1)

    def kept(self, outputs: Any, targets: Any) -> Any:
        """Return the loss of each text, (n,), and the share of its places where the likeliest token came, (n,)."""
        return self.losses(outputs, targets), (outputs.argmax(-1) == targets).float().mean(1)

    def measured(self, outputs: Any, targets: Any) -> dict[str, float]:
        """Return loss, perplexity, bits a character, and how often the likeliest token came."""
        losses, right = outputs if isinstance(outputs, tuple) else self.kept(outputs, targets)
        loss = losses.mean().item()
        return {
            "val_loss": loss,
            "perplexity": math.exp(min(loss, 700.0)),
            "bits_per_character": loss / math.log(2) / self.letters,
            "token_accuracy": right.mean().item(),
        }

    def answers(self, outputs: Any) -> list[Answer]:
        """Return the likeliest token after each text."""
        found = []
        for row in outputs[:, -1].softmax(-1):
            values, best = torch.topk(row, min(_NAMED, len(row)))
            names = [self._said([int(token)]) for token in best]
            scores: dict[str, float] = {}
            for name, p in zip(names, values, strict=True):  # parts of a character may look the same
                scores[name] = scores.get(name, 0.0) + float(p)
            found.append(Answer(repr(names[0]), names[0], float(values[0]), scores))
        return found

    def told(self, target: Any) -> str:
        """Return what the tokens say."""
        return self._said([int(token) for token in torch.as_tensor(target).reshape(-1)])

    def shown(self, measured: Mapping[str, float]) -> str:
        """Return perplexity and bits a character."""
        return f"perplexity {measured['perplexity']:.4g}, {measured['bits_per_character']:.2f} bits a character"
