"""Can ordinary data structures help?

Four old ones are put in the place of a part of a network, and compared with that part on one thread, in seconds of the
processor. *An index of neighbours* in place of a large last layer: 10,000 (and 100,000) class vectors in clusters, and
features near one of them, asked one by one; a graph (HNSW, usearch) that keeps 64 or 512 neighbours in view, and a k-d
tree (SciPy), against the whole product.
*A decision tree* that learned what a network says of pictures and of noisy copies of them, against a tree that learned
the labels. *Tables* in place of a layer 784 → 512 of a network for MNIST: product quantisation with 16 or 64 values for
each piece of 16 inputs. *A Bloom filter* in front of a convolutional network: nine of ten things that are asked are
known to be harmless, and pass without being looked at; it passes a few others, too.

Agreement is how often the answer is that of the part replaced: of the whole product, of the network, of the network
with its whole layer; and for the filter, how often something unknown is looked at. Of each kind the sentence names the
fastest that keeps 95 % of the answers, or where none does, the one that keeps most.

Sources: Malkov & Yashunin (2016), arXiv 1603.09320; Craven & Shavlik (1995), NIPS 8; Jégou, Douze & Schmid (2011),
TPAMI 33; Blalock & Guttag (2021), arXiv 2106.10860; Bloom (1970), CACM 13.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from onionskin.lab.answer import Answer, Chart
from onionskin.lab.charts import intervals
from onionskin.lab.question import Arm, Measure
from onionskin.lab.questions import _structure_filter, _structure_index, _structure_product, _structure_tree
from onionskin.lab.questions._compared import difference, ratio, sentence
from onionskin.lab.results import Results
from onionskin.lab.statistics import amount

CLAIM = (
    "A graph of neighbours answers for 100,000 classes at least 10 times as fast as the whole product, with at least "
    "95 % of its answers; a k-d tree is no faster. A tree distilled from a network is worse than the network and no "
    "worse than one on labels. Tables lose less than a point of accuracy, and are no faster in PyTorch. A Bloom filter "
    "saves at least 80 % of the time where 90 % is known."
)
COST = 240
CHANGES = (
    "More classes, or features of fewer values, for which trees still cut; tables written for a processor's shuffle "
    "instructions, as Bolt's are; a dearer classifier behind the filter, or traffic with less that is known."
)
SEEDS = 5
MEASURES = {
    "seconds": Measure("s", "processor's time for one answer", kind="time", precision=0.1),
    "agreement": Measure("share", "answers that are those of the part replaced"),
    "accuracy": Measure("share", "accuracy on what is held out"),
    "bytes": Measure("bytes", "size", kind="size"),
    "build": Measure("s", "processor's time of building the index", kind="time"),
    "error": Measure("", "error of the layer's outputs, as a share of their spread"),
    "false_positives": Measure("share", "unknown things that pass without being looked at"),
}

#: The share of answers that a structure must keep to be judged by its speed.
_KEPT: Final = 0.95

_PARTS: Final = {
    "index": "index for a last layer",
    "tree": "tree for a network",
    "tables": "tables for a layer",
    "filter": "filter in front",
}
_NEEDS: Final = {"HNSW": ("usearch",), "HNSW, wide search": ("usearch",), "k-d tree": ("scipy",)}


def arms(is_quick: bool) -> list[Arm]:
    """Return each structure beside what it replaces, the replaced first."""
    found = []
    for count, width in ((10_000, 32),) if is_quick else ((10_000, 64), (100_000, 64)):
        of = f"{count:,} classes"
        found += [Arm(f"{kind}, {of}", {"part": "index", "kind": kind, "count": count, "width": width,
                                        "replaces": _unless(kind == "whole product", f"whole product, {of}")},
                      needs=_NEEDS.get(kind, ())) for kind in _structure_index.KINDS]  # fmt: skip
    data = "digits" if is_quick else "mnist"
    found += [Arm(f"{kind}, {data}", {"part": "tree", "kind": kind, "data": data,
                                      "replaces": _unless(kind == "network", f"network, {data}")}, needs=("sklearn",))
              for kind in _structure_tree.KINDS]  # fmt: skip
    steps = 100 if is_quick else 600
    found += [Arm(f"tables of {k}" if k else "whole layer",
                  {"part": "tables", "k": k, "steps": steps, "replaces": _unless(not k, "whole layer")})
              for k in (0, 16, 64)]  # fmt: skip
    found += [Arm(f"Bloom filter, {100 * wrong:g} %" if wrong else "network alone",
                  {"part": "filter", "wrong": wrong, "replaces": _unless(not wrong, "network alone")},
                  needs=("rbloom",) if wrong else ()) for wrong in (0.0, 0.01, 0.0001)]  # fmt: skip
    return found


def _unless(is_whole: bool, name: str) -> str:
    return "" if is_whole else name


def warm(arm: Arm) -> None:
    """Build the index."""
    if arm["part"] == "index":
        measure(arm, 0)


def measure(arm: Arm, seed: int) -> dict[str, float]:
    """Put one structure in its place."""
    if arm["part"] == "index":
        return _structure_index.measured(arm["kind"], arm["count"], arm["width"], seed)
    if arm["part"] == "tree":
        return _structure_tree.measured(arm["kind"], arm["data"], seed)
    if arm["part"] == "tables":
        return _structure_product.measured(arm["k"], arm["steps"], seed)
    return _structure_filter.measured(arm["wrong"], seed)


def answer(results: Results) -> Answer:
    """Say of each structure how much faster it is, and how often it is right."""
    tried = [arm for arm in results.arms if arm["replaces"] in results]
    best = [max((arm for arm in tried if arm["part"] == part), key=lambda arm: _worth(results, arm))
            for part in dict.fromkeys(arm["part"] for arm in tried)]  # fmt: skip
    return Answer(
        sentence=sentence([f"times as fast, and the same answers: {_said(results, best)}"] if best else []),
        rule="An index of neighbours pays with very many classes, and a filter wherever most of what comes is known. "
        "Trees and tables replace a network only where some points do not matter, or code is written for them.",
        charts=_charts(results),
        claim_holds=_holds(results),
        notes=(
            *(f"{_said(results, [arm])}." for arm in tried if arm not in best),
            "The class vectors are drawn, not learned: 100 clusters; features 0.8 of a length away from their own.",
            "A filter passes unknown things wrongly about as often as it was sized for, and never stops a known one.",
            "Tables are float32 here; Bolt and MADDNESS keep 8 bits and use shuffles, which PyTorch does not offer.",
        ),
        tables={"Beside what it replaces": _table(results)},
    )


def _said(results: Results, arms: Sequence[Arm]) -> str:
    return "; ".join(
        f"{arm.name}: {ratio(results, arm['replaces'], arm.name, 'seconds')}, {results.said(arm.name, 'agreement')}"
        for arm in arms
    )


def _worth(results: Results, arm: Arm) -> tuple[bool, float]:
    """Return what an arm is chosen by: its speed where it keeps enough answers, or else how many it keeps."""
    kept = results.value(arm.name, "agreement")
    return (True, _times(results, arm)) if kept >= _KEPT else (False, kept)


def _times(results: Results, arm: Arm) -> float:
    faster = ratio(results, arm["replaces"], arm.name, "seconds")
    return faster.interval.value if faster else 0.0


def _holds(results: Results) -> bool | None:
    """Whether all parts of the claim came true; None where one is not decided."""
    verdicts: list[bool | None] = [
        _graph_holds(results),
        _opposite(_is_faster(results, "k-d tree, 100,000 classes", "whole product, 100,000 classes", 1)),
        _is_above(results, "network, mnist", "tree distilled, mnist", 0.0),
        _is_above(results, "tree distilled, mnist", "tree on labels, mnist", -0.01),
        _is_above(results, "tables of 64", "whole layer", -0.01),
        _opposite(_is_faster(results, "tables of 64", "whole layer", 1)),
        _is_faster(results, "Bloom filter, 1 %", "network alone", 5),
    ]
    if False in verdicts:
        return False
    return None if None in verdicts else True


def _graph_holds(results: Results) -> bool | None:
    """Whether one of the two searches in the graph is fast enough and right often enough."""
    verdicts = []
    for arm in ("HNSW, 100,000 classes", "HNSW, wide search, 100,000 classes"):
        fast = _is_faster(results, arm, "whole product, 100,000 classes", 10)
        found = results.middle(arm, "agreement") if arm in results else None
        right = None if found is None else True if found.low >= 0.95 else False if found.high < 0.95 else None
        verdicts.append(False if False in (fast, right) else None if None in (fast, right) else True)
    return True if True in verdicts else None if None in verdicts else False


def _is_faster(results: Results, arm: str, whole: str, times: float) -> bool | None:
    compared = ratio(results, whole, arm, "seconds")
    if compared is None:
        return None
    found = compared.interval
    return True if found.low >= times else False if found.high < times else None


def _is_above(results: Results, one: str, other: str, least: float) -> bool | None:
    compared = difference(results, one, other, "accuracy")
    if compared is None:
        return None
    found = compared.interval
    return True if found.low >= least else False if found.high < least else None


def _opposite(verdict: bool | None) -> bool | None:
    return None if verdict is None else not verdict


def _charts(results: Results) -> list[Chart]:
    rows = []
    for arm in results.arms:
        faster = ratio(results, arm["replaces"], arm.name, "seconds")
        if faster:
            found, same = faster.interval, results.said(arm.name, "agreement")
            rows.append({"arm": f"{arm.name}: {same}", "value": found.value, "low": found.low, "high": found.high})
    name = "times as fast as what is replaced"
    return [intervals(rows, "How fast, and how many answers stay the same", name, log=True)] if rows else []


def _table(results: Results) -> list[dict[str, Any]]:
    return [
        {
            "part": _PARTS[arm["part"]], "what": arm.name, "one answer": results.said(arm.name, "seconds"),
            "same answers": results.said(arm.name, "agreement"), "size": results.said(arm.name, "bytes"),
            "accuracy": _known(results, arm.name, "accuracy"), "built in": _known(results, arm.name, "build"),
        }
        for arm in results.arms
    ]  # fmt: skip


def _known(results: Results, arm: str, measure: str) -> str:
    found = results.middle(arm, measure)
    return amount(found.value, results.measures[measure].unit) if found.count else ""
