"""A question with its answers as Markdown; its charts are the SVG files beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from onionskin.lab.pages.words import (
    arms_alike,
    chart_name,
    compared,
    machine_name,
    not_measured,
    tables,
    under,
    verdict,
)
from onionskin.lab.statistics import amount
from onionskin.lab.told import Told


def markdown(page: Told) -> str:
    """Return the text.

    Args:
        page: As ``told`` returns it.
    """
    return "\n".join(_markdown(page)) + "\n"


def _markdown(page: Told) -> Iterator[str]:
    yield f"# {page['question']}\n"
    for number, answer in enumerate(page["answers"]):
        if number:
            yield f"## On {machine_name(answer)}\n"
        yield f"**{answer['sentence']}**\n"
        yield from _told_of(answer)
        if number == 0:
            for n, chart in enumerate(answer["charts"]):
                yield f"![{chart['title']}]({chart_name(page['name'], n)}.svg)\n"
        yield from _table(*compared(page)) if number == 0 and compared(page)[1] else ()
        yield from _tables(answer)
    if not page["answers"]:
        yield f"Not asked yet: `{page['again']}`\n"
    yield f"## Method\n\n{page['method']}\n\nThe claim, written before the first measurement: {page['claim']}\n"
    yield f"## What would change the answer\n\n{page['change']}\n"
    yield f"## Again\n\n```console\n$ {page['again']}\n```\n"
    yield f"A full run takes about {amount(page['cost_seconds'], 's')}."


def _told_of(answer: Told) -> Iterator[str]:
    if answer["busy"]:
        yield f"> {answer['busy']}\n"
    yield f"Rule of thumb: {answer['rule']}\n"
    yield f"{verdict(answer)} {under(answer)}\n"
    for note in answer["notes"]:
        yield f"- {note}"
    for left_out in not_measured(answer):
        yield f"- Not measured: {left_out}"
    yield ""


def _tables(answer: Told) -> Iterator[str]:
    for caption, columns, rows in (*tables(answer), *arms_alike(answer)):
        yield f"{caption}\n" if caption else ""
        yield from _table(columns, rows)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(map(_cell, columns))} |\n|{'---|' * len(columns)}"
    yield from (f"| {' | '.join(map(_cell, row))} |" for row in rows)
    yield ""


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")
