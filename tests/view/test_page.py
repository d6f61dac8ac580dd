"""The page in a real Chromium: a finished run under one scrubber."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

import onionskin as osk
from tests.view.conftest import Show
from tests.view.look import Look, colours, difference


def test_a_finished_run_is_shown_with_its_pictures(show: Show, digits: Path) -> None:
    look = show(digits)
    run = osk.open_run(digits)
    assert look.wait_for_frame() == len(run.frames) - 1  # a finished run opens at its end
    expect(look.by("page")).to_have_attribute("data-state", "finished")
    assert look.page.title() == "digits · Onionskin"
    assert "3,466 parameters" in look.page.inner_text("header")
    assert look.by("map").get_attribute("data-painter") == "webgl"
    shown = [node.get_attribute("data-node") for node in look.by("node").all()]
    assert set(shown) == {node.id for node in run.graph.nodes}
    assert colours(look.picture(look.by("map"))) > 100
    assert "showing" not in look.by("layer").all_inner_texts()
    expect(look.by("legend")).to_contain_text("one scale a tensor")
    assert look.page.evaluate("performance.getEntriesByName('onionskin:first-picture').length") == 1
    look.keep("finished")


def test_predictions_are_those_of_the_run(show: Show, digits: Path) -> None:
    run = osk.open_run(digits)
    for frame in (0, len(run.frames) // 3, len(run.frames) - 1):
        look = show(digits, view=f"frame={frame}")
        look.wait_for_frame(frame)
        wanted = run.probes.outputs(frame)[0].argmax(1)
        found = [int(probe.get_attribute("data-class") or -1) for probe in look.by("probe").all()]
        assert found == wanted.tolist()
        right = int((wanted == np.array(run.probes.labels)).sum())
        expect(look.by("probes")).to_have_attribute("data-right", str(right))
        assert f"{right} of 10 right" in look.by("probes").inner_text()


def test_keys_move_everything_at_once(show: Show, digits: Path) -> None:
    look = show(digits)
    last = look.wait_for_frame()
    end = {name: look.picture(look.by(name)) for name in ("map", "probes")}
    look.press("Home")
    look.wait_for_frame(0)
    expect(look.by("where")).to_contain_text("step 0 of")
    start = {name: look.picture(look.by(name)) for name in ("map", "probes")}
    for name in end:
        assert difference(start[name], end[name]) > 0.005, name
    look.press("ArrowRight")
    look.wait_for_frame(1)
    look.press("Shift+ArrowRight")
    look.wait_for_frame(11)
    look.press("ArrowLeft")
    look.wait_for_frame(10)
    look.press("End")
    look.wait_for_frame(last)
    assert difference(look.picture(look.by("map")), end["map"]) == 0  # the same values, the same colours
    look.press("ArrowRight")
    assert look.frame == last


def test_dragging_on_the_curve_seeks(show: Show, digits: Path) -> None:
    look = show(digits)
    last = look.wait_for_frame()
    box = look.by("track").bounding_box()
    assert box
    y = box["y"] + 40
    look.page.mouse.move(box["x"] + box["width"] * 0.75, y)
    look.page.mouse.down()
    look.settle()
    first = look.frame
    seen = [first]
    for share in (0.5, 0.25, 0.1):
        look.page.mouse.move(box["x"] + box["width"] * share, y)
        look.page.wait_for_timeout(120)
        seen.append(look.frame)
    look.page.mouse.up()
    assert 0 < seen[-1] < seen[-2] < seen[-3] < seen[0] < last
    look.page.mouse.move(box["x"] + box["width"] - 20, y)
    look.settle()
    assert look.frame == seen[-1]  # the hand has let go


def test_play_runs_to_the_end_and_passes_no_frame_by(show: Show, digits: Path) -> None:
    last = len(osk.open_run(digits).frames) - 1
    look = show(digits, view=f"frame={last - 12}")
    look.wait_for_frame(last - 12)
    look.page.evaluate(
        """() => { window.seen = []; new MutationObserver(list => list.forEach(m => window.seen.push(
             Number(m.target.dataset.frame)))).observe(document.querySelector('[data-testid=scrubber]'),
             { attributes: true, attributeFilter: ['data-frame'] }) }"""
    )
    look.press(" ")
    expect(look.by("scrubber")).to_have_attribute("data-playing", "true")
    look.wait_for_frame(last)
    expect(look.by("scrubber")).to_have_attribute("data-playing", "false")
    assert look.page.evaluate("window.seen") == list(range(last - 11, last + 1))
    look.press(" ")  # from the end, play begins anew
    expect(look.by("scrubber")).to_have_attribute("data-playing", "true")
    look.press(" ")
    assert look.frame < last


def test_another_probe_is_another_input_on_the_map(show: Show, digits: Path) -> None:
    look = show(digits)
    look.wait_for_frame()
    before = look.picture(look.by("map"))
    look.by("probe", probe=7).click()
    look.settle()
    assert difference(before, look.picture(look.by("map"))) > 0.005
    expect(look.by("said")).to_contain_text("7 ·")


@pytest.mark.parametrize(
    ("node", "key"), [("fc1", "weight/fc1.weight"), ("out", "weight/out.bias"), ("relu", "activation/relu")]
)
def test_a_layer_large_and_the_value_under_the_pointer(show: Show, digits: Path, node: str, key: str) -> None:
    """The number that the page says is the number that the run holds, at its index in the whole tensor."""
    run = osk.open_run(digits)
    frame, probe = 40, 4
    look = show(digits, view=f"frame={frame}&probe={probe}&node={node}&tensor={key}")
    look.wait_for_frame(frame)
    tensor = run.tensors[key]
    expect(look.by("layer")).to_have_attribute("data-tensor", key)
    room = look.by("layer").locator(".room")
    box = room.bounding_box()
    assert box
    read = 0
    picture = tensor.picture(frame)
    assert picture is not None
    for share in (0.02, 0.1, 0.2, 0.3):
        look.page.mouse.move(box["x"] + box["width"] * share, box["y"] + min(60.0, box["height"] * share + 3))
        look.settle()
        said = re.fullmatch(r"\[([\d, ]+)\]\s*(\S+)", look.by("under").inner_text().strip())
        if said is None:
            continue
        index = tuple(int(i) for i in said[1].split(", "))
        if key.startswith("activation"):
            assert index[0] == probe
        kept = tuple(i // stride for i, stride in zip(index, tensor.entry.strides, strict=True))
        assert float(said[2].replace("−", "-")) == pytest.approx(float(picture[kept]), rel=0.06, abs=6e-4)
        read += 1
    assert read >= 2
    look.keep(f"layer-{node}")


def test_the_honest_line_is_that_of_the_run(show: Show, tmp_path: Path) -> None:
    import torch

    model = torch.nn.Sequential(torch.nn.Linear(300, 200), torch.nn.ReLU(), torch.nn.Linear(200, 3))
    with osk.watch(model, probes=torch.randn(4, 300), run=tmp_path / "wide") as recorder:
        recorder.step()
    look = show(tmp_path / "wide", view="node=0&tensor=weight/0.weight")
    look.wait_for_frame()
    line = osk.open_run(tmp_path / "wide").tensors["weight/0.weight"].entry.showing
    assert line.endswith("of 60,000")
    expect(look.by("showing")).to_have_text(line)
    expect(look.by("map")).to_contain_text(line)


def test_change_since_the_start(show: Show, digits: Path) -> None:
    look = show(digits, view="frame=30")
    look.wait_for_frame(30)
    values = look.picture(look.by("map"))
    look.by("look-start").click()
    look.page.wait_for_timeout(300)
    assert difference(values, look.picture(look.by("map"))) > 0.02
    expect(look.by("legend")).to_contain_text("change since the start")
    look.press("Home")
    look.wait_for_frame(0)
    start = look.picture(look.by("node", node="fc1"))
    assert colours(start) < colours(values) / 4  # at the start nothing has changed: paper, and the words
    look.keep("change")


def test_curves_large_and_small(show: Show, digits: Path) -> None:
    look = show(digits)
    look.wait_for_frame()
    expect(look.by("curves-small")).to_be_visible()
    look.by("view-curves").click()
    expect(look.by("chart").first).to_be_visible()  # a view's code comes when it is first looked at
    titles = [chart.get_attribute("data-chart") for chart in look.by("chart").all()]
    assert titles == ["loss", "accuracy", "learning rate"]
    before = look.picture(look.by("curves"))
    look.by("log").click()
    look.settle()
    assert difference(before, look.picture(look.by("curves"))) > 0.001
    look.keep("curves")
    look.by("view-network").click()
    expect(look.by("map")).to_be_visible()


def test_the_view_is_in_the_address(show: Show, digits: Path) -> None:
    look = show(digits)
    look.wait_for_frame()
    look.press("Home", "ArrowRight", "ArrowRight")
    look.by("probe", probe=5).click()
    look.by("node", node="fc2").click()
    look.press("d")
    expect(look.page).to_have_url(re.compile("theme=dark"))
    before = look.picture()
    look.page.reload()
    look.wait_for_frame(2)
    expect(look.by("layer")).to_have_attribute("data-node", "fc2")
    expect(look.by("probe", probe=5)).to_have_attribute("aria-pressed", "true")
    look.page.wait_for_timeout(300)
    assert difference(before, look.picture()) < 0.002
    look.press("Escape")
    expect(look.by("layer")).to_have_count(0)
    look.keep("dark")


def test_zoom_and_pan_keep_the_pictures_under_their_words(show: Show, digits: Path) -> None:
    look = show(digits)
    look.wait_for_frame()
    box = look.by("map").bounding_box()
    node = look.by("node", node="fc1")
    before = node.bounding_box()
    assert box
    assert before
    look.page.mouse.move(before["x"] + before["width"] / 2, before["y"] + before["height"] / 2)
    look.page.mouse.wheel(0, -400)
    look.page.wait_for_timeout(100)
    look.settle()
    after = node.bounding_box()
    assert after
    assert after["width"] > 1.2 * before["width"]
    assert after["x"] + after["width"] / 2 == pytest.approx(before["x"] + before["width"] / 2, abs=3)
    look.page.mouse.move(box["x"] + 20, box["y"] + 20)
    look.page.mouse.down()
    look.page.mouse.move(box["x"] + 120, box["y"] + 70, steps=4)
    look.page.mouse.up()
    look.settle()
    moved = node.bounding_box()
    assert moved
    assert (moved["x"] - after["x"], moved["y"] - after["y"]) == pytest.approx((100, 50), abs=2)
    look.press("0")
    back = node.bounding_box()
    assert back
    assert back["x"] == pytest.approx(before["x"], abs=1)


@pytest.mark.parametrize("key", ["weight/fc1.weight", "weight/fc2.bias", "activation/relu", "gradient/out.weight"])
@pytest.mark.parametrize("seen", ["", "look=start", "look=last", "look=skin&skin=9"])
def test_without_webgl_the_pictures_are_the_same(show: Show, digits: Path, key: str, seen: str) -> None:
    """The painter for browsers without WebGL2 draws what the shader draws: each is the other's proof."""
    node = re.sub(r"^\w+/|\.(weight|bias)$", "", key)
    view = f"frame=60&probe=3&node={node}&tensor={key}&{seen}"
    look = show(digits, view=view)
    look.wait_for_frame(60)
    assert look.by("map").get_attribute("data-painter") == "webgl"
    plain = show(digits, view="view=curves")
    plain.page.add_init_script(
        """const get = HTMLCanvasElement.prototype.getContext
           HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
             return kind === 'webgl2' ? null : get.call(this, kind, ...more) }"""
    )
    plain.page.goto("about:blank")
    plain.page.goto(f"{plain.address}#{view}")
    plain.wait_for_frame(60)
    assert plain.by("map").get_attribute("data-painter") == "flat"
    expect(plain.by("legend")).to_contain_text("WebGL2")
    for one in (look, plain):
        one.page.wait_for_timeout(250)
    webgl, flat = (one.picture(one.by("layer").locator(".room")) for one in (look, plain))
    assert colours(webgl) >= 4  # bars have no more
    assert difference(webgl, flat) < 0.001
    plain.keep("without-webgl")


def test_a_small_screen(show: Show, digits: Path) -> None:
    look = show(digits, width=390, height=844, scale=2)
    look.wait_for_frame()
    assert look.page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(look.by("play")).to_be_in_viewport()
    expect(look.by("map")).to_be_in_viewport()
    look.keep("phone")
    look.by("probe", probe=9).scroll_into_view_if_needed()
    expect(look.by("play")).to_be_in_viewport()  # time stays in reach


def _focus_order(look: Look, presses: int) -> list[str]:
    found = []
    for _ in range(presses):
        look.page.keyboard.press("Tab")
        found.append(look.page.evaluate("document.activeElement?.dataset?.testid ?? ''"))
    return found


def test_everything_is_reached_and_named_without_a_mouse(show: Show, digits: Path) -> None:
    look = show(digits)
    look.wait_for_frame()
    reached = set(_focus_order(look, 60))
    assert {"view-network", "view-curves", "node", "probe", "track", "play", "look-start", "speed"} <= reached
    nameless = look.page.evaluate(
        """() => [...document.querySelectorAll('button, select, input, [role=slider]')].filter(e =>
             !(e.getAttribute('aria-label') || e.textContent.trim() || e.closest('label'))).map(e => e.outerHTML)"""
    )
    assert nameless == []
