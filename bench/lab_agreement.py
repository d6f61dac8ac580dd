"""Does the lab say the same twice? All questions quickly, two times over: ``python -m bench.lab_agreement``.

Two ratios (or differences) agree where each lies in the other's interval. A ratio whose interval is unbounded, of one
trial alone, is counted apart: it could not disagree.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from onionskin.lab import ask, question


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("questions", nargs="*", metavar="QUESTION", help="which (default: all)")
    parser.add_argument("--write", type=Path, help="the file to write the table to")
    options = parser.parse_args(arguments)
    names = options.questions or question.names()
    with tempfile.TemporaryDirectory() as folder:
        took: list[dict[str, float]] = [{}, {}]
        for number in range(2):
            for name in names:
                began = time.perf_counter()
                ask(name, Path(folder, str(number)), is_quick=True)
                took[number][name] = time.perf_counter() - began
                print(f"{name} {took[number][name]:.1f} s", file=sys.stderr, flush=True)
        pairs = [(name, *pair) for name in names for pair in compared(name, Path(folder))]
    lines = list(table(names, pairs, took))
    print("\n".join(lines))
    if options.write:
        options.write.write_text("\n".join(lines) + "\n", encoding="utf-8")


def compared(name: str, folder: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield the comparisons that both runs of a question made."""
    from onionskin.lab.told import told

    both = [
        {(c["what"], c["measure"]): c for c in told(folder / str(n), name)["answers"][0]["comparisons"]}
        for n in range(2)
    ]
    for key in both[0].keys() & both[1].keys():
        yield both[0][key], both[1][key]


def agree(one: dict[str, Any], other: dict[str, Any]) -> bool | None:
    """Return whether each lies in the other's interval; None where an interval has no end, or there is no value."""
    if any(c[part] is None for c in (one, other) for part in ("value", "low", "high")):
        return None
    return all(
        a["low"] <= b["value"] <= a["high"] or math.isclose(a["value"], b["value"], rel_tol=1e-9)
        for a, b in ((one, other), (other, one))
    )


def table(
    names: Sequence[str], pairs: Sequence[tuple[str, dict[str, Any], dict[str, Any]]], took: Sequence[dict[str, float]]
) -> Iterator[str]:
    yield "# Two quick runs of the whole lab\n"
    whole = " and ".join(f"{sum(one.values()):.0f}" for one in took)
    yield f"They took {whole} seconds for {len(names)} questions.\n"
    yield "| question | compared | agree | without an end | seconds |\n|---|---|---|---|---|"
    total = [0, 0]
    for name in names:
        found = [agree(one, other) for of, one, other in pairs if of == name]
        yes, no = found.count(True), found.count(False)
        total = [total[0] + yes, total[1] + yes + no]
        seconds = " and ".join(f"{one[name]:.0f}" for one in took)
        yield f"| {name} | {len(found)} | {yes} of {yes + no} | {found.count(None)} | {seconds} |"
    share = total[0] / total[1] if total[1] else math.nan
    yield f"\nTogether {total[0]} of {total[1]}: {share:.1%}.\n"
    for name, one, other in pairs:
        if agree(one, other) is False:
            yield f"- {name}, {one['what']} by {one['measure']}: {one['text']}, then {other['text']}"


if __name__ == "__main__":
    main()
