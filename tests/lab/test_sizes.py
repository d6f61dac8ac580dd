"""Networks that take other sizes are the ones that were trained, at the size that they were trained at."""

import pytest
import torch

from onionskin.lab.questions._faster import Cached, fused
from onionskin.lab.questions._sizes import Convolutional, Interpolated, texts
from onionskin.models import convnet, lenet, vit


def test_dense_layers_as_convolutions_answer_the_same_and_at_many_places() -> None:
    torch.manual_seed(0)
    dense, x = lenet.build().eval(), torch.randn(3, 1, 28, 28)
    convolutional = Convolutional(dense)
    with torch.no_grad():
        torch.testing.assert_close(convolutional(x), dense(x))
        wide = torch.zeros(1, 1, 32, 40)
        wide[:, :, 4:, 8:36] = x[:1]
        places = convolutional.places(wide)
        assert places.shape == (1, 10, 2, 4)  # a step of two poolings is 4 pixels
        torch.testing.assert_close(places[:, :, 1, 2], dense(x[:1]))


def test_interpolated_positions_are_the_learned_ones_at_the_learned_size() -> None:
    torch.manual_seed(0)
    model = vit.build(side=28, patch=4).eval()
    stretched, x = Interpolated(model), torch.randn(2, 1, 28, 28)
    with torch.no_grad():
        torch.testing.assert_close(stretched(x), model(x))
        assert stretched(torch.randn(2, 1, 40, 20)).shape == (2, 10)
        with pytest.raises(RuntimeError):
            model(torch.randn(2, 1, 40, 40))


def test_norms_merged_into_convolutions_change_nothing() -> None:
    torch.manual_seed(0)
    model = convnet.build(width=4)
    for _ in range(3):
        model(torch.randn(8, 1, 16, 16) * 2 + 1)  # so that running means and variances are not 0 and 1
    model.eval()
    x = torch.randn(5, 1, 28, 28)
    with torch.no_grad():
        torch.testing.assert_close(fused(model)(x), model(x), rtol=1e-4, atol=1e-5)


def test_a_cached_forward_computes_each_input_once() -> None:
    seen: list[int] = []

    def forward(x: torch.Tensor) -> torch.Tensor:
        seen.append(len(x))
        return 2 * x

    kept, x = Cached(forward), torch.tensor([[1.0], [2.0], [1.0]])
    assert torch.equal(kept(x), 2 * x)
    assert torch.equal(kept(torch.tensor([[2.0], [3.0]])), torch.tensor([[4.0], [6.0]]))
    assert seen == [2, 1]


def test_texts_are_ragged_and_hold_their_topic() -> None:
    x, y = texts(500, (4, 32), seed=0)
    lengths = (x != 0).sum(1)
    assert lengths.min() == 4
    assert lengths.max() == 32
    own = x - 81
    told = ((own >= 0) & (own // 10 == y[:, None])).sum() / lengths.sum()
    assert told == pytest.approx(0.25, abs=0.02)
    assert not ((own >= 0) & (own // 10 != y[:, None])).any()
