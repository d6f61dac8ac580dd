"""What every practice returns: a title, one sentence that answers, and blocks to look at.

    report = learner.worst()
    report                      # in a notebook: pictures and tables
    report.show()               # in a terminal
    report.save("worst.html")   # one file, without a script, that opens anywhere
    report.save("runs/3")       # into a run: its page shows it under "Practice"

It is one thing drawn four ways. A new kind of block is a dataclass in ``blocks``, its fields in ``stored``, and a
function in each of ``terminal``, ``markup`` and the page.
"""

from __future__ import annotations

from onionskin.learn.report.blocks import (
    Axis,
    Block,
    Caution,
    Cell,
    Chart,
    Gallery,
    Item,
    Mark,
    Matrix,
    Series,
    Table,
    Text,
)
from onionskin.learn.report.png import png_of
from onionskin.learn.report.report import Report
from onionskin.learn.report.stored import MOST_BLOCKS

__all__ = [
    "MOST_BLOCKS",
    "Axis",
    "Block",
    "Caution",
    "Cell",
    "Chart",
    "Gallery",
    "Item",
    "Mark",
    "Matrix",
    "Report",
    "Series",
    "Table",
    "Text",
    "png_of",
]
