"""A chart as SVG, in the style of the page's pictures: thin lines, and colours told apart by lightness as well."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

from onionskin.learn.report.blocks import Chart, Series
from onionskin.learn.report.numbers import Scale, bar_width, brief, scales_of

#: Of the picture (CSS pixels); it shrinks with the column that it stands in.
WIDTH: Final = 640
HEIGHT: Final = 280

_LEFT: Final = 52
_RIGHT: Final = 14
_TOP: Final = 14
_BOTTOM: Final = 44

#: So many letters of a name fit below a bar; where names are longer they are turned.
_TURNED_FROM: Final = 7.0


def svg_of(chart: Chart) -> str:
    """Return a chart as an ``svg`` element; its colours are classes of the style sheet around it."""
    across, up = scales_of(chart)
    turned = _is_turned(chart)
    bottom = _BOTTOM + (52 if turned else 0)
    height = HEIGHT + (52 if turned else 0)
    plot = _Plot(across, up, _LEFT, _TOP, WIDTH - _LEFT - _RIGHT, height - _TOP - bottom)
    label = escape(_label(chart), quote=True)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{label}">',
        *_ground(chart, plot, turned),
        *(part for i, series in enumerate(chart.series) for part in _series(chart, plot, series, i)),
        *_notes(chart, plot),
        "</svg>",
    ]
    return "".join(parts)


def _label(chart: Chart) -> str:
    names = ", ".join(series.name for series in chart.series if series.name)
    return f"{names or chart.y.name or 'values'} over {chart.x.name or 'x'}"


class _Plot:
    """The area inside of the axes."""

    def __init__(self, across: Scale, up: Scale, left: float, top: float, width: float, height: float) -> None:
        self.across, self.up = across, up
        self.left, self.top, self.width, self.height = left, top, width, height
        self.right, self.bottom = left + width, top + height

    def x(self, value: float | None) -> float | None:
        place = self.across(value)
        return None if place is None else round(self.left + place * self.width, 1)

    def y(self, value: float | None) -> float | None:
        place = self.up(value)
        return None if place is None else round(self.bottom - place * self.height, 1)


def _is_turned(chart: Chart) -> bool:
    names = chart.x.ticks
    return bool(names) and max(map(len, names)) * _TURNED_FROM > (WIDTH - _LEFT - _RIGHT) / len(names)


def _ground(chart: Chart, plot: _Plot, turned: bool) -> Iterator[str]:
    for tick in plot.up.ticks(5):
        y = plot.y(tick)
        if y is not None and plot.top - 1 <= y <= plot.bottom + 1:
            yield f'<path class="grid" d="M{plot.left} {y}H{plot.right}"/>'
            yield f'<text class="tick" x="{plot.left - 6}" y="{y + 3.5:g}" text-anchor="end">{brief(tick)}</text>'
    below = plot.bottom + 15
    if chart.x.ticks:
        every = -(-len(chart.x.ticks) // 60)  # more names than fit are named now and then
        for i, name in list(enumerate(chart.x.ticks))[::every]:
            x = plot.x(float(i))
            if x is None or not plot.left <= x <= plot.right:
                continue
            short = escape(name if len(name) <= 16 else f"{name[:15]}…")
            turn = f' transform="rotate(-45 {x} {below})" text-anchor="end"' if turned else ' text-anchor="middle"'
            yield f'<text class="tick" x="{x}" y="{below}"{turn}>{short}</text>'
    else:
        for tick in plot.across.ticks(7):
            x = plot.x(tick)
            if x is not None and plot.left - 1 <= x <= plot.right + 1:
                yield f'<text class="tick" x="{x}" y="{below}" text-anchor="middle">{brief(tick)}</text>'
    middle, foot = plot.left + plot.width / 2, plot.bottom + (86 if turned else 34)
    yield f'<text class="axis" x="{middle:g}" y="{foot}" text-anchor="middle">{escape(chart.x.name)}</text>'
    if chart.y.name:
        side = plot.top + plot.height / 2
        yield (
            f'<text class="axis" x="11" y="{side:g}" text-anchor="middle" transform="rotate(-90 11 {side:g})">'
            f"{escape(chart.y.name)}</text>"
        )


def _series(chart: Chart, plot: _Plot, series: Series, number: int) -> Iterator[str]:
    colour = f"s{number % 6}"
    if series.mark == "bars":
        yield from _bars(chart, plot, series, colour)
        return
    points = [(plot.x(x), plot.y(y)) for x, y in zip(series.x, series.y, strict=True)]
    if series.low and series.mark == "line":
        yield from _band(plot, series, colour)
    if series.low and series.mark == "points":
        yield from (_whisker(plot, *ends, colour) for ends in zip(series.x, series.low, series.high, strict=True))
    if series.mark == "line":
        path = "".join(
            f"{'M' if i == 0 or None in points[i - 1] else 'L'}{x} {y}"
            for i, (x, y) in enumerate(points)
            if x is not None and y is not None
        )
        yield f'<path class="line {colour}" d="{path}"/>'
    few = series.mark == "points" or len(points) <= 2
    yield from (
        f'<circle class="dot {colour}" cx="{x}" cy="{y}" r="2.6"/>'
        for x, y in points
        if few and x is not None and y is not None
    )


def _bars(chart: Chart, plot: _Plot, series: Series, colour: str) -> Iterator[str]:
    width = bar_width(chart)
    bars = [one for one in chart.series if one.mark == "bars"]
    shift = (bars.index(series) - (len(bars) - 1) / 2) * width
    foot = plot.bottom if plot.up.is_log else plot.y(0.0)
    for i, (x, y) in enumerate(zip(series.x, series.y, strict=True)):
        if x is None or y is None or foot is None:
            continue
        left, right, top = plot.x(x + shift - width / 2), plot.x(x + shift + width / 2), plot.y(y)
        if left is None or right is None or top is None:
            continue
        upper, tall = min(top, foot), max(0.5, abs(foot - top))
        yield (
            f'<rect class="bar {colour}" x="{left}" y="{upper:g}" width="{max(0.5, right - left):.1f}" '
            f'height="{tall:g}"><title>{brief(y)}</title></rect>'
        )
        if series.low:
            yield _whisker(plot, x + shift, series.low[i], series.high[i], "mark")


def _whisker(plot: _Plot, x: float | None, low: float | None, high: float | None, colour: str) -> str:
    at, bottom, top = plot.x(x), plot.y(low), plot.y(high)
    return (
        "" if at is None or bottom is None or top is None else f'<path class="line {colour}" d="M{at} {bottom}V{top}"/>'
    )


def _band(plot: _Plot, series: Series, colour: str) -> Iterator[str]:
    ends = [
        (plot.x(x), plot.y(low), plot.y(high)) for x, low, high in zip(series.x, series.low, series.high, strict=True)
    ]
    there = [(x, low, high) for x, low, high in ends if x is not None and low is not None and high is not None]
    if len(there) > 1:
        upper = "L".join(f"{x} {high}" for x, _, high in there)
        lower = "L".join(f"{x} {low}" for x, low, _ in reversed(there))
        yield f'<path class="band {colour}" d="M{upper}L{lower}Z"/>'


def _notes(chart: Chart, plot: _Plot) -> Iterator[str]:
    for i, note in enumerate(chart.notes):
        x = plot.x(note.x)
        if x is None or not plot.left <= x <= plot.right:
            continue
        is_late = x > plot.left + plot.width * 0.7
        anchor, at = ("end", x - 5) if is_late else ("start", x + 5)
        y = plot.top + 10 + 13 * (i % 4)
        yield f'<path class="mark" d="M{x} {plot.top}V{plot.bottom}"/>'
        yield f'<text class="note" x="{at:g}" y="{y:g}" text-anchor="{anchor}">{escape(note.text)}</text>'
