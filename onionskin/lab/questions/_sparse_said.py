"""What the trials of 'sparse' say: the sentence, the charts, and what each claim of the papers becomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from onionskin.lab.answer import Chart
from onionskin.lab.charts import intervals, lines
from onionskin.lab.question import Arm
from onionskin.lab.questions._compared import difference, percent, sentence
from onionskin.lab.questions._sparse_noise import LEVELS, noise_name
from onionskin.lab.results import Results
from onionskin.lab.statistics import Comparison, amount

_SPARSE: Final = "sparse"
_EQUAL: Final = ("dense, equal parameters", "dense, equal multiplications")


def _part(results: Results, part: str) -> list[Arm]:
    return [arm for arm in results.arms if arm["part"] == part]


def _data(results: Results, part: str) -> list[str]:
    return list(dict.fromkeys(arm["data"] for arm in _part(results, part)))


def said(results: Results) -> str:
    """Return the answer's sentence."""
    parts = [_speed_said(results)]
    for data in _data(results, "noise"):
        found = {kind: _gain(results, data, kind, "noisy") for kind in _EQUAL}
        told = [f"{gain} ({kind.removeprefix('dense, ')})" for kind, gain in found.items() if gain]
        if told:
            parts.append(f"under noise on {data}, k-winners with few weights against dense: {', '.join(told)}")
    for pruned in ("90", "95"):
        worth = _ticket(results, pruned)
        if worth:
            parts.append(f"at {pruned} % pruned, a ticket against other first weights: {worth}")
    return sentence(parts)


def _speed_said(results: Results) -> str:
    """Return the densities below which each way wins, by the number of inputs."""
    size = min((arm["size"] for arm in _part(results, "speed")), default=0)
    chosen = [arm for arm in _part(results, "speed") if arm["size"] == size]
    told = []
    for way in dict.fromkeys(arm["way"] for arm in chosen):
        of_way = sorted((arm for arm in chosen if arm["way"] == way), key=lambda arm: arm["batch"])
        told.append(f"{way} {' and '.join(dict.fromkeys(_below(results, arm) for arm in of_way))}")
    batches = " and ".join(f"{batch}" for batch in sorted({arm["batch"] for arm in chosen}))
    return (
        f"a layer of {size:,}² gains by sparsity below a density of ({batches} inputs): {', '.join(told)}"
        if told
        else ""
    )


def _below(results: Results, arm: Arm) -> str:
    found = results.middle(arm.name, "crossover")
    if not found.count:
        return "none"
    if found.low >= 1.0:
        return "any"
    ends = f" ({100 * found.low:.1f} to {100 * min(found.high, 1.0):.1f})" if found.count > 1 else ""
    return amount(found.value, "share") + ends


def rule(results: Results) -> str:
    """Return what to remember; of k-winners what was seen here."""
    helped: list[str] = []
    harmed: list[str] = []
    for data in _data(results, "noise"):
        signs = [_sign(_gain(results, data, kind, "noisy")) for kind in _EQUAL]
        if all(sign is not None for sign in signs):
            (helped if all(signs) else harmed).append(data)
    told = [f"{what} on {' and '.join(on)}" for what, on in (("helped", helped), ("harmed", harmed)) if on]
    winners = f" Few active units {' and '.join(told)} under noise." if told else ""
    return ("On a CPU remove whole neurons, or blocks; single weights have to go nearly all before it pays."
            f"{winners}")  # fmt: skip


def _gain(results: Results, data: str, kind: str, measure: str) -> Comparison | None:
    one, other = f"{_SPARSE}, {data}", f"{kind}, {data}"
    return difference(results, one, other, measure)


def _ticket(results: Results, pruned: str) -> Comparison | None:
    for data in _data(results, "tickets"):
        one, other = f"ticket, {pruned} % pruned, {data}", f"re-initialised, {pruned} % pruned, {data}"
        if compared := difference(results, one, other, "accuracy"):
            return compared
    return None


def holds(results: Results) -> bool | None:
    """Whether all parts of the claim came true; None where one is not decided."""
    verdicts = [_speed_holds(results)]
    for data in _data(results, "noise"):
        verdicts += [_sign(_gain(results, data, kind, "noisy")) for kind in _EQUAL]
    verdicts.append(_sign(_ticket(results, "95")))
    if False in verdicts:
        return False
    return None if None in verdicts or results.is_quick else True


def _sign(compared: Comparison | None) -> bool | None:
    """Whether a difference is above 0; None where it may be chance."""
    return compared.interval.value > 0 if compared is not None and compared.differs else None


def _speed_holds(results: Results) -> bool | None:
    verdicts: list[bool | None] = []
    expected = {("CSR", 1): (0.0, 0.1), ("blocks", 1): (0.5, 1.0), ("removed neurons", 1): (0.9, 1.0)}
    for arm in _part(results, "speed"):
        ends = expected.get((arm["way"], arm["batch"]))
        if ends and arm["size"] == 1024:
            found = results.middle(arm.name, "crossover")
            if not found.count:
                verdicts.append(ends[0] == 0.0)
            elif ends[0] <= found.value <= ends[1]:
                verdicts.append(True)
            else:
                verdicts.append(None if found.low <= ends[1] and found.high >= ends[0] else False)
    return False if False in verdicts else None if None in verdicts or not verdicts else True


