"""Try it: the page runs the model of a run itself, at any frame, on what a person draws."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

import onionskin as osk
from tests.view.conftest import Show
from tests.view.look import Look, difference

#: A model is fetched, compiled and run at every frame: on a machine that eight share, that takes a while.
PATIENCE = 120_000


def _opened(show: Show, run: Path, view: str = "view=try", **size: int) -> Look:
    look = show(run, view=view, **size)
    expect(look.by("own-said")).to_be_visible(timeout=PATIENCE)
    return look


def _draw(look: Look, *points: tuple[float, float]) -> None:
    box = look.by("pad").bounding_box()
    assert box
    for i, (x, y) in enumerate(points):
        look.page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4)
        if i == 0:
            look.page.mouse.down()
    look.page.mouse.up()


def test_it_agrees_with_the_recording_at_every_frame(show: Show, digits: Path) -> None:
    look = show(digits)
    look.wait_for_frame()
    asked: list[str] = []
    look.page.on("request", lambda request: asked.append(request.url))
    loaded = "performance.getEntriesByType('resource').map(entry => entry.name).filter(name => /ort|onnx/.test(name))"
    assert look.page.evaluate(loaded) == []  # what runs models is fetched when it is used, and not before
    look.by("view-try").click()
    expect(look.by("own-said")).to_be_visible(timeout=PATIENCE)
    assert any("ort-wasm" in url and url.startswith(look.address) for url in asked)
    run = osk.open_run(digits)
    agreement = look.by("agreement")
    expect(agreement).to_have_attribute("data-state", "agrees", timeout=PATIENCE)
    assert agreement.get_attribute("data-checked") == str(len(run.frames))
    assert 0 < float(agreement.get_attribute("data-largest") or 1) < 1e-4
    expect(agreement).to_contain_text(f"{len(run.frames)} of {len(run.frames)} frames")
    look.keep("try")
    for frame in (0, len(run.frames) // 4):
        said = run.probes.outputs(frame)[0].argmax(1)
        look.press("Home")
        for _ in range(frame // 10):
            look.press("Shift+ArrowRight")
        for _ in range(frame % 10):
            look.press("ArrowRight")
        for probe in range(0, len(run.probes), 3):
            look.by("probe", probe=probe).click()
            expect(look.by("own-answer")).to_have_attribute("data-class", str(said[probe]))


def test_a_drawing_moves_the_whole_map_and_is_a_link(show: Show, digits: Path) -> None:
    look = _opened(show, digits, "view=try&probe=3")
    recorded = look.by("own-answer").get_attribute("data-class")
    before = look.picture(look.by("map"))
    look.by("clear").click()
    expect(look.by("try")).to_have_attribute("data-changed", "true")
    _draw(look, (0.5, 0.05), (0.5, 0.95))
    expect(look.by("own-answer")).not_to_have_attribute("data-class", recorded or "")
    look.settle()
    assert difference(before, look.picture(look.by("map"))) > 0.01
    drawn = look.by("own-answer").get_attribute("data-class")
    words = look.by("own-answer").inner_text()
    expect(look.by("own-lane")).to_have_attribute("data-end", drawn or "", timeout=PATIENCE)
    look.page.wait_for_url("**own=i*")
    look.keep("try-drawing")
    again = _opened(show, digits, look.page.url.partition("#")[2])
    expect(again.by("try")).to_have_attribute("data-changed", "true")
    expect(again.by("own-answer")).to_have_text(words, use_inner_text=True)  # the link holds the drawing exactly
    # What is drawn stays in the network when it is looked at elsewhere, and says so.
    look.by("view-network").click()
    expect(look.by("own-note")).to_contain_text("stands in the place of probe 3")
    look.by("own-off").click()
    expect(look.by("own-note")).to_have_count(0)


def test_scrubbing_asks_the_network_of_that_step(show: Show, digits: Path) -> None:
    look = _opened(show, digits, "view=try&probe=5")
    look.by("invert").click()
    end = look.by("own-answer").inner_text()
    look.press("Home")
    expect(look.by("own-said")).to_contain_text("At step 0:")
    assert look.by("own-answer").inner_text() != end
    look.press("End")
    expect(look.by("own-said")).to_contain_text("At step 2,640:")
    expect(look.by("own-answer")).to_have_text(end, use_inner_text=True)
    look.by("restart").click()
    expect(look.by("try")).to_have_attribute("data-changed", "false")


def test_the_keyboard_draws(show: Show, digits: Path) -> None:
    look = _opened(show, digits, "view=try&theme=dark", width=1280)
    frame = look.frame
    look.by("clear").click()
    blank = look.by("own-answer").inner_text()
    look.by("pad").focus()
    look.press("Space", "ArrowDown", "Space", "ArrowDown", "Space")
    expect(look.by("own-answer")).not_to_have_text(blank, use_inner_text=True)
    assert look.frame == frame  # there, arrows move the pen
    look.keep("try-dark")


@pytest.mark.parametrize("damage", ["missing", "junk", "another"])
def test_a_model_that_is_none_of_this_run(damage: str, show: Show, digits: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(digits, run)
    if damage == "missing":
        (run / "model.onnx").unlink()
    elif damage == "junk":
        (run / "model.onnx").write_bytes(np.random.default_rng(0).bytes(4000))
    else:
        content = (run / "model.onnx").read_bytes()
        (run / "model.onnx").write_bytes(content.replace(b"exact/fc1.weight", b"exact/xx1.weight"))
    look = show(run, view="view=try")
    message = look.by("message")
    expect(message).to_contain_text("cannot be run here", timeout=PATIENCE)
    expect(message).to_contain_text("Copy the run again")
    look.complaints[:] = [text for text in look.complaints if "model.onnx" not in text]  # the browser notes the 404


def test_a_run_without_its_model_says_how_to_keep_one(show: Show, digits: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(digits, run)
    status = run / "status" / "zarr.json"
    text = status.read_text()
    start = text.index('"model":')
    status.write_text(text[:start] + '"model":null' + text[text.index("}", start) + 1 :])
    look = show(run, view="view=try", width=390, height=844)
    expect(look.by("message")).to_contain_text('pip install "onionskin[try]"')
