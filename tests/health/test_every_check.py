"""Walks the folder of checks: what every one of them must stand and must keep to."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, mse_loss

from onionskin import health, registry
from onionskin.health import History, Series, brief
from onionskin.recording import Note
from onionskin.recording.manifest import STATISTICS, TensorEntry
from tests.health.trainings import Recorded, assert_one_sentence, classify, digits, mlp, record, sgd, tensor

CHECKS = registry.names(health)


@pytest.fixture(params=CHECKS)
def check(request: pytest.FixtureRequest) -> ModuleType:
    """Return each check in turn."""
    return registry.load(health, request.param)


def _name(check: ModuleType) -> str:
    return check.__name__.rpartition(".")[2]


# ---------------------------------------------------------------------- made to last


def test_there_is_one_for_each_trouble() -> None:
    assert CHECKS == [
        "dead_units",
        "exploding_gradients",
        "loss_spike",
        "not_finite",
        "overfitting",
        "still_layer",
        "update_ratio",
        "vanishing_gradients",
    ]


def test_it_says_what_it_is_for(check: ModuleType) -> None:
    assert check.__doc__
    assert len(check.__doc__.splitlines()[0]) > 30
    assert callable(check.check)
    assert check.check.__doc__


def test_it_has_tests_and_a_place_in_the_docs(check: ModuleType) -> None:
    assert (Path(__file__).parent / f"test_{_name(check)}.py").exists()
    page = Path(__file__).parents[2] / "docs" / "health.md"
    assert f"`{_name(check)}`" in page.read_text(encoding="utf-8")


ENTRIES = [
    tensor("conv.weight", "weight", 4, 1, 3, 3),
    tensor("fc1.weight", "weight", 16, 16),
    tensor("fc2.weight", "weight", 16, 16),
    tensor("out.weight", "weight", 16, 16),
    tensor("out.bias", "weight", 16),
    tensor("nothing", "weight", 0, 5),
    tensor("gain", "weight"),
    tensor("conv.weight", "gradient", 4, 1, 3, 3),
    tensor("fc1.weight", "gradient", 16, 16),
    tensor("fc2.weight", "gradient", 16, 16),
    tensor("out.weight", "gradient", 16, 16),
    tensor("out.bias", "gradient", 16),
    tensor("nothing", "gradient", 0, 5),
    tensor("conv", "activation", 8, 4, 6, 6),
    tensor("relu", "activation", 8, 4, 6, 6),
    tensor("fc1", "activation", 8, 16),
    tensor("relu#2", "activation", 8, 16),
    tensor("empty", "activation", 0, 16),
    tensor("scalar", "activation"),
    tensor("one", "activation", 8),
    tensor("fc1.weight/exp_avg", "optimizer", 16, 16),
]


def _history(table: np.ndarray, entries: list[TensorEntry] = ENTRIES, **scalars: list[float]) -> History:
    frames = len(table)
    steps = np.unique(np.concatenate([np.arange(frames), np.arange(frames) ** 2]))[:frames]
    logged = {name: Series(np.arange(len(v)), np.array(v, np.float64)) for name, v in scalars.items()}
    return History(steps, np.arange(frames), entries, table.astype(np.float32), logged)


def _empty(frames: int, entries: list[TensorEntry] = ENTRIES) -> np.ndarray:
    return np.full((frames, len(entries), len(STATISTICS)), np.nan)


def _checked(check: ModuleType, history: History) -> list[Note]:
    notes = list(check.check(history))
    assert len(notes) <= 5
    assert len({note.tensor for note in notes}) == len(notes)
    for note in notes:
        assert isinstance(note, Note)
        assert note.check == _name(check)
        assert_one_sentence(note.sentence)
        assert math.isfinite(note.value)
        assert type(note.value) is float
        assert type(note.step) is int
        assert type(note.frame) is int
        assert -1 <= note.frame < max(1, len(history.steps))
    return notes


def test_nothing_was_recorded_yet(check: ModuleType) -> None:
    assert not _checked(check, _history(_empty(0)))
    assert not _checked(check, _history(_empty(0, []), [], loss=[], val_loss=[], lr=[], time=[]))
    assert not _checked(check, _history(np.zeros((0, 0, 0)), []))


def test_one_frame(check: ModuleType) -> None:
    assert not _checked(check, _history(_empty(1), loss=[1.0], val_loss=[1.0]))
    table = np.full((1, len(ENTRIES), len(STATISTICS)), 0.5)
    table[..., STATISTICS.index("nan")] = table[..., STATISTICS.index("inf")] = 0
    assert not _checked(check, _history(table, loss=[1.0]))


def test_nothing_but_missing_values(check: ModuleType) -> None:
    assert not _checked(check, _history(_empty(60)))


def test_tensors_that_joined_later(check: ModuleType) -> None:
    table = np.full((60, len(ENTRIES), len(STATISTICS)), 0.5)
    table[..., STATISTICS.index("nan")] = table[..., STATISTICS.index("inf")] = 0
    table[..., STATISTICS.index("ratio")] = 1e-3
    table[:40, 3:] = np.nan
    assert not _checked(check, _history(table))


@pytest.mark.parametrize("role", ["weight", "gradient", "activation", "optimizer"])
def test_one_role_alone(check: ModuleType, role: str) -> None:
    entries = [entry for entry in ENTRIES if entry.role == role]
    for value in (0.0, 0.5, 1.0):
        _checked(check, _history(np.full((60, len(entries), len(STATISTICS)), value), entries))


STRANGE = (math.nan, math.inf, -math.inf, 0.0, -0.0, -1.0, 1.0, 0.5, 0.9, 1e-45, 1e-9, 1e-3, 10.0, 3.4e38, -3.4e38)


@pytest.mark.parametrize("seed", range(25))
def test_statistics_from_a_stranger(check: ModuleType, seed: int) -> None:
    rng = np.random.default_rng(seed)
    # Some seeds with many strange values, some with few, so that both the guards and what lies behind them are met.
    strange = rng.choice(
        STRANGE, p=(weights := rng.random(len(STRANGE)) ** 4) / weights.sum(), size=(60, len(ENTRIES), 11)
    )
    table = np.where(rng.random(strange.shape) < rng.random(), strange, np.abs(rng.standard_normal(strange.shape)))
    losses = {
        name: rng.choice([*STRANGE, 0.3, 0.4], 400).tolist() for name in ("loss", "val_loss", "lr", "lr/1", "time")
    }
    chosen = {name: values for name, values in losses.items() if rng.random() < 0.7}
    _checked(check, _history(table, **chosen))


def test_long_runs_of_strange_statistics(check: ModuleType) -> None:
    for value in STRANGE:
        table = np.full((60, len(ENTRIES), len(STATISTICS)), value)
        _checked(check, _history(table, loss=[value] * 300, val_loss=[value] * 300, lr=[value] * 300))
        table[::2] = 0.5
        _checked(check, _history(table, loss=[value, 0.5] * 150, val_loss=[value, 0.5] * 150))


# ---------------------------------------------------------------------- healthy trainings, on which none says a word


def _steps(
    model: nn.Module, optimizer: torch.optim.Optimizer, steps: int, loss: Callable[[], Tensor]
) -> Iterator[dict[str, Tensor]]:
    for _ in range(steps):
        value = loss()
        optimizer.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        yield {"loss": value.detach()}


def _rows(count: int = 32) -> Tensor:
    return torch.randint(0, 1400, (count,))


def _perceptron(path: Path) -> Recorded:
    model = mlp(64, 48, 48, 10)
    return classify(path, model, sgd(model, 0.1, momentum=0.9, weight_decay=5e-4), steps=400, look_every=25)


def _convolutions(path: Path) -> Recorded:
    model = nn.Sequential(
        *(nn.Conv2d(1, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(inplace=True), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(inplace=True), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Dropout(0.3), nn.Linear(128, 10)),
    )
    return classify(path, model, sgd(model, 0.05, momentum=0.9), steps=150, shape=(1, 8, 8), look_every=15)


def _recurrent(path: Path) -> Recorded:
    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm, self.head = nn.LSTM(8, 32, num_layers=2, batch_first=True), nn.Linear(32, 10)

        def forward(self, x: Tensor) -> Tensor:
            logits: Tensor = self.head(self.lstm(x)[0][:, -1])
            return logits

    model = Reader()
    return classify(path, model, torch.optim.Adam(model.parameters(), 3e-3), steps=150, shape=(8, 8))


def _transformer(path: Path) -> Recorded:
    class Reader(nn.Module):
        """Predicts the next of a row's 16 shades."""

        def __init__(self) -> None:
            super().__init__()
            self.tokens, self.places = nn.Embedding(17, 32), nn.Embedding(63, 32)
            layer = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.1, batch_first=True, norm_first=True)
            self.blocks = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
            self.head = nn.Linear(32, 17, bias=False)
            self.head.weight = self.tokens.weight

        def forward(self, x: Tensor) -> Tensor:
            mask = torch.full((63, 63), -math.inf).triu(1)
            logits: Tensor = self.head(self.blocks(self.tokens(x) + self.places.weight, mask=mask))
            return logits

    model = Reader()
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3)
    x = (digits()[0] * 16).long()

    def loss() -> Tensor:
        rows = x[_rows(16)]
        return cross_entropy(model(rows[:, :-1]).flatten(0, 1), rows[:, 1:].flatten())

    return record(path, model, optimizer, _steps(model, optimizer, 100, loss), probes=x[:4, :-1])


