"""One report with every kind of block in it, and with names that were chosen to do harm."""

from __future__ import annotations

import numpy as np

from onionskin.learn.report import (
    Axis,
    Caution,
    Chart,
    Gallery,
    Item,
    Mark,
    Matrix,
    Report,
    Series,
    Table,
    Text,
    png_of,
)

HARM = "<img src=x onerror=alert(1)>"
MARKUP = "[red]bear[/red]"


def every_block(name: str = "worst") -> Report:
    """Return a report that has it all."""
    digit = np.zeros((28, 28), np.uint8)
    digit[4:24, 13:16] = 255
    return Report(
        name,
        "The worst mistakes",
        "8 of 431 photos are taken for another class, most of them teddies.",
        [
            Text(f"A first paragraph.\n\nA second, by {HARM} and {MARKUP}."),
            Caution("12 photos cannot be read: a.jpg, b.jpg and 10 more", "look at them, or leave them out"),
            Table(
                ["class", "photos", "share", "kept"],
                [["bear", 200, 0.4642, True], [HARM, 31, None, False], ["teddy", 200, 0.5, True]],
                caption="Photos by class",
            ),
            Gallery(
                [
                    Item(png_of(digit), label="1", predicted="7", where="row 12", score=2.5),
                    Item(png_of(digit.T), label="1", predicted="1", where=HARM, score=0.25),
                    Item(text=f"a snippet of words {HARM}", caption="not a picture"),
                ],
                "By the loss, the largest first",
            ),
            Matrix(["bear", "teddy"], ["bear", HARM], [[190, 10], [None, -3.5]], "Rows are what it is"),
            Chart(
                Axis("learning rate", log=True),
                Axis("loss"),
                [
                    Series("loss", [1e-5, 1e-4, 1e-3, 1e-2], [2.3, 2.1, None, 4], [2.2, 2, 1, 3], [2.4, 2.2, 2, 5]),
                    Series(HARM, [1e-4, 1e-2], [2, 3], mark="points"),
                ],
                [Mark(1e-3, "suggested")],
                "How the loss goes with the rate",
            ),
            Chart(Axis("class", ticks=["bear", HARM]), Axis("photos"), [Series("", [0, 1], [200, 31], mark="bars")]),
        ],
        {"accuracy": 0.981, "photos": 431, "backbone": "lite0", "clean": False, "nothing": None},
    )
