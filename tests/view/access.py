"""What axe-core, the checker of the accessibility guidelines, says of a page."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from playwright.sync_api import Page

_AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"

#: The Web Content Accessibility Guidelines 2.2 at level AA, and what is held to be good practice beside them.
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class Looked(Protocol):
    page: Page


def violations(look: Looked) -> list[str]:
    """Return what is wrong with the page as it stands: the rule, what it asks for, and where."""
    return violations_of(look.page)


def violations_of(page: Page) -> list[str]:
    """Return the same of any page."""
    if not page.evaluate("'axe' in window"):
        # As a person's own tools come in: past the page's policy, which lets no other script run.
        page.evaluate(_AXE.read_text(encoding="utf-8"))
    found = page.evaluate("(tags) => axe.run({ runOnly: tags })", _RULES)
    return [
        f"{violation['id']}: {violation['help']} at {node['target']} {node.get('failureSummary', '')}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
