"""The comparison in a real Chromium: the same network with and without batch normalisation, on one clock."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from playwright.sync_api import expect
from torch import nn

import onionskin as osk
from tests.view.conftest import Show
from tests.view.look import Look, difference

PATIENCE = 30_000


def _record(run: Path, *, norm: bool, steps: int, width: int = 6) -> None:
    torch.manual_seed(0)
    layers = [nn.Linear(4, width), nn.BatchNorm1d(width) if norm else nn.Identity(), nn.ReLU(), nn.Linear(width, 3)]
    model = nn.Sequential(*layers)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    x = torch.randn(60, 4, generator=torch.Generator().manual_seed(1))
    y = (x[:, 0] > 0).long() + (x[:, 1] > 0).long()
    with osk.watch(model, optimizer, probes=x[:5], labels=y[:5], run=run, budget=1, every=2) as recorder:
        for _ in range(steps):
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()  # type: ignore[no-untyped-call]  # PyTorch's
            optimizer.step()
            optimizer.zero_grad()
            recorder.log(loss=loss)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four runs: with and without norm, a wider one, and one that cannot be read."""
    runs = tmp_path_factory.mktemp("compared")
    _record(runs / "norm", norm=True, steps=60)
    _record(runs / "plain", norm=False, steps=60)
    _record(runs / "wide", norm=False, steps=20, width=9)
    shutil.copytree(runs / "plain", runs / "broken")
    manifest = runs / "broken/zarr.json"
    manifest.write_text(manifest.read_text().replace('"format":1', '"format":99'))
    return runs


def _step(look: Look, name: str) -> int:
    clock = look.by("compared", name=name).get_by_test_id("compare-clock")
    return int(clock.get_attribute("data-step") or -1)


def _wait_for_step(look: Look, name: str, step: int) -> None:
    clock = look.by("compared", name=name).get_by_test_id("compare-clock")
    expect(clock).to_have_attribute("data-step", str(step), timeout=PATIENCE)


def test_the_scrubber_moves_all_runs_and_the_pictures_differ(show: Show, folder: Path) -> None:
    look = show(folder, view="run=norm&view=compare&with=plain&frame=10")
    _wait_for_step(look, "norm", 20)
    _wait_for_step(look, "plain", 20)
    expect(look.by("difference", name="plain")).to_have_attribute("data-there", "1")
    expect(look.by("compare-scale")).not_to_have_attribute("data-difference", "0", timeout=PATIENCE)
    scale = look.by("compare-scale").get_attribute("data-limit")
    look.settle()
    before = look.picture(look.by("difference", name="plain"))
    look.keep("compare")
    look.press("Home")
    _wait_for_step(look, "plain", 0)
    look.settle()
    assert difference(before, look.picture(look.by("difference", name="plain"))) > 0.01  # at first there was none
    look.press("Shift+ArrowRight")
    _wait_for_step(look, "plain", 20)
    assert look.by("compare-scale").get_attribute("data-limit") == scale
    facts = look.by("facts-differ")
    expect(facts).to_contain_text("BatchNorm1d")
    expect(facts).to_contain_text("1 layer")
    assert "learning rate" not in facts.inner_text()  # it is the same
    expect(look.by("answers")).to_contain_text("learned at step", timeout=PATIENCE)
    expect(look.by("overlay", scalar="loss")).to_be_visible()


def test_each_clock_leads_to_its_own_frame(show: Show, folder: Path) -> None:
    look = show(folder, view="run=plain&view=compare&with=norm")
    _wait_for_step(look, "plain", 60)
    _wait_for_step(look, "norm", 60)
    look.by("by-loss").click()
    expect(look.by("compare-view")).to_have_attribute("data-by", "loss")
    look.page.wait_for_url("**/*by=loss*")
    runs = {name: osk.open_run(folder / name) for name in ("plain", "norm")}
    reached = runs["plain"].scalars["loss"][1:].min()
    expect(look.by("compared", name="norm").get_by_test_id("compare-clock")).not_to_have_attribute(
        "data-step", "60", timeout=PATIENCE
    )
    step = _step(look, "norm")
    losses = runs["norm"].scalars["loss"]
    assert losses[1 : step + 1].min() <= reached * 1.05
    assert losses[1 : step - 1].min() >= reached * 0.95  # and not long before


def test_shapes_that_do_not_match_and_runs_that_do_not_open_say_so(show: Show, folder: Path) -> None:
    look = show(folder, view="run=norm&view=compare&with=wide,broken,gone&frame=0")
    _wait_for_step(look, "wide", 0)
    expect(look.by("difference", name="wide")).to_contain_text("the shapes are 6 × 4 and 9 × 4")
    expect(look.by("compared", name="broken")).to_contain_text("format 99", timeout=PATIENCE)
    expect(look.by("compared", name="gone")).to_contain_text("there is no run 'gone' here")
    look.press("End")
    _wait_for_step(look, "norm", 60)
    _wait_for_step(look, "wide", 20)
    expect(look.by("compared", name="wide")).to_contain_text("it ended before this step")


def test_runs_are_chosen_in_the_view(show: Show, folder: Path) -> None:
    look = show(folder, view="run=norm&view=compare", width=390, height=844)
    expect(look.by("message")).to_contain_text("Choose a run")
    look.by("join").select_option("plain")
    _wait_for_step(look, "plain", 60)
    look.page.wait_for_url("**/*with=plain*")
    look.by("compare-tensor").select_option("weight/3.weight")
    expect(look.by("compare-scale")).to_contain_text("3.weight")
    assert look.page.evaluate("document.documentElement.scrollWidth") == 390
    look.keep("compare-phone")
    look.page.get_by_role("button", name="take plain out").click()
    expect(look.by("message")).to_contain_text("Choose a run")
