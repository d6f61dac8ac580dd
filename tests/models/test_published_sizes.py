"""The networks for photos have as many parameters as their papers' and torchvision's do, and give 1,000 logits."""

from __future__ import annotations

import pytest
import torch

from onionskin.models._imagenet import NETS, TOP1

#: From torchvision's table of weights, https://pytorch.org/vision/stable/models.html; else as said.
PARAMETERS = {
    "alexnet": 61_100_840,
    "vgg11": 132_863_336,
    "vgg13": 133_047_848,
    "vgg16": 138_357_544,
    "vgg19": 143_667_240,
    "googlenet": 6_624_904,
    "resnet18": 11_689_512,
    "resnet34": 21_797_672,
    "resnet50": 25_557_032,
    "resnet101": 44_549_160,
    "resnet152": 60_192_808,
    "resnext50_32x4d": 25_028_904,
    "wide_resnet50_2": 68_883_240,
    "squeezenet1_1": 1_235_496,
    "densenet121": 7_978_856,
    "densenet169": 14_149_480,
    "densenet201": 20_013_928,
    "mobilenet_v1": 4_231_976,  # Keras says 4,253,864, with the 21,888 running averages that are no parameters
    "mobilenet_v2": 3_504_872,
    "mobilenet_v3_small": 2_542_856,
    "mobilenet_v3_large": 5_483_032,
    "shufflenet_v2_x1_0": 2_278_604,
    "mnasnet1_0": 4_383_312,
    "efficientnet_b0": 5_288_548,
    "efficientnet_lite0": 4_652_008,  # its package on PyPI
    "regnet_x_400mf": 5_495_976,
    "regnet_y_400mf": 4_344_144,
    "convnext_tiny": 28_589_128,
    "vit_ti_16": 5_717_416,  # DeiT-Ti, arXiv 2012.12877, table 1: 5 million
    "vit_s_16": 22_050_664,  # DeiT-S: 22 million
    "vit_b_16": 86_567_656,
    "mixer_s_16": 18_528_264,  # arXiv 2105.01601, table 1: 18 million
    "mixer_b_16": 59_880_472,  # 59 million
}


@pytest.mark.parametrize("name", NETS)
def test_it_is_as_large_as_published(name: str) -> None:
    with torch.device("meta"):  # neither memory nor arithmetic
        model = NETS[name]()
        assert model(torch.zeros(2, 3, 224, 224)).shape == (2, 1000)
    assert sum(p.numel() for p in model.parameters()) == PARAMETERS[name]


def test_an_accuracy_is_that_of_a_network() -> None:
    assert set(TOP1) <= set(NETS)
    assert all(50 < percent < 90 for percent in TOP1.values())


def test_a_large_network_is_made_without_drawing_its_weights() -> None:
    with torch.device("meta"):
        model = NETS["resnet18"]()
    model.to_empty(device="cpu").eval()
    with torch.no_grad():
        for value in (*model.parameters(), *model.buffers()):
            value.fill_(0.5)
        assert model(torch.zeros(1, 3, 224, 224)).shape == (1, 1000)
