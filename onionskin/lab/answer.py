"""What a question's file says when its trials are over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Chart:
    """A chart.

    Attributes:
        title: What it shows, in a few words.
        spec: A Vega-Lite specification with its data in it; ``charts`` makes the usual ones.
    """

    title: str
    spec: Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """A short answer, what it rests on, and a rule to remember.

    Attributes:
        sentence: One sentence with numbers.
        rule: A rule of thumb.
        charts: What to look at.
        claim_holds: Whether the claim came true; None where these trials cannot tell.
        notes: What a reader should know besides, a sentence each.
        tables: Further tables by caption, each a list of rows by column; the one of all trials comes by itself.
    """

    sentence: str
    rule: str
    charts: Sequence[Chart] = ()
    claim_holds: bool | None = None
    notes: Sequence[str] = ()
    tables: Mapping[str, Sequence[Mapping[str, Any]]] | None = None
