"""What do the first weights do?

The same network is trained from different first weights: 20 layers of 64 ReLU units and a last layer on scanned digits
of 8 × 8 pixels. Nothing in it normalises, and biases begin at 0. Before the first step the test digits are sent
through, and the standard deviation of what leaves a layer is kept: that is what the first weights decide.
Then it is trained (SGD with momentum 0.9, batches of 64) at each of a few learning rates, the same for every arm, and
the one with the lowest training loss counts, so that no arm loses for its learning rate alone.

Small: normal with deviation 0.01. PyTorch's own: uniform, deviation 1/√(3 n) for n inputs. Xavier: √(2/(inputs +
outputs)), derived for units that are linear around 0 (Glorot & Bengio 2010, equation 12). He: √(2/n), since ReLU passes
half of the variance on (He et al. 2015, arXiv 1502.01852, equation 10). Orthogonal: a rotation, times √2 (Saxe,
McClelland & Ganguli 2014, arXiv 1312.6120). LSUV: orthogonal, then each layer in turn is divided by the deviation that
it has on a batch (Mishkin & Matas 2016, arXiv 1511.06422). Large: twice He's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor, nn

from onionskin.lab import charts
from onionskin.lab.answer import Answer
from onionskin.lab.question import Arm, Measure
from onionskin.lab.questions._descent import accuracy, descend
from onionskin.lab.questions._pictures import pictures
from onionskin.lab.questions._verdict import alike, all_of, more
from onionskin.lab.results import Results
from onionskin.lab.trial import run_folder

DEPTH: Final = 20
WIDTH: Final = 64

#: The layers whose deviation is kept.
LOOKED_AT: Final = (1, 4, 8, 12, 16, 20)

CLAIM = (
    "From small first weights nothing is learned: the signal dies out by more than a factor of 10^10 over 20 layers. "
    "Xavier's loses a factor of √2 a layer, about 700 over the 19 between the first and the last, and learns worse "
    "than He's. He's, orthogonal and LSUV keep the deviation within a factor of 3 and end at the same accuracy, at "
    "least 20 points above small ones."
)
COST = 200
CHANGES = (
    "Normalisation layers (the question 'normalisation'), shortcuts, or tanh in place of ReLU, for which Xavier's is "
    "right; fewer layers, where every one of these learns; Adam, which does not care for the size of a gradient."
)
SEEDS = 5
MEASURES = {
    "accuracy": Measure("share", "test accuracy", precision=0.02),
    "loss": Measure("", "training loss at the end, of the best learning rate"),
    "rate": Measure("", "the learning rate that was best"),
    **{f"std_{n}": Measure("", f"deviation of what leaves layer {n}, before training", kind="size") for n in LOOKED_AT},
}

ARMS: Final[Mapping[str, str]] = {
    "small": "normal, deviation 0.01",
    "PyTorch's own": "uniform",
    "Xavier": "√(2/(inputs + outputs))",
    "He": "√(2/inputs)",
    "orthogonal": "rotation × √2",
    "LSUV": "orthogonal, then measured and divided",
    "large": "2 × He",
}


def arms(is_quick: bool) -> list[Arm]:
    """Return the ways to begin."""
    rates, steps = ((0.02, 0.002), 120) if is_quick else ((0.02, 0.1, 0.005, 0.001), 500)
    left_out = {"large", "PyTorch's own"} if is_quick else set()
    return [
        Arm(name, {"begins": how, "rates": rates, "steps": steps}) for name, how in ARMS.items() if name not in left_out
    ]


def warm(arm: Arm) -> None:
    """Load the digits."""
    pictures("digits")


def measure(arm: Arm, seed: int) -> dict[str, float]:
    """Begin, look at the deviations, and train at every learning rate."""
    digits = pictures("digits")
    first = network(arm.name, digits.x[:256])
    begin = {name: value.clone() for name, value in first.state_dict().items()}
    found = {f"std_{n}": value for n, value in deviations(first, digits.test_x).items()}
    losses, reached = {}, {}
    for rate in arm["rates"]:
        torch.manual_seed(seed)  # the same batches for every rate
        first.load_state_dict(begin)
        run = run_folder() if seed == 0 and rate == arm["rates"][0] else None
        losses[rate] = descend(first, digits.x, digits.y, steps=arm["steps"], rate=rate, run=run, every=10)
        reached[rate] = accuracy(first, digits.test_x, digits.test_y)
    best = min(losses, key=lambda rate: losses[rate])
    return {"accuracy": reached[best], "loss": losses[best], "rate": best, **found}


def network(begins: str, batch: Tensor) -> nn.Sequential:
    """Return the network with its first weights; ``batch`` is what LSUV measures on."""
    layers: list[nn.Module] = [nn.Flatten()]
    for depth in range(DEPTH):
        layers += [nn.Linear(batch[0].numel() if depth == 0 else WIDTH, WIDTH), nn.ReLU()]
    net = nn.Sequential(*layers, nn.Linear(WIDTH, 10))
    for layer in _linear(net):
        _begin(layer, begins)
    if begins == "LSUV":
        _scale_to_one(net, batch)
    return net


def _begin(layer: nn.Linear, begins: str) -> None:
    nn.init.zeros_(layer.bias)
    if begins == "small":
        nn.init.normal_(layer.weight, std=0.01)
    elif begins == "Xavier":
        nn.init.xavier_normal_(layer.weight)
    elif begins in ("He", "large"):
        nn.init.normal_(layer.weight, std=(2 if begins == "large" else 1) * math.sqrt(2 / layer.in_features))
    elif begins in ("orthogonal", "LSUV"):
        nn.init.orthogonal_(layer.weight, gain=math.sqrt(2))


def _linear(net: nn.Sequential) -> list[nn.Linear]:
    return [layer for layer in net if isinstance(layer, nn.Linear)]


@torch.no_grad()
def _scale_to_one(net: nn.Sequential, batch: Tensor) -> None:
    """Divide each layer's weights by the deviation of its outputs, in order: what follows sees the scaled ones."""
    x = batch
    for layer in net:
        if isinstance(layer, nn.Linear):
            layer.weight /= layer(x).std()
        x = layer(x)


