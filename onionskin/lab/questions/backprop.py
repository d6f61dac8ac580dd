"""Why backpropagation and not finite differences?

One whole gradient of one loss is computed in several ways, for networks of two layers with n inputs, n ReLU units and n
classes (2 n² + 2 n parameters), on 16 examples, in float32, as a training would. Forward differences move one parameter
after the other and look at the loss: P + 1 forwards. Central differences look on both sides: 2 P. Forward mode carries
one derivative along with each forward, exactly: P of them (``torch.func.jvp``). SPSA moves all parameters at once in
one random direction, on both sides: 2 forwards for an estimate that is right on average only (Spall 1992).
Backpropagation (Linnainmaa 1970; Rumelhart, Hinton & Williams 1986) is autograd, and once more by hand in NumPy. It
costs a few forwards for any number of parameters: the "cheap gradient principle", at most 5 (Baur & Strassen 1983;
Griewank & Walther 2008, section 4.6).

Operations are multiply-adds of matrix products, counted by PyTorch while a forward (and a backward) is carried out,
times how many are needed. The error is |g − g*| / |g*| against autograd in float64. The step of a difference is the
usual best guess, √ε forward and ∛ε central; the curve of the error over the step is measured besides, at 544
parameters: too large a step sees the curvature, too small a step sees only rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from onionskin.lab import charts
from onionskin.lab.answer import Answer, Chart
from onionskin.lab.question import Arm, Measure
from onionskin.lab.questions._stopwatch import seconds_of, timed
from onionskin.lab.questions._verdict import all_of, more
from onionskin.lab.results import Results

Array = npt.NDArray[Any]

EXAMPLES: Final = 16
METHODS: Final = ("autograd", "by hand", "forward differences", "central differences", "forward mode", "SPSA")

#: The curve of the error is measured at this size, for steps of 10^-1 to 10^-10.
CURVE: Final = 16
POWERS: Final = tuple(range(1, 11))

CLAIM = (
    "The operations of a gradient grow with the parameters by backpropagation (slope 1 in the logarithms) and with "
    "their square by differences (slope 2, both within 0.15). Backpropagation costs at most 5 forwards at any size. "
    "At the largest size it is more than 300 times as fast as forward differences, and more exact: its error is below "
    "a millionth, that of differences in float32 above a thousandth of a percent at any step."
)
COST = 150
CHANGES = (
    "Networks so small that the overhead of a call is everything; a loss that can be evaluated but not "
    "differentiated, where SPSA and evolution strategies have their place; one parameter of interest, for which one "
    "difference is enough."
)
MEASURES = {
    "seconds": Measure("s", "one whole gradient", kind="time", precision=0.1),
    "operations": Measure("", "multiply-adds of one whole gradient", kind="size"),
    "forwards": Measure("", "its operations, in forwards", kind="size"),
    "error": Measure("", "relative error against float64", kind="size"),
    **{f"error_{k}": Measure("", f"relative error with a step of 10^-{k}", kind="size") for k in POWERS},
}


def arms(is_quick: bool) -> list[Arm]:
    """Return every method at every size, and the differences in float64 at one."""
    sizes = (8, CURVE, 40) if is_quick else (8, CURVE, 32, 64, 128)
    made = [
        Arm(name(method, n), {"method": method, "n": n, "dtype": "float32"})
        for n in sizes for method in METHODS if method != "forward mode" or n <= (16 if is_quick else 32)
    ]  # fmt: skip
    double = [Arm(f"{name(m, CURVE)}, float64", {"method": m, "n": CURVE, "dtype": "float64"}) for m in METHODS[2:4]]
    return made + double


def name(method: str, n: int) -> str:
    """Return what an arm is called."""
    return f"{method}, {parameters(n):,} parameters"


def parameters(n: int) -> int:
    """Return how many parameters the network of n units has."""
    return 2 * n * n + 2 * n


def measure(arm: Arm, seed: int) -> dict[str, float]:
    """Compute one gradient, time it, and compare it with the truth."""
    n, method = arm["n"], arm["method"]
    dtype = getattr(torch, arm["dtype"])
    exact = Problem(n, seed, torch.float64)
    truth = autograd(exact)
    problem = Problem(n, seed, dtype)
    is_difference = method.endswith("differences")
    power = 2 if method == "forward differences" else 3
    step = float(torch.finfo(dtype).eps ** (1 / power))
    compute = _computation(method, problem, step)
    seconds, gradient = timed(compute)
    if seconds < 0.02:
        seconds = seconds_of(compute, seconds=0.02)
    once, both = operations(n)
    forwards = {
        "forward differences": parameters(n) + 1,
        "central differences": 2 * parameters(n),
        "forward mode": 2 * parameters(n),  # a value and a derivative are carried
        "SPSA": 2,
    }
    counted = once * forwards[method] if method in forwards else both
    found = {"seconds": seconds, "operations": counted, "forwards": counted / once, "error": _error(gradient, truth)}
    if is_difference and n == CURVE:
        found |= {f"error_{k}": _error(_computation(method, problem, 10.0**-k)(), truth) for k in POWERS}
    return found


class Problem:
    """A loss as a function of one flat vector of parameters.

    Attributes:
        flat: (P,) the parameters where the gradient is wanted.
        x, y: (16, n) inputs and (16,) classes.
    """

    def __init__(self, n: int, seed: int, dtype: torch.dtype) -> None:
        stream = torch.Generator().manual_seed(seed)
        flat = torch.randn(parameters(n), generator=stream) / math.sqrt(n)  # the same numbers in either precision
        self.n, self.flat = n, flat.to(dtype)
        self.x = torch.randn(EXAMPLES, n, generator=stream).to(dtype)
        self.y = torch.randint(n, (EXAMPLES,), generator=stream)

    def parts(self, flat: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the weights and biases of both layers, as views."""
        n = self.n
        w1, b1, w2, b2 = torch.split(flat, [n * n, n, n * n, n])
        return w1.view(n, n), b1, w2.view(n, n), b2

    def loss(self, flat: Tensor) -> Tensor:
        """Return the mean cross-entropy."""
        w1, b1, w2, b2 = self.parts(flat)
        h = torch.addmm(b1, self.x, w1).relu()
        return torch.nn.functional.cross_entropy(torch.addmm(b2, h, w2), self.y)


