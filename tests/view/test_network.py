"""The network view in a real Chromium: far and near, what flows, what was noticed, search, keys, and the picture."""

from __future__ import annotations

import base64
import io
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import expect
from sklearn.datasets import load_digits
from torch import nn

import onionskin as osk
from tests.view.conftest import Show
from tests.view.look import Look

SVG = "{http://www.w3.org/2000/svg}"


class Blocks(nn.Module):
    """Blocks in a row, each with a convolution, so that the map has groups to open."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding=1)
        self.blocks = nn.Sequential(*(nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.ReLU()) for _ in range(12)))
        self.head = nn.Linear(4 * 36, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return three scores."""
        scores: torch.Tensor = self.head(self.blocks(torch.relu(self.stem(x))).flatten(1))
        return scores


@pytest.fixture(scope="module")
def blocks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    model, run = Blocks(), tmp_path_factory.mktemp("network") / "blocks"
    optimizer = torch.optim.SGD(model.parameters(), 0.05)
    x, y = torch.randn(32, 1, 6, 6), torch.randint(0, 3, (32,))
    with osk.watch(model, optimizer, probes=x[:3], run=run, budget=1, every=1):
        for _ in range(5):
            nn.functional.cross_entropy(model(x), y).backward()  # type: ignore[no-untyped-call]  # PyTorch's
            optimizer.step()
            optimizer.zero_grad()
    return run


