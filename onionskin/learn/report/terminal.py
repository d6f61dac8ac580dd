"""A report in a terminal: text, tables, shaded cells, and charts in the dots of Braille."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from rich.text import Text as RichText

from onionskin.learn.report.blocks import Block, Caution, Chart, Gallery, Item, Matrix, Series, Table, Text
from onionskin.learn.report.numbers import Scale, brief, scales_of, shown

if TYPE_CHECKING:
    from onionskin.learn.report.report import Report

#: A terminal is read from its end: what is longer says how much is left out.
MOST_ROWS: Final = 40
MOST_CLASSES: Final = 24
MOST_BARS: Final = 40

_PLOT_WIDTH: Final = 60
_PLOT_HEIGHT: Final = 12
_COLOURS: Final = ("default", "dark_orange3", "steel_blue", "grey62", "medium_purple3", "sea_green3")


#: What moves the cursor, changes colours or rings: a report may come from a stranger, and is text.
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Words(RichText):
    """Text that is shown as it is: none of it is markup, and none of it commands the terminal."""

    def __init__(self, text: str = "", style: Any = "", **options: Any) -> None:
        super().__init__(_CONTROLS.sub("\ufffd", text), style, **options)

    def append(self, text: Any, style: Any = None) -> Words:
        """Add text at the end."""
        super().append(_CONTROLS.sub("\ufffd", text) if isinstance(text, str) else text, style)
        return self


def words_of(report: Report) -> str:
    """Return a report as plain text, without colours."""
    import io

    from rich.console import Console

    console = Console(file=io.StringIO(), width=110, no_color=True, force_terminal=False)
    for line in lines_of(report):
        console.print(line)
    return str(console.file.getvalue())  # type: ignore[attr-defined]  # it is the StringIO from above


def lines_of(report: Report) -> Iterator[Any]:
    """Yield what rich prints of a report. What stands in it is data: none of it is read as markup."""
    yield Words(report.title, style="bold")
    yield Words(report.answer)
    for block in report.blocks:
        yield Words("")
        yield from _block(block)


def _block(block: Block) -> Iterator[Any]:
    match block:
        case Text():
            yield Words(block.text)
        case Caution():
            yield Words.assemble(("warning: ", "bold dark_orange3"), block.text)
            if block.fix:
                yield Words(f"  fix: {block.fix}")
        case Table():
            yield from _caption(block.caption)
            yield _table(block)
            yield from _left_out(len(block.rows), MOST_ROWS, "rows")
        case Gallery():
            yield from _caption(block.caption)
            yield from (_item(item) for item in block.items[:MOST_ROWS])
            yield from _left_out(len(block.items), MOST_ROWS, "examples")
        case Matrix():
            yield from _caption(block.caption)
            yield _matrix(block)
            yield from _left_out(len(block.rows), MOST_CLASSES, "rows")
        case Chart():
            yield from _caption(block.caption)
            yield from _chart(block)


def _caption(text: str) -> Iterator[Any]:
    if text:
        yield Words(text, style="italic")


def _left_out(count: int, most: int, what: str) -> Iterator[Any]:
    if count > most:
        yield Words(f"… and {count - most:,} more {what}", style="dim")


def _table(block: Table) -> Any:
    from rich.table import Table as Lines

    lines = Lines(box=None, pad_edge=False)
    for i, name in enumerate(block.columns):
        cells = [row[i] for row in block.rows if row[i] is not None]
        is_number = bool(cells) and all(isinstance(cell, (int, float)) for cell in cells)
        lines.add_column(Words(name), justify="right" if is_number else "left", overflow="fold")
    for row in block.rows[:MOST_ROWS]:
        lines.add_row(*(Words(shown(cell)) for cell in row))
    return lines


def _item(item: Item) -> Any:
    line = Words("  ")
    if item.score is not None:
        line.append(f"{brief(item.score):>8}  ", style="dim")
    if item.where:
        line.append(f"{item.where}  ", style="bold")
    if said := verdict(item):
        line.append(f"{said}  ")
    line.append(" ".join(item.text.split())[:120])
    if item.caption:
        line.append(f"  {item.caption}", style="italic")
    return line


def verdict(item: Item) -> str:
    """Return what an example is said to be, and what it is taken for."""
    if item.label is not None and item.predicted is not None:
        return f"{item.label} taken for {item.predicted}" if item.label != item.predicted else item.label
    return item.label or (f"taken for {item.predicted}" if item.predicted is not None else "")


def _matrix(block: Matrix) -> Any:
    from rich.table import Table as Lines

    largest = max((abs(value) for row in block.values for value in row if value is not None), default=0.0)
    lines = Lines(box=None, padding=(0, 0))
    lines.add_column("")
    for name in block.columns[:MOST_CLASSES]:
        lines.add_column(Words(f" {name[:8]} "), justify="right")
    for name, values in list(zip(block.rows, block.values, strict=True))[:MOST_CLASSES]:
        cells = [Words(f" {brief(value)} ", style=_shade(value, largest)) for value in values[:MOST_CLASSES]]
        lines.add_row(Words(f"{name[:24]} "), *cells)
    return lines


def _shade(value: float | None, largest: float) -> str:
    """Return a background as deep as a value is large, on the signed root of the page's pictures."""
    if not value or not largest:
        return "dim"
    depth = (abs(value) / largest) ** 0.5
    pole = (214, 96, 22) if value > 0 else (44, 105, 176)
    red, green, blue = (round(255 + (channel - 255) * depth) for channel in pole)
    return f"black on rgb({red},{green},{blue})"


