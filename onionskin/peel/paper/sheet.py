"""A worksheet as a page: what to begin with, a table to fill in for each step, tables of functions, the answer key."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.resources import files
from typing import Final

from onionskin.peel.arithmetic.lines import ScalarGraph
from onionskin.peel.paper.network import draw_network
from onionskin.peel.paper.symbols import symbols_of
from onionskin.peel.paper.work import Part, Row, Step, shown

_RULES: Final = (
    "Work from top to bottom. A box stands for a number that you have found in a line above.",
    "Round what each line gives to 4 decimals, and go on with the rounded number.",
    "∂<i>L</i>/∂<i>a</i> says by how much <i>L</i> grows when <i>a</i> grows a little.",
)

#: How a pocket calculator finds what it has no key for.
_HINTS: Final[Mapping[str, str]] = {
    "tanh": "tanh(<i>a</i>) = (E − 1) / (E + 1) with E = exp(2<i>a</i>)",
    "exp": "exp(<i>a</i>) = e<sup><i>a</i></sup>, with e = 2.7182818; the key is often SHIFT ln",
    "ln": "ln(<i>a</i>) is the key ln, and not log",
    "max": "max(0, <i>a</i>) is <i>a</i> where that is positive, and else 0",
    "sqrt": "sqrt(<i>a</i>) is the key √",
    "erf": "erf(<i>a</i>): look it up in the table",
}


def page(title: str, graph: ScalarGraph, steps: list[Step]) -> str:
    """Return the worksheet and its key as one HTML file that needs nothing else."""
    style = (files("onionskin.peel.paper") / "sheet.css").read_text(encoding="utf-8")
    name = html.escape(title)
    body = [*_first(name, graph, steps[0])]
    for step in steps:
        body += _step(step, is_key=False)
    body += _functions(steps)
    for step in steps:
        body += _step(step, is_key=True, title=f"{name}: the answers")
    return (
        f'<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n<meta name=viewport content="width=device-width">\n'
        f"<title>{name} with pencil and paper</title>\n<style>\n{style}</style>\n" + "\n".join(body) + "\n</html>\n"
    )


def _first(name: str, graph: ScalarGraph, step: Step) -> Iterator[str]:
    yield "<section class=sheet>"
    yield f"<header><h1>{name} with pencil and paper</h1><p class=who>Name <u></u> Date <u></u></p></header>"
    yield "<div class=start><figure>" + draw_network(graph, symbols_of(graph)) + "</figure><div>"
    yield "<h2>The weights to begin with</h2>" + _numbers(step.weights)
    yield "<ul class=rules>" + "".join(f"<li>{rule}</li>" for rule in _RULES) + "</ul></div></div></section>"


def _numbers(pairs: Iterable[tuple[str, float]]) -> str:
    return "<p class=numbers>" + " ".join(f"<span>{s} = {shown(v)}</span>" for s, v in pairs) + "</p>"


def _step(step: Step, *, is_key: bool, title: str = "") -> Iterator[str]:
    kind = "key" if is_key else "work" if step.number > 1 else "work first"
    heading = f"<h1>{title}</h1>" if title and step.number == 1 else ""
    yield f'<section class="sheet {kind}">{heading}<h2>Step {step.number}</h2>'
    yield "<p class=example>The example:&ensp;" + _numbers(step.example)[len("<p class=numbers>") :]
    if step.number > 1:
        yield "<p>Go on with the new weights of the step before.</p>"
    for part, parts in (("Forward", step.forward), ("Backward: the chain rule, from the loss up", step.backward)):
        yield f"<h3 class={part.split(':')[0].lower()}>{part}</h3>" + _table(parts, is_key=is_key)
    yield "<h3>Update</h3>" + _table([step.update], is_key=is_key)
    yield "</section>"


def _table(parts: list[Part], *, is_key: bool) -> str:
    out = ["<table>"]
    for part in parts:
        about = html.escape(": ".join(words for words in (part.title, part.why) if words))
        out.append(f"<tbody><tr class=about><th colspan=4 scope=rowgroup>{about}</th></tr>")
        out += [_row(row, is_key=is_key) for row in part.rows]
        out.append("</tbody>")
    return "\n".join([*out, "</table>"])


def _row(row: Row, *, is_key: bool) -> str:
    numbers = f"<td class=filled>{row.filled}</td>" if is_key else f"<td class=given>{row.given}</td>"
    result = f"<td class=result>{shown(row.result)}</td>" if is_key else "<td class=blank><span></span></td>"
    return f"<tr><th scope=row>{row.symbol}</th><td class=formula>= {row.formula}</td>{numbers}{result}</tr>"


# ------------------------------------------------------------------ tables of functions


def _functions(steps: list[Step]) -> Iterator[str]:
    """Yield a page of the functions that the lines use: how a calculator finds them, and their values."""
    lines = " ".join(r.formula for s in steps for part in [*s.forward, *s.backward, s.update] for r in part.rows)
    used = [name for name in _HINTS if re.search(rf"\b{name}\(", lines)]
    if not used:
        return
    yield "<section class=sheet><h2>Without the key on your calculator</h2><ul class=hints>"
    yield "".join(f"<li>{_HINTS[name]}</li>" for name in used) + "</ul>"
    listed = [name for name in used if name in _TABLES]
    if listed:
        yield _values(listed)
    yield "</section>"


_TABLES: Final[Mapping[str, Callable[[float], float]]] = {"tanh": math.tanh, "exp": math.exp, "erf": math.erf}


def _values(names: list[str]) -> str:
    """Return a table of values from 0 to 3 in twentieths, in two columns of the page."""
    columns: list[tuple[str, Callable[[float], float]]] = [(name, _TABLES[name]) for name in names]
    if "exp" in names:
        columns += [("exp −", lambda a: math.exp(-a)), ("σ", lambda a: 1 / (1 + math.exp(-a)))]
    titles = {"exp −": "exp(−<i>a</i>)", "σ": "1 / (1 + exp(−<i>a</i>))"}
    head = "".join(f"<th scope=col>{titles.get(name, f'{name}(<i>a</i>)')}</th>" for name, _ in columns)
    tables = []
    for begin in (0, 30):
        rows = [
            f"<tr><th scope=row>{i / 20:.2f}</th>{''.join(f'<td>{f(i / 20):.4f}</td>' for _, f in columns)}</tr>"
            for i in range(begin, begin + 31)
        ]
        tables.append(f"<table class=values><tr><th scope=col><i>a</i></th>{head}</tr>{''.join(rows)}</table>")
    return "<div class=pair>" + "".join(tables) + "</div>"
