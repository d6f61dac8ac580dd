"""The input space in a real browser: true at every frame, unit by unit, in the address, by key and pointer."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from playwright.sync_api import expect
from torch import nn

import onionskin as osk
from tests.view.conftest import Show
from tests.view.look import Look


@pytest.fixture(scope="module")
def spiral(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of a classifier with two inputs, 41 frames."""
    run = tmp_path_factory.mktemp("trained") / "spiral"
    torch.manual_seed(0)
    torch.set_num_threads(1)
    n = 400
    arm, turn = torch.arange(n) % 2, torch.rand(n) * 2 * math.pi
    angle = turn + arm * math.pi
    x = (turn / math.pi)[:, None] * torch.stack([angle.cos(), angle.sin()], 1)
    model = nn.Sequential(nn.Linear(2, 40), nn.Tanh(), nn.Linear(40, 12), nn.ReLU(), nn.Linear(12, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    with osk.watch(
        model, optimizer, probes=x[:64], labels=arm[:64], classes=["one", "other"], run=run, budget=1, every=20
    ) as recorder:
        for _ in range(800):
            rows = torch.randint(n, (64,))
            loss = nn.functional.cross_entropy(model(x[rows]), arm[rows])
            loss.backward()  # type: ignore[no-untyped-call]  # PyTorch's
            optimizer.step()
            optimizer.zero_grad()
            recorder.log(loss=loss)
    return run


def _shown(look: Look, frame: int) -> None:
    expect(look.by("space", frame=frame)).to_be_visible(timeout=30_000)


def _plane(look: Look) -> np.ndarray:
    look.settle()
    return np.asarray(look.picture(look.by("plane")).convert("RGB"), np.int64)


@pytest.mark.parametrize("frame", [3, 40])
def test_the_plane_is_what_the_model_answers(frame: int, show: Show, spiral: Path) -> None:
    """Bluer where the recorded scores say the second class, and the other way round; points and lines cover little."""
    look = show(spiral, view=f"view=space&frame={frame}&theme=light")
    _shown(look, frame)
    pixels = _plane(look)
    space = osk.open_run(spiral).space
    assert space is not None
    scores = space.maps("output", frame)
    assert scores is not None
    side = scores.shape[1]
    lead = scores[1] - scores[0]
    inner = np.zeros_like(lead, np.bool_)
    inner[4:-4, 4:-4] = True
    places = np.argwhere((np.abs(lead) > 0.5) & inner)
    rows = np.round((1 - places[:, 0] / (side - 1)) * (len(pixels) - 1)).astype(int)
    columns = np.round(places[:, 1] / (side - 1) * (len(pixels) - 1)).astype(int)
    is_blue = pixels[rows, columns, 2] > pixels[rows, columns, 0]
    agree = is_blue == (lead[places[:, 0], places[:, 1]] > 0)
    assert len(places) > 500
    assert agree.mean() > 0.95
    look.keep(f"space-{frame}")


def test_a_unit_is_looked_at_large(show: Show, spiral: Path) -> None:
    look = show(spiral, view="view=space&frame=30")
    _shown(look, 30)
    expect(look.by("space")).to_contain_text("showing 32 of 40")
    expect(look.by("unit")).to_have_count(32 + 12 + 2)
    answer = _plane(look)
    unit = look.by("unit", unit="3/5")
    unit.focus()
    look.page.keyboard.press("Enter")
    expect(unit).to_have_attribute("aria-pressed", "true")
    expect(look.page.get_by_role("heading", name="3 · ReLU, unit 5")).to_be_visible()
    look.page.wait_for_url("**unit=3/5**")
    assert np.abs(_plane(look) - answer).mean() > 5
    look.by("whole").click()
    expect(look.page.get_by_role("heading", name="What it answers")).to_be_visible()


def test_every_key_moves_it(show: Show, spiral: Path) -> None:
    look = show(spiral, view="view=space&frame=20")
    _shown(look, 20)
    before = _plane(look)
    look.page.keyboard.press("Home")
    _shown(look, 0)
    assert np.abs(_plane(look) - before).mean() > 5
    look.page.keyboard.press("o")  # an onion skin of the first frame
    look.page.keyboard.press("End")
    _shown(look, 40)
    expect(look.by("space-note")).to_contain_text("dashed")


def test_what_stands_under_the_pointer(show: Show, spiral: Path) -> None:
    look = show(spiral, view="view=space&frame=40")
    _shown(look, 40)
    box = look.by("plane").bounding_box()
    assert box is not None
    look.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(look.by("under")).to_contain_text("%")
    expect(look.by("under")).to_contain_text("x₁")


def test_a_run_without_one_has_no_such_view(show: Show, digits: Path) -> None:
    look = show(digits, view="view=space")
    expect(look.by("view-network")).to_be_visible(timeout=30_000)
    expect(look.by("view-space")).to_have_count(0)
    expect(look.page.get_by_text("no map of its input space")).to_be_visible()


def test_it_fits_a_phone(show: Show, spiral: Path) -> None:
    look = show(spiral, view="view=space&frame=12", width=390, height=844)
    _shown(look, 12)
    assert look.page.evaluate("document.documentElement.scrollWidth") <= 390
    look.keep("space-phone")
