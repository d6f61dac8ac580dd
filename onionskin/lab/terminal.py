"""Answers on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from onionskin.lab.pages.words import arms, not_measured, tables, under, verdict
from onionskin.lab.statistics import amount
from onionskin.lab.told import Told

#: So many measures have room in a terminal's row.
_MOST_MEASURES: Final = 3


def show(page: Told, *, is_short: bool = False) -> None:
    """Print a question with its answers.

    Args:
        page: As ``told`` returns it.
        is_short: Whether the answer and the rule alone will do.
    """
    Console().print(Group(*(part for answer in page["answers"] for part in _parts(answer, is_short))))


def _parts(answer: Told, is_short: bool) -> list[RenderableType]:
    parts: list[RenderableType] = [Text(answer["sentence"], style="bold")]
    if answer["busy"]:
        parts.append(Text(answer["busy"], style="yellow"))
    parts.append(Text(f"Rule of thumb: {answer['rule']}", style="green"))
    if is_short:
        return parts
    parts.append(Text(f"{verdict(answer)} {under(answer)}", style="dim"))
    parts += [Text(f"· {note}") for note in answer["notes"]]
    parts += [Text(f"· not measured: {left_out}") for left_out in not_measured(answer)]
    if answer["comparisons"]:
        rows = [[c["what"], c["measure"], c["text"]] for c in answer["comparisons"]]
        parts.append(_table("compared", ["what", "by", "found"], rows))
    parts += [_table(*table) for table in tables(answer)]
    return [*parts, _arms(answer)]


def _arms(answer: Told) -> RenderableType:
    """Return the table of the arms with the measures that there is room for: those that were compared come first."""
    rows, measures = arms(answer)[1], list(answer["measures"])
    wanted = dict.fromkeys([*measures[:1], *(c["measure"] for c in answer["comparisons"]), *measures])
    kept = sorted(list(wanted)[:_MOST_MEASURES], key=measures.index)
    left_out = len(measures) - len(kept)
    caption = "every arm, with intervals of 95 %" + (
        f"; {left_out} more numbers each are on the page" if left_out else ""
    )
    columns = [0, *(1 + measures.index(name) for name in kept)]
    return _table(caption, ["arm", *kept], [[row[column] for column in columns] for row in rows])


def _table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> RenderableType:
    table = Table(*columns, title=caption, title_justify="left", box=None, pad_edge=False)
    for row in rows:
        table.add_row(*map(Text, row))
    return Padding(table, (1, 0, 0, 0))


def show_list(found: Sequence[Told]) -> None:
    """Print all questions with their short answers so far."""
    table = Table("question", "", "answer so far", box=None, pad_edge=False, expand=True)
    table.columns[0].no_wrap = True
    for question in found:
        answers = question["answers"] or [None]
        for number, answer in enumerate(answers):
            name, asks = (
                (Text(question["name"], style="bold"), Text(question["question"])) if number == 0 else (Text(), Text())
            )
            table.add_row(name, asks, _short(question, answer))
    Console().print(table)


def _short(question: Told, answer: Told | None) -> Text:
    if answer is None:
        if "error" in question:
            return Text(f"cannot be asked: {question['error']}", style="red")
        return Text(f"not asked yet ({amount(question['cost_seconds'], 's')}, or --quick)", style="dim")
    marks = [*(["quick"] if answer["is_quick"] else []), *(["machine was busy"] if answer["is_busy"] else [])]
    return Text(answer["sentence"]) + Text(f"  {', '.join([answer['date'][:10], *marks])}", style="dim")
