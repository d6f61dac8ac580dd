"""A report as HTML: one element for a notebook, or one whole file. No script, no address, and everything escaped."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Final

from onionskin.learn.report.blocks import Block, Caution, Chart, Gallery, Item, Matrix, Table, Text
from onionskin.learn.report.figure import svg_of
from onionskin.learn.report.numbers import brief, shown
from onionskin.learn.report.terminal import verdict

if TYPE_CHECKING:
    from onionskin.learn.report.report import Report

#: The page's colours; those of series are told apart by lightness as well.
_LIGHT: Final = (
    "--sheet:#fffefb;--ink:#1d1d1f;--soft:#66666b;--line:#dcdad3;--right:#22704f;--wrong:#b3372f;--live:#c2410c;"
    "--more:#d66016;--less:#2c69b0;--deepest:70%;"
    "--s0:#2c69b0;--s1:#d66016;--s2:#1d1d1f;--s3:#8b8b90;--s4:#7a3b8f;--s5:#22704f"
)
_DARK: Final = (
    "--sheet:#1b1d22;--ink:#ecebe6;--soft:#9a9aa2;--line:#2e3036;--right:#5fc39b;--wrong:#f08078;--live:#ff9d57;"
    "--more:#ff963c;--less:#569cf0;--deepest:50%;"
    "--s0:#569cf0;--s1:#ff963c;--s2:#ecebe6;--s3:#77777f;--s4:#c48bd8;--s5:#5fc39b"
)
_RULES: Final = """
{color-scheme:light dark;max-width:960px;padding:20px 24px;border-radius:8px;background:var(--sheet);color:var(--ink);
font:13px/1.5 Inter,'Helvetica Neue',system-ui,sans-serif;font-variant-numeric:tabular-nums}
 h2{margin:0;font-size:18px;font-weight:600} .answer{margin:4px 0 0;font-size:15px}
 section{margin:20px 0 0} p{margin:0 0 8px;white-space:pre-line;overflow-wrap:anywhere}
 .caption{margin:0 0 6px;color:var(--soft)}
 .warning{padding:8px 12px;border-left:3px solid var(--live)} .warning p{margin:0} .fix{color:var(--soft)}
 .wide{overflow:auto} table{border-collapse:collapse;font-size:12.5px;background:none;color:inherit}
 th,td{padding:3px 10px;border:0;border-bottom:1px solid var(--line);text-align:left;vertical-align:top;background:none}
 th{font-weight:600} td.number,th.number{text-align:right;white-space:nowrap}
 .matrix th,.matrix td{padding:3px 7px;border:1px solid var(--sheet);text-align:right;font-size:11.5px}
 .matrix td{background:color-mix(in srgb,var(--pole,transparent) calc(var(--depth,0)*var(--deepest)),var(--sheet))}
 .gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(132px,1fr));gap:16px 14px}
 figure{margin:0;min-width:0;overflow-wrap:anywhere} figure img{display:block;width:100%;max-width:200px;height:auto;
image-rendering:pixelated;border-radius:4px} figcaption{margin-top:4px;font-size:12px} figcaption div,figure p{margin:0}
 .soft{color:var(--soft)} .wrong{color:var(--wrong);font-weight:600}
 .legend{display:flex;flex-wrap:wrap;gap:2px 14px;margin:0 0 2px;font-size:12px} .legend i{display:inline-block;
width:14px;height:3px;margin:0 5px 3px 0;border-radius:2px;background:currentColor}
 svg{display:block;width:100%;max-width:760px;height:auto;font-size:10.5px}
 svg text{fill:var(--soft);stroke:none} svg .axis{font-size:11.5px} svg .note{fill:var(--live);font-size:11px}
 svg .grid{stroke:var(--line);fill:none} svg .mark{stroke:var(--live);fill:none;stroke-dasharray:3 3}
 svg .line{fill:none;stroke:currentColor;stroke-width:1.6;stroke-linejoin:round} svg .line.mark{stroke:var(--ink);
stroke-dasharray:none;stroke-width:1.2}
 svg .band{fill:currentColor;fill-opacity:.16} svg .dot,svg .bar{fill:currentColor}
 .s0{color:var(--s0)} .s1{color:var(--s1)} .s2{color:var(--s2)} .s3{color:var(--s3)} .s4{color:var(--s4)}
 .s5{color:var(--s5)}