def _chart(block: Chart) -> Iterator[Any]:
    bars = [series for series in block.series if series.mark == "bars"]
    largest = max((abs(y) for series in bars for y in series.y if y is not None), default=0.0) or 1.0
    for series in bars:
        yield from _bars(series, block, largest)
    others = [series for series in block.series if series.mark != "bars"]
    if others:
        yield from _plot(block, others)
    for note in block.notes:
        place = block.x.ticks[int(note.x)] if 0 <= note.x < len(block.x.ticks) else brief(note.x)
        yield Words(f"  {block.x.name or 'x'} {place}: {note.text}", style="dim")


def _bars(series: Series, chart: Chart, largest: float) -> Iterator[Any]:
    yield Words(" ".join(part for part in (series.name, chart.y.name and f"({chart.y.name})") if part), style="dim")
    names = [_place_name(chart, x) for x in series.x]
    width = min(28, max(map(len, names), default=0))
    for name, y in list(zip(names, series.y, strict=True))[:MOST_BARS]:
        length = abs(y or 0.0) / largest * 40
        bar = "█" * int(length) + ("▌" if length % 1 >= 0.5 else "")
        yield Words.assemble(f"  {name[:28]:>{width}} ", (bar, "steel_blue"), f" {brief(y)}")
    yield from _left_out(len(names), MOST_BARS, "bars")


def _place_name(chart: Chart, x: float | None) -> str:
    if x is not None and float(x).is_integer() and 0 <= x < len(chart.x.ticks):
        return chart.x.ticks[int(x)]
    return brief(x)


#: The dots of a Braille letter: bit by column and row (Unicode, "Braille Patterns").
_DOTS: Final = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))


def _plot(chart: Chart, drawn: list[Series]) -> Iterator[Any]:
    across, up = scales_of(chart)
    letters = [[0] * _PLOT_WIDTH for _ in range(_PLOT_HEIGHT)]
    owners = [[0] * _PLOT_WIDTH for _ in range(_PLOT_HEIGHT)]
    for number, series in enumerate(drawn):
        for column, row in _dots(series, across, up):
            letters[row // 4][column // 2] |= _DOTS[column % 2][row % 4]
            owners[row // 4][column // 2] = number
    ends = [brief(10**end if up.is_log else end) for end in (up.high, up.low)]
    margin = max(map(len, ends))
    if len(drawn) > 1 or drawn[0].name:
        parts: list[Any] = ["  "]
        for i, series in enumerate(drawn):
            parts += [("━ ", _COLOURS[i % len(_COLOURS)]), f"{series.name}   "]
        yield Words.assemble(*parts)
    for row in range(_PLOT_HEIGHT):
        named = {0: ends[0], _PLOT_HEIGHT - 1: ends[1]}.get(row, "")
        line = Words(f"  {named:>{margin}} ┤")
        for bits, owner in zip(letters[row], owners[row], strict=True):
            line.append(chr(0x2800 + bits) if bits else " ", style=_COLOURS[owner % len(_COLOURS)])
        yield line
    left, right = (brief(10**end if across.is_log else end) for end in (across.low, across.high))
    middle = chart.x.name[: _PLOT_WIDTH - len(left) - len(right) - 2]
    gap = _PLOT_WIDTH - len(left) - len(right)
    yield Words(f"  {'':>{margin}}  {left}{middle:^{gap}}{right}", style="dim")


def _dots(series: Series, across: Scale, up: Scale) -> Iterator[tuple[int, int]]:
    """Yield the dots of a series, (column, row) from the top left; a line joins those beside each other."""
    width, height = 2 * _PLOT_WIDTH - 1, 4 * _PLOT_HEIGHT - 1
    before: tuple[float, float] | None = None
    for x, y in zip(series.x, series.y, strict=True):
        at_x, at_y = across(x), up(y)
        if at_x is None or at_y is None:
            before = None
            continue
        here = (at_x * width, (1 - at_y) * height)
        start = here if before is None or series.mark == "points" else before
        steps = max(1, round(max(abs(here[0] - start[0]), abs(here[1] - start[1]))))
        for i in range(steps + 1):
            yield (
                round(start[0] + (here[0] - start[0]) * i / steps),
                round(start[1] + (here[1] - start[1]) * i / steps),
            )
        before = here
