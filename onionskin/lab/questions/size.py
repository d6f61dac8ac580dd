"""How big are models on disk, and what does it cost to make them smaller?

Trained networks are written in ways that take fewer bytes, read again from these bytes, and asked about what they have
not seen. Weights alone are coded: they are widened to float32 again before they are used, as is done where files should
be small; computing in int8 is in 'speedups'. Nothing is trained after coding. Every seed trains networks of its own on
MNIST's 5,000, a perceptron and a convolutional network, and each code is compared with float32 seed by seed. In a full
run there are also two pretrained networks, coded whole, under a last layer that was fitted to what the uncoded ones
see: EfficientNet-Lite0 on photos of stamps, and MiniLM on sentences of film reviews.

Besides, every network of onionskin/models is written as safetensors, to see whether it has four bytes a parameter.

Sources: Han, Mao & Dally (2015), "Deep compression", arXiv 1510.00149; Jacob et al. (2017), arXiv 1712.05877; Nagel
et al. (2019), arXiv 1906.04721, on why depthwise convolutions need a scale for each channel.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import torch
from torch import nn

from onionskin import models, registry
from onionskin.lab.answer import Answer, Chart
from onionskin.lab.charts import heat, scatter
from onionskin.lab.question import Arm, Measure
from onionskin.lab.questions._coding import CODES, coded
from onionskin.lab.questions._compared import sentence
from onionskin.lab.questions._fitting import accuracy, fit, small
from onionskin.lab.results import Results
from onionskin.lab.statistics import Interval, amount
from onionskin.lab.trial import run_folder
from onionskin.models import convnet, mlp

CLAIM = (
    "A file has four bytes a parameter (within 5 % for every model of more than 50,000). gzip alone saves less than a "
    "tenth of it. 16 bits and int8 per channel cost at most half a point of accuracy, 4 bits in groups at most two."
)
COST = 700
CHANGES = (
    "Training on after pruning, or with rounding in the loop, keeps more accuracy in fewer bits; larger networks bear "
    "coding better; networks with outliers, such as large language models, bear 4 bits worse without care for these."
)
SEEDS = 5
MEASURES = {
    "bytes_per_parameter": Measure("bytes", "size for each parameter", kind="size"),
    "bytes": Measure("bytes", "size", kind="size"),
    "accuracy": Measure("share", "accuracy on what is held out", precision=0.01),
    "parameters": Measure("parameters", "weights and biases", kind="size"),
}

#: Larger models of the folder are left out of the rule: writing them takes longer than it shows.
_MOST: Final = 30_000_000
_MOST_QUICK: Final = 100_000
_TRAINED: Final = ("mlp", "convnet")
_PRETRAINED: Final = ("efficientnet_lite0", "minilm")
#: Codes that the chart names; the names of all would lie on one another.
_NAMED: Final = ("float32", "float16", "int8 per channel", "4 bits, groups of 32", "80 % pruned, gzip")
_LIMITS: Final = {"float16": 0.005, "bfloat16": 0.005, "int8 per channel": 0.005, "4 bits, groups of 32": 0.02}


def arms(is_quick: bool) -> list[Arm]:
    """Return every code of every network, and every model of the folder."""
    nets = _TRAINED if is_quick else (*_TRAINED, *_PRETRAINED)
    size = {"steps": 150, "width": 8, "held_out": 500} if is_quick else {"steps": 800, "width": 16, "held_out": 0}
    found = [
        Arm(_arm(net, code), {"net": net, "code": code, **size},
            needs=(*CODES[code].needs, *(() if net in _TRAINED else ("safetensors",))), once=net in _PRETRAINED)
        for net in nets for code in CODES
    ]  # fmt: skip
    most = _MOST_QUICK if is_quick else _MOST
    files = [name for name in registry.names(models) if _parameters(name) <= most]
    return found + [Arm(f"file of {name}", {"model": name}, needs=("safetensors",), once=True) for name in files]


def _arm(net: str, code: str) -> str:
    return f"{net}, {code}"


@cache
def _parameters(name: str) -> int:
    with torch.device("meta"):
        return sum(p.numel() for p in registry.load(models, name).build().parameters())


def _network(net: str, width: int) -> nn.Module:
    return mlp.MLP(784, 8 * width, 10) if net == "mlp" else convnet.build(width=width)


@cache
def _trained(net: str, seed: int, steps: int, width: int) -> nn.Module:
    """Return a network that learned MNIST's digits with this seed."""
    torch.manual_seed(seed)
    model, digits = _network(net, width), small("mnist")
    fit(model, digits.train_x, digits.train_y, steps=steps, lr=4e-3, run=run_folder() if seed == 0 else None)
    return model


