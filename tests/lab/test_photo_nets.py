"""What is counted of a network is what its shapes say."""

import pytest
import torch
from torch import nn

from onionskin.lab.questions._photo_nets import count_of, net, peak_bytes


def test_multiply_adds_and_activations_of_a_convolution_and_a_layer() -> None:
    model = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, 5)).eval()
    found = count_of(model, torch.zeros(1, 3, 6, 6))
    assert found.macs == 36 * 8 * 27 + 8 * 36 * 5
    assert found.activations == 8 * 36 + 5
    assert found.parameters == 8 * 27 + 8 + 8 * 36 * 5 + 5


def test_attention_is_counted_though_pytorch_does_it_as_one() -> None:
    model = nn.MultiheadAttention(8, 2, batch_first=True).eval()

    class Attending(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention = model

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y: torch.Tensor = self.attention(x, x, x, need_weights=False)[0]
            return y

    t, d = 5, 8
    assert count_of(Attending().eval(), torch.zeros(1, t, d)).macs == 4 * t * d * d + 2 * t * t * d


def test_a_resnet_does_what_its_paper_says() -> None:
    model, x = net("resnet18"), torch.zeros(1, 3, 224, 224)
    found = count_of(model, x)
    assert found.parameters == 11_689_512
    assert found.macs == pytest.approx(1.8e9, rel=0.02)  # table 1 of He et al. (2015)
    with torch.no_grad():
        assert torch.isfinite(model(torch.randn(1, 3, 224, 224))).all()


def test_the_memory_alive_at_once_is_that_of_two_neighbours() -> None:
    model = nn.Sequential(nn.Linear(10, 1000), nn.Sigmoid(), nn.Linear(1000, 2000), nn.Sigmoid(), nn.Linear(2000, 10))
    at_once = peak_bytes(model, torch.zeros(1, 10))
    assert at_once == 4 * (2000 + 2000)
    deeper = nn.Sequential(*[layer for _ in range(9) for layer in (nn.Linear(64, 64), nn.Tanh())])
    assert peak_bytes(deeper, torch.zeros(1, 64)) == 4 * 128
