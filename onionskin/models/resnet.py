"""ResNet: each block learns what to add to its input, so that a hundred layers train as easily as eight.

Paper: He, Zhang, Ren & Sun (2015), "Deep residual learning for image recognition", arXiv 1512.03385. For small images
it begins with a 3 × 3 convolution and no pooling, as the paper's own networks for CIFAR-10 do; ``stem="imagenet"`` is
for photos of 224 × 224. Two later networks are the same but for two numbers: ResNeXt-50 32×4d (Xie et al., arXiv
1611.05431) is ``groups=32, widen=2``, and Wide ResNet-50-2 (Zagoruyko & Komodakis, arXiv 1605.07146) ``widen=2``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import Tensor, nn

from onionskin.errors import OnionskinError
from onionskin.models import Example
from onionskin.models._batches import images, seeded

#: How many blocks each of the four stages has (table 1 of the paper).
BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}

#: From this depth on a block has three convolutions, of which only the narrow one in the middle looks around.
BOTTLENECKS_FROM = 50


class BasicBlock(nn.Module):
    """Two 3 × 3 convolutions and a shortcut around them. Takes (n, inputs, h, w); gives (n, outputs, h/stride, …)."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        # A bias before a BatchNorm would be subtracted with the mean: it has nothing to learn.
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = projection(inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Return relu(F(x) + x), equation 1 of the paper; equation 2 where the shapes differ."""
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        summed: Tensor = self.relu(y + shortcut)
        return summed


class Bottleneck(nn.Module):
    """Narrows, looks around, widens again: a 3 × 3 on a quarter of the channels. Shapes as of a :class:`BasicBlock`.

    The stride is that of the 3 × 3: in the first 1 × 1, where the paper has it, three of four pixels are never read.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1, groups: int = 1, widen: int = 1) -> None:
        super().__init__()
        inner = outputs // 4 * widen
        self.conv1 = nn.Conv2d(inputs, inner, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(inner, inner, 3, stride=stride, padding=1, groups=groups, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = projection(inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Return relu(F(x) + x), figure 5 of the paper on the right."""
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        summed: Tensor = self.relu(y + shortcut)
        return summed


def projection(inputs: int, outputs: int, stride: int) -> nn.Sequential | None:
    """Return what brings the shortcut into the shape of what it is added to, or None where it has that already."""
    if stride == 1 and inputs == outputs:
        return None
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs))


class ResNet(nn.Module):
    """Four stages, each half as wide and high as the last and twice as deep. Takes (n, channels, h, w) images."""

    def __init__(
        self,
        depth: int = 18,
        width: int = 64,
        channels: int = 3,
        classes: int = 10,
        *,
        stem: str = "small",
        groups: int = 1,
        widen: int = 1,
    ) -> None:
        super().__init__()
        has_bottlenecks = depth >= BOTTLENECKS_FROM
        block = partial(Bottleneck, groups=groups, widen=widen) if has_bottlenecks else BasicBlock
        outputs = 4 * width if has_bottlenecks else width
        self.maxpool: nn.MaxPool2d | None = None
        if stem == "imagenet":  # a quarter of the width and height before the first block
            self.conv1 = nn.Conv2d(channels, width, 7, stride=2, padding=3, bias=False)
            self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        else:
            self.conv1 = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        first, second, third, fourth = BLOCKS[depth]
        self.layer1 = stage(block, first, width, outputs, stride=1)
        self.layer2 = stage(block, second, outputs, 2 * outputs, stride=2)
        self.layer3 = stage(block, third, 2 * outputs, 4 * outputs, stride=2)
        self.layer4 = stage(block, fourth, 4 * outputs, 8 * outputs, stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8 * outputs, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")  # He et al., 1502.01852

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits, (n, classes)."""
        x = self.relu(self.bn1(self.conv1(x)))  # (n, width, h, w), or half of h and w
        if self.maxpool is not None:
            x = self.maxpool(x)  # (n, width, h/4, w/4): all that follows is a quarter as well
        x = self.layer1(x)  # (n, outputs, h, w), of which outputs is width, or 4 width with bottlenecks
        x = self.layer2(x)  # (n, 2 outputs, h/2, w/2)
        x = self.layer3(x)  # (n, 4 outputs, h/4, w/4)
        x = self.layer4(x)  # (n, 8 outputs, h/8, w/8)
        x = self.avgpool(x).flatten(1)  # (n, 8 outputs)
        logits: Tensor = self.fc(x)
        return logits


def stage(
    block: Callable[[int, int, int], nn.Module], blocks: int, inputs: int, outputs: int, stride: int
) -> nn.Sequential:
    """Return blocks in a row, of which the first changes the shape."""
    rest = [block(outputs, outputs, 1) for _ in range(blocks - 1)]
    return nn.Sequential(block(inputs, outputs, stride), *rest)


def build(
    depth: int = 18,
    width: int = 64,
    channels: int = 3,
    classes: int = 10,
    *,
    stem: str = "small",
    groups: int = 1,
    widen: int = 1,
) -> ResNet:
    """Return the network: 11,173,962 parameters for depth 18.

    Args:
        depth: How many layers have weights on the way from the image to the logits: 18, 34, 50, 101 or 152.
        width: The channels of the first layer; the paper's is 64.
        channels: The channels of the images.
        classes: How many logits.
        stem: How it begins: ``small`` with a 3 × 3 convolution, ``imagenet`` with 7 × 7 of stride 2 and a max pool.
        groups: In how many groups of channels the 3 × 3 of a bottleneck looks; they divide its channels.
        widen: How many times as many channels the 3 × 3 of a bottleneck has.

    Raises:
        OnionskinError: There is no such depth or stem, or the groups do not fit.
    """
    if depth not in BLOCKS:
        known = ", ".join(map(str, list(BLOCKS)[:-1]))
        raise OnionskinError(f"no ResNet of depth {depth}", fix=f"choose depth {known} or {list(BLOCKS)[-1]}")
    if stem not in ("small", "imagenet"):
        raise OnionskinError(f"no stem '{stem}' of a ResNet", fix="choose stem small or imagenet")
    if depth < BOTTLENECKS_FROM and (groups, widen) != (1, 1):
        fix = f"leave them out, or choose depth {BOTTLENECKS_FROM} or more"
        raise OnionskinError(f"groups={groups}, widen={widen} in a ResNet-{depth}, which has no bottlenecks", fix=fix)
    if width * widen % groups:
        fix = "make width times widen a multiple of groups"
        raise OnionskinError(f"{width * widen} channels do not divide into {groups} groups", fix=fix)
    return ResNet(depth, width, channels, classes, stem=stem, groups=groups, widen=widen)


def example() -> Example:
    """Return ResNet-18 with 4 images of 16 × 16 in colour, one of each of four classes."""
    x, y = images(4, (3, 16, 16), classes=4)
    with seeded():
        return Example(build(classes=4), x, y, loss="cross_entropy", optimizer="sgd:lr=0.0078125,momentum=0.5")
