"""The Layer view in a real Chromium: one layer as large as the page, and its history."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from playwright.sync_api import expect

import onionskin as osk
from tests.view.conftest import Show
from tests.view.look import Look, colours, difference


def movement(path: Path) -> dict[str, float]:
    """Return how far the weights of each layer moved, as the page defines it, from the run itself."""
    run = osk.open_run(path)
    last, found = len(run.frames) - 1, {}
    for node in run.graph.nodes:
        tensors = [run.tensors[f"weight/{name}"] for name in node.tensors]
        before, after = ([tensor.picture(frame) for tensor in tensors] for frame in (0, last))
        pairs = [(b, a) for b, a in zip(before, after, strict=True) if b is not None and a is not None]
        moved = sum(float(((a - b) ** 2).sum()) for b, a in pairs)
        length = sum(float((b**2).sum()) for b, _ in pairs)
        if tensors:
            found[node.id] = (moved / length) ** 0.5
    return found


def open_layer(show: Show, run: Path, view: str = "", **more: int) -> Look:
    look = show(run, view=f"view=layer&{view}", **more)
    look.wait_for_frame()
    expect(look.by("layer-view")).to_have_attribute("data-node", re.compile("."))
    return look


def test_without_a_choice_it_shows_the_layer_that_moved_most(show: Show, digits: Path) -> None:
    moved = movement(digits)
    most = max(moved, key=lambda name: moved[name])
    look = open_layer(show, digits)
    expect(look.by("layer-view")).to_have_attribute("data-node", most)
    expect(look.by("picked")).to_contain_text("moved most")
    for name, share in moved.items():
        assert f"{100 * share:.0f} %" in look.by("layer-choice", node=name).inner_text()
    look.by("rank").click()
    order = [choice.get_attribute("data-node") for choice in look.by("layer-choice").all()]
    assert order[: len(moved)] == sorted(moved, key=lambda name: -moved[name])
    expect(look.page).to_have_url(re.compile("sort=moved"))
    expect(look.by("ridges")).to_have_attribute("data-moments", re.compile(r"\d\d"))
    look.settle()
    look.keep("layer-view")


def test_keys_walk_through_the_layers_and_leave_the_clock_alone(show: Show, digits: Path) -> None:
    look = open_layer(show, digits, "node=fc1&frame=30")
    view = look.by("layer-view")
    look.press("ArrowDown")
    expect(view).to_have_attribute("data-node", "relu")
    look.press("]", "[", "ArrowUp", "ArrowUp")  # the first is the first
    expect(view).to_have_attribute("data-node", "fc1")
    assert look.frame == 30
    look.press("ArrowRight")
    look.wait_for_frame(31)
    look.press("Escape")
    expect(look.by("picked")).to_be_visible()


def test_the_cursor_reads_what_the_run_holds(show: Show, digits: Path) -> None:
    tensor = osk.open_run(digits).tensors["weight/fc2.weight"]
    picture = tensor.picture(40)
    assert picture is not None
    look = open_layer(show, digits, "node=fc2&frame=40")
    look.by("large").focus()
    look.press("ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown", "Shift+ArrowDown", "ArrowRight", "ArrowLeft")
    said = re.match(r"\[(\d+), (\d+)\]\s*(\S+)\s+output (\d+), input (\d+)", look.by("under").inner_text())
    assert said, look.by("under").inner_text()
    index = int(said[1]), int(said[2])
    assert index == (12, 1)
    assert (said[4], said[5]) == (said[1], said[2])
    assert float(said[3].replace("−", "-")) == pytest.approx(float(picture[index]), rel=0.06, abs=6e-4)
    assert look.frame == 40
    look.press("Enter")
    expect(look.by("film")).to_have_attribute("data-part", "12")
    expect(look.page).to_have_url(re.compile("part=12"))


def test_the_film_of_a_filter_leads_to_its_moments(show: Show, digits: Path) -> None:
    look = open_layer(show, digits, "node=fc1&part=5")
    film = look.by("film", part=5)
    expect(film).to_contain_text("output 5")
    stills = look.by("still")
    expect(stills).to_have_count(12)
    first, last = look.picture(stills.first), look.picture(stills.last)
    assert difference(first, last) > 0.2
    stills.nth(3).click()
    look.wait_for_frame(int(stills.nth(3).get_attribute("data-frame") or -1))
    expect(stills.nth(3)).to_have_attribute("aria-current", "true")
    look.by("look-start").click()
    look.page.wait_for_timeout(400)
    assert colours(look.picture(stills.first)) < colours(first) / 2  # at the start nothing has changed
    expect(look.by("change-scale")).to_be_visible()
    look.by("look-values").click()
    # Without a choice it is the row that moved most by the values of the run.
    tensor = osk.open_run(digits).tensors["weight/fc1.weight"]
    before, after = tensor.picture(0), tensor.picture(len(osk.open_run(digits).frames) - 1)
    assert before is not None
    assert after is not None
    most = int(np.square(after - before).sum(1).argmax())
    look.page.goto(f"{look.address}#view=layer&node=fc1")
    expect(look.by("film")).to_have_attribute("data-part", str(most))
    expect(look.by("film")).to_contain_text("which moved most")


def test_every_probe_of_an_activation_stands_beside_the_chosen_one(show: Show, digits: Path) -> None:
    look = open_layer(show, digits, "node=relu&frame=50&probe=2")
    expect(look.by("strip-probe")).to_have_count(10)
    before = look.picture(look.by("large"))
    look.by("strip-probe", probe=7).click()
    expect(look.by("strip-probe", probe=7)).to_have_attribute("aria-pressed", "true")
    look.settle()
    assert difference(before, look.picture(look.by("large"))) > 0.02
    expect(look.by("showing")).to_contain_text("probe 7")
    expect(look.by("trend", trend="zeros")).to_be_visible()
    look.keep("layer-activation")


def test_dragging_on_a_statistic_seeks(show: Show, digits: Path) -> None:
    look = open_layer(show, digits, "node=fc1")
    run = osk.open_run(digits)
    norm = look.by("trend", trend="norm")
    box = norm.locator(".track").bounding_box()
    assert box
    look.page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 10)
    look.page.mouse.down()
    look.settle()
    first = look.frame
    look.page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + 10)
    look.page.mouse.up()
    look.settle()
    assert 0 < look.frame < first < len(run.frames) - 1
    found = float(norm.locator("b").inner_text())
    entry = run.tensors["weight/fc1.weight"]
    assert found == pytest.approx(float(entry.statistic("norm")[look.frame]), rel=0.01)


def test_what_a_health_check_said_stands_by_its_tensor(show: Show, tmp_path: Path) -> None:
    torch.manual_seed(0)
    first = torch.nn.Linear(6, 8)
    torch.nn.init.constant_(first.bias, -100.0)
    model = torch.nn.Sequential(first, torch.nn.ReLU(), torch.nn.Linear(8, 2))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    x = torch.rand(32, 6)
    with osk.watch(model, optimizer, probes=x[:4], run=tmp_path / "dead", budget=1.0) as recorder:
        for _ in range(60):
            loss = model(x).square().mean()
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            recorder.log(loss=loss)
    notes = [note for note in osk.open_run(tmp_path / "dead").status.health if note.tensor == "activation/1"]
    assert notes
    look = open_layer(show, tmp_path / "dead", "node=1")
    expect(look.by("trend-note")).to_contain_text(notes[0].sentence)
    look.by("trend-note").click()
    look.wait_for_frame(notes[0].frame)
    look.keep("layer-health")


def test_ways_into_the_view(show: Show, digits: Path) -> None:
    look = show(digits)
    look.wait_for_frame()
    look.by("node", node="fc2").focus()
    look.press("Enter")
    expect(look.by("layer-view")).to_have_attribute("data-node", "fc2")
    look.by("view-network").click()
    expect(look.by("layer")).to_have_attribute("data-node", "fc2")
    look.by("larger").click()
    expect(look.by("layer-view")).to_have_attribute("data-node", "fc2")
    look.by("view-network").click()
    look.press("Escape")
    look.by("node", node="out").dblclick()
    expect(look.by("layer-view")).to_have_attribute("data-node", "out")


def test_packed_attention_is_taken_apart_by_its_heads(show: Show, tmp_path: Path) -> None:
    class Attention(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.c_attn = torch.nn.Linear(12, 36)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            q, k, v = (t.unflatten(-1, (3, 4)).transpose(1, 2) for t in self.c_attn(x).split(12, dim=2))
            made: torch.Tensor = torch.softmax(q @ k.mT, -1) @ v
            return made.transpose(1, 2).flatten(2)

    torch.manual_seed(0)
    with osk.watch(Attention(), probes=torch.randn(2, 5, 12), run=tmp_path / "heads") as recorder:
        recorder.step()
    look = open_layer(show, tmp_path / "heads", "node=c_attn&tensor=weight/c_attn.weight")
    ticks = look.by("large").locator(".tick").all_inner_texts()
    assert ticks == ["queries", "keys", "values", "head 0", "head 1", "head 2"]
    look.page.goto(f"{look.address}#view=layer&node=softmax")
    expect(look.by("layer-view")).to_have_attribute("data-tensor", "activation/softmax")
    look.by("large").focus()
    look.press("ArrowRight", "ArrowDown")
    expect(look.by("under")).to_contain_text("probe 0, head 0, from 1, to 0")
    look.keep("layer-heads")


def test_colour_filters_look_the_same_without_webgl(show: Show, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 5), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.LazyLinear(2))
    x = torch.rand(16, 3, 9, 9)
    model(x)
    optimizer = torch.optim.SGD(model.parameters(), 0.5)
    with osk.watch(model, optimizer, probes=x[:2], run=tmp_path / "rgb", budget=1.0) as recorder:
        for _ in range(6):
            model(x).square().sum(1).mean().backward()
            optimizer.step()
            recorder.log(loss=0.0)
    for seen in ("", "look=start", "look=skin&skin=0"):
        view = f"view=layer&node=0&tensor=weight/0.weight&{seen}"
        pictures = []
        for kind in ("webgl2", "2d"):
            look = show(tmp_path / "rgb", view="view=curves")
            if kind == "2d":
                look.page.add_init_script(
                    """const get = HTMLCanvasElement.prototype.getContext
                       HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
                         return kind === 'webgl2' ? null : get.call(this, kind, ...more) }"""
                )
            look.page.goto("about:blank")
            look.page.goto(f"{look.address}#{view}")
            look.wait_for_frame()
            expect(look.by("layer-view")).to_have_attribute("data-way", "colour")
            expect(look.by("film")).to_have_attribute("data-moments", re.compile("[1-9]"))
            look.settle()
            pictures.append(look.picture(look.by("large")))
        assert colours(pictures[0]) > 50
        assert difference(*pictures) < 0.001, seen


def test_on_a_phone(show: Show, digits: Path) -> None:
    look = open_layer(show, digits, width=390, height=844)
    assert look.page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(look.by("large")).to_be_in_viewport()
    look.by("ridges").scroll_into_view_if_needed()
    expect(look.by("play")).to_be_in_viewport()
    look.keep("layer-phone")