def claims(results: Results) -> list[dict[str, str]]:
    """Return what each claim of the papers becomes here, a row each."""
    numenta, tickets = "Ahmad & Scheinkman 2019", "Frankle & Carbin 2018"
    rows = []
    for data in _data(results, "noise"):
        clean = {kind: _gain(results, data, kind, "accuracy") for kind in _EQUAL}
        noisy = {kind: _gain(results, data, kind, "noisy") for kind in _EQUAL}
        rows += [_row(numenta, "sparse networks are as accurate on clean pictures", data, clean, is_equal=True),
                 _row(numenta, "sparse networks are more robust to noise", data, noisy)]  # fmt: skip
    csr = [arm for arm in _part(results, "speed") if arm["way"] == "CSR" and arm["batch"] == 1]
    if csr:
        found = results.middle(csr[0].name, "speedup_30")
        here = f"in multiplications yes; in time CSR at 30 % density is {found.value:.2g} × as fast as dense"
        rows.append({"paper": numenta, "claim": "sparse networks take less computing",
                     "on": f"a layer of {csr[0]['size']}²", "here": here})  # fmt: skip
    for pruned in ("90", "95"):
        for data in _data(results, "tickets"):
            worth, whole = _ticket(results, pruned), _against_whole(results, pruned, data)
            left = 100 - int(pruned)
            rows += [_row(tickets, f"a ticket of {left} % of the weights learns as well as all", data, {"dense": whole},
                          is_equal=True),
                     _row(tickets, f"{left} % of the weights learn worse from other first values", data,
                          {"re-initialised": worth})]  # fmt: skip
    return rows


def _against_whole(results: Results, pruned: str, data: str) -> Comparison | None:
    one, other = f"ticket, {pruned} % pruned, {data}", f"dense, {data}"
    return difference(results, one, other, "accuracy")


def _row(
    paper: str, claim: str, on: str, found: Mapping[str, Comparison | None], *, is_equal: bool = False
) -> dict[str, str]:
    """Return a claim with a verdict for each thing that it was compared with."""
    told = [
        f"{_verdict(compared, is_equal)} against {against}: {compared}"
        for against, compared in found.items()
        if compared
    ]
    return {"paper": paper, "claim": claim, "on": on, "here": "; ".join(told) or "not measured"}


def _verdict(compared: Comparison, is_equal: bool) -> str:
    if is_equal:  # "as good" fails only where it is worse
        return "not confirmed" if compared.differs and compared.interval.value < 0 else "nothing against it"
    if not compared.differs:
        return "undecided"
    return "confirmed" if compared.interval.value > 0 else "the contrary"


def charts(results: Results, densities: Sequence[float]) -> list[Chart]:
    """Return speed by density, accuracy by noise, and tickets."""
    found = []
    shapes = sorted({(arm["size"], arm["batch"]) for arm in _part(results, "speed")})
    for size, batch in shapes:
        rows = [row for arm in _part(results, "speed") if (arm["size"], arm["batch"]) == (size, batch)
                for row in _speed_rows(results, arm, densities)]  # fmt: skip
        rows += [{"x": 100 * d, "y": 1.0, "series": "dense"} for d in (densities[0], densities[-1])]
        title = f"{size:,} × {size:,}, {batch} at once: times as fast as dense"
        found.append(lines(rows, title, "density (%)", "× as fast", log_x=True, log_y=True))
    for data in _data(results, "noise"):
        rows = [
            {"x": 100 * level, "series": arm["kind"], **percent(middle)}
            for arm in _part(results, "noise") if arm["data"] == data for level in LEVELS
            if (middle := results.middle(arm.name, noise_name(level))).count
        ]  # fmt: skip
        found.append(lines(rows, f"{data}: accuracy under noise", "white pixels (%)", "accuracy (%)"))
    bars: list[dict[str, Any]] = []
    for arm in _part(results, "tickets"):
        shown = percent(results.middle(arm.name, "accuracy"))
        bars.append({"arm": arm.name, "value": shown["y"], "low": shown["low"], "high": shown["high"]})
    return [*found, intervals(bars, "Lottery tickets", "accuracy (%)")] if bars else found


def _speed_rows(results: Results, arm: Arm, densities: Sequence[float]) -> list[dict[str, Any]]:
    rows = []
    for density in densities:
        middle = results.middle(arm.name, f"speedup_{round(100 * density)}")
        if middle.count:
            is_known = middle.low > 0 and middle.high < 1e6
            ends = {"low": middle.low, "high": middle.high} if is_known else {"low": middle.value, "high": middle.value}
            rows.append({"x": 100 * density, "y": middle.value, "series": arm["way"], **ends})
    return rows
