"""A question with its answers as one HTML file without a script, its charts inside it."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

from onionskin.lab.pages.words import arms_alike, compared, machine_name, not_measured, shown, tables, under, verdict
from onionskin.lab.statistics import amount
from onionskin.lab.told import Told

#: The file runs nothing and asks for nothing, whatever stands in it.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

_STYLE: Final = """
body{max-width:860px;margin:32px auto;padding:0 24px;background:#fffefb;color:#1d1d1f;
font:15px/1.55 Inter,'Helvetica Neue',system-ui,sans-serif;font-variant-numeric:tabular-nums}
h1{font-size:26px;margin:0 0 8px} h2{font-size:17px;margin:32px 0 8px} h3{font-size:15px;margin:24px 0 6px}
.answer{font-size:19px;line-height:1.45} .soft{color:#66666b} .wide{overflow:auto}
.busy{padding:8px 12px;border-left:3px solid #c2410c;background:#fff4ec}
.rule{padding:10px 14px;border-left:3px solid #22704f;background:#eef6f1}
table{border-collapse:collapse;font-size:13px} td.number{text-align:right;white-space:nowrap}
th,td{padding:3px 10px;border-bottom:1px solid #dcdad3;text-align:left;vertical-align:top}
svg{max-width:100%;height:auto} pre{padding:8px 12px;background:#f4f2ec;overflow:auto} p{overflow-wrap:anywhere}
"""

#: So many raw trials stand on a page; the file has all.
_MOST_ROWS: Final = 400


def html(page: Told, drawn: list[dict[str, bytes]]) -> str:
    """Return one file without a script, its charts inside it.

    Args:
        page: As ``told`` returns it.
        drawn: Its charts, by kind.
    """
    title = escape(page["question"])
    head = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{title}</title><style>{_STYLE}</style></head>"
    )
    return f"{head}<body><h1>{title}</h1>{''.join(_body(page, drawn))}</body></html>"


def _body(page: Told, drawn: list[dict[str, bytes]]) -> Iterator[str]:
    for number, answer in enumerate(page["answers"]):
        if number:
            yield f"<h2>On {escape(machine_name(answer))}</h2>"
        yield f'<p class="answer">{escape(answer["sentence"])}</p>'
        if answer["busy"]:
            yield f'<p class="busy">{escape(answer["busy"])}</p>'
        yield f'<p class="rule">Rule of thumb: {escape(answer["rule"])}</p>'
        yield f'<p class="soft">{escape(verdict(answer))} {escape(under(answer))}</p>'
        if number == 0:
            yield from (kinds["svg"].decode() for kinds in drawn)
        said = [*answer["notes"], *(f"Not measured: {left_out}" for left_out in not_measured(answer))]
        yield f"<ul>{''.join(f'<li>{escape(note)}</li>' for note in said)}</ul>" if said else ""
        columns, rows = compared(page)
        yield _table("Compared", columns, rows) if number == 0 and rows else ""
        yield from (_table(*table) for table in (*tables(answer), *arms_alike(answer)))
        yield _raw(answer)
    yield f"<h2>Method</h2>{_paragraphs(page['method'])}"
    yield f"<p>The claim, written before the first measurement: {escape(page['claim'])}</p>"
    yield f"<h2>What would change the answer</h2>{_paragraphs(page['change'])}"
    cost = escape(amount(page["cost_seconds"], "s"))
    yield f"<h2>Again</h2><pre>{escape(page['again'])}</pre><p class='soft'>A full run takes about {cost}.</p>"


def _raw(answer: Told) -> str:
    rows = [
        [
            t["arm"],
            str(t["seed"]),
            t["started"],
            amount(t["wall_seconds"], "s"),
            amount(t["cpu_seconds"], "s"),
            f"{t['others']:.2f}",
            ", ".join(f"{name} {shown(value)}" for name, value in t["numbers"].items()),
            " ".join(t["runs"]),
        ]
        for t in answer["trials"][:_MOST_ROWS]
    ]
    columns = ["arm", "seed", "started", "wall", "processor", "others' cores", "numbers", "recorded run"]
    return f"<details><summary>Every trial ({len(answer['trials']):,})</summary>{_table('', columns, rows)}</details>"


def _table(caption: str, columns: list[str], rows: list[list[str]]) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    title = f"<h3>{escape(caption)}</h3>" if caption else ""
    return f'{title}<div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(' '.join(part.split()))}</p>" for part in text.split("\n\n"))