def _computation(method: str, problem: Problem, step: float) -> Callable[[], Tensor]:
    if method == "autograd":
        return lambda: autograd(problem)
    if method == "by hand":
        w1, b1, w2, b2 = (part.numpy() for part in problem.parts(problem.flat))
        x, y = problem.x.numpy(), problem.y.numpy()
        return lambda: torch.from_numpy(by_hand(w1, b1, w2, b2, x, y))
    if method == "forward mode":
        return lambda: forward_mode(problem)
    if method == "SPSA":
        return lambda: spsa(problem, step)
    return lambda: differences(problem, step, is_central=method == "central differences")


def autograd(problem: Problem) -> Tensor:
    """Return the gradient by autograd, (P,)."""
    flat = problem.flat.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(problem.loss(flat), flat)
    return gradient


# Shapes of what follows: n examples, i inputs, h hidden units, o classes.
def by_hand(w1_ih: Array, b1_h: Array, w2_ho: Array, b2_o: Array, x_ni: Array, y_n: Array) -> Array:
    """Return the gradient by the chain rule, written out, (P,)."""
    h_nh = np.maximum(x_ni @ w1_ih + b1_h, 0)
    z_no = h_nh @ w2_ho + b2_o
    p_no = np.exp(z_no - z_no.max(1, keepdims=True))
    p_no /= p_no.sum(1, keepdims=True)
    p_no[np.arange(len(y_n)), y_n] -= 1
    dz_no = p_no / len(y_n)
    dh_nh = (dz_no @ w2_ho.T) * (h_nh > 0)
    return np.concatenate([(x_ni.T @ dh_nh).ravel(), dh_nh.sum(0), (h_nh.T @ dz_no).ravel(), dz_no.sum(0)])


@torch.no_grad()
def differences(problem: Problem, step: float, *, is_central: bool) -> Tensor:
    """Return the gradient by moving one parameter after the other, (P,)."""
    flat = problem.flat.clone()
    gradient = torch.empty_like(flat)
    here = problem.loss(flat).item()
    for i, value in enumerate(flat.tolist()):
        flat[i] = value + step
        above = problem.loss(flat).item()
        if is_central:
            flat[i] = value - step
            gradient[i] = (above - problem.loss(flat).item()) / (2 * step)
        else:
            gradient[i] = (above - here) / step
        flat[i] = value
    return gradient


def forward_mode(problem: Problem) -> Tensor:
    """Return the gradient by carrying one derivative after the other forward, (P,)."""
    gradient, tangent = torch.empty_like(problem.flat), torch.zeros_like(problem.flat)
    for i in range(len(gradient)):
        tangent[i] = 1
        gradient[i] = torch.func.jvp(problem.loss, (problem.flat,), (tangent,))[1]
        tangent[i] = 0
    return gradient


@torch.no_grad()
def spsa(problem: Problem, step: float) -> Tensor:
    """Return an estimate of the gradient from one random direction of signs, (P,)."""
    signs = torch.randint(0, 2, problem.flat.shape).to(problem.flat.dtype) * 2 - 1
    rise = problem.loss(problem.flat + step * signs) - problem.loss(problem.flat - step * signs)
    return rise / (2 * step) * signs


