"""Charts: names that can be read."""

from __future__ import annotations

from onionskin.lab import charts


def labels(*places: tuple[float, float, str], log: bool = True) -> list[str]:
    rows = [{"x": x, "y": y, "name": name} for x, y, name in places]
    spec = charts.scatter(rows, "Title", "x", "y", log=log).spec
    return [row["label"] for row in spec["data"]["values"]]


def test_a_name_that_would_lie_on_another_is_left_to_its_tooltip() -> None:
    near = [(10.0, 10.0, "first"), (10.5, 10.1, "second"), (10.0, 900.0, "above"), (1000.0, 10.0, "beside")]
    assert labels(*near) == ["first", "", "above", "beside"]
    assert labels(*near, log=False) == ["first", "", "above", "beside"]


def test_one_point_and_none_are_charts_too() -> None:
    assert labels((3.0, 3.0, "alone")) == ["alone"]
    assert charts.scatter([], "Title", "x", "y").spec["layer"]
