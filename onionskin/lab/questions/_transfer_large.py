"""Transfer from large networks: EfficientNet-Lite0 to photos of stamps, MiniLM to sentences of film reviews."""

from __future__ import annotations

import copy
import time
from functools import cache
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

import onionskin as osk
from onionskin import data
from onionskin.lab.questions._fitting import accuracy, fit
from onionskin.lab.questions._pretrained import SENTENCE_PRIOR, body, logistic, sentences, stamps
from onionskin.lab.questions._transfer_small import balanced
from onionskin.learn.domains.vision import Vision
from onionskin.learn.text.tokenizer import padded
from onionskin.models import convnet

#: What is held out: photos, other ones for each seed, as there are few; sentences, the same ones.
HELD_OUT: Final = {"stamps": 60, "film reviews": 2000}

#: Steps of fine-tuning, with so many photos each; and of a network from scratch on photos of 64 × 64.
FINE_STEPS: Final = 30
FINE_BATCH: Final = 8
STEPS: Final = 120

WAYS: Final = {
    "stamps": ("from scratch", "cached features", "fine-tuned"),
    "film reviews": ("from scratch", "cached features"),
}


def measured(name: str, way: str, each: int, seed: int) -> dict[str, float]:
    """Return accuracy and the processor's seconds of learning from so many examples of each class."""
    return (_stamps if name == "stamps" else _reviews)(way, each, seed)


# ---------------------------------------------------------------------- photos


@cache
def _photos(is_small: bool) -> tuple[Tensor, Tensor]:
    """Return all photos as a network takes them, and their classes: 64 × 64 from scratch, 224 × 224 pretrained."""
    domain = osk.vision("stamps", from_scratch=True).domain if is_small else stamps()
    assert isinstance(domain, Vision)
    rows = np.sort(np.concatenate([domain.train, domain.valid]))
    return domain.raw(rows)[0], domain.targets(rows)


@cache
def _seen() -> Tensor:
    domain = stamps()
    rows = np.sort(np.concatenate([domain.train, domain.valid]))
    return domain.batch(rows)[0][0]


@cache
def _second_a_photo() -> float:
    """Return the processor's seconds in which EfficientNet-Lite0 looks at a photo."""
    x, net = _photos(False)[0][:8], body("efficientnet_lite0")
    with torch.inference_mode():
        net(x)
        began = time.thread_time()
        net(x)
    return (time.thread_time() - began) / len(x)


def _stamps(way: str, each: int, seed: int) -> dict[str, float]:
    x, y = _photos(way == "from scratch")
    order = torch.from_numpy(np.random.default_rng(seed).permutation(len(y)))
    test, train = order[: HELD_OUT["stamps"]], order[HELD_OUT["stamps"] :]
    rows = train[balanced(y[train], each, seed)]
    classes, began, extra = int(y.max()) + 1, time.thread_time(), 0.0
    torch.manual_seed(seed)
    if way == "cached features":
        x, extra = _seen(), len(rows) * _second_a_photo()
        model: nn.Module = logistic(x[rows], y[rows], classes)
    elif way == "from scratch":
        model = convnet.build(3, classes, width=16)
        fit(model, x[rows], y[rows], steps=STEPS, batch=16, lr=4e-3)
    else:
        extra = len(rows) * _second_a_photo()  # the last layer is fitted to what the body sees before it moves
        model = _fine_tuned(x[rows], y[rows], logistic(_seen()[rows], y[rows], classes))
    seconds = time.thread_time() - began + extra
    return {"accuracy": _right(model, x[test], y[test]), "seconds": seconds, "examples": len(rows)}


def _fine_tuned(x: Tensor, y: Tensor, head: nn.Linear) -> nn.Module:
    """Return the pretrained network, all of it moved a little; its norms keep the averages that they have."""
    net = copy.deepcopy(body("efficientnet_lite0"))
    model = nn.Sequential(_Normed(net), head)
    fit(model, x, y, steps=FINE_STEPS, batch=FINE_BATCH, lr=2e-4)
    return model


class _Normed(nn.Module):
    """A body whose norms stay in evaluation mode: averages over a few photos would be worse than those of a million."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        self.net.eval()
        seen: Tensor = self.net(x)
        return seen


def _right(model: nn.Module, x: Tensor, y: Tensor) -> float:
    return accuracy(model, x, y) if x.ndim == 2 else accuracy(model.eval(), x, y)


# ---------------------------------------------------------------------- sentences


@cache
def _texts() -> list[str]:
    found = data.load("snippets")
    order = np.random.default_rng(0).permutation(len(found.texts))  # that of ``sentences``
    return [found.texts[row] for row in order]


@cache
def _second_a_sentence() -> float:
    encoded, net = sentences()[0][:32], body("minilm")
    with torch.inference_mode():
        tokens = padded(encoded)
        net(tokens)
        began = time.thread_time()
        net(tokens)
    return (time.thread_time() - began) / len(encoded)


def _reviews(way: str, each: int, seed: int) -> dict[str, float]:
    _, x, y = sentences()
    count = HELD_OUT["film reviews"]
    rows = count + balanced(y[count:], each, seed)
    if way == "cached features":
        began = time.thread_time()
        model = logistic(x[rows], y[rows], 2, prior=SENTENCE_PRIOR)
        seconds = time.thread_time() - began + len(rows) * _second_a_sentence()
        return {"accuracy": accuracy(model, x[:count], y[:count]), "seconds": seconds, "examples": len(rows)}
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    texts, labels = _texts(), y.numpy()
    began = time.thread_time()
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    counted = words.fit_transform([texts[row] for row in rows.tolist()])
    bag = LogisticRegression(C=10.0, max_iter=1000).fit(counted, labels[rows.numpy()])
    seconds = time.thread_time() - began
    right = bag.score(words.transform(texts[:count]), labels[:count])
    return {"accuracy": float(right), "seconds": seconds, "examples": len(rows)}