@cache
def operations(n: int) -> tuple[int, int]:
    """Return the multiply-adds of a forward, and of a forward with its backward."""
    problem = Problem(n, 0, torch.float32)
    flat = problem.flat.clone().requires_grad_()
    with FlopCounterMode(display=False) as once:
        loss = problem.loss(flat)
    with FlopCounterMode(display=False) as back:
        loss.backward()  # type: ignore[no-untyped-call]  # it has no types
    return once.get_total_flops() // 2, (once.get_total_flops() + back.get_total_flops()) // 2


def _error(gradient: Tensor, truth: Tensor) -> float:
    return float((gradient.double() - truth).norm() / truth.norm())


def slope(results: Results, method: str, what: str) -> float:
    """Return the slope of a measure over the parameters, in logarithms, by least squares; NaN from one size."""
    found = [(parameters(arm["n"]), results.value(arm.name, what)) for arm in _of(results, method)]
    if len(found) < 2:
        return math.nan
    x, y = np.log(np.array(found)).T
    return float(np.polyfit(x, y, 1)[0])


def _of(results: Results, method: str) -> list[Arm]:
    return [arm for arm in results.arms if arm["method"] == method and arm["dtype"] == "float32"]


def answer(results: Results) -> Answer:
    """Say how the cost grows, how much faster, and how exact."""
    shown = [method for method in METHODS if _of(results, method)]
    grows = ", ".join(
        f"{m} {slope(results, m, 'operations'):.2f} and {slope(results, m, 'seconds'):.2f}" for m in shown
    )
    grown = f"With P parameters a gradient grows as P to the power of (operations and seconds): {grows}"
    sizes = [arm["n"] for arm in _of(results, "autograd") if name("forward differences", arm["n"]) in results]
    parts, holds = [grown], None
    if sizes:
        backprop, forward = name("autograd", max(sizes)), name("forward differences", max(sizes))
        faster = results.ratio(forward, backprop, "seconds")
        times = [results.said(arm, "seconds") for arm in (backprop, forward)]
        errors = [f"{results.value(arm, 'error'):.1g}" for arm in (backprop, forward)]
        parts = [
            f"The gradient of {parameters(max(sizes)):,} parameters takes {times[0]} by backpropagation and {times[1]} "
            f"by forward differences ({faster}), with a relative error of {errors[0]} against {errors[1]}", grown,
        ]  # fmt: skip
        holds = all_of(_grow(results), _exact(results), more(faster, than=300))
    return Answer(
        f"{'; '.join(parts)}.",
        "Backpropagation costs about three forwards, whatever the number of parameters; differences cost a forward "
        "for each parameter, and are wrong besides. Use them to check a gradient: central, in float64, with a step of "
        "10^-5.",
        [_over_size(results, shown, what) for what in ("seconds", "operations")] + [_curve(results)],
        holds,
    )  # fmt: skip


def _over_size(results: Results, shown: list[str], what: str) -> Chart:
    rows = []
    for method in shown:
        for arm in _of(results, method):
            found = results.middle(arm.name, what)
            ends = {"low": found.low, "high": found.high} if math.isfinite(found.high) and what == "seconds" else {}
            rows.append({"series": method, "x": parameters(arm["n"]), "y": found.value, **ends})
    title = {"seconds": "The time of one gradient", "operations": "Multiply-adds of one gradient"}[what]
    return charts.lines(rows, title, "parameters", charts.axis_name(results, what), log_x=True, log_y=True, by="method")


def _curve(results: Results) -> Chart:
    rows = [
        {"series": f"{arm['method']}, {arm['dtype']}", "x": 10.0**-k, "y": results.value(arm.name, f"error_{k}")}
        for arm in results.arms if arm["n"] == CURVE and arm["method"] in METHODS[2:4] for k in POWERS
    ]  # fmt: skip
    rows = [row for row in rows if row["y"] not in (0.0, None)]
    return charts.lines(
        rows, "The error of a difference over its step", "step", "relative error", log_x=True, log_y=True
    )


def _grow(results: Results) -> bool | None:
    """Whether the operations grow as claimed, and backpropagation costs at most five forwards."""
    backprop, forward = (slope(results, method, "operations") for method in ("autograd", "forward differences"))
    if math.isnan(backprop) or math.isnan(forward):
        return None
    at_most = max(results.value(arm.name, "forwards") for arm in _of(results, "autograd"))
    return abs(backprop - 1) < 0.15 and abs(forward - 2) < 0.15 and at_most <= 5


def _exact(results: Results) -> bool | None:
    """Whether autograd is as exact as claimed, and no step makes a difference so."""
    curve = [arm for method in METHODS[2:4] for arm in _of(results, method) if arm["n"] == CURVE]
    if not curve or not _of(results, "autograd"):
        return None
    best = min(results.value(arm.name, f"error_{k}") for arm in curve for k in POWERS)
    return max(results.value(arm.name, "error") for arm in _of(results, "autograd")) < 1e-6 and best > 1e-5