def measure(arm: Arm, seed: int) -> dict[str, float]:
    """Code a network and ask it, or write a model's file."""
    if "model" in arm.settings:
        return _file_of(arm["model"])
    if arm["net"] in _PRETRAINED:
        return _pretrained(arm["net"], arm["code"])
    model = _trained(arm["net"], seed, arm["steps"], arm["width"])
    size, state = coded(model.state_dict(), CODES[arm["code"]])
    again, digits = _network(arm["net"], arm["width"]), small("mnist", 0, arm["held_out"])
    again.load_state_dict(state)
    return _numbers(model, size) | {"accuracy": accuracy(again.eval(), digits.test_x, digits.test_y)}


def _pretrained(net: str, code: str) -> dict[str, float]:
    from onionskin.lab.questions._pretrained import asked, body

    model = body(net)
    size, state = coded(model.state_dict(), CODES[code])
    return _numbers(model, size) | {"accuracy": asked(net, state)}


def _numbers(model: nn.Module, size: int) -> dict[str, float]:
    count = sum(p.numel() for p in model.parameters())
    return {"bytes": size, "bytes_per_parameter": size / count, "parameters": count}


def _file_of(name: str) -> dict[str, float]:
    from safetensors.torch import save

    model: nn.Module = registry.load(models, name).build()
    state = {key: value.clone() for key, value in model.state_dict().items()}  # some share their memory
    return _numbers(model, len(save(state)))


def answer(results: Results) -> Answer:
    """Say what each code saves and costs."""
    nets = [net for net in (*_TRAINED, *_PRETRAINED) if _arm(net, "float32") in results]
    parts = [_of_rule(results)] if _files(results) else []
    parts += [said for code in ("float32, gzip", "int8 per channel", "4 bits, groups of 32", "80 % pruned, gzip")
              if (said := _of_code(results, code, nets))]  # fmt: skip
    return Answer(
        sentence=sentence(parts),
        rule="Count the parameters and take them times four. Half of that in 16 bits costs nothing, a quarter in int8 "
        "with a scale for each channel next to nothing; 4 bits and pruning are to be measured first. gzip is not worth "
        "it.",
        charts=_charts(results, nets),
        claim_holds=_holds(results, nets),
        notes=_notes(results),
        tables={"Size of float32, and accuracy less that of float32": _table(results, nets)},
    )


def _files(results: Results) -> list[Arm]:
    return [arm for arm in results.arms if "model" in arm.settings]


def _of_rule(results: Results) -> str:
    large = [arm for arm in _files(results) if results.value(arm.name, "parameters") > 50_000]
    each = sorted(results.value(arm.name, "bytes_per_parameter") for arm in large)
    if not each:
        return "no model was large enough to try the rule of four bytes a parameter"
    ends = f"{each[0]:.2f} to {each[-1]:.2f}"
    return f"files of {len(each)} models of more than 50,000 parameters have {ends} bytes a parameter"


def _of_code(results: Results, code: str, nets: Sequence[str]) -> str:
    """Say in a few words what a code leaves of the size, and what it costs at most."""
    tried = [net for net in nets if _arm(net, code) in results]
    if not tried:
        return ""
    left = [_left(results, net, code) for net in tried]
    lost = {net: _lost(results, net, code) for net in tried}
    worst = min(lost, key=lambda net: lost[net])
    ends = [_percent(min(left)), _percent(max(left))]
    size = f"{code} leaves {' to '.join(dict.fromkeys(ends))} of the size"
    return size if not any(lost.values()) else f"{size} ({amount(lost[worst], 'share', signed=True)} at worst, {worst})"


