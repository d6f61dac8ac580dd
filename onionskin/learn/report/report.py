"""The report itself: what it says, and where it goes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onionskin.errors import OnionskinError
from onionskin.learn.report.blocks import Block, Cell, _plain, _set, _text
from onionskin.learn.report.stored import FORMAT_VERSION, MOST_BLOCKS, block_from_json, block_to_json, content_from
from onionskin.recording.arrays import write_atomically
from onionskin.recording.practice import check_name, save_practice


@dataclass(frozen=True)
class Report:
    """What a practice found out.

    Attributes:
        name: The practice: ``look``, ``worst`` … It names the report's file in a run.
        title: What was asked, in a few words.
        answer: The answer, in one sentence, with its figures.
        blocks: What to look at, in order.
        facts: The figures by name, for programs.

    Raises:
        OnionskinError: The name is no lower-case word, or there are more than ``MOST_BLOCKS`` blocks.
    """

    name: str
    title: str
    answer: str
    blocks: Sequence[Block] = ()
    facts: Mapping[str, Cell] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_name(self.name)
        blocks = tuple(self.blocks)
        if len(blocks) > MOST_BLOCKS:
            raise OnionskinError(f"a report of {len(blocks)} blocks", fix=f"make it of at most {MOST_BLOCKS}")
        title, answer = _text(self.title, "a title", 300), _text(self.answer, "an answer", 2_000)
        facts = {_text(key, "a fact's name", 200): _plain(value) for key, value in self.facts.items()}
        _set(self, title=title, answer=answer, blocks=blocks, facts=facts)

    def __repr__(self) -> str:
        return f"<Report {self.name}: {self.answer}>"

    def __str__(self) -> str:
        from onionskin.learn.report.terminal import words_of

        return words_of(self)

    def __rich_console__(self, console: Any, options: Any) -> Any:
        from onionskin.learn.report.terminal import lines_of

        return lines_of(self)

    def _repr_html_(self) -> str:
        from onionskin.learn.report.markup import element_of

        return element_of(self)

    def show(self) -> None:
        """Draw it in the terminal."""
        from rich.console import Console

        Console().print(self)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it; :meth:`from_json` returns an equal report."""
        blocks = [block_to_json(block) for block in self.blocks]
        said = {"name": self.name, "title": self.title, "answer": self.answer, "facts": dict(self.facts)}
        return {"format": FORMAT_VERSION, **said, "blocks": blocks}

    @staticmethod
    def from_json(content: str | bytes | Mapping[str, Any]) -> Report:
        """Read a report that may come from a stranger.

        Args:
            content: The JSON, as text or already parsed.

        Raises:
            OnionskinError: It is no report, of a newer version, contradicts itself, or is too large.
        """
        f = content_from(content)
        facts = f.optional("facts", f.value) or {}
        if not isinstance(facts, Mapping):
            raise OnionskinError("the facts of a report are no object", fix="make the report again")
        return Report(
            f.text("name"), f.text("title"), f.text("answer"), f.items("blocks", block_from_json), dict(facts)
        )

    def near(self, folder: str) -> Report:
        """Return it with everything in a folder named from there: a report travels, and names no machine.

        Args:
            folder: An absolute path; empty for none.
        """
        if not folder:
            return self
        begins = json.dumps(f"{folder.rstrip(os.sep)}{os.sep}", ensure_ascii=False)[1:-1]
        content = json.dumps(self.to_json(), ensure_ascii=False, allow_nan=False)
        return Report.from_json(content.replace(begins, "")) if begins in content else self

    def save(self, where: str | Path) -> Path:
        """Keep it: as one HTML file, or in a run, whose page then shows it under *Practice*.

        Args:
            where: A file that ends in ``.html``, ``.json``, or a run folder. One of the same name there is replaced.

        Returns:
            The file that was written.

        Raises:
            OnionskinError: It cannot be written, or it is no run folder, or one that still grows.
        """
        from onionskin.learn.report.markup import page_of

        path = Path(where)
        content = json.dumps(self.to_json(), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        if path.suffix not in (".html", ".json"):
            return save_practice(path, self.name, self.title, content)
        try:
            write_atomically(path, page_of(self).encode() if path.suffix == ".html" else content)
        except OSError as error:
            raise OnionskinError(
                f"{path} cannot be written: {error.strerror or error}",
                fix="choose a place that you may write to, on a disk with space",
            ) from error
        return path
