"""An answer as pages: JSON for the web page, HTML and Markdown to read and to send, its charts as SVG and PNG."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any, Final

from onionskin.errors import OnionskinError
from onionskin.lab.statistics import amount
from onionskin.lab.told import FORMAT, Told, listed, told
from onionskin.recording.arrays import write_atomically

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


def write(folder: Path, name: str) -> Path:
    """Write all pages of a question and the list of all questions.

    Args:
        folder: The lab's.
        name: The question.

    Returns:
        The HTML page.

    Raises:
        OnionskinError: They cannot be written, or the question's file is wrong.
    """
    page = told(folder, name)
    place = folder / "answers"
    drawn = _drawn(page)
    files = {
        f"{name}.json": _json(page),
        f"{name}.md": markdown(page).encode(),
        f"{name}.html": html(page, drawn).encode(),
    }
    for number, kinds in enumerate(drawn):
        files |= {f"{chart_name(name, number)}.{kind}": content for kind, content in kinds.items()}
    _keep(place, files)
    write_index(folder)
    return place / f"{name}.html"


def write_index(folder: Path) -> None:
    """Write the list of all questions with their answers so far. Raises OnionskinError."""
    _keep(folder / "answers", {"index.json": _json({"format": FORMAT, "questions": listed(folder)})})


def _keep(place: Path, files: Mapping[str, bytes]) -> None:
    try:
        place.mkdir(parents=True, exist_ok=True)
        for file, content in files.items():
            write_atomically(place / file, content)
    except OSError as error:
        raise OnionskinError(
            f"{place} cannot be written: {error.strerror or error}",
            fix="make room on the disk; the numbers are kept: 'onionskin lab pages' writes them again",
        ) from error


def _json(content: Told) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False).encode()


def chart_name(name: str, number: int) -> str:
    """Return the file name of a chart, without its ending: ``latency``, ``latency-2`` …"""
    return name if number == 0 else f"{name}-{number + 1}"


def _drawn(page: Told) -> list[dict[str, bytes]]:
    """Return the charts of the first machine as SVG and PNG; empty where Altair is not installed."""
    if (
        importlib.util.find_spec("altair") is None
        or importlib.util.find_spec("vl_convert") is None
        or not page["answers"]
    ):
        return []
    from onionskin.lab.charts import draw

    return [{kind: draw(chart["spec"], kind) for kind in ("svg", "png")} for chart in page["answers"][0]["charts"]]


# ---------------------------------------------------------------------- Markdown


def markdown(page: Told) -> str:
    """Return a question with its answers as Markdown; its charts are the SVG files beside it."""
    return "\n".join(_markdown(page)) + "\n"


def _markdown(page: Told) -> Iterator[str]:
    yield f"# {page['question']}\n"
    for number, answer in enumerate(page["answers"]):
        yield (
            f"**{answer['sentence']}**\n"
            if number == 0
            else f"## On {answer['machine']['name']}\n\n**{answer['sentence']}**\n"
        )
        yield from _told_of(answer)
        if number == 0:
            for n, chart in enumerate(answer["charts"]):
                yield f"![{chart['title']}]({chart_name(page['name'], n)}.svg)\n"
        yield from _compared(answer)
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
    for skip in answer["skipped"]:
        yield f"- Not measured here: {skip['arm']} ({skip['reason']})"
    yield ""


def _compared(answer: Told) -> Iterator[str]:
    if answer["comparisons"]:
        yield "| compared | by | found |\n|---|---|---|"
        for c in answer["comparisons"]:
            yield f"| {_cell(c['what'])} | {_cell(c['measure'])} | {c['text']} |"
        yield ""


def _tables(answer: Told) -> Iterator[str]:
    for caption, columns, rows in tables(answer):
        yield f"{caption}\n\n| {' | '.join(map(_cell, columns))} |\n|{'---|' * len(columns)}"
        yield from (f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows)
        yield ""


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


# ---------------------------------------------------------------------- shared by Markdown and HTML


def verdict(answer: Told) -> str:
    """Return what became of the claim."""
    return {True: "The claim held.", False: "The claim did not hold.", None: "The claim is not decided by this."}[
        answer["claim_holds"]
    ]


def under(answer: Told) -> str:
    """Return when, where and how an answer was measured."""
    told_of = ("python", "torch", "onnxruntime")
    versions = ", ".join(f"{name} {version}" for name, version in answer["versions"].items() if name in told_of)
    how = "a quick run with wide intervals" if answer["is_quick"] else "a full run"
    stopped = "" if answer["is_finished"] else ", stopped before its end"
    where = f"{answer['machine']['name']}; {answer['date'][:10]}"
    return f"{where}; {how}{stopped}, {len(answer['trials']):,} trials; {versions}."


def tables(answer: Told) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """Yield the tables of an answer: caption, columns, rows of text."""
    for table in answer["tables"]:
        columns = list(dict.fromkeys(column for row in table["rows"] for column in row))
        yield table["caption"], columns, [[_shown(row.get(column)) for column in columns] for row in table["rows"]]
    measures = answer["measures"]
    rows = [
        [arm["name"], *(_middle(arm["numbers"].get(name), m["unit"]) for name, m in measures.items())]
        for arm in answer["arms"]
    ]
    yield "Every arm, with intervals of 95 %.", ["arm", *measures], rows


def _middle(found: Mapping[str, Any] | None, unit: str) -> str:
    if found is None or found["value"] is None:
        return ""
    value = amount(found["value"], unit)
    if found["low"] is None or found["high"] is None:
        return f"{value} (one trial)"
    return (
        value
        if found["low"] == found["high"]
        else f"{value} ({amount(found['low'], unit)} to {amount(found['high'], unit)})"
    )


def _shown(value: object) -> str:
    if isinstance(value, float):
        return amount(value)
    return "" if value is None else str(value)


# ---------------------------------------------------------------------- HTML


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
            yield f"<h2>On {escape(answer['machine']['name'])}</h2>"
        yield f'<p class="answer">{escape(answer["sentence"])}</p>'
        if answer["busy"]:
            yield f'<p class="busy">{escape(answer["busy"])}</p>'
        yield f'<p class="rule">Rule of thumb: {escape(answer["rule"])}</p>'
        yield f'<p class="soft">{escape(verdict(answer))} {escape(under(answer))}</p>'
        if number == 0:
            yield from (kinds["svg"].decode() for kinds in drawn)
        said = [*answer["notes"], *(f"Not measured here: {s['arm']} ({s['reason']})" for s in answer["skipped"])]
        yield f"<ul>{''.join(f'<li>{escape(note)}</li>' for note in said)}</ul>" if said else ""
        if answer["comparisons"]:
            yield _table(
                "Compared",
                ["what", "by", "found"],
                [[c["what"], c["measure"], c["text"]] for c in answer["comparisons"]],
            )
        yield from (_table(*table) for table in tables(answer))
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
            ", ".join(f"{name} {_shown(value)}" for name, value in t["numbers"].items()),
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
