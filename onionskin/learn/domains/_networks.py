"""Networks for pictures by name: one that is pretrained, with a new last layer, or one with random weights."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor, nn

from onionskin import data, models, registry
from onionskin.errors import OnionskinError, did_you_mean

#: The pretrained network that comes in a package, and what it was trained on: (pixel − 127) / 128.
EMBEDDED: Final = "efficientnet_lite0"

#: Networks of ``onionskin/models`` that take pictures of any number of channels, and the width of the one that is named
#: here: ResNet-18 of the paper's width takes an hour where this takes four minutes.
FROM_SCRATCH: Final[Mapping[str, Mapping[str, int]]] = {
    "convnet": {}, "resnet": {"width": 16}, "mobilenet": {}, "densenet": {}, "vit": {}, "lenet": {}, "mlp": {},
    "efficientnet_lite0": {},
}  # fmt: skip


@dataclass(frozen=True)
class Backbone:
    """A network up to its features.

    Attributes:
        body: From pictures, (n, 3, h, w), to features, (n, features).
        features: How many.
        mean, std: Of each channel, of pixels from 0 to 1: what it expects to be subtracted and divided by.
        size: The side of the pictures that it was trained on.
        is_packaged: Whether its weights can be had again from a package of known content.
    """

    body: nn.Module
    features: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    size: int
    is_packaged: bool


class Transfer(nn.Module):
    """A pretrained body and a new last layer. The body's norms keep the averages that they were trained with.

    Args:
        backbone: The body.
        outputs: How many numbers come out.
        frozen: Whether the body stays as it is.
    """

    def __init__(self, backbone: Backbone, outputs: int, *, frozen: bool) -> None:
        super().__init__()
        self.body = backbone.body
        self.head = nn.Linear(backbone.features, outputs)
        self.frozen = frozen
        self.body.requires_grad_(not frozen)
        self.train()

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs, (n, outputs)."""
        out: Tensor = self.head(self.body(x))
        return out

    def train(self, mode: bool = True) -> Transfer:
        """Set the mode. Averages over a few photos of one's own would be worse than those of a million."""
        super().train(mode)
        if self.frozen:
            self.body.eval()
        for module in self.body.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
        return self


class Standard(nn.Module):
    """Pixels from 0 to 1, (n, channels, h, w), less a mean and divided by a deviation, for each channel."""

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean)[:, None, None])
        self.register_buffer("std", torch.tensor(std)[:, None, None])

    def forward(self, pixels: Tensor) -> Tensor:
        """Return them on that scale."""
        return (pixels - self.mean) / self.std


def backbone(name: str, *, weights: bool = True) -> Backbone:
    """Return a pretrained body by name: ``efficientnet_lite0``, or any of timm's or torchvision's where installed.

    Args:
        name: The network.
        weights: Whether to load its weights; without, it is random, and its weights are about to be loaded.

    Raises:
        OnionskinError: There is none of that name, or its weights cannot be had.
    """
    if name == EMBEDDED:
        return _embedded(weights=weights)
    for library in (_of_timm, _of_torchvision):
        found = library(name, weights)
        if found is not None:
            return found
    if name in FROM_SCRATCH:
        fix = f"train it from scratch: from_scratch=True (--from-scratch), or leave model= out for {EMBEDDED}"
        raise OnionskinError(f"there are no pretrained weights of '{name}' here", fix=fix)
    otherwise = f"leave it out for {EMBEDDED}; others take a library: pip install timm"
    raise OnionskinError(
        f"there is no pretrained network '{name}' here", fix=did_you_mean(name, [EMBEDDED], otherwise=otherwise)
    )


def scratch(name: str, *, channels: int, classes: int, height: int, width: int) -> nn.Module:
    """Return a network with random weights. Raises OnionskinError where there is none that takes such pictures."""
    if name not in FROM_SCRATCH:
        found = _of_timm(name, weights=False, classes=classes, channels=channels)
        if found is not None:
            return found.body
        fix = did_you_mean(
            name, FROM_SCRATCH, otherwise=f"choose one of: {', '.join(FROM_SCRATCH)}; or pip install timm"
        )
        raise OnionskinError(f"there is no network '{name}' for pictures", fix=fix)
    module = registry.load(models, name)
    takes = inspect.signature(module.build).parameters
    asked = {"channels": channels, "classes": classes, "size": height, "inputs": channels * height * width}
    given = {key: value for key, value in asked.items() if key in takes}
    try:
        model: nn.Module = module.build(**given, **FROM_SCRATCH[name])
        model.eval()
        with torch.no_grad():
            model(torch.zeros(1, channels, height, width))
    except (RuntimeError, ValueError, TypeError) as error:
        why = str(error).splitlines()[0]
        raise OnionskinError(
            f"'{name}' does not take pictures of {channels} × {height} × {width}: {why}",
            fix="choose another model, such as convnet or resnet, or another size",
        ) from error
    return model.train()


def _embedded(*, weights: bool) -> Backbone:
    module = registry.load(models, EMBEDDED)
    body = module.build()
    if weights:
        state = torch.load(data.load(EMBEDDED).model, map_location="cpu", weights_only=True)
        body.load_state_dict(state, strict=True)
    body._dropout, body._fc = nn.Identity(), nn.Identity()
    return Backbone(body, 1280, (127 / 255,) * 3, (128 / 255,) * 3, 224, is_packaged=True)


def _of_timm(name: str, weights: bool, *, classes: int = 0, channels: int = 3) -> Backbone | None:
    """Return a network of timm's, its features where ``classes`` is 0; None if timm or the network is not there."""
    timm = _imported("timm")
    plain = name.removeprefix("timm/")
    if timm is None or not timm.is_model(plain.partition(".")[0]):
        return None
    try:
        body = timm.create_model(plain, pretrained=weights, num_classes=classes, in_chans=channels)
    except Exception as error:  # hubs fail in ways of their own
        raise _not_had(f"timm's '{plain}'", error) from error
    takes = timm.data.resolve_model_data_config(body)
    return Backbone(body, body.num_features, tuple(takes["mean"]), tuple(takes["std"]), takes["input_size"][-1], False)


def _of_torchvision(name: str, weights: bool) -> Backbone | None:
    """Return a network of torchvision's up to its last layer; None if torchvision or the network is not there."""
    vision = _imported("torchvision.models")
    plain = name.removeprefix("torchvision/")
    if vision is None or plain not in vision.list_models(module=vision):
        return None
    try:
        body = vision.get_model(plain, weights="DEFAULT" if weights else None)
    except Exception as error:  # hubs fail in ways of their own
        raise _not_had(f"torchvision's '{plain}'", error) from error
    place, last = [(n, m) for n, m in body.named_modules() if isinstance(m, nn.Linear)][-1]
    parent = body.get_submodule(place.rpartition(".")[0])
    setattr(parent, place.rpartition(".")[2], nn.Identity())
    imagenet = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    return Backbone(body, last.in_features, *imagenet, 224, is_packaged=False)


def _imported(name: str) -> Any:
    """Return a library, or None where it is not installed, or does not fit the PyTorch that is."""
    import importlib

    try:
        return importlib.import_module(name)
    except (ImportError, RuntimeError, AttributeError):
        return None


def _not_had(what: str, error: Exception) -> OnionskinError:
    why = (str(error).splitlines() or [type(error).__name__])[0][:200]
    fix = "go online once, so that its weights can be fetched, or choose another model"
    return OnionskinError(f"{what} cannot be had: {why}", fix=fix)
