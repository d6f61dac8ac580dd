"""The usual charts, as Vega-Lite specifications: made by Altair, and drawn by it or by the web page.

Colours of axes and fonts are left to whoever draws: a file is on white, the page is light or dark. A question that
needs another chart makes it with Altair and ``spec_of``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair

from onionskin.lab.answer import Chart
from onionskin.lab.results import Results
from onionskin.lab.told import plain

Rows = Sequence[Mapping[str, Any]]

alt: Any = altair  # the types of its channels take no keywords out of a dictionary

#: How wide and high a panel is (pixels).
WIDTH: Final = 520
HEIGHT: Final = 280

#: Told apart by lightness as well; the same as those of the page's curves.
COLOURS: Final = ("#2c69b0", "#d66016", "#3f3f46", "#9a9aa2", "#7a3b8f", "#22704f", "#b3372f", "#c9a227")


#: How a chart looks in a file: as on the page in its light theme.
_AXES: Final = {"gridColor": "#ecebe4", "domainColor": "#b9b7af", "tickColor": "#b9b7af", "labelColor": "#55555a"}
_FONT: Final = "Inter, 'Helvetica Neue', Helvetica, Arial, sans-serif"
_ON_PAPER: Final = {
    "background": "#fffefb",
    "padding": 10,
    "config": {
        "font": _FONT,
        "axis": {**_AXES, "titleColor": "#1d1d1f", "titleFontWeight": 500},
        "title": {"color": "#1d1d1f", "fontWeight": 600, "anchor": "start"},
        "legend": {"labelColor": "#55555a", "titleColor": "#1d1d1f", "titleFontWeight": 500},
        "view": {"stroke": None},
    },
}


def spec_of(chart: Any) -> dict[str, Any]:
    """Return the specification of an Altair chart, with its data in it and nothing that is not finite."""
    spec: dict[str, Any] = plain(chart.to_dict())
    spec.pop("config", None)  # how it looks is for whoever draws it, and how wide a single panel is
    if spec.get("width") == WIDTH:
        del spec["width"]
    return spec


def _data(rows: Rows) -> Any:
    return alt.Data(values=[plain(row) for row in rows])


def _bounded(rows: Rows, *, log: bool) -> Rows:
    """Return rows without those ends of intervals that are none, as of one trial alone, or that no axis holds."""
    least = 0.0 if log else -math.inf

    def has_ends(row: Mapping[str, Any]) -> bool:
        low, high = row.get("low"), row.get("high")
        return low is not None and high is not None and least < low and math.isfinite(low) and math.isfinite(high)

    return [row if has_ends(row) else {**row, "low": None, "high": None} for row in rows]


def _scale(log: bool, zero: bool = False) -> Any:
    return alt.Scale(type="log", nice=False, padding=14) if log else alt.Scale(zero=zero)


def bars(
    results: Results, measure: str, title: str, *, arms: Sequence[str] | None = None, log: bool = False, name: str = ""
) -> Chart:
    """Return a bar for each arm, with its interval.

    Args:
        results: What was measured.
        measure: Which number.
        title: Of the chart.
        arms: Which arms, in this order; by default all.
        log: Whether equal steps are equal factors. Bars on such an axis become dots: they have no zero to stand on.
        name: Of the axis; by default the measure's meaning and unit.
    """
    rows = []
    for arm in arms or [arm.name for arm in results.arms]:
        found = results.middle(arm, measure)
        if found.count:
            rows.append({"arm": arm, "value": found.value, "low": found.low, "high": found.high})
    return intervals(rows, title, name or axis_name(results, measure), log=log)


def intervals(rows: Rows, title: str, name: str, *, log: bool = False) -> Chart:
    """Return a bar (a dot on a logarithmic axis) for each row ``{arm, value, low, high}``, in their order."""
    rows = _bounded(rows, log=log)
    base = alt.Chart(_data(rows)).encode(y=alt.Y("arm:N", sort=None, title=None, axis=alt.Axis(labelLimit=260)))
    value = alt.X("value:Q", title=name, scale=_scale(log, zero=True))
    body = (
        base.mark_point(filled=True, size=70, color=COLOURS[0])
        if log
        else base.mark_bar(color=COLOURS[0], opacity=0.75, height={"band": 0.65})
    )
    rule = base.mark_rule(strokeWidth=2, color=COLOURS[2]).encode(x=alt.X("low:Q", title=name), x2="high:Q")
    tip = [alt.Tooltip("arm:N"), *(alt.Tooltip(f"{part}:Q", format=".4g") for part in ("value", "low", "high"))]
    return Chart(
        title, spec_of(alt.layer(body.encode(x=value, tooltip=tip), rule).properties(width=WIDTH, title=title))
    )


def lines(
    rows: Rows,
    title: str,
    x: str,
    y: str,
    *,
    log_x: bool = False,
    log_y: bool = False,
    by: str = "",
    points: bool = True,
) -> Chart:
    """Return lines with bands, one for each ``series``.

    Args:
        rows: ``{x, y, series}``, and ``low`` and ``high`` where there is an interval.
        title: Of the chart.
        x, y: Names of the axes, with units.
        log_x, log_y: Whether equal steps are equal factors.
        by: Name of the legend.
        points: Whether the places that were measured are marked.
    """
    rows, legend = _bounded(rows, log=log_y), alt.Legend(symbolOpacity=1)  # a band alone would make it as pale
    base = alt.Chart(_data(rows)).encode(
        x=alt.X("x:Q", title=x, scale=_scale(log_x)),
        color=alt.Color("series:N", title=by or None, sort=None, scale=alt.Scale(range=list(COLOURS)), legend=legend),
    )
    layers = [base.mark_line(point=points).encode(y=alt.Y("y:Q", title=y, scale=_scale(log_y)))]
    if any(row.get("low") is not None for row in rows):
        layers.insert(
            0, base.mark_area(opacity=0.18).encode(y=alt.Y("low:Q", title=y, scale=_scale(log_y)), y2="high:Q")
        )
    return Chart(title, spec_of(alt.layer(*layers).properties(width=WIDTH, height=HEIGHT, title=title)))


def scatter(rows: Rows, title: str, x: str, y: str, *, log: bool = True, line: Rows = (), by: str = "") -> Chart:
    """Return points with their names, as far as there is room; the others' names are in their tooltips.

    Args:
        rows: ``{x, y, name}``, and ``group`` for a colour.
        title: Of the chart.
        x, y: Names of the axes, with units.
        log: Whether both are logarithmic.
        line: ``{x, y}``: a fit that is drawn through them.
        by: Name of the legend.
    """
    places = {"x": alt.X("x:Q", title=x, scale=_scale(log)), "y": alt.Y("y:Q", title=y, scale=_scale(log))}
    base = alt.Chart(_data(_named(rows, log))).encode(**places)
    grouped = any("group" in row for row in rows)
    colour = (
        {"color": alt.Color("group:N", title=by or None, sort=None, scale=alt.Scale(range=list(COLOURS)))}
        if grouped
        else {}
    )
    tip = [alt.Tooltip("name:N"), alt.Tooltip("x:Q", format=".4g"), alt.Tooltip("y:Q", format=".4g")]
    dots = base.mark_circle(size=60, opacity=0.85).encode(tooltip=tip, **colour)
    names = base.mark_text(align="left", dx=6, dy=-4, fontSize=9).encode(text="label:N")
    layers = [dots, names]
    if line:
        layers.insert(0, alt.Chart(_data(line)).mark_line(strokeDash=[5, 4], color=COLOURS[3]).encode(**places))
    return Chart(title, spec_of(alt.layer(*layers).properties(width=WIDTH, height=HEIGHT + 80, title=title)))


def _named(rows: Rows, log: bool) -> Rows:
    """Return rows with a ``label``: the name, or nothing where it would lie on another one."""
    if not rows:
        return rows
    letter, line = 4.8, 9.0  # a letter's mean width, and how far lines have to be apart (pixels)
    scaled = [[math.log(max(row[axis], 1e-300)) if log else row[axis] for row in rows] for axis in ("x", "y")]
    ends = [(min(values), (max(values) - min(values)) or 1.0) for values in scaled]
    taken: list[tuple[float, float, float]] = []
    found = []
    for row, *place in zip(rows, *scaled, strict=True):
        (left, wide), (low, high) = ends
        x, y = WIDTH * (place[0] - left) / wide, (HEIGHT + 80) * (place[1] - low) / high
        name = str(row["name"])
        end = x + letter * len(name)
        is_free = all(abs(y - other) > line or end < begin or x > stop for begin, stop, other in taken)
        found.append({**row, "label": name if is_free else ""})
        if name and is_free:
            taken.append((x, end, y))
    return found


def heat(
    rows: Rows, title: str, x: str, y: str, value: str, *, log: bool = False, reverse: bool = False, labels: str = ""
) -> Chart:
    """Return a shaded table of ``{x, y, value}``, both axes by name in the order of the rows.

    Args:
        rows: The cells.
        title: Of the chart.
        x, y, value: Names of the axes and of what is shaded.
        log: Whether shades are by factors.
        reverse: Whether small is what stands out.
        labels: A number format such as ``.2f`` to write into the cells; empty for none.
    """
    scale = alt.Scale(scheme="viridis", reverse=reverse, **({"type": "log"} if log else {}))
    base = alt.Chart(_data(rows)).encode(
        x=alt.X("x:N", sort=None, title=x, axis=alt.Axis(labelAngle=0)), y=alt.Y("y:N", sort=None, title=y)
    )
    cells = base.mark_rect().encode(color=alt.Color("value:Q", title=value, scale=scale))
    shown = [cells]
    if labels:
        text = base.mark_text(fontSize=10).encode(text=alt.Text("value:Q", format=labels))
        shown.append(text.encode(color=readable([row["value"] for row in rows], log=log, reverse=reverse)))
    return Chart(title, spec_of(alt.layer(*shown).properties(width=WIDTH, title=title)))


def readable(values: Sequence[Any], *, log: bool, reverse: bool = False, field: str = "value") -> Any:
    """Return the colour of words on shades of viridis: dark where they are light, which is above two thirds."""
    kept = [float(v) for v in values if v is not None and math.isfinite(v) and (v > 0 or not log)] or [0.0]
    low, high = (math.log(min(kept)), math.log(max(kept))) if log else (min(kept), max(kept))
    edge = low + (0.35 if reverse else 0.65) * (high - low)
    light = f"datum.{field} {'<' if reverse else '>'} {math.exp(edge) if log else edge}"
    return alt.condition(light, alt.value("#1d1d1f"), alt.value("#ffffff"))


def axis_name(results: Results, measure: str) -> str:
    """Return what an axis of a measure is called."""
    m = results.measures[measure]
    return f"{m.meaning} ({m.unit})" if m.unit else m.meaning


def draw(spec: Mapping[str, Any], title: str, kind: str) -> bytes:
    """Return a specification drawn by Altair.

    Args:
        spec: Vega-Lite.
        title: What stands above it.
        kind: ``svg`` or ``png``.
    """
    # What Altair itself saves with. Altair would look over every row of the data first: ten seconds for some thousands.
    import vl_convert

    width = {"width": WIDTH} if "mark" in spec or "layer" in spec else {}
    whole = {**_ON_PAPER, **width, "title": title, **spec}
    if kind == "png":
        png: bytes = vl_convert.vegalite_to_png(whole, scale=2)
        return png
    svg: str = vl_convert.vegalite_to_svg(whole)
    return svg.encode()