def _left(results: Results, net: str, code: str) -> float:
    return results.value(_arm(net, code), "bytes") / results.value(_arm(net, "float32"), "bytes")


def _lost(results: Results, net: str, code: str) -> float:
    """Return how much accuracy a code adds; most are negative."""
    one, other = (results.by_seed(_arm(net, which), "accuracy") for which in (code, "float32"))
    shared = one.keys() & other.keys()
    return sum(one[seed] - other[seed] for seed in shared) / len(shared) if shared else 0.0


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _holds(results: Results, nets: Sequence[str]) -> bool | None:
    """Whether all parts of the claim came true; a loss counts where its interval leaves the limit behind."""
    large = [arm for arm in _files(results) if results.value(arm.name, "parameters") > 50_000]
    if any(abs(results.value(arm.name, "bytes_per_parameter") / 4 - 1) > 0.05 for arm in large):
        return False
    is_sure = bool(large) and bool(nets)
    for net in nets:
        if _arm(net, "float32, gzip") in results and _left(results, net, "float32, gzip") < 0.9:
            return False
        for code, limit in _LIMITS.items():
            lost = results.difference(_arm(net, code), _arm(net, "float32"), "accuracy").interval
            if net in _PRETRAINED:  # one measurement, and no interval
                lost = Interval(lost.value, lost.value, lost.value, lost.count)
            if lost.high < -limit:
                return False
            is_sure &= lost.low >= -limit
    return True if is_sure else None


def _charts(results: Results, nets: Sequence[str]) -> list[Chart]:
    rows = [
        {"x": results.value(arm.name, "bytes_per_parameter"), "y": 100 * results.value(arm.name, "accuracy"),
         "name": arm["code"] if [arm["net"]] == nets[:1] and arm["code"] in _NAMED else "", "group": arm["net"]}
        for arm in results.arms if "code" in arm.settings
    ]  # fmt: skip
    cells = [
        {"x": net, "y": code, "value": 100 * _lost(results, net, code)}
        for code in CODES for net in nets if _arm(net, code) in results and _arm(net, "float32") in results
    ]  # fmt: skip
    files = [{"x": results.value(arm.name, "parameters"), "y": results.value(arm.name, "bytes"), "name": arm["model"]}
             for arm in _files(results)]  # fmt: skip
    line = [
        {"x": x, "y": 4 * x} for x in (min((r["x"] for r in files), default=1), max((r["x"] for r in files), default=2))
    ]
    return [
        heat(cells, "Accuracy gained or lost (points)", "network", "code", "points", labels=".1f"),
        scatter(rows, "What smaller weights cost", "bytes a parameter", "accuracy (%)", by="network", log=False),
        scatter(files, "Files of all models; the line is four bytes a parameter", "parameters", "bytes", line=line),
    ]


def _table(results: Results, nets: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {"code": code} | {net: f"{_percent(_left(results, net, code))}, "
                          f"{amount(_lost(results, net, code), 'share', signed=True)}"
                          for net in nets if _arm(net, code) in results}
        for code in CODES
    ]  # fmt: skip


def _notes(results: Results) -> list[str]:
    sizes = {arm["model"]: results.value(arm.name, "bytes_per_parameter") for arm in _files(results)}
    others = [name for name, each in sizes.items() if abs(each / 4 - 1) > 0.05]
    return [
        "The size is that of the coded bytes alone; a container adds some kilobytes (see 'formats').",
        *([f"More than 5 % away from four bytes a parameter are {', '.join(others)}: small ones, whose header weighs, "
           "or such as keep tables beside their parameters."] if others else []),
        "Pruned weights are the smallest of all layers together, set to 0 without training on; gzip packs the zeros.",
        "Weights look like noise to gzip: of four bytes, only the one with the exponent has a pattern, and byte planes "
        "lay these together.",
        *(["The pretrained networks were measured once for each code, on one split (39 photos, 600 sentences). In "
           "EfficientNet-Lite0 many channels have 9 or 25 weights; groups of 32 and codebooks mix channels there, int8 "
           "per channel does not."] if not results.is_quick else []),
    ]  # fmt: skip
