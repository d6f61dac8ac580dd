"""What the pages of an answer say alike: what became of the claim, when and where, tables, machines side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from onionskin.lab.statistics import amount
from onionskin.lab.told import Told


def chart_name(name: str, number: int) -> str:
    """Return the file name of a chart, without its ending: ``latency``, ``latency-2`` …"""
    return name if number == 0 else f"{name}-{number + 1}"


def verdict(answer: Told) -> str:
    """Return what became of the claim."""
    said = {True: "The claim held.", False: "The claim did not hold.", None: "The claim is not decided by this."}
    return said[answer["claim_holds"]]


def under(answer: Told) -> str:
    """Return when, where and how an answer was measured."""
    told_of = ("python", "torch", "onnxruntime")
    versions = ", ".join(f"{name} {version}" for name, version in answer["versions"].items() if name in told_of)
    how = "a quick run with wide intervals" if answer["is_quick"] else "a full run"
    stopped = "" if answer["is_finished"] else ", stopped before its end"
    where = f"{answer['machine']['name']}; {answer['date'][:10]}"
    return f"{where}; {how}{stopped}, {len(answer['trials']):,} trials; {versions}."


#: Caption, columns, rows of text.
Table = tuple[str, list[str], list[list[str]]]


def tables(answer: Told) -> Iterator[Table]:
    """Yield the tables that a question made."""
    for table in answer["tables"]:
        columns = list(dict.fromkeys(column for row in table["rows"] for column in row))
        yield table["caption"], columns, [[shown(row.get(column)) for column in columns] for row in table["rows"]]


def arms(answer: Told) -> tuple[list[str], list[list[str]]]:
    """Return the columns and rows of a table of all arms with all measures."""
    measures = answer["measures"]
    rows = [
        [arm["name"], *(_middle(arm["numbers"].get(name), m["unit"]) for name, m in measures.items())]
        for arm in answer["arms"]
    ]
    return ["arm", *measures], rows


def arms_alike(answer: Told) -> Iterator[Table]:
    """Yield all arms, those with the same measures in one table, so that none has empty columns."""
    columns, rows = arms(answer)
    alike: dict[tuple[int, ...], list[list[str]]] = {}
    for row in rows:
        alike.setdefault(tuple(n for n, cell in enumerate(row) if cell), []).append(row)
    caption = "Every arm, with intervals of 95 %."
    for filled, own in alike.items():
        yield caption, [columns[n] for n in filled], [[row[n] for n in filled] for row in own]
        caption = ""


def not_measured(answer: Told) -> Iterator[str]:
    """Yield which arms have no numbers, and why; those that were left out for the same reason in one line."""
    alike: dict[tuple[str, str], list[Mapping[str, str]]] = {}
    for skip in answer["skipped"]:
        # Reasons that differ in their numbers alone are one: the first one is told.
        alike.setdefault((skip["arm"].rpartition(", ")[0], re.sub(r"\d+", "", skip["reason"])), []).append(skip)
    for (begin, _), skips in alike.items():
        first, *rest = sorted((skip["arm"] for skip in skips), key=_numbers)
        names = ", ".join([first, *(name.removeprefix(f"{begin}, ") for name in rest)])
        yield f"{names} ({skips[0]['reason']})"


def _numbers(text: str) -> list[tuple[int, str]]:
    """Return what sorts texts by the numbers in them: 4 px before 20 px."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", text)]


def _middle(found: Mapping[str, Any] | None, unit: str) -> str:
    if found is None or found["value"] is None:
        return ""
    value = amount(found["value"], unit)
    if found["low"] is None or found["high"] is None:
        return f"{value} (one trial)"
    ends = f"{amount(found['low'], unit)} to {amount(found['high'], unit)}"
    return value if found["low"] == found["high"] else f"{value} ({ends})"


def shown(value: object) -> str:
    """Return a cell's value as a person would say it."""
    if isinstance(value, float):
        return amount(value)
    return "" if value is None else str(value)


def compared(page: Told) -> tuple[list[str], list[list[str]]]:
    """Return what was compared, a column for each machine: the columns' names, and rows of text."""
    answers = page["answers"]
    found = [{(c["what"], c["measure"]): c["text"] for c in answer["comparisons"]} for answer in answers]
    keys = dict.fromkeys(key for of in found for key in of)
    names = ["found"] if len(answers) == 1 else [machine_name(answer) for answer in answers]
    return ["compared", "by", *names], [[*key, *(of.get(key, "") for of in found)] for key in keys]


def machine_name(answer: Told) -> str:
    """Return the name of a machine as a column has it: also whether it was asked quickly, or was busy."""
    marks = [*(["quick"] if answer["is_quick"] else []), *(["busy"] if answer["is_busy"] else [])]
    name: str = answer["machine"]["name"]
    return f"{name} ({', '.join(marks)})" if marks else name
