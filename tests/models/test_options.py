"""What the architectures can be built as besides their default, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

import onionskin as osk
from onionskin.errors import OnionskinError
from onionskin.models import dcgan, densenet, gpt, lstm, mlp_mixer, mobilenet_v3, resnet, shufflenet_v2, unet, vgg, vit
from onionskin.models._batches import images, seeded


def test_a_resnet_has_the_depth_that_is_asked_for() -> None:
    for depth in (18, 34, 50):
        modules = resnet.build(depth, width=4).named_modules()
        layers = [name for name, m in modules if isinstance(m, nn.Conv2d | nn.Linear)]
        assert len([name for name in layers if "downsample" not in name]) == depth
    with pytest.raises(OnionskinError, match="choose depth 18, 34, 50, 101 or 152"):
        resnet.build(depth=19)
    with pytest.raises(OnionskinError, match="choose stem small or imagenet"):
        resnet.build(stem="large")
    with pytest.raises(OnionskinError, match="ResNet-34, which has no bottlenecks"):
        resnet.build(depth=34, widen=2)
    with pytest.raises(OnionskinError, match="64 channels do not divide into 7 groups"):
        resnet.build(depth=50, groups=7)


def test_a_gpt_attends_alike_written_out_and_fused() -> None:
    written, fused = gpt.build(), gpt.build(fused=True)
    fused.load_state_dict(written.state_dict())
    tokens = torch.randint(32, (2, 16))
    torch.testing.assert_close(written(tokens), fused(tokens))
    shorter = written(tokens[:, :5])
    torch.testing.assert_close(shorter, written(tokens)[:, :5])  # what comes later is not looked at


def test_an_lstm_can_read_from_both_ends() -> None:
    one, both = lstm.build(layers=1), lstm.build(layers=1, bidirectional=True)
    both.lstm.load_state_dict(one.lstm.state_dict(), strict=False)  # the forward direction of both
    x = torch.randn(2, 5, 4)
    torch.testing.assert_close(both.lstm(x)[1][0][0], one.lstm(x)[1][0][0])
    assert both(x).shape == (2, 3)


@pytest.mark.parametrize("up", ["transposed", "nearest", "bilinear"])
def test_a_unet_answers_for_every_pixel_however_it_grows(up: str) -> None:
    assert unet.build(up=up)(torch.randn(2, 1, 16, 24)).shape == (2, 2, 16, 24)
    with pytest.raises(OnionskinError, match="transposed, nearest or bilinear"):
        unet.build(up="magic")


@pytest.mark.parametrize("build", [gpt.build, vit.build])
def test_what_does_not_divide_into_heads_is_refused(build: Callable[..., nn.Module]) -> None:
    with pytest.raises(OnionskinError, match="30 values do not divide into 4 heads"):
        build(width=30)


@pytest.mark.parametrize("build", [gpt.build, vit.build])
def test_dropout_is_for_training_alone(build: Callable[..., nn.Module]) -> None:
    model = build(dropout=0.5)
    x = gpt.example().inputs if build is gpt.build else vit.example().inputs
    assert not torch.equal(model(x), model(x))
    model.eval()
    assert torch.equal(model(x), model(x))


def test_a_vit_refuses_half_a_patch() -> None:
    with pytest.raises(OnionskinError, match="18 pixels do not divide into patches of 4"):
        vit.build(side=18)


def test_a_generator_learns_nothing_from_the_discriminators_loss() -> None:
    case = dcgan.example()
    case.phases[0].loss(case.model, case.inputs, case.targets).backward()  # type: ignore[no-untyped-call]
    got = {key.split(".")[0] for key, p in case.model.named_parameters() if p.grad is not None}
    assert got == {"discriminator"}


@pytest.mark.parametrize(
    ("wrong", "remedy"),
    [
        (lambda: vgg.build(12), "no VGG of depth 12.*choose depth 11, 13, 16 or 19"),
        (lambda: densenet.imagenet(120), "no DenseNet of depth 120.*choose depth 121, 169 or 201"),
        (lambda: mobilenet_v3.build("medium"), "no MobileNetV3 called 'medium'.*choose size small or large"),
        (lambda: vit.imagenet("XL"), "no vision transformer 'XL'.*choose one of: Ti, S, B"),
        (lambda: mlp_mixer.imagenet("XL"), "no MLP-Mixer 'XL'.*choose one of: S, B"),
        (lambda: mlp_mixer.build(side=18), "18 pixels do not divide into patches of 16"),
    ],
)
def test_a_size_that_no_paper_has_is_refused(wrong: Callable[[], nn.Module], remedy: str) -> None:
    with pytest.raises(OnionskinError, match=f"(?s){remedy}"):
        wrong()


def test_channels_are_shuffled_as_cards_are() -> None:
    x = torch.arange(6.0).reshape(1, 6, 1, 1)
    assert shufflenet_v2.shuffled(x).flatten().tolist() == [0, 3, 1, 4, 2, 5]


def test_what_only_deep_networks_are_made_of_is_peeled_as_well() -> None:
    """The examples are shallow: the blocks of the networks for photos are proved here."""
    x, y = images(8, (3, 32, 32), classes=4)
    with seeded():
        first = resnet.Bottleneck(8, 16, 2, groups=2, widen=2)
        residual = nn.Sequential(
            nn.Conv2d(3, 8, 3),
            first,
            resnet.Bottleneck(16, 16),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(16, 4),
        )
        dense = densenet.DenseNet(3, 4, (2, 2), 4, photos=True)
        for module in dense.modules():
            if isinstance(module, nn.BatchNorm2d):  # without a bias, the next norm undoes its scale,
                nn.init.normal_(module.bias)  # whose gradient would be nothing but rounding
    for model in (residual, dense):
        for each in osk.peel(model, (x, y), optimizer="sgd:lr=0.0078125").check(steps=3, only=("loop", "numpy")):
            assert each.agrees, f"{each.level}: {each.first}"
