"""A report is one thing drawn four ways: what was made is read, drawn without harm, and refused where it is wrong."""

from __future__ import annotations

import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from playwright.sync_api import expect

import onionskin as osk
from onionskin.learn.report import (
    MOST_BLOCKS,
    Axis,
    Block,
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
from onionskin.learn.report.numbers import Scale, brief
from tests.browser import browser
from tests.learn.report.every_block import HARM, MARKUP, every_block

_TEXTS = st.text(max_size=30)
_NUMBERS = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))
_CELLS = st.one_of(_TEXTS, st.booleans(), st.integers(-(2**53), 2**53), _NUMBERS)


@st.composite
def _tables(draw: st.DrawFn) -> Table:
    width = draw(st.integers(1, 4))
    row = st.lists(_CELLS, min_size=width, max_size=width)
    return Table(draw(st.lists(_TEXTS, min_size=width, max_size=width)), draw(st.lists(row, max_size=4)), draw(_TEXTS))


@st.composite
def _matrices(draw: st.DrawFn) -> Matrix:
    rows, columns = draw(st.lists(_TEXTS, max_size=3)), draw(st.lists(_TEXTS, min_size=1, max_size=3))
    return Matrix(rows, columns, [[draw(_NUMBERS) for _ in columns] for _ in rows], draw(_TEXTS))


@st.composite
def _series(draw: st.DrawFn) -> Series:
    length = draw(st.integers(0, 5))
    numbers = st.lists(_NUMBERS, min_size=length, max_size=length)
    low, high = (draw(numbers), draw(numbers)) if draw(st.booleans()) else ([], [])
    mark: Any = draw(st.sampled_from(["line", "points", "bars"]))
    return Series(draw(_TEXTS), draw(numbers), draw(numbers), low, high, mark)


_ITEMS = st.builds(
    Item, st.sampled_from([None, png_of(np.eye(3))]), _TEXTS, _TEXTS, *[st.one_of(st.none(), _TEXTS)] * 3, _NUMBERS
)
_AXES = st.builds(Axis, _TEXTS, st.booleans(), st.lists(_TEXTS, max_size=3))
_MARKS = st.builds(Mark, st.floats(allow_nan=False, allow_infinity=False), _TEXTS)
_BLOCKS: st.SearchStrategy[Block] = st.one_of(
    st.builds(Text, _TEXTS),
    st.builds(Caution, _TEXTS, _TEXTS),
    _tables(),
    st.builds(Gallery, st.lists(_ITEMS, max_size=3), _TEXTS),
    _matrices(),
    st.builds(Chart, _AXES, _AXES, st.lists(_series(), max_size=3), st.lists(_MARKS, max_size=2), _TEXTS),
)


@settings(max_examples=60, deadline=None)
@given(blocks=st.lists(_BLOCKS, max_size=4), words=st.tuples(_TEXTS, _TEXTS), facts=st.dictionaries(_TEXTS, _CELLS))
def test_any_report_comes_back_and_is_drawn(blocks: list[Block], words: tuple[str, str], facts: dict[str, Any]) -> None:
    report = Report("look", *words, blocks, facts)
    text = json.dumps(report.to_json(), allow_nan=False)
    assert Report.from_json(text) == report
    assert isinstance(str(report), str)
    assert not _unclosed(report._repr_html_())


