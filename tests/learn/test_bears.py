"""The three bears: the demo shows what the pretrained network answers, and says that it is none of a training."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from onionskin.data import bears as pictures
from onionskin.data._stamps import ROOT
from onionskin.fetch.cache import archives_folder
from onionskin.fetch.pin import pinned
from onionskin.learn.bears import HOW_TO_GO_ON, WHAT_IT_IS, demo
from onionskin.models.efficientnet_lite0 import imagenet_classes, pretrained
from tests.fetch import packed


def test_the_demo_is_the_pretrained_networks_own_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On three pictures of the size that the network takes, so that nothing is scaled."""
    pixels = np.random.default_rng(0).integers(0, 256, (3, 224, 224, 3), np.uint8)
    files: dict[str, bytes] = {}
    for path, picture in zip(pictures.BEARS.values(), pixels, strict=True):
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "png")
        files |= {f"{ROOT}/{path}": file.getvalue(), f"{ROOT}/{path[:-3]}txt": b"A bear.\n"}
    monkeypatch.setenv("ONIONSKIN_CACHE", str(tmp_path))
    (real,) = pictures.ABOUT.packages
    archives_folder().mkdir()
    archive = packed.deb(archives_folder() / real.file, files)
    tiny = pinned(real.client, real.name, real.version, archive, real.parts, real.licence)
    monkeypatch.setattr(pictures, "ABOUT", replace(pictures.ABOUT, packages=(tiny,)))

    seen = demo(offline=True)
    assert [one.label for one in seen] == ["black", "grizzly", "teddy"]
    with torch.no_grad():
        x = (torch.tensor(pixels).permute(0, 3, 1, 2).float() - 127) / 128
        expected = pretrained(offline=True).eval()(x).softmax(1)
    for one, row in zip(seen, expected, strict=True):
        assert one.file.is_file()
        assert list(one.probabilities) == sorted(one.probabilities, reverse=True)
        for name, probability in zip(one.names, one.probabilities, strict=True):
            assert probability == pytest.approx(float(row[imagenet_classes().index(name)]), abs=1e-5)
        assert one.probabilities[0] == pytest.approx(float(row.max()), abs=1e-5)
    assert "no training" in WHAT_IT_IS
    assert "onionskin train bears/" in HOW_TO_GO_ON