@torch.no_grad()
def deviations(net: nn.Sequential, x: Tensor) -> dict[int, float]:
    """Return the deviation of what leaves the layers that are looked at, behind their ReLU."""
    found, depth = {}, 0
    for layer in net:
        x = layer(x)
        depth += isinstance(layer, nn.ReLU)
        if isinstance(layer, nn.ReLU) and depth in LOOKED_AT:
            found[depth] = float(x.std())
    return found


def answer(results: Results) -> Answer:
    """Say what each way to begin reached, and what it did to the signal."""
    shown = [arm.name for arm in results.arms]
    parts = [f"{name} {results.said(name, 'accuracy')} ({_kept(results, name):.2g} × the signal)" for name in shown]
    best = ", ".join(f"{name} {results.value(name, 'rate'):.2g}" for name in shown)
    rows = [{"series": name, "x": n, "y": results.value(name, f"std_{n}")} for name in shown for n in LOOKED_AT]
    left = charts.lines(rows, "What is left of the signal", "layer", "deviation", log_y=True, by="first weights")
    return Answer(
        f"By their first weights, 20 ReLU layers reach: {', '.join(parts)}; in brackets what layer {DEPTH} had of "
        "layer 1's deviation before the first step.",
        "Choose first weights that keep the deviation the same from layer to layer: √(2/inputs) for ReLU. A factor of "
        "only 0.7 a layer is a thousandth after 20.",
        [left, charts.bars(results, "accuracy", "Accuracy after training, at the best learning rate")],
        _holds(results),
        notes=[f"The learning rate that was best (mean over trials), by arm: {best}."],
    )


def _kept(results: Results, arm: str) -> float:
    return results.value(arm, f"std_{DEPTH}") / results.value(arm, "std_1")


def _holds(results: Results) -> bool | None:
    """Whether all parts of the claim came true; "the same accuracy" is taken as within 5 points."""
    needed = ("small", "Xavier", "He", "orthogonal", "LSUV")
    if not all(name in results for name in needed):
        return None
    lost = _kept(results, "small") < 1e-10 and 1 / 2000 < _kept(results, "Xavier") < 1 / 250
    kept = all(1 / 3 < _kept(results, name) < 3 for name in needed[2:])
    return all_of(
        lost and kept,
        more(results.difference("He", "Xavier", "accuracy")),
        more(results.difference("He", "small", "accuracy"), than=0.2),
        alike(results.difference("He", "orthogonal", "accuracy"), within=0.05),
        alike(results.difference("He", "LSUV", "accuracy"), within=0.05),
    )
