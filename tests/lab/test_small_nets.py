"""The shared parts of the questions that train: update rules, stacks of networks, pictures that move."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

import onionskin as osk
from onionskin.lab.questions import _map, _parts, batch, data_size, double_descent, label_noise, learning_rate
from onionskin.lab.questions._lesson import accuracy, lesson, logits
from onionskin.lab.questions._mixup import mixup
from onionskin.lab.questions._stack import Stack
from onionskin.lab.questions._update_rules import RULES, Memory
from onionskin.lab.questions._verdict import all_of, within
from onionskin.lab.statistics import Interval

ONES: dict[str, tuple[Any, dict[str, Any]]] = {
    "SGD": (torch.optim.SGD, {}),
    "momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "Nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    "RMSprop": (torch.optim.RMSprop, {}),
    "Adam": (torch.optim.Adam, {}),
    "AdamW": (torch.optim.AdamW, {}),
}


@pytest.mark.parametrize("name", ONES)
def test_a_rule_is_what_pytorch_does(name: str) -> None:
    torch.manual_seed(0)
    theirs = nn.Parameter(torch.randn(5, 4))
    ours, memory = theirs.detach(), Memory()
    kind, settings = ONES[name]
    optimizer = kind([theirs], lr=0.01, **settings)
    for step in range(1, 21):
        theirs.grad = torch.randn(5, 4)
        ours = ours - 0.01 * RULES[name](ours, theirs.grad, memory, step)
        optimizer.step()
    torch.testing.assert_close(ours, theirs.detach())


def test_lion_steps_by_the_sign_alone() -> None:
    weight, memory = torch.zeros(3), Memory()
    step = RULES["Lion"](weight, torch.tensor([1e-6, -5.0, 0.0]), memory, 1)
    assert step.tolist() == [1.0, -1.0, 0.0]


@pytest.mark.parametrize("hidden", [0, 7])
def test_a_stack_trains_as_single_networks_would(hidden: int) -> None:
    torch.manual_seed(1)
    rates = [0.1, 1.0]
    stack = Stack(rates, 6, hidden, 3)
    sizes = [6, hidden, 3] if hidden else [6, 3]
    x, y = torch.randn(20, 6), torch.randint(3, (20,))
    single = []
    for r in range(len(rates)):
        layers = [nn.Linear(a, b) for a, b in itertools.pairwise(sizes)]
        with torch.no_grad():
            for layer, w, b in zip(layers, stack.weights[::2], stack.weights[1::2], strict=True):
                layer.weight.copy_(w[r].T)
                layer.bias.copy_(b[r, 0])
        single.append(nn.Sequential(layers[0], nn.ReLU(), layers[1]) if hidden else nn.Sequential(layers[0]))
    for _ in range(10):
        stack.step(x, y)
        for net, rate in zip(single, rates, strict=True):
            gradients = torch.autograd.grad(cross_entropy(net(x), y), list(net.parameters()))
            with torch.no_grad():
                for weight, gradient in zip(net.parameters(), gradients, strict=True):
                    weight.sub_(rate * gradient)
    losses = torch.stack([cross_entropy(net(x), y) for net in single]).detach()
    torch.testing.assert_close(stack.tested(x, y)[0], losses, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("hidden", [0, 7])
def test_one_network_of_a_stack_is_recorded_as_it_is_trained(hidden: int, tmp_path: Path) -> None:
    x, y = torch.randn(20, 6), torch.randint(3, (20,))
    torch.manual_seed(3)
    seen = Stack([0.1, 0.5, 1.0], 6, hidden, 3)
    torch.manual_seed(3)
    unseen = Stack([0.1, 0.5, 1.0], 6, hidden, 3)
    with seen.recorded(tmp_path / "run", x[:4], y[:4]):
        for _ in range(10):
            seen.step(x, y)
            unseen.step(x, y)
    torch.testing.assert_close(seen.weights, unseen.weights, rtol=0, atol=0)
    run = osk.open_run(tmp_path / "run")
    assert run.status.state == "closed"
    assert run.frames[-1].step == 10
    assert np.isfinite(run.scalars["loss"]).sum() == 10
    seen.step(x, y)  # after the end nothing more is recorded
    assert osk.open_run(tmp_path / "run").frames[-1].step == 10


def test_a_network_that_diverges_does_so_alone() -> None:
    torch.manual_seed(2)
    alone = Stack([0.1], 6, 7, 3)
    torch.manual_seed(2)
    beside = Stack([0.1, 1e30], 6, 7, 3)
    x, y = torch.randn(20, 6), torch.randint(3, (20,))
    for _ in range(20):
        alone.step(x, y)
        beside.step(x, y)
    loss, right = beside.tested(x, y)
    torch.testing.assert_close(loss[0], alone.tested(x, y)[0][0])
    assert torch.isinf(loss[1]) or loss[1] > 1e3
    assert right[0] > right[1] or loss[0] < loss[1]


def test_parts_do_not_overlap_and_small_ones_are_within_large_ones() -> None:
    small = _parts.parts("digits", 3, train=100, held=50, test=80)
    large = _parts.parts("digits", 3, train=400, held=50, test=80)
    torch.testing.assert_close(small.x, large.x[:100])
    rows = torch.cat([large.x, large.held_x, large.test_x]).flatten(1)
    assert (
        len({tuple(row) for row in _parts.everything("digits")[0].flatten(1).tolist()}) == 1797
    )  # none is there twice:
    assert len({tuple(row) for row in rows.tolist()}) == 530  # an overlap would show
    assert not torch.equal(small.x, _parts.parts("digits", 4, train=100, held=50, test=80).x)


def test_pictures_move_the_way_they_are_told() -> None:
    x = torch.zeros(1, 1, 9, 9)
    x[0, 0, 4, 6] = 1.0  # two to the right of the middle
    assert (_parts.moved(x, right=1)[0, 0] > 0.9).nonzero().tolist() == [[4, 7]]
    assert (_parts.moved(x, down=2)[0, 0] > 0.9).nonzero().tolist() == [[6, 6]]
    turned = (_parts.moved(x, degrees=90)[0, 0] > 0.9).nonzero().tolist()
    assert turned in ([[2, 4]], [[6, 4]])
    assert _parts.moved(x, zoom=2.0)[0, 0, 4, 8] > 0.2


def test_shifted_pictures_are_elsewhere_and_keep_their_pixels() -> None:
    x = torch.zeros(50, 1, 9, 9)
    x[:, 0, 4, 4] = 1.0
    seen = _parts.shifted(x, 3, torch.Generator().manual_seed(0))
    where = seen[:, 0].flatten(1).argmax(1)
    assert seen.sum() == 50
    assert (where != 4 * 9 + 4).all()
    assert len(set(where.tolist())) > 10


def test_the_shortest_of_all_solutions_is_found_and_folds_are_what_they_would_be() -> None:
    torch.manual_seed(3)
    f, y = torch.randn(20, 50, dtype=torch.float64), torch.randint(10, (20,))
    wanted = torch.nn.functional.one_hot(y, 10).double() - 0.1
    layer = double_descent.solved(f, wanted, 0.0)
    torch.testing.assert_close(f @ layer, wanted)
    torch.testing.assert_close(layer, torch.linalg.pinv(f) @ wanted)
    wrong = 0
    for rows in torch.split(torch.arange(20), 4):
        rest = torch.tensor([i for i in range(20) if i not in rows])
        said = f[rows] @ double_descent.solved(f[rest], wanted[rest], 3.0)
        wrong += int((said.argmax(1) != y[rows]).sum())
    assert double_descent._cross_validated(f, wanted, y, 3.0) == wrong / 20


def test_so_many_labels_are_wrong_and_no_others() -> None:
    y = torch.arange(1000) % 10
    wrong = double_descent.mislabelled(y, 0.2, seed=5)
    assert int((wrong != y).sum()) == 200
    assert torch.equal(wrong, double_descent.mislabelled(y, 0.2, seed=5))


def test_a_power_law_with_a_floor_is_found_again() -> None:
    n = np.array([25.0, 100, 400, 1600, 6400])
    law = data_size.fitted(n, 3.0 * n**-0.7 + 0.01)
    assert abs(law.b - 0.7) < 0.05
    assert abs(law.c - 0.01) < 0.003
    assert abs(law.at(51_200) - (3.0 * 51_200**-0.7 + 0.01)) < 0.002


def test_the_noise_scale_is_that_of_single_gradients() -> None:
    torch.manual_seed(4)
    stack, x, y = Stack([0.1], 5, 4, 3), torch.randn(9, 5), torch.randint(3, (9,))
    each = []
    for i in range(9):
        gradients = torch.autograd.grad(stack.losses(x[i : i + 1], y[i : i + 1]).sum(), stack.weights)
        each.append(torch.cat([g.flatten() for g in gradients]))
    rows = torch.stack(each)
    spread, length = _map.noise_scale(stack, x, y)
    assert abs(length - float((rows.mean(0) ** 2).sum())) < 1e-5
    assert abs(spread - float(rows.var(0, unbiased=False).sum())) < 1e-4


def test_the_sharpest_direction_is_the_largest_eigenvalue() -> None:
    matrix = torch.diag(torch.tensor([1.0, 9.0, 3.0]))
    w = torch.zeros(3, requires_grad=True)
    value, _ = learning_rate.sharpest(w @ matrix @ w / 2, [w], [torch.ones(3)], times=30)
    assert abs(value - 9.0) < 1e-4


def test_the_critical_batch_size_is_found_again() -> None:
    batches = np.array([4.0, 16, 64, 256])
    critical, least = batch.curve(batches, 20 * (1 + 50 / batches))
    assert abs(critical - 50) < 0.1
    assert abs(least - 20) < 0.1


def test_a_claim_is_open_where_its_interval_reaches_over_an_end() -> None:
    assert within(Interval(2.0, 1.0, 3.0, 5), 0.5, 4) is True
    assert within(Interval(2.0, 1.0, 3.0, 5), 3.5) is False
    assert within(Interval(2.0, 1.0, 3.0, 5), 1.5) is None
    assert within(Interval(2.0, -np.inf, np.inf, 1), 0) is None
    assert all_of(True, None) is None
    assert all_of(False, None) is False
    assert all_of() is None
    assert all_of(True, True) is True


def test_a_lesson_is_the_same_recorded_or_not(tmp_path: Path) -> None:
    digits = _parts.parts("digits", 0, train=200, held=0, test=200)
    x, test_x = digits.x.flatten(1), digits.test_x.flatten(1)
    said = []
    for run in (None, tmp_path / "run"):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
        lesson(model, x, digits.y, steps=60, rate=0.01, change=mixup, run=run)
        said.append(logits(model, test_x))
        assert accuracy(model, test_x, digits.test_y) > 0.7
    assert torch.equal(*said)
    assert (tmp_path / "run" / "zarr.json").is_file()


def test_mixed_labels_are_shares_of_two_classes() -> None:
    torch.manual_seed(6)
    x, y = torch.eye(10), torch.arange(10)
    mixed, labels = mixup(x, y, torch.Generator().manual_seed(0))
    torch.testing.assert_close(labels.sum(1), torch.ones(10))
    torch.testing.assert_close(mixed, labels)  # of pictures that are their own labels


def test_most_planted_wrong_labels_are_suspected() -> None:
    digits = _parts.parts("digits", 0, train=400, held=0, test=0)
    wrong = double_descent.mislabelled(digits.y, 0.1, seed=0)
    found = label_noise.suspected(digits.x.flatten(1), wrong, seed=0)
    assert float(found[wrong != digits.y].float().mean()) > 0.7
    assert float(found[wrong == digits.y].float().mean()) < 0.1
