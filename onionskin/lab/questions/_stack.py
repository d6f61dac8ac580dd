"""Perceptrons side by side: the weights of all lie in one tensor, and one step trains each at its own learning rate.

For nets as small as these, a step costs the calls and not the arithmetic: ten learning rates in a stack take hardly
longer than one. What diverges does so alone.
"""
# Shapes: r networks, n examples, i inputs, h hidden units, o outputs.

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

import onionskin as osk
from onionskin.lab.questions._update_rules import Memory, Rule, sgd


class Stack:
    """Networks with the same first weights, each with its own learning rate.

    Args:
        rates: (r,) learning rates, one a network.
        inputs, hidden, outputs: Sizes; without hidden units it is logistic regression.
        rule: How a gradient becomes a step.

    Attributes:
        weights: Each with the networks first: (r, i, h), (r, 1, h), (r, h, o), (r, 1, o).
        steps: How many were taken.
    """

    def __init__(self, rates: Sequence[float], inputs: int, hidden: int, outputs: int, rule: Rule = sgd) -> None:
        self.rates = torch.tensor(rates)[:, None, None]
        sizes = [inputs, hidden, outputs] if hidden else [inputs, outputs]
        self.weights: list[Tensor] = []
        for before, after in itertools.pairwise(sizes):
            bound = 1 / math.sqrt(before)  # as nn.Linear begins
            for shape in ((before, after), (1, after)):
                first = torch.empty(shape).uniform_(-bound, bound)
                self.weights.append(first.expand(len(rates), *shape).clone().requires_grad_())
        self._rule, self._memory = rule, [Memory() for _ in self.weights]
        self._shown: _Shown | None = None
        self.steps = 0

    @contextmanager
    def recorded(self, run: Path | None, probes: Tensor, labels: Tensor) -> Iterator[None]:
        """Record meanwhile what the network with the middle one of the rates does; None records nothing.

        Args:
            run: Where to.
            probes, labels: (n, i) examples and (n,) classes that are looked at in every frame.
        """
        if run is None:
            yield
            return
        shown = _Shown(self.weights, len(self.rates) // 2)
        with osk.watch(shown.net, probes=probes, labels=labels, run=run) as shown.recorder:
            self._shown = shown
            try:
                yield
            finally:
                self._shown = None

    def logits(self, x_ni: Tensor) -> Tensor:
        """Return what every network says, (r, n, o)."""
        w, b, *rest = self.weights
        z = torch.matmul(x_ni, w) + b
        if rest:
            z = torch.baddbmm(rest[1], z.relu(), rest[0])
        return z

    def losses(self, x_ni: Tensor, y_n: Tensor) -> Tensor:
        """Return the mean cross-entropy of every network, (r,)."""
        z = self.logits(x_ni)
        return cross_entropy(z.flatten(0, 1), y_n.repeat(len(z)), reduction="none").view(len(z), -1).mean(1)

    def step(self, x_ni: Tensor, y_n: Tensor) -> None:
        """Train every network with one batch."""
        self.steps += 1
        losses = self.losses(x_ni, y_n)
        gradients = torch.autograd.grad(losses.sum(), self.weights)
        with torch.no_grad():
            for weight, gradient, memory in zip(self.weights, gradients, self._memory, strict=True):
                weight -= self.rates * self._rule(weight, gradient, memory, self.steps)
            if self._shown:
                self._shown.step(self.weights, gradients, losses)

    @torch.no_grad()
    def tested(self, x_ni: Tensor, y_n: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss and the accuracy of every network, (r,) and (r,); of one that diverged, infinity and 0."""
        z = self.logits(x_ni)
        loss = cross_entropy(z.flatten(0, 1), y_n.repeat(len(z)), reduction="none").view(len(z), -1).mean(1)
        is_finite = torch.isfinite(loss)
        right = (z.argmax(2) == y_n).float().mean(1)
        return torch.where(is_finite, loss, math.inf), torch.where(is_finite, right, 0.0)


class _Shown:
    """One network of a stack as PyTorch's layers, so that it can be watched.

    Args:
        weights: The stack's.
        place: Which network.

    Attributes:
        net: The layers; their weights are those of the stack after each step.
        recorder: Is told of the steps.
    """

    recorder: osk.Recorder

    def __init__(self, weights: Sequence[Tensor], place: int) -> None:
        layers: list[nn.Module] = []
        for weight in weights[::2]:
            layers += [nn.ReLU(), nn.Linear(*weight.shape[1:])]
        self.net, self._place = nn.Sequential(*layers[1:]), place
        self._take(weights)

    @torch.no_grad()
    def _take(self, weights: Sequence[Tensor]) -> None:
        for own, weight in zip(self.net.parameters(), weights, strict=True):
            own.copy_(self._of(weight))

    def _of(self, stacked: Tensor) -> Tensor:
        """Return this network's part as nn.Linear has it: (o, i), or (o,) of a bias, which comes as (1, o)."""
        own = stacked[self._place]
        return own[0] if len(own) == 1 else own.T

    def step(self, weights: Sequence[Tensor], gradients: Sequence[Tensor], losses: Tensor) -> None:
        """Show what a step made of it."""
        for own, gradient in zip(self.net.parameters(), gradients, strict=True):
            own.grad = self._of(gradient).contiguous()
        self._take(weights)
        self.recorder.step()
        self.recorder.log(loss=losses[self._place])