"""
_CLASS: Final = "onionskin-report"

#: The file runs nothing and asks for nothing, whatever stands in it.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def _style() -> str:
    # Nested, so that nothing of it reaches the notebook around it.
    dark = f"@media (prefers-color-scheme:dark){{.{_CLASS}{{{_DARK}}}}}"
    first, rest = _RULES.strip().split("\n h2", 1)
    return f"<style>.{_CLASS}{{{_LIGHT}}}{dark}.{_CLASS}{first}.{_CLASS}{{ h2{rest}}}</style>"


def element_of(report: Report) -> str:
    """Return a report as one element with its own style, for a notebook's cell."""
    parts = [
        _style(),
        f'<article class="{_CLASS}"><h2>{escape(report.title)}</h2><p class="answer">{escape(report.answer)}</p>',
        *(part for block in report.blocks for part in ("<section>", *_block(block), "</section>")),
        "</article>",
    ]
    return "".join(parts)


def page_of(report: Report) -> str:
    """Return a report as an HTML file that needs nothing beside it."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{escape(report.title)} · Onionskin</title>"
        "<style>body{margin:0;background:#f7f6f2}@media (prefers-color-scheme:dark){body{background:#121316}}"
        f"main{{display:grid;justify-content:center;padding:2vw}}.{_CLASS}{{width:min(92vw,960px)}}</style>"
        f"</head><body><main>{element_of(report)}</main></body></html>\n"
    )


def _block(block: Block) -> Iterator[str]:
    match block:
        case Text():
            yield from (f"<p>{escape(part)}</p>" for part in block.text.split("\n\n"))
        case Caution():
            fix = f'<p class="fix">fix: {escape(block.fix)}</p>' if block.fix else ""
            yield f'<div class="warning"><p>{escape(block.text)}</p>{fix}</div>'
        case Table():
            yield from _table(block)
        case Gallery():
            yield from _caption(block.caption)
            yield '<div class="gallery">'
            yield from map(_item, block.items)
            yield "</div>"
        case Matrix():
            yield from _matrix(block)
        case Chart():
            yield from _caption(block.caption)
            yield from _legend(block)
            yield svg_of(block)


def _caption(text: str) -> Iterator[str]:
    if text:
        yield f'<p class="caption">{escape(text)}</p>'


def _table(block: Table) -> Iterator[str]:
    numbers = [
        all(isinstance(row[i], (int, float, type(None))) for row in block.rows) for i in range(len(block.columns))
    ]
    kinds = [' class="number"' if is_number and block.rows else "" for is_number in numbers]
    yield from _caption(block.caption)
    yield '<div class="wide"><table>'
    head = "".join(
        f'<th scope="col"{kind}>{escape(name)}</th>' for name, kind in zip(block.columns, kinds, strict=True)
    )
    yield f"<thead><tr>{head}</tr></thead><tbody>"
    for row in block.rows:
        yield f"<tr>{''.join(f'<td{k}>{escape(shown(cell))}</td>' for cell, k in zip(row, kinds, strict=True))}</tr>"
    yield "</tbody></table></div>"


def _item(item: Item) -> str:
    parts = ["<figure>"]
    said = verdict(item)
    if item.png is not None:
        coded = base64.b64encode(item.png).decode()
        alt = escape(item.caption or said or item.where or "an example", quote=True)
        parts.append(f'<img alt="{alt}" src="data:image/png;base64,{coded}">')
    if item.text:
        parts.append(f"<p>{escape(item.text)}</p>")
    is_wrong = item.label is not None and item.predicted is not None and item.label != item.predicted
    lines = [
        (escape(said), "wrong" if is_wrong else ""),
        (escape(item.caption), ""),
        (escape(item.where or ""), "soft"),
        (brief(item.score) if item.score is not None else "", "soft"),
    ]
    told = "".join(f'<div class="{kind}">{line}</div>' for line, kind in lines if line)
    return "".join([*parts, f"<figcaption>{told}</figcaption></figure>"])


def _matrix(block: Matrix) -> Iterator[str]:
    largest = max((abs(value) for row in block.values for value in row if value is not None), default=0.0)
    yield from _caption(block.caption)
    yield '<div class="wide"><table class="matrix">'
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in block.columns)
    yield f"<thead><tr><td></td>{head}</tr></thead><tbody>"
    for name, values in zip(block.rows, block.values, strict=True):
        cells = "".join(_cell(value, largest) for value in values)
        yield f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>'
    yield "</tbody></table></div>"


def _cell(value: float | None, largest: float) -> str:
    if not value or not largest:
        return f"<td>{brief(value)}</td>"
    pole = "more" if value > 0 else "less"
    depth = (abs(value) / largest) ** 0.5  # the signed root of the page's pictures
    return f'<td style="--pole:var(--{pole});--depth:{depth:.3f}">{brief(value)}</td>'


def _legend(block: Chart) -> Iterator[str]:
    if len(block.series) > 1:
        names = (f'<span><i class="s{i % 6}"></i>{escape(series.name)}</span>' for i, series in enumerate(block.series))
        yield f'<p class="legend">{"".join(names)}</p>'
