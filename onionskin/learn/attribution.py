"""How much each pixel, token or column speaks for an answer, by Captum; and which training examples are alike.

Papers: Selvaraju et al. (2016), "Grad-CAM", arXiv 1610.02391; Sundararajan, Taly & Yan (2017), "Axiomatic attribution
for deep networks" (integrated gradients), arXiv 1703.01365; Zeiler & Fergus (2013), "Visualizing and understanding
convolutional networks" (occlusion), arXiv 1311.2901; Castro, Gómez & Tejada (2009), "Polynomial calculation of the
Shapley value based on sampling"; Kokhlikyan et al. (2020), "Captum", arXiv 2009.07896.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, normalize

from onionskin.errors import OnionskinError
from onionskin.learn.copied import apart
from onionskin.learn.domain import Domain, Parts, Rows

Inputs = tuple[Tensor, ...]

#: From inputs to one number for each example, (n,).
Spoken = Callable[..., Tensor]

#: Integrated gradients take more steps until what they leave is a smaller share of the difference than this.
_CLOSE: Final = 0.01
_STEPS: Final = (32, 128, 512)

#: Of pictures with so many values, fewer: forward and backward of a pretrained model take long.
_LARGE: Final = 30_000
_FEW_STEPS: Final = (16, 48)

#: An occluding square is an eighth of a side, and moves by half of itself; of large pictures, by the whole.
_SQUARES: Final = 8

#: So many orders in which parts are put in.
_ORDERS: Final = 32

#: Of a text, fewer orders, and so many words or groups of words.
_TEXTS_ORDERS: Final = 8
_MOST_WORDS: Final = 32

#: What a text without any word is: no domain takes an empty one.
_NO_WORD: Final = "."

#: Forwards at a time.
_AT_ONCE: Final = 32


@dataclass(frozen=True)
class Attribution:
    """How much each place speaks for an answer.

    Attributes:
        method: How it was found.
        values: (height, width) of a picture, or (parts,).
        difference: Between the answer's number and that of the baseline; None where the method promises no sum.
        gap: What the values' sum misses of the difference.
    """

    method: str
    values: Tensor
    difference: float | None = None
    gap: float | None = None


def captum() -> Any:
    """Return Captum. Raises OnionskinError where it is not installed."""
    try:
        import captum.attr
    except ModuleNotFoundError as error:
        fix = "pip install 'onionskin[learn]'"
        raise OnionskinError("explanations need Captum, which is not installed", fix=fix) from error
    return captum.attr


def is_picture(inputs: Inputs) -> bool:
    """Return whether a model is given one picture an example."""
    x = inputs[0]
    return len(inputs) == 1 and x.ndim == 4 and x.is_floating_point() and min(x.shape[2:]) > 1


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Captum says that it sets hooks, and that inputs now take gradients
        yield


def grad_cam(model: nn.Module, spoken: Spoken, x: Tensor) -> Attribution | None:
    """Return where the last convolution sees what speaks for the answer; None of a model without one."""
    layer = _last_convolution(model, x)
    if layer is None:
        return None
    with _quiet():
        found = captum().LayerGradCam(spoken, layer).attribute(x.clone().requires_grad_(), relu_attributions=True)
    up = interpolate(found.detach(), x.shape[2:], mode="bilinear", align_corners=False)
    return Attribution("Grad-CAM", up[0].sum(0))


def _last_convolution(model: nn.Module, x: Tensor) -> nn.Module | None:
    """Return the last convolution that still knows places: with more than one of them."""
    seen: list[nn.Module] = []

    def heard(module: nn.Module, _: Any, output: Tensor) -> None:
        if output.ndim == 4 and output.shape[2] * output.shape[3] > 1:
            seen.append(module)

    handles = [m.register_forward_hook(heard) for m in model.modules() if isinstance(m, nn.Conv2d)]
    try:
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
    return seen[-1] if seen else None


def integrated_gradients(spoken: Spoken, x: Tensor) -> Attribution:
    """Return the gradient along the way from a picture of zeros, summed over channels: its sum is the difference."""
    nothing = torch.zeros_like(x)
    with torch.no_grad():
        difference = float(spoken(x) - spoken(nothing))
    steps = _STEPS if x.numel() <= _LARGE else _FEW_STEPS
    method, values = captum().IntegratedGradients(spoken), torch.zeros(x.shape[2:])
    for count in steps:
        with _quiet():
            found = method.attribute(x, nothing, n_steps=count, internal_batch_size=_AT_ONCE)
        values = found.detach()[0].sum(0)
        if abs(float(values.sum()) - difference) <= _CLOSE * abs(difference):
            break
    return Attribution("integrated gradients", values, difference, float(values.sum()) - difference)


def occlusion(spoken: Spoken, x: Tensor) -> Attribution:
    """Return how much the answer loses where a square of zeros hides a place."""
    channels, height, width = x.shape[1:]
    sides = (max(1, height // _SQUARES), max(1, width // _SQUARES))
    strides = sides if x.numel() > _LARGE else (max(1, sides[0] // 2), max(1, sides[1] // 2))
    with _quiet(), torch.no_grad():
        found = captum().Occlusion(spoken).attribute(
            x, sliding_window_shapes=(channels, *sides), strides=(channels, *strides), baselines=0,
            perturbations_per_eval=_AT_ONCE,
        )  # fmt: skip
    return Attribution(f"occlusion by {sides[0]} × {sides[1]}", found[0].mean(0))


def by_parts(spoken: Spoken, inputs: Inputs, parts: Parts) -> Attribution:
    """Return how much each part speaks for the answer; the sum is the difference from the baseline.

    By integrated gradients where the parts are embedded, else by Shapley values over sampled orders.
    """
    if parts.embedding is not None:
        return _embedded(spoken, inputs, parts)
    groups = tuple(torch.where(group < 0, len(parts.names), group) for group in parts.groups)
    baseline = tuple(torch.where(g < 0, x, b) for x, b, g in zip(inputs, parts.baseline, parts.groups, strict=True))
    with _quiet(), torch.no_grad(), apart(0):
        difference = float(spoken(*inputs) - spoken(*baseline))
        found = captum().ShapleyValueSampling(spoken).attribute(
            inputs, baselines=baseline, feature_mask=groups, n_samples=_ORDERS, perturbations_per_eval=_AT_ONCE
        )  # fmt: skip
    values = torch.zeros(len(parts.names))
    for group, value in zip(groups, found, strict=True):
        for k in range(len(parts.names)):
            if (group == k).any():
                values[k] = value[group == k][0]  # Captum gives each value of a part what the whole part has
    return Attribution(f"Shapley values over {_ORDERS} orders", values, difference, float(values.sum()) - difference)


def _embedded(spoken: Spoken, inputs: Inputs, parts: Parts) -> Attribution:
    first, rest = inputs[0], inputs[1:]
    method = captum().LayerIntegratedGradients(spoken, parts.embedding)
    baseline = torch.where(parts.groups[0] < 0, first, parts.baseline[0])
    with torch.no_grad():
        difference = float(spoken(first, *rest) - spoken(baseline, *rest))
    values = torch.zeros(len(parts.names))
    for count in _STEPS[:2]:
        with _quiet():
            found = method.attribute(first, baseline, additional_forward_args=rest or None, n_steps=count,
                                     internal_batch_size=_AT_ONCE)  # fmt: skip
        each = found.detach().sum(-1).reshape(-1)
        group = parts.groups[0].reshape(-1)
        values = torch.zeros(len(parts.names)).index_add_(0, group[group >= 0], each[group >= 0].float())
        if abs(float(values.sum()) - difference) <= _CLOSE * abs(difference):
            break
    return Attribution("integrated gradients", values, difference, float(values.sum()) - difference)


def by_words(spoken: Spoken, given: Callable[[list[str]], Inputs], text: str) -> tuple[Attribution, list[str]]:
    """Return how much each word of a text speaks for the answer, and the words: Shapley values over sampled orders.

    Words are left out of the text itself, so that any model can be asked, however it reads; of long texts, several at
    a time. In each order the words' shares add up to the difference between the text and one with no word.

    Args:
        spoken: From inputs to the answer's number.
        given: From texts to inputs.
        text: The text.
    """
    found = text.split()
    size = -(-len(found) // _MOST_WORDS)
    words = [" ".join(found[start : start + size]) for start in range(0, len(found), size)]
    orders = [
        torch.randperm(len(words), generator=torch.Generator().manual_seed(k)).tolist() for k in range(_TEXTS_ORDERS)
    ]
    versions = [""]
    for order in orders:
        kept: list[int] = []
        for word in order:
            kept = sorted([*kept, word])
            versions.append(" ".join(words[k] for k in kept))
    asked = list(dict.fromkeys(version or _NO_WORD for version in versions))
    with torch.no_grad():
        portions = [spoken(*given(asked[i : i + _AT_ONCE])) for i in range(0, len(asked), _AT_ONCE)]
    said = dict(zip(asked, torch.cat(portions).double().tolist(), strict=True))
    values = torch.zeros(len(words), dtype=torch.float64)
    nothing, whole = said[_NO_WORD], said[" ".join(words)]
    for number, order in enumerate(orders):
        before = nothing
        for place, word in enumerate(order):
            after = said[versions[1 + number * len(words) + place]]
            values[word] += (after - before) / len(orders)
            before = after
    gap = float(values.sum()) - (whole - nothing)
    return Attribution(f"Shapley values over {len(orders)} orders", values.float(), whole - nothing, gap), words


class Neighbours:
    """The training examples that the model takes for the most alike: by what its last linear layer is given.

    Args:
        domain: With its data.
        most: So many training examples are looked at, evenly chosen.
    """

    def __init__(self, domain: Domain, *, most: int = 5000) -> None:
        self._domain = domain
        self.rows: Rows = domain.train[:: max(1, -(-len(domain.train) // most))]
        self._layer = _last_linear(domain)
        self._known: Tensor | None = None

    def nearest(self, inputs: Inputs, count: int) -> list[tuple[int, float]]:
        """Return the rows that are nearest to an example, with the cosine of the angle between them."""
        if self._layer is None:
            return []
        if self._known is None:
            d, size = self._domain, 256
            portions = [d.batch(self.rows[start : start + size])[0] for start in range(0, len(self.rows), size)]
            self._known = normalize(self._features(d.trained, portions), dim=1)
        angles = self._known @ normalize(self._features(self._domain.model, [inputs]), dim=1)[0]
        top = angles.topk(min(count, len(angles)))
        return [(int(self.rows[k]), float(a)) for k, a in zip(top.indices, top.values, strict=True)]

    def _features(self, model: nn.Module, portions: Sequence[Inputs]) -> Tensor:
        assert self._layer is not None
        seen: list[Tensor] = []
        handle = self._layer.register_forward_pre_hook(lambda _, given: seen.append(given[0].detach().flatten(1)))
        try:
            with torch.no_grad():
                for inputs in portions:
                    model(*inputs)
        finally:
            handle.remove()
        return torch.cat(seen)


def _last_linear(domain: Domain) -> nn.Module | None:
    called: list[nn.Module] = []
    linears = [m for m in domain.trained.modules() if isinstance(m, nn.Linear)]
    handles = [m.register_forward_hook(lambda module, _, __: called.append(module)) for m in linears]
    try:
        with torch.no_grad():
            domain.trained(*domain.batch(domain.train[:2])[0])
    finally:
        for handle in handles:
            handle.remove()
    return called[-1] if called else None
