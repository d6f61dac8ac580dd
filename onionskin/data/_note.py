"""What a person should know of their data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Note:
    """Something a person should know of their data: what was found, with its count, and what to do about it."""

    text: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.text}\n  fix: {self.fix}" if self.fix else self.text
