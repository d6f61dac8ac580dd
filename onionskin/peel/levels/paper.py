"""Pencil and paper: a worksheet of a training step or two, with an answer key.

One example a step (the batch's loss is a mean, and one example is work enough), in the order that teaches: first the
one that most weights learn from. Every number is rounded to 4 decimals and carried as rounded, as on paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from onionskin.errors import OnionskinError
from onionskin.peel.arithmetic.draw import draw
from onionskin.peel.paper.sheet import page
from onionskin.peel.paper.work import Step, work_out
from onionskin.peel.plan import Plan

#: More than this is no longer done with a pencil.
MOST_PARAMETERS: Final = 20
MOST_STEPS: Final = 2


@dataclass(frozen=True)
class Worksheet:
    """A worksheet and its key.

    Attributes:
        html: The page, whole.
        steps: What stands on it.
    """

    html: str
    steps: list[Step]

    def save(self, path: str | Path) -> Path:
        """Write the worksheet to a file: ``.html``, or ``.pdf`` printed by Chromium; return where.

        Raises:
            OnionskinError: The name ends otherwise, or for a PDF Playwright or a Chromium is missing.
        """
        place = Path(path)
        if place.suffix not in (".html", ".pdf"):
            names = " or ".join(place.with_suffix(suffix).name for suffix in (".pdf", ".html"))
            raise OnionskinError(f"a worksheet is no '{place.suffix or place.name}'", fix=f"write {names}")
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.suffix == ".html":
            place.write_text(self.html, encoding="utf-8")
        else:
            _print(self.html, place)
        return place


def _print(html: str, place: Path) -> None:
    from onionskin.view.chromium import chromium

    with chromium() as browser:
        sheet = browser.new_page()
        sheet.set_content(html)
        footer = "<div style='width:100%;font:8px serif;text-align:center'><span class=pageNumber></span></div>"
        sheet.pdf(path=place, prefer_css_page_size=True, print_background=True, display_header_footer=True,
                  header_template="<span></span>", footer_template=footer)  # fmt: skip


def write(plan: Plan, *, steps: int = 1) -> Worksheet:
    """Return the worksheet of one or two steps.

    Raises:
        OnionskinError: There are more than 20 parameters or two steps, or the step cannot be written on single numbers
            (see :func:`onionskin.peel.arithmetic.draw.draw`).
    """
    if not 1 <= steps <= MOST_STEPS:
        raise OnionskinError(f"{steps} steps with a pencil", fix=f"take one step or {MOST_STEPS}; the rest is alike")
    graph = draw(plan, level="paper", most=MOST_PARAMETERS, fuses=False)
    worked = work_out(plan, graph, steps)
    return Worksheet(
        page(plan.name.replace("_", " ").upper() if len(plan.name) < 4 else plan.name, graph, worked), worked
    )
