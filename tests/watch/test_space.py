"""The input space: the maps are what the model itself answers, bounded, optional, and never felt by the training."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import zarr
from torch import Tensor, nn

import onionskin as osk
from onionskin.errors import OnionskinError, OnionskinWarning
from onionskin.watch.space import MOST_OUTPUTS, MOST_UNITS_A_LAYER


def _train(model: nn.Module, run: Path, *, steps: int = 4, width: int = 2, **options: Any) -> osk.Run:
    torch.manual_seed(0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    x = torch.randn(40, width) * torch.tensor([1.0, *[1.5] * (width - 1)])
    with osk.watch(model, optimizer, probes=x, run=run, budget=1, every=1, **options):
        for _ in range(steps):
            model(x).float().square().mean().backward()
            optimizer.step()
            optimizer.zero_grad()
    return osk.open_run(run)


def _small() -> nn.Sequential:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(2, 40), nn.Tanh(), nn.BatchNorm1d(40), nn.Linear(40, 6), nn.ReLU(), nn.Linear(6, 3))


def _grid(run: osk.Run, node: str) -> Tensor:
    assert run.space is not None
    first, second = run.space.axes(node)
    return torch.from_numpy(np.stack(np.meshgrid(first, second), axis=-1).reshape(-1, 2)).float()


def test_maps_are_what_the_model_answers(tmp_path: Path) -> None:
    run = _train(_small(), tmp_path / "run")
    assert run.space is not None
    assert [layer.node for layer in run.space.entry.layers] == ["2", "4", "output"]
    for frame in (0, 2, -1):
        model = _small().eval()
        model.load_state_dict(run.weights(frame))
        for layer, depth in zip(run.space.entry.layers, (3, 5, 6), strict=True):
            maps = run.space.maps(layer.node, frame)
            assert maps is not None
            with torch.no_grad():
                wanted = model[:depth](_grid(run, layer.node))[:, list(layer.chosen)]
            wanted = wanted.T.reshape(maps.shape).numpy()
            np.testing.assert_allclose(maps, wanted, atol=float(np.abs(wanted).max()) / 60_000 + 1e-5)


def test_the_grid_reaches_beyond_the_probes(tmp_path: Path) -> None:
    run = _train(_small(), tmp_path / "run")
    assert run.space is not None
    (probes,), entry = run.probes.inputs(), run.space.entry
    assert all(entry.low[axis] < probes[:, axis].min() for axis in (0, 1))
    assert all(entry.high[axis] > probes[:, axis].max() for axis in (0, 1))
    spans = np.subtract(entry.high, entry.low)
    assert spans[0] == pytest.approx(spans[1])  # of one kind: square


def test_of_many_units_an_even_choice_is_kept(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(2, 100), nn.ReLU(), nn.Linear(100, 70))
    run = _train(model, tmp_path / "run")
    assert run.space is not None
    hidden, output = run.space.entry.layers
    assert (hidden.units, len(hidden.chosen)) == (100, MOST_UNITS_A_LAYER)
    assert (output.units, len(output.chosen)) == (70, MOST_OUTPUTS)
    assert (hidden.chosen[0], hidden.chosen[-1]) == (0, 99)


def test_watched_is_unwatched(tmp_path: Path) -> None:
    """Bit for bit, with what a grid could disturb: batch statistics, dropout, and a state that counts."""

    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 2))
            self.seen: Tensor
            self.register_buffer("seen", torch.zeros((), dtype=torch.long))
            self.noise = 0.0

        def forward(self, x: Tensor) -> Tensor:
            self.seen.add_(len(x))
            self.noise += float(torch.rand(()))
            out: Tensor = self.inner(x)
            return out + self.noise * 1e-3

    def train(run: Path | None) -> list[Tensor]:
        torch.manual_seed(5)
        model = Counting()
        optimizer = torch.optim.Adam(model.parameters())
        probes = torch.linspace(-1, 1, 20).reshape(10, 2)
        recorder = osk.watch(model, optimizer, probes=probes, run=run, budget=1, every=1) if run else None
        seen = []
        for _ in range(5):
            loss = model(torch.randn(16, 2)).square().mean()
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            seen.append(loss.detach())
        if recorder:
            recorder.close()
        return [*seen, *model.state_dict().values(), torch.tensor(model.noise), torch.get_rng_state()]

    assert all(torch.equal(a, b) for a, b in zip(train(None), train(tmp_path / "run"), strict=True))
    assert osk.open_run(tmp_path / "run").space is not None


@pytest.mark.parametrize("options", [{"space": False}, {"width": 3}])
def test_it_is_left_out(options: dict[str, Any], tmp_path: Path) -> None:
    width = options.get("width", 2)
    run = _train(nn.Sequential(nn.Linear(width, 4), nn.Tanh()), tmp_path / "run", **options)
    assert run.space is None
    assert not (tmp_path / "run" / "space").exists()
    assert not run.warnings


def test_a_model_that_takes_its_probes_alone(tmp_path: Path) -> None:
    """One that refuses other batches is recorded without its input space, and says so."""

    class Picky(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            if len(x) != 40:
                raise ValueError("forty, please")
            return super().forward(x)

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", OnionskinWarning)
        run = _train(Picky(2, 3), tmp_path / "run")
    assert run.space is None
    assert any("the input space is not recorded" in str(w.message) for w in said)
    assert run.probes.outputs(-1)[0].shape == (40, 3)
    assert len(run.frames) == 5


def test_a_large_model_has_a_coarse_grid_or_none(tmp_path: Path) -> None:
    wide = _train(nn.Sequential(nn.Linear(2, 300), nn.ReLU(), nn.Linear(300, 300)), tmp_path / "wide", steps=1)
    assert wide.space is not None
    assert wide.space.entry.side == 33
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OnionskinWarning)
        huge = _train(nn.Sequential(nn.Linear(2, 1000), nn.ReLU(), nn.Linear(1000, 1000)), tmp_path / "huge", steps=1)
    assert huge.space is None
    assert "1,004,000 parameters" in huge.warnings[0].what


def test_not_finite_answers_stay_what_they_are(tmp_path: Path) -> None:
    class Root(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x).log()

    run = _train(Root(2, 1), tmp_path / "run", steps=0)
    assert run.space is not None
    maps = run.space.maps("output", 0)
    assert maps is not None
    assert np.isnan(maps).any()
    assert np.isfinite(maps).any()


def test_stock_zarr_reads_it(tmp_path: Path) -> None:
    run = _train(_small(), tmp_path / "run")
    assert run.space is not None
    group: Any = zarr.open_group(tmp_path / "run", mode="r")
    codes, scales = group["space/maps"][:], group["space/scales"][:]
    assert codes.shape == (5, sum(run.space.entry.counts))
    last = run.space.maps("output", -1)
    assert last is not None
    layer = run.space.entry.layers[-1]
    found = codes[-1, layer.offset :].reshape(3, -1) * scales[-1, -3:, None].astype(np.float64)
    np.testing.assert_array_equal(found.astype(np.float32), last.reshape(3, -1))


def test_an_unknown_layer_is_named(tmp_path: Path) -> None:
    run = _train(_small(), tmp_path / "run", steps=1)
    assert run.space is not None
    with pytest.raises(OnionskinError, match="no 'ouptut'"):
        run.space.maps("ouptut", 0)
