"""How fast the levels of the peel are beside their peers: ``python -m bench.peel``.

CPU time of one step on one thread, in turns within one run; each figure is the median of the rounds, each ratio the
median of the rounds' ratios. The NumPy level against PyTorch's modules and optimizer, MyGrad and HIPS autograd; the C
level against the NumPy level; the scalars level against micrograd; and how long ResNet-18's program takes to write.

``--quick`` takes fewer rounds; ``--write FILE`` adds the table to a results file.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

# These pick a matrix kernel for another machine; a benchmark measures the one it runs on.
for _name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(_name, None)

from bench import peel_c, peel_nets, peel_peers, peel_scalars  # noqa: E402
from bench.overhead import machine  # noqa: E402
from onionskin import registry  # noqa: E402
from onionskin.models import resnet  # noqa: E402
from onionskin.peel import levels  # noqa: E402
from onionskin.peel.compare import one_thread, run_program  # noqa: E402
from onionskin.peel.plan import Plan, copied, plan_example  # noqa: E402

#: The bars: NumPy's time as a multiple of PyTorch's modules and optimizer.
BARS = {"MLP 784-128-10": 0.5, "CNN": 1.5, "ResNet-18, 32 × 32": 3.0, "GPT, 2 blocks": 2.0}

#: Who else is asked to train the same net.
PEERS: dict[str, dict[str, tuple[Callable[..., Any], Callable[..., Any]]]] = {
    "MLP 784-128-10": {
        "MyGrad": (peel_peers.mygrad_step, peel_peers.mygrad_mlp),
        "HIPS autograd": (peel_peers.autograd_step, peel_peers.autograd_mlp),
    },
    "CNN": {
        "MyGrad": (peel_peers.mygrad_step, peel_peers.mygrad_cnn),
        "HIPS autograd": (peel_peers.autograd_step, peel_peers.autograd_cnn),
    },
}


def numpy_against_others(quick: bool) -> Iterator[list[str]]:
    yield ["net", "arm", "ms a step", "numpy / arm", "bar"]
    for name, (make, steps) in peel_nets.NETS.items():
        made = make()
        with TemporaryDirectory() as folder, one_thread():
            program = registry.load(levels, "numpy").write(made)
            arms = {"numpy": _endless(run_program(made, program, Path(folder))["train"]), "torch modules": _torch(made)}
            data = made.data()
            arms |= {peer: step(forward, data) for peer, (step, forward) in PEERS.get(name, {}).items()}
            peel_peers.check(arms)
            rounds = _rounds(arms, max(1, steps // (4 if quick else 1)), 5 if quick else 11)
        for arm, times in rounds.items():
            ratios = [own / other for own, other in zip(rounds["numpy"], times, strict=True)]
            bar = {"torch modules": f"≤ {BARS[name]}", "numpy": ""}.get(arm, "< 1")
            shown = "" if arm == "numpy" else f"{statistics.median(ratios):.2f}"
            yield [name, arm, f"{1e3 * statistics.median(times):.3f}", shown, bar]


def _endless(train: Callable[[int], Iterator[float]]) -> Callable[[], float]:
    losses = train(10**9)
    return lambda: float(next(losses))


def _torch(made: Plan) -> Callable[[], float]:
    """Return a step of PyTorch's modules and optimizer, as everybody writes it."""
    model, batch, stage = copied(made.model), made.batches[0], made.stages[0]
    optimizer = stage.recipe.optimizer.as_torch()(model.parameters(), **stage.recipe.optimizer.settings)

    def step() -> float:
        optimizer.zero_grad()
        loss = stage.step(model, batch)
        loss.backward()  # type: ignore[no-untyped-call]  # PyTorch's method has no types here
        optimizer.step()
        return loss.item()

    return step


def _rounds(arms: Mapping[str, Callable[[], float]], steps: int, rounds: int) -> dict[str, list[float]]:
    """Return the CPU seconds of a step of each arm, round by round; the arms take turns."""
    found: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(rounds):
        for name, step in arms.items():
            began = time.process_time()
            for _ in range(steps):
                step()
            found[name].append((time.process_time() - began) / steps)
    return found


def c_against_numpy(quick: bool) -> Iterator[list[str]]:
    yield ["net", "numpy, ms", "c, ms", "c / numpy", "bar"]
    for name, steps in peel_c.STEPS.items():
        numpy, c = peel_c.measure(peel_nets.NETS[name][0](), steps // (4 if quick else 1))
        ratio = statistics.median(b / a for a, b in zip(numpy, c, strict=True))
        yield [name, *(f"{1e3 * statistics.median(each):.3f}" for each in (numpy, c)), f"{ratio:.2f}", "≤ 0.7"]


def scalars_against_micrograd(quick: bool) -> Iterator[list[str]]:
    yield ["net", "micrograd, ms", "scalars, ms", "times faster", "bar"]
    micrograd, scalars = peel_scalars.measure(rounds=3 if quick else 7)
    ratio = statistics.median(a / b for a, b in zip(micrograd, scalars, strict=True))
    shown = [f"{1e3 * statistics.median(each):.3f}" for each in (micrograd, scalars)]
    yield ["2-16-16-1", *shown, f"{ratio:.0f}", "≥ 30"]


def writing(quick: bool) -> Iterator[list[str]]:
    yield ["what", "s", "bar"]
    times = []
    for _ in range(2 if quick else 5):
        example = resnet.example()
        began = time.perf_counter()
        registry.load(levels, "numpy").write(plan_example(example, name="resnet"))
        times.append(time.perf_counter() - began)
    yield ["writing ResNet-18 in NumPy, with the tracing", f"{statistics.median(times):.2f}", "≤ 3"]


MEASUREMENTS = {
    "numpy": numpy_against_others,
    "c": c_against_numpy,
    "scalars": scalars_against_micrograd,
    "writing": writing,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*MEASUREMENTS, []], metavar="MEASUREMENT")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    text = [f"# The peel, {date.today()}", "", machine(), ""]
    print("\n".join(text))
    for name in options.names or MEASUREMENTS:
        rows = list(MEASUREMENTS[name](options.quick))
        table = ["| " + " | ".join(row) + " |" for row in rows]
        table.insert(1, "|---" * len(rows[0]) + "|")
        print(f"## {name}\n\n" + "\n".join(table) + "\n", flush=True)
        text += [f"## {name}", "", *table, ""]
    if options.write:
        options.write.write_text("\n".join(text))


if __name__ == "__main__":
    main()
