"""A table is what was written, however it was written; what is wrong with it is said, with its line."""

from __future__ import annotations

import gzip
import json
from itertools import cycle, product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onionskin.data import table
from onionskin.data._columns import columns_from_json
from onionskin.errors import OnionskinError

WORDS = ["red", "green", "blue; dark", 'the "best"', "zwei\nZeilen", "a, b", "größer"]


def people(rows: int = 60, seed: int = 0) -> pd.DataFrame:
    """A table with a column of each kind."""
    stream = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "number of row": np.arange(1, rows + 1),
            "height": np.round(stream.normal(1700, 90, rows), 1),
            "children": stream.integers(0, 5, rows),
            "colour": stream.choice(WORDS, rows),
            "member": stream.choice(["yes", "no"], rows),
            "born": pd.date_range("1950-01-15", periods=rows, freq="93D"),
            "remark": [f"this is the remark number {i} of all" for i in range(rows)],
            "planet": "earth",
            "void": None,
        }
    )


KINDS = ["identifier", "number", "number", "category", "boolean", "date", "text", "constant", "empty"]


def written(tmp_path: Path, text: str | bytes, name: str = "table.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def said(read: table.TypedTable) -> str:
    return "\n".join(map(str, read.notes))


@pytest.mark.parametrize(
    ("delimiter", "decimal", "encoding"),
    [(d, p, e) for (d, p), e in zip(product(",;\t|", ".,"), cycle(["utf-8-sig", "utf-16", "cp1252"]), strict=False)],
)
def test_every_way_of_writing_a_table_gives_the_same(
    tmp_path: Path, delimiter: str, decimal: str, encoding: str
) -> None:
    frame = people()
    path = tmp_path / "people.csv"
    frame.to_csv(path, index=False, sep=delimiter, decimal=decimal, encoding=encoding, date_format="%Y-%m-%d")
    direct, read = table.read(frame), table.read(path)
    assert [column.kind for column in direct.columns] == KINDS
    assert [column.kind for column in read.columns] == KINDS
    pd.testing.assert_frame_equal(read.frame, direct.frame, check_dtype=False)
    assert read.columns["height"].decimal == decimal
    assert not read.broken


@given(
    st.lists(
        st.tuples(st.text(st.characters(codec="utf-8", exclude_characters="\0\r")), st.integers(-(10**6), 10**6)),
        min_size=5, max_size=30,
    )
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_what_csv_can_write_is_read_back(rows: list[tuple[str, int]]) -> None:
    from onionskin.data import _delimited

    frame = pd.DataFrame(rows, columns=["a", "b"])
    raw = frame.to_csv(index=False, quoting=1).encode()
    read = _delimited.parse(raw, "it")
    assert not read.broken
    assert read.cells["b"].astype(int).tolist() == frame["b"].tolist()
    assert read.cells["a"].tolist() == frame["a"].tolist()


def test_parquet_and_excel_say_the_same(tmp_path: Path) -> None:
    frame = people().drop(columns="void")
    frame.to_parquet(tmp_path / "p.parquet")
    frame.to_excel(tmp_path / "p.xlsx", index=False)
    packed = tmp_path / "p.csv.gz"
    packed.write_bytes(gzip.compress(frame.to_csv(index=False).encode()))
    direct = table.read(frame)
    for name in ("p.parquet", "p.xlsx", "p.csv.gz"):
        read = table.read(tmp_path / name)
        assert [column.kind for column in read.columns] == KINDS[:-1]
        pd.testing.assert_frame_equal(read.frame, direct.frame, check_dtype=False)


def test_a_frame_that_is_given_stays_as_it_was() -> None:
    frame = people()
    before = frame.copy()
    table.read(frame, target="member")
    pd.testing.assert_frame_equal(frame, before)


BROKEN = """name,age,city
Ada,36,London
Grace,85
Alan,41,London
Kurt,71,Brno,extra
"Emmy,53,Erlangen
David,81,Göttingen
"Two
lines",20,Rome
"Mary" Anning,47,Lyme
""" + "".join(f"Person {i},{20 + i},Paris\n" for i in range(60))


def test_broken_rows_are_named_with_their_line_and_the_others_are_all_there(tmp_path: Path) -> None:
    read = table.read(written(tmp_path, BROKEN))
    assert [row.line for row in read.broken] == [3, 5, 6, 10]
    assert "2 fields where the header has 3" in said(read)
    assert len(read) == 64
    assert "Two\nlines" in set(read.frame["name"])
    with pytest.raises(OnionskinError, match=r"4 broken rows in table.csv: line 3 has 2 fields"):
        table.read(written(tmp_path, BROKEN), broken="refuse")


def test_a_quote_that_is_never_closed_costs_one_row(tmp_path: Path) -> None:
    lines = ["a,b", *(f"x{i},{i}" for i in range(2000))]
    lines[500] = '"x499,499'
    read = table.read(written(tmp_path, "\n".join(lines)))
    assert (len(read), [row.line for row in read.broken]) == (1999, [501])
    assert "never closed" in read.broken[0].why


def test_the_wrong_delimiter_is_refused_and_not_read_as_rubbish(tmp_path: Path) -> None:
    path = written(tmp_path, "a;b;c\n" + "1,5;2;3\n1;2,5,5;3\n" * 20)
    assert table.read(path).frame.shape == (40, 3)
    with pytest.raises(OnionskinError, match=r"rows of table.csv are broken, read with a comma") as caught:
        table.read(path, delimiter=",")
    assert "delimiter=" in caught.value.fix


def test_a_file_without_a_header_has_numbered_columns(tmp_path: Path) -> None:
    read = table.read(written(tmp_path, "5.1,red,1\n4.9,blue,0\n4.7,red,1\n"))
    assert read.columns.names == ["column 1", "column 2", "column 3"]
    assert len(read) == 3
    assert "has no header" in said(read)


def test_row_names_of_r_and_names_that_are_there_twice(tmp_path: Path) -> None:
    read = table.read(written(tmp_path, "x,x\n" + "".join(f"r{i},{i / 2},{i}\n" for i in range(1, 30))))
    assert read.columns.names == ["column 1", "x", "x 2"]
    assert read.columns["column 1"].kind == "identifier"


@pytest.mark.parametrize(
    ("cells", "kind", "value"),
    [
        (["1,234.5 $", "$ 99", "1,000,000"], "number", [1234.5, 99.0, 1e6]),
        (["12 %", "7.5%", "100 %"], "number", [12.0, 7.5, 100.0]),
        (["1e3", "-2.5E-1", "+7"], "number", [1000.0, -0.25, 7.0]),
        (["01234", "98765", "00001"], "category", ["01234", "98765", "00001"]),
        (["31.12.2023", "01.02.2024", "15.03.2024"], "date", ["2023-12-31", "2024-02-01", "2024-03-15"]),
        (["12/31/2023", "02/01/2024", "03/15/2024"], "date", ["2023-12-31", "2024-02-01", "2024-03-15"]),
        (["31/12/2023", "01/02/2024", "15/03/2024"], "date", ["2023-12-31", "2024-02-01", "2024-03-15"]),
        (["2024-01-05T10:00:00Z", "2024-02-05T11:30:00Z", "2024-03-05T00:00:00Z"], "date", None),
        (["1.0", "n/a", "3"], "number", [1.0, np.nan, 3.0]),
    ],
)
def test_what_stands_in_cells_is_understood(
    tmp_path: Path, cells: list[str], kind: str, value: list[Any] | None
) -> None:
    text = "a\tb\n" + "".join(f"{cell}\tx\n" for cell in cells * 20)
    read = table.read(written(tmp_path, text))
    assert read.columns["a"].kind == kind
    if value is not None:
        found = read.frame["a"].head(3)
        if kind == "number":
            np.testing.assert_array_equal(found, value)
        else:
            assert [str(v)[:10] for v in found] == value


def test_a_decimal_comma_and_a_thousands_comma_are_told_apart(tmp_path: Path) -> None:
    comma = table.read(written(tmp_path, "a;b\n" + "1.234,5;1,234\n2,25;9\n" * 10))
    assert comma.frame["a"].head(2).tolist() == [1234.5, 2.25]
    assert comma.frame["b"].head(2).tolist() == [1.234, 9.0]
    point = table.read(written(tmp_path, 'a,b\n"1,234.5","1,234"\n2.25,9\n'))
    assert point.frame["a"].tolist() == [1234.5, 2.25]
    assert point.frame["b"].tolist() == [1234.0, 9.0]


def test_cells_that_do_not_fit_go_missing_and_are_said() -> None:
    ages = [str(20 + i % 40) for i in range(98)] + ["unknown", "old"]
    read = table.read(pd.DataFrame({"age": ages, "x": range(100)}))
    assert read.columns["age"].kind == "number"
    assert read.frame["age"].isna().sum() == 2
    assert "'age' holds 2 cells that are no numbers (unknown, old)" in said(read)
    mixed = table.read(pd.DataFrame({"age": [20, 30, "old", "young"] * 10, "x": range(40)}))
    assert mixed.columns["age"].kind == "category"
    assert "'age' mixes numbers and words" in said(mixed)


def test_infinite_numbers_go_missing_and_are_said() -> None:
    read = table.read(pd.DataFrame({"x": [1.5, np.inf, -np.inf, *np.linspace(0, 9, 97)]}))
    assert np.isfinite(read.frame["x"].dropna()).all()
    assert "'x' holds 2 cells that are infinite (inf, -inf)" in said(read)


def test_high_cardinality_and_missing_shares_are_shown() -> None:
    frame = pd.DataFrame({"city": [f"city {i % 80}" if i % 4 else None for i in range(800)], "y": [0.5, 1.5] * 400})
    column = table.read(frame).columns["city"]
    assert column.is_high_cardinality
    assert column.missing_share == 0.25
    assert "high cardinality" in column.sentence
    assert "200 missing (25 %)" in column.sentence


def test_columns_go_through_json_and_convert_as_they_did() -> None:
    read = table.read(people())
    again = columns_from_json(json.loads(json.dumps(read.columns.to_json())))
    assert again == read.columns
    for column in again:
        converted = table.convert(people()[column.name], column)
        pd.testing.assert_series_equal(converted, read.frame[column.name], check_names=False)


def test_a_kind_that_a_person_tells_is_taken() -> None:
    frame = people()
    read = table.read(frame, kinds={"children": "category"})
    assert read.columns["children"].kind == "category"
    assert set(read.frame["children"]) <= set("01234")
    with pytest.raises(OnionskinError, match="nothing in 'colour' is a number"):
        table.read(frame, kinds={"colour": "number"})
    with pytest.raises(OnionskinError, match=r"'numbre' is no kind of column\n.*did you mean 'number'"):
        table.read(frame, kinds={"height": "numbre"})  # type: ignore[dict-item]


# ---- the target


def test_a_column_that_gives_the_target_away_is_warned_of() -> None:
    stream = np.random.default_rng(0)
    frame = people(400)
    frame["honest"] = stream.normal(size=400) + (frame["member"] == "yes")
    frame["afterwards"] = np.where(frame["member"] == "yes", stream.uniform(5, 9, 400), np.nan)
    text = said(table.read(frame, target="member"))
    assert "'afterwards' alone names the class right" in text
    assert "'honest'" not in text
    frame["cm"] = frame["height"] / 10 + stream.normal(scale=0.01, size=400)
    text = said(table.read(frame, target="height"))
    assert "'cm' alone explains the variance" in text
    assert "'honest'" not in text


def test_a_rare_class_does_not_make_a_leak_of_every_column() -> None:
    stream = np.random.default_rng(0)
    frame = pd.DataFrame({"x": stream.normal(size=2000), "y": ["no"] * 1990 + ["yes"] * 10})
    text = said(table.read(frame, target="y"))
    assert "alone names" not in text
    assert "always saying 'no' is right 99.5 % of the time" in text


def test_rows_twice_and_columns_twice_are_said() -> None:
    frame = people(50)
    frame["membre"] = frame["member"].map({"yes": "oui", "no": "non"})
    doubled = pd.concat([frame, frame.head(3), frame.head(1).assign(member="maybe")], ignore_index=True)
    doubled["number of row"] = range(len(doubled))
    text = said(table.read(doubled))
    assert "3 rows are there before, identifiers aside (rows 51, 52, 53 …)" in text
    assert "1 times the same inputs have another 'member'" in said(table.read(doubled, target="member"))
    assert "'membre' says the same as 'member' in other words" in said(table.read(frame))


def test_a_target_with_holes_leaves_rows_out() -> None:
    frame = people()
    frame.loc[:4, "member"] = None
    assert "5 of 60 rows have no 'member': they are left out" in said(table.read(frame, target="member"))


@pytest.mark.parametrize(
    ("target", "what", "fix"),
    [
        ("planet", "one value only, 'earth'", "name another column"),
        ("void", "holds nothing", "name another column"),
        ("remark", "neither a class nor a number", "kinds="),
        ("Member", "there is no column 'Member'", "did you mean 'member'"),
        ("colur", "there is no column 'colur'", "did you mean 'colour'"),
        ("zzz", "there is no column 'zzz'", "choose one of: number of row, height"),
    ],
)
def test_a_target_that_cannot_be_learned_is_refused(target: str, what: str, fix: str) -> None:
    with pytest.raises(OnionskinError) as caught:
        table.read(people(), target=target)
    assert what in caught.value.what
    assert fix in caught.value.fix


# ---- files that are none


def test_a_path_that_is_not_there_names_the_nearest(tmp_path: Path) -> None:
    people().to_csv(tmp_path / "people.csv")
    with pytest.raises(OnionskinError, match=r"there is no file .*peopel.csv\n.*did you mean 'people.csv'"):
        table.read(tmp_path / "peopel.csv")
    with pytest.raises(OnionskinError, match=r"is a folder, not a table\n.*people.csv"):
        table.read(tmp_path)
    with pytest.raises(OnionskinError, match="there is no folder"):
        table.read(tmp_path / "nowhere" / "people.csv")


@pytest.mark.parametrize(
    ("name", "raw", "what"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\n \n", "is empty"),
        ("a.csv", b"a,b,c\n", "has no rows"),
        ("a.csv", bytes(range(256)) * 50, "holds binary data|broken"),
        ("a.parquet", b"no parquet at all", "cannot be read"),
        ("a.xlsx", b"no sheet at all", "cannot be read"),
        ("a.csv.gz", b"not packed", "cannot be read"),
        ("a.docx", b"x", "is no table that can be read here"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, name: str, raw: bytes, what: str) -> None:
    with pytest.raises(OnionskinError, match=what):
        table.read(written(tmp_path, raw, name))
    assert (tmp_path / name).read_bytes() == raw


def test_two_columns_of_one_name_in_a_frame_are_refused() -> None:
    with pytest.raises(OnionskinError, match="two columns of the DataFrame are called 'a'"):
        table.read(pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]))
