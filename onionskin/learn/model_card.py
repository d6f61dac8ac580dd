"""A model card as a document: sections of measured facts, and questions that only a person can answer.

What a person has written under a question is kept when the card is written anew; what was measured is measured again.
Paper: Mitchell et al. (2019), "Model cards for model reporting", arXiv 1810.03993.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from onionskin.errors import OnionskinError
from onionskin.learn.report.blocks import Cell
from onionskin.learn.report.numbers import shown

#: Around what a person writes. Comments, so that no reader of the card sees them.
_OPEN: Final = "<!-- answer: {} -->"
_CLOSE: Final = "<!-- end -->"
_ANSWER: Final = re.compile(r"<!-- answer: ([a-z-]{1,40}) -->\n(.*?)\n?<!-- end -->", re.DOTALL)

#: Ends the card, and says what it was when it was written: a change elsewhere than in the answers is noticed.
_SEAL: Final = "<!-- onionskin card {} -->"
_SEALED: Final = re.compile(r"\n<!-- onionskin card ([0-9a-f]{16}) -->\s*$")

#: Stands where nobody has answered yet.
UNANSWERED: Final = "_Not answered yet._"

#: No card is longer (bytes).
_MOST_BYTES: Final = 4 * 2**20


@dataclass(frozen=True)
class Facts:
    """A table of what was measured."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    caption: str = ""


@dataclass(frozen=True)
class Question:
    """What only a person can answer. Its name stays the same, whatever its words become."""

    name: str
    words: str


@dataclass(frozen=True)
class Section:
    """A heading with paragraphs, tables and questions below it."""

    title: str
    parts: Sequence[str | Facts | Question]


@dataclass(frozen=True)
class Card:
    """A model card.

    Attributes:
        title: The model's name.
        intro: What the reader should know first.
        sections: In Mitchell's order.
        answers: By the names of questions, what people have written, in Markdown.
    """

    title: str
    intro: str
    sections: Sequence[Section]
    answers: Mapping[str, str]

    def questions(self) -> list[Question]:
        """Return all questions."""
        return [part for section in self.sections for part in section.parts if isinstance(part, Question)]

    def open(self) -> list[Question]:
        """Return the questions without an answer."""
        return [question for question in self.questions() if question.name not in self.answers]


def answers_in(text: str, where: str) -> dict[str, str]:
    """Return what people have written into a card.

    Args:
        text: The card, in Markdown.
        where: Its place, for what is said.

    Raises:
        OnionskinError: It is no card of ours, or was changed elsewhere than in its answers, which would be lost.
    """
    seal = _SEALED.search(text)
    if seal is None or len(text) > _MOST_BYTES:
        raise OnionskinError(f"{where} is no card that Onionskin wrote", fix="move it away, or give another folder")
    if _sum(text[: seal.start()]) != seal.group(1):
        raise OnionskinError(f"{where} was changed elsewhere than in its answers, and that would be lost",
                             fix="move what you wrote between 'answer' and 'end', or the file away")  # fmt: skip
    found = {name: answer.strip() for name, answer in _ANSWER.findall(text)}
    return {name: answer for name, answer in found.items() if answer and answer != UNANSWERED}


def _sum(text: str) -> str:
    """Return the checksum of a card without its answers."""
    bare = _ANSWER.sub(lambda found: f"<{found.group(1)}>", text).replace("\r\n", "\n").rstrip()
    return hashlib.sha256(bare.encode()).hexdigest()[:16]


# ---------------------------------------------------------------------- Markdown


def markdown(card: Card) -> str:
    """Return a card in Markdown, with its seal."""
    text = "\n".join([f"# {_flat(card.title)}", "", _plain(card.intro), *(
        line for section in card.sections for line in _section(section, card.answers)
    )]).rstrip()  # fmt: skip
    # A blank line first: it parts the seal from a table.
    return f"{text}\n\n{_SEAL.format(_sum(text))}\n"


def _section(section: Section, answers: Mapping[str, str]) -> Iterator[str]:
    yield from ("", f"## {section.title}")
    for part in section.parts:
        yield ""
        if isinstance(part, Question):
            yield from (f"**Question for a person:** {part.words}", "", _OPEN.format(part.name))
            yield from (answers.get(part.name, UNANSWERED), _CLOSE)
        elif isinstance(part, Facts):
            if part.caption:
                yield from (_plain(part.caption), "")
            yield f"| {' | '.join(map(_flat, part.columns))} |"
            yield f"|{'---|' * len(part.columns)}"
            yield from (f"| {' | '.join(_flat(shown(cell)) for cell in row)} |" for row in part.rows)
        else:
            yield _plain(part)


def _plain(text: str) -> str:
    """Return words that a file may have brought along as words: neither HTML, nor a comment that ends an answer."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _flat(text: str) -> str:
    """Return words for one cell of a table."""
    return _plain(" ".join(text.split())).replace("|", "\\|")


# ---------------------------------------------------------------------- HTML

_STYLE: Final = """
:root{color-scheme:light dark;--sheet:#fffefb;--ink:#1d1d1f;--soft:#66666b;--line:#dcdad3;--live:#c2410c}
@media (prefers-color-scheme:dark){:root{--sheet:#1b1d22;--ink:#ecebe6;--soft:#9a9aa2;--line:#2e3036;--live:#ff9d57}}
body{margin:0;background:var(--sheet);color:var(--ink);font:15px/1.55 Inter,'Helvetica Neue',system-ui,sans-serif}
main{max-width:820px;margin:0 auto;padding:32px 20px 64px} h1{font-size:24px} h2{font-size:18px;margin:32px 0 8px}
p{overflow-wrap:anywhere;white-space:pre-line} table{border-collapse:collapse;font-size:13.5px} .wide{overflow:auto}
th,td{padding:4px 12px 4px 0;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
.soft{color:var(--soft)} .question{border-left:3px solid var(--line);padding:2px 0 2px 14px;margin:14px 0}
.open{border-color:var(--live)} .open .answer{color:var(--live)}
"""
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page(card: Card) -> str:
    """Return a card as one HTML file without a script. Answers are shown as their words, not as Markdown."""
    body = "".join(part for section in card.sections for part in _html(section, card.answers))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{escape(card.title)}</title><style>{_STYLE}</style></head><body><main>"
        f"<h1>{escape(card.title)}</h1><p>{escape(card.intro)}</p>{body}</main></body></html>\n"
    )


def _html(section: Section, answers: Mapping[str, str]) -> Iterator[str]:
    yield f"<h2>{escape(section.title)}</h2>"
    for part in section.parts:
        if isinstance(part, Question):
            answer = answers.get(part.name)
            said = escape(answer) if answer is not None else "Not answered yet."
            kind = "question" if answer is not None else "question open"
            yield f'<div class="{kind}"><p><strong>{escape(part.words)}</strong></p>'
            yield f'<p class="answer">{said}</p></div>'
        elif isinstance(part, Facts):
            if part.caption:
                yield f'<p class="soft">{escape(part.caption)}</p>'
            head = "".join(f'<th scope="col">{escape(name)}</th>' for name in part.columns)
            yield f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>'
            for row in part.rows:
                yield f"<tr>{''.join(f'<td>{escape(shown(cell))}</td>' for cell in row)}</tr>"
            yield "</tbody></table></div>"
        else:
            yield f"<p>{escape(part)}</p>"