@pytest.fixture(scope="module")
def dead(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training whose hidden units die in its first steps: it learns too fast."""
    torch.manual_seed(0)
    digits = load_digits()
    x, y = torch.tensor(digits.data, dtype=torch.float32) / 16, torch.tensor(digits.target)
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    run = tmp_path_factory.mktemp("network") / "dead"
    optimizer = torch.optim.SGD(model.parameters(), 1.5, momentum=0.9)
    with osk.watch(model, optimizer, probes=x[:16], run=run, budget=1, every=2):
        for _ in range(60):
            batch = torch.randint(len(x), (32,))
            nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()  # type: ignore[no-untyped-call]  # PyTorch's
            optimizer.step()
            optimizer.zero_grad()
    return run


def level(look: Look) -> str:
    return str(look.by("map").get_attribute("data-level"))


def test_arrows_are_as_thick_as_what_flows(show: Show, digits: Path) -> None:
    run = osk.open_run(digits)
    look = show(digits, view="frame=0&probe=2")
    look.wait_for_frame(0)
    edge = look.page.locator('[data-edge="fc1→relu"]')
    expect(edge).not_to_have_attribute("data-width", "1.4")  # the statistics have come
    activation = run.tensors["activation/fc1"]
    widths, flows = [], []
    for frame in (0, 30, 100):
        look.page.evaluate(f"location.hash = 'frame={frame}&probe=2'")
        look.wait_for_frame(frame)
        widths.append(float(edge.get_attribute("data-width") or 0))
        picture = activation.picture(frame)
        assert picture is not None
        flows.append(float(np.sqrt((picture[2] ** 2).mean())))
    assert np.argsort(widths).tolist() == np.argsort(flows).tolist()
    assert len(set(widths)) == 3
    expect(look.by("legend")).to_contain_text("thicker arrows")
    assert look.page.locator('[data-edge="input→fc1"]').get_attribute("data-width") == "1.4"


def test_the_chosen_node_has_its_arrows_stand_out(show: Show, digits: Path) -> None:
    look = show(digits, view="node=fc2")
    look.wait_for_frame()
    flow = {edge.get_attribute("data-edge") for edge in look.page.locator("[data-edge].flow").all()}
    assert flow == {"relu→fc2", "fc2→relu#2"}


def test_far_blocks_of_colour_and_near_filters_one_by_one(show: Show, blocks: Path) -> None:
    look = show(blocks, view="open=blocks")
    look.wait_for_frame()
    assert level(look) == "middle"
    expect(look.by("block")).to_have_count(0)
    while level(look) != "far":
        look.press("-")
    expect(look.by("legend")).to_have_attribute("data-colouring", "ratio")
    assert look.by("block").first.get_attribute("data-colour")
    expect(look.by("legend")).to_contain_text("the usual")
    look.keep("network-far")
    look.press("0")
    expect(look.by("map")).to_have_attribute("data-level", "middle")
    look.page.evaluate("location.hash = 'open=blocks&at=6,60,120'")
    expect(look.by("map")).to_have_attribute("data-level", "near")
    assert look.by("channels").count() > 0
    assert look.page.locator('[data-testid="channels"] text').first.text_content() == "0"
    look.settle()
    look.keep("network-near")


def test_nodes_are_coloured_as_it_is_chosen(show: Show, digits: Path) -> None:
    look = show(digits, view="frame=40")
    look.wait_for_frame(40)
    look.by("colour-by", colour="ratio").click()
    expect(look.by("legend")).to_have_attribute("data-colouring", "ratio")
    run = osk.open_run(digits)
    both = [run.tensors[f"weight/fc1.{name}"] for name in ("weight", "bias")]
    norms = np.array([tensor.statistic("norm")[40] for tensor in both])
    ratios = np.array([tensor.statistic("ratio")[40] for tensor in both])
    wanted = float(np.sqrt(((norms * ratios) ** 2).sum() / (norms**2).sum()))
    said = look.by("node", node="fc1").locator(".block").inner_text()
    assert float(said.replace("−", "-")) == pytest.approx(wanted, rel=0.1, abs=6e-4)
    assert "colour=ratio" in look.page.evaluate("new Promise(r => setTimeout(() => r(location.hash), 600))")
    look.by("colour-by", colour="health").click()
    expect(look.by("legend")).to_contain_text("nothing noticed")
    look.by("colour-by", colour="picture").click()
    expect(look.by("block")).to_have_count(0)


def test_a_node_is_marked_once_something_was_noticed_of_it(show: Show, dead: Path) -> None:
    look = show(dead)
    look.wait_for_frame()
    mark = look.by("mark")
    expect(mark.first).to_have_attribute("title", re.compile("units of layer"))
    look.by("colour-by", colour="health").click()
    assert "var(--live)" in {block.get_attribute("data-colour") for block in look.by("block").all()}
    look.keep("network-noticed")
    look.press("Home")
    expect(mark).to_have_count(0)


def test_a_node_is_found_by_its_name_and_brought_to_the_middle(show: Show, blocks: Path) -> None:
    look = show(blocks, view="open=")
    look.wait_for_frame()
    look.press("/")
    expect(look.by("search-field")).to_be_focused()
    look.page.keyboard.type("blocks.7 conv")
    expect(look.by("hit").first).to_have_attribute("data-node", "blocks.7.0")
    look.press("Enter")
    node = look.by("node", node="blocks.7.0")
    expect(node).to_have_attribute("aria-pressed", "true")
    expect(node).to_be_focused()
    look.page.wait_for_timeout(300)
    box, room = node.bounding_box(), look.by("map").bounding_box()
    assert box
    assert room
    assert abs(box["x"] + box["width"] / 2 - room["x"] - room["width"] / 2) < 12
    look.press("/")
    look.page.keyboard.type("nothing of the kind")
    expect(look.by("search")).to_contain_text("Nothing has this")
    look.press("Escape")
    expect(look.by("search")).to_have_count(0)
    expect(node).to_have_attribute("aria-pressed", "true")  # it closed the search, and nothing else


def test_the_keyboard_walks_along_the_flow(show: Show, blocks: Path) -> None:
    look = show(blocks, view="open=")
    look.wait_for_frame()
    focused = "document.activeElement.dataset.node ?? document.activeElement.dataset.group"
    look.press("l")
    assert look.page.evaluate(focused) == "input"
    look.press("l", "Alt+ArrowRight", "l")
    assert look.page.evaluate(focused) == "blocks/"
    look.press("h")
    assert look.page.evaluate(focused) != "blocks/"
    look.press("l", "Enter")  # into the group; its name has the focus
    expect(look.by("node", node="blocks.0/")).to_have_count(1)
    assert look.page.evaluate(focused) == "blocks"
    seen = []
    for _ in range(4):
        look.press("Tab")
        seen.append(look.page.evaluate(focused))
    assert seen == [f"blocks.{i}/" for i in range(4)]
    look.press("Shift+Tab", " ")
    expect(look.by("layer")).to_have_attribute("data-node", "blocks.2/")
    assert look.page.evaluate("document.querySelector('.surface').scrollLeft") == 0


def test_the_map_as_a_picture_that_stands_alone(show: Show, digits: Path) -> None:
    look = show(digits, view="frame=100&theme=dark")
    look.wait_for_frame(100)
    svg = str(look.page.evaluate("window.onionskin.mapSVG()"))
    tree = ElementTree.fromstring(svg)
    words = {text.text for text in tree.iter(f"{SVG}text")}
    assert {"fc1", "fc2", "out"} <= words
    images = [image.get("href") or "" for image in tree.iter(f"{SVG}image")]
    assert len(images) == 10  # three weights, five activations, the input, the prediction
    for image in images:
        picture = Image.open(io.BytesIO(base64.b64decode(image.removeprefix("data:image/png;base64,"))))
        assert min(picture.size) > 1
    with look.page.expect_download() as saving:
        look.by("save-picture").click()
    assert saving.value.suggested_filename.endswith(".svg")
    drawn = look.page.context.new_page()
    drawn.set_content(svg)
    assert drawn.evaluate("[...document.querySelectorAll('image')].length") == 10
    drawn.close()
