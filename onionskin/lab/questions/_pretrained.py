"""Two pretrained networks under a last layer of their own: EfficientNet-Lite0 on stamps, MiniLM on film reviews."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

import onionskin as osk
from onionskin import data
from onionskin.learn.domains.vision import Vision
from onionskin.learn.text import features, tokenizer
from onionskin.learn.text.tokenizer import padded
from onionskin.models import efficientnet_lite0, minilm

#: How many sentences the last layer is fitted to, and how many are held out: these are read anew by each coded network.
SENTENCES: Final = 4000
HELD_OUT: Final = 600

#: What the last layer on sentences is held small by (see :func:`logistic`): a sign of feeling is a small part of what
#: MiniLM says of them.
SENTENCE_PRIOR: Final = 100.0

_TOKENS: Final = 128


def logistic(x: Tensor, y: Tensor, classes: int, *, prior: float = 10.0) -> nn.Linear:
    """Return a layer that maximises the likelihood of classes, (n,), given features, (n, d); convex, so without chance.

    Args:
        x, y: Features and classes.
        classes: How many classes there are.
        prior: How small the weights of standardised features are believed to be: half their squares, so many times,
            are added to the loss of all examples.
    """
    layer = nn.Linear(x.shape[1], classes)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    mean, std = x.mean(0), x.std(0, correction=0) + 1e-3
    z = (x - mean) / std
    optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value: Tensor = functional.cross_entropy(layer(z), y) + prior / 2 * layer.weight.square().sum() / len(y)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    with torch.no_grad():  # the standardisation becomes a part of the layer
        layer.weight.div_(std)
        layer.bias.sub_(layer.weight @ mean)
    return layer


@cache
def stamps() -> Vision:
    """Return the stamps with what EfficientNet-Lite0 sees in each, fetched and computed on the first use."""
    domain = osk.vision("stamps").domain
    assert isinstance(domain, Vision)
    return domain


@cache
def sentences() -> tuple[list[list[int]], Tensor, Tensor]:
    """Return the tokens of all film reviews' sentences, what MiniLM makes of each, (n, 384), and classes, (n,)."""
    texts, files = data.load("snippets"), data.load("minilm")
    tokens = tokenizer.from_file(files.tokenizer, _TOKENS)
    order = np.random.default_rng(0).permutation(len(texts.texts))
    encoded = tokens.encoded([texts.texts[row] for row in order])
    model = body("minilm")
    found = features.of(encoded, model, 384, key=features.key_of(model, "mean of tokens"))
    return encoded, found, torch.from_numpy(texts.labels[order])


@cache
def body(net: str) -> nn.Module:
    """Return a pretrained network up to its features, in eval mode. It is shared: leave its weights as they are."""
    if net == "minilm":
        return minilm.pretrained(data.load("minilm").model)
    whole = efficientnet_lite0.pretrained()
    for last in ("_dropout", "_fc"):
        setattr(whole, last, nn.Identity())
    return whole.eval()


@cache
def _head(net: str) -> nn.Linear:
    if net == "minilm":
        _, x, y = sentences()
        return logistic(x[:SENTENCES], y[:SENTENCES], 2, prior=SENTENCE_PRIOR)
    domain = stamps()
    (x,), y = domain.batch(domain.train)
    return logistic(x, y, domain.goal.outputs)


def asked(net: str, state: Mapping[str, Tensor]) -> float:
    """Return the accuracy of a pretrained network with other weights, under the layer that was fitted to its own."""
    head, model = _head(net), body(net)
    kept = {name: value.clone() for name, value in model.state_dict().items()}
    try:
        model.load_state_dict(state)
        with torch.inference_mode():
            return _right(net, model, head)
    finally:
        model.load_state_dict(kept)


def _right(net: str, model: nn.Module, head: nn.Module) -> float:
    if net == "minilm":
        encoded, _, y = sentences()
        rows = sorted(range(SENTENCES, SENTENCES + HELD_OUT), key=lambda row: len(encoded[row]))
        parts = [rows[start : start + 50] for start in range(0, len(rows), 50)]
        right = [(head(model(padded([encoded[row] for row in part]))).argmax(1) == y[part]).sum() for part in parts]
        return int(sum(right)) / len(rows)
    domain = stamps()
    (x,) = domain.raw(domain.valid)
    seen = [model(part.contiguous(memory_format=torch.channels_last)) for part in torch.split(x, 16)]
    return float((head(torch.cat(seen)).argmax(1) == domain.targets(domain.valid)).float().mean())
