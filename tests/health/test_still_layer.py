"""A layer that does not move although it is trained."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR

from tests.health.trainings import classify, mlp, record


def test_a_layer_that_the_optimizer_does_not_know(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, 32, 32, 10)
    known = [p for name, p in model.named_parameters() if not name.startswith("2.")]
    recorded = classify(tmp_path / "run", model, torch.optim.Adam(known, 1e-3), steps=60)
    (note,) = recorded.says("still_layer")
    assert (note.tensor, note.value) == ("weight/2.weight", 0)
    assert "2.weight has not moved since the start" in note.sentence
    assert [n.check for n in recorded.notes] == ["still_layer"]


def test_a_layer_that_stops_is_dated(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, 32, 32, 10)
    groups = [{"params": list(model.get_submodule(name).parameters())} for name in ("0", "2", "4")]
    optimizer = torch.optim.SGD(groups, 0.1)
    LambdaLR(optimizer, lambda step: 1.0)
    torch.manual_seed(0)

    def train() -> Iterator[dict[str, Tensor]]:
        for step in range(1, 200):
            optimizer.param_groups[1]["lr"] = 0.1 if step < 100 else 1e-7
            x = torch.randn(32, 64)
            loss = (model(x) - x[:, :10]).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            yield {"loss": loss.detach()}

    (note,) = record(tmp_path / "run", model, optimizer, train(), probes=torch.randn(8, 64), every=2).says(
        "still_layer"
    )
    assert (note.tensor, note.step) == ("weight/2.weight", 100)
    assert 0 < note.value < 1e-7
    assert "since step 100" in note.sentence


def test_frozen_layers_may_stand_still(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, 32, 32, 10)
    model.get_submodule("2").requires_grad_(False)
    trained = [p for p in model.parameters() if p.requires_grad]
    classify(tmp_path / "run", model, torch.optim.Adam(trained, 1e-3), steps=60).assert_silent()


def test_training_the_head_alone_is_meant(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, 32, 32, 32, 10)
    classify(
        tmp_path / "run", model, torch.optim.Adam(model.get_submodule("6").parameters(), 1e-3), steps=60
    ).assert_silent()


class _Taste(nn.Module):
    """Two tables of 20,000 and 500 rows, of which a step uses 32."""

    def __init__(self) -> None:
        super().__init__()
        self.user, self.film, self.out = nn.Embedding(20_000, 8), nn.Embedding(500, 8), nn.Linear(8, 1)

    def forward(self, user: Tensor, film: Tensor) -> Tensor:
        rating: Tensor = self.out(self.user(user) * self.film(film))[:, 0]
        return rating


def test_rows_of_an_embedding_wait_for_their_turn(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = _Taste()
    optimizer = torch.optim.SGD(model.parameters(), 0.05)

    def train() -> Iterator[dict[str, Tensor]]:
        for _ in range(80):
            user, film = torch.randint(0, 20_000, (32,)), torch.randint(0, 500, (32,))
            loss = (model(user, film) - (film % 5) / 5).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            yield {"loss": loss.detach()}

    recorded = record(tmp_path / "run", model, optimizer, train(), probes=(torch.arange(8), torch.arange(8)))
    user = next(i for i, entry in recorded.history.of_role("weight") if entry.name == "user.weight")
    assert (recorded.history.statistic("ratio", user)[1:] < 1e-6).mean() > 0.5  # the test is of something
    recorded.assert_silent()


def test_a_training_that_has_converged(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, 32, 32, 10)
    optimizer = torch.optim.SGD(model.parameters(), 0.2, momentum=0.9)
    classify(tmp_path / "run", model, optimizer, steps=600, rate=lambda step: max(0.0, 1 - step / 500)).assert_silent()