def _autoencoder(path: Path) -> Recorded:
    model = mlp(64, 32, 4, 32, 64)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)

    def loss() -> Tensor:
        x = digits()[0][_rows()]
        return mse_loss(model(x), x)

    return record(path, model, optimizer, _steps(model, optimizer, 300, loss), probes=digits()[0][:16])


def _gan(path: Path) -> Recorded:
    maker = nn.Sequential(nn.Linear(16, 48), nn.ReLU(), nn.Linear(48, 64), nn.Sigmoid())
    critic = nn.Sequential(nn.Linear(64, 48), nn.LeakyReLU(0.2), nn.Linear(48, 1))
    two = [torch.optim.Adam(model.parameters(), 2e-4, betas=(0.5, 0.999)) for model in (maker, critic)]

    def train() -> Iterator[dict[str, Tensor]]:
        for _ in range(300):
            real, made = digits()[0][_rows()], maker(torch.randn(32, 16))
            losses = []
            for optimizer, parts in (
                (two[1], ((real, 1.0), (made.detach(), 0.0))),
                (two[0], ((made, 1.0),)),
            ):
                loss = sum(binary_cross_entropy_with_logits(critic(x), torch.full((32, 1), y)) for x, y in parts)
                assert isinstance(loss, Tensor)
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                losses.append(loss.detach())
            yield {"critic_loss": losses[0], "maker_loss": losses[1]}

    models = {"maker": maker, "critic": critic}
    return record(path, models, two, train(), probes={"maker": torch.randn(8, 16), "critic": digits()[0][:8]})


@pytest.mark.parametrize("training", [_perceptron, _convolutions, _recurrent, _transformer, _autoencoder, _gan])
def test_healthy_trainings(training: Callable[[Path], Recorded], tmp_path: Path) -> None:
    torch.manual_seed(0)
    recorded = training(tmp_path / "run")
    recorded.assert_silent()
    assert len(recorded.history.steps) > 50  # the checks had enough to look at


def test_what_was_noticed_is_in_the_order_of_the_steps(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = mlp(64, 48, 48, 10)
    recorded = classify(tmp_path / "run", model, sgd(model, 30.0), steps=60)
    assert len(recorded.notes) >= 2
    for notes in (recorded.live, recorded.notes):
        assert [note.step for note in notes] == sorted(note.step for note in notes)


def test_numbers_in_words() -> None:
    said = {0.0: "0", 0.9: "0.9", 5e-7: "5e-7", 2.34e-5: "2.3e-5", 0.0012: "0.0012", 3.14: "3.1", 17: "17"}
    said |= {48210: "48,210", 2.2e16: "2.2e16", -1.5: "-1.5", 1e6: "1e6", 99.7: "100", 1: "1"}
    assert {value: brief(value) for value in said} == said