class _Tags(HTMLParser):
    """Notes which elements are open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.add(tag)
        if tag not in ("img", "meta", "path", "circle"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def _unclosed(page: str) -> list[str]:
    tags = _Tags()
    tags.feed(page)
    assert tags.seen.isdisjoint({"script", "iframe", "object", "a", "b"})
    return tags.open


def test_arrays_are_taken_as_numbers_and_what_is_not_finite_as_missing() -> None:
    cells: Any = np.array([[1.5, np.nan]], np.float32)
    table = Table(["a", "b"], cells)
    assert table.rows == ((1.5, None),)
    whole: Any = np.int64(3)
    assert type(Table(["n"], [[whole]]).rows[0][0]) is int
    x: Any = np.arange(3)
    y: Any = np.array([1.0, np.inf, np.nan])
    series = Series("loss", x, y)
    assert (series.x, series.y) == ((0.0, 1.0, 2.0), (1.0, None, None))
    eye: Any = np.eye(2)
    assert Matrix("ab", "cd", eye).values == ((1.0, 0.0), (0.0, 1.0))


def test_a_picture_comes_back_as_it_was() -> None:
    seen = np.random.default_rng(0).integers(0, 256, (9, 13, 3), dtype=np.uint8)
    np.testing.assert_array_equal(np.array(Image.open(io.BytesIO(png_of(seen)))), seen)
    grey = Image.open(io.BytesIO(png_of(np.array([[0.0, 0.5], [1.5, np.nan]]))))
    assert (grey.mode, list(grey.tobytes())) == ("L", [0, 128, 255, 0])
    assert max(Image.open(io.BytesIO(png_of(np.zeros((900, 300))))).size) <= 256
    with pytest.raises(osk.OnionskinError, match=r"\(3, 4, 5\) is no picture"):
        png_of(np.zeros((3, 4, 5)))


WRONG: dict[str, Any] = {
    "a row of another width": lambda: Table(["a", "b"], [[1]]),
    "a series of two lengths": lambda: Series("x", [1, 2], [1]),
    "half an interval": lambda: Series("x", [1], [1], low=[0]),
    "an unknown mark": lambda: Series("x", [1], [1], mark="pie"),  # type: ignore[arg-type]
    "a matrix without names": lambda: Matrix([], ["a"], [[1]]),
    "a picture that is none": lambda: Item(b"GIF89a"),
    "a picture of a billion pixels": lambda: Item(png_of(np.eye(2))[:16] + b"\0\1\0\0" * 2 + png_of(np.eye(2))[24:]),
    "a note nowhere": lambda: Mark(float("nan"), "here"),
    "far too many rows": lambda: Table(["a"], [[1]] * 10_001),
    "far too long a text": lambda: Text("x" * 20_001),
    "a name with a path": lambda: Report("../etc/passwd", "", ""),
    "far too many blocks": lambda: Report("look", "", "", [Text("")] * (MOST_BLOCKS + 1)),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_refused_when_it_is_made(name: str) -> None:
    with pytest.raises(osk.OnionskinError) as refused:
        WRONG[name]()
    assert refused.value.fix


def _changed(**values: Any) -> str:
    return json.dumps({**every_block().to_json(), **values})


HOSTILE = {
    "no JSON": "{",
    "a list": "[]",
    "a deep list": "[" * 100_000,
    "a newer format": _changed(format=2),
    "no blocks": json.dumps({"format": 1, "name": "look", "title": "", "answer": ""}),
    "blocks that are a number": _changed(blocks=3),
    "a million blocks": _changed(blocks=[{"kind": "text", "text": ""}] * 1_000),
    "a block of no kind": _changed(blocks=[{"kind": "script", "text": "alert(1)"}]),
    "a name with a path": _changed(name="../../zarr"),
    "facts that are a list": _changed(facts=[1]),
    "a fact that is a list": _changed(facts={"a": [1] * 3_000}),
    "a cell that is an object": _changed(blocks=[{"kind": "table", "columns": ["a"], "rows": [[{}]]}]),
    "a row that is a text": _changed(blocks=[{"kind": "table", "columns": ["a"], "rows": ["x"]}]),
    "a value that is true": _changed(blocks=[{"kind": "matrix", "rows": ["a"], "columns": ["a"], "values": [[True]]}]),
    "no number": '{"format": 1, "name": "look", "title": "", "answer": "", "blocks": [], "facts": {"a": NaN}}',
    "a number of 400 digits": _changed(
        blocks=[{"kind": "matrix", "rows": ["a"], "columns": ["a"], "values": [[10**400]]}]
    ),
    "a picture that is no base64": _changed(blocks=[{"kind": "gallery", "items": [{"png": "!!"}]}]),
    "a picture that is SVG": _changed(blocks=[{"kind": "gallery", "items": [{"png": "PHN2Zz4="}]}]),
    "an axis that is a text": _changed(blocks=[{"kind": "chart", "x": "", "y": {}, "series": []}]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_report_is_refused(name: str) -> None:
    with pytest.raises(osk.OnionskinError) as refused:
        Report.from_json(HOSTILE[name])
    assert refused.value.fix


def test_the_terminal_shows_every_block_and_reads_no_markup() -> None:
    words = str(every_block())
    for told in ("8 of 431", "12 photos cannot be read", "fix: look at them", "Photos by class", "0.4642", "yes"):
        assert told in words
    assert "1 taken for 7" in words
    assert MARKUP in words  # as it stands, and not as a colour
    assert re.search(r"bear +█{40} 200", words)
    assert any("\u2800" < letter < "\u2900" for letter in words)  # the dots of the line
    assert "learning rate 0.001: suggested" in words


def test_a_report_does_not_command_the_terminal() -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\x9b31m"
    blocks: list[Block] = [
        Text(evil),
        Caution(evil, evil),
        Table([evil], [[evil]], evil),
        Gallery([Item(text=evil, where=evil, label=evil, caption=evil)], evil),
        Matrix([evil], [evil], [[1]], evil),
        Chart(Axis(evil, ticks=[evil]), Axis(evil), [Series(evil, [0], [1], mark="bars")], [Mark(0, evil)], evil),
        Chart(Axis(evil), Axis(), [Series(evil, [0, 1], [1, 2])]),
    ]
    words = str(Report("look", evil, evil, blocks))
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", words)
    assert "owned" in words


def test_the_html_carries_everything_and_runs_nothing(tmp_path: Path) -> None:
    path = every_block().save(tmp_path / "worst.html")
    page = path.read_text()
    assert HARM not in page
    assert "&lt;img src=x" in page
    assert not _unclosed(page.removeprefix("<!doctype html>"))
    assert "http" not in re.sub(r"http-equiv", "", page)  # nothing is asked for anywhere
    pixels: dict[str, bytes] = {}
    with browser() as chromium:
        schemes: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
        complaints: list[str] = []
        for scheme in schemes:
            context = chromium.new_context(color_scheme=scheme, offline=True)
            opened = context.new_page()
            opened.on("console", lambda message: complaints.append(message.text))
            opened.on("dialog", lambda dialog: complaints.append(dialog.message))
            opened.goto(path.as_uri())
            expect(opened.locator("svg")).to_have_count(2)
            assert opened.locator("img").evaluate_all("all => all.map(one => one.naturalWidth)") == [28, 28]
            assert opened.locator("rect").count() == 2
            widths = opened.evaluate("[document.documentElement.scrollWidth, innerWidth]")
            assert widths[0] <= widths[1]
            pixels[scheme] = opened.screenshot()
            assert complaints == []
            context.close()
    light, dark = (Image.open(io.BytesIO(pixels[scheme])).convert("L") for scheme in ("light", "dark"))
    assert light.tobytes()[0] > 200
    assert dark.tobytes()[0] < 60


def test_what_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(osk.OnionskinError, match="cannot be written"):
        every_block().save(tmp_path / "nowhere" / "worst.html")
    with pytest.raises(osk.OnionskinError, match="there is no run"):
        every_block().save(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "–"), (0, "0"), (0.01234, "0.0123"), (1e-5, "1e-5"), (2.44e7, "2.4e+7"), (-3.5, "-3.5"), (99999, "100000")],
)
def test_numbers_in_few_letters(value: float | None, words: str) -> None:
    assert brief(value) == words


@settings(max_examples=100)
@given(
    st.lists(st.floats(-1e12, 1e12).filter(lambda value: value == 0 or abs(value) > 1e-12), min_size=1, max_size=5),
    st.booleans(),
)
def test_ticks_are_few_round_and_on_the_axis(values: list[float], is_log: bool) -> None:
    scale = Scale(Axis(log=is_log), values)
    ticks = scale.ticks(5)
    assert len(ticks) <= 12
    assert ticks == sorted(set(ticks))
    places = [scale(tick) for tick in ticks]
    assert all(place is not None and -0.01 <= place <= 1.01 for place in places)
