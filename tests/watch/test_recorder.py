"""The recorder as users use it: several optimizers, steps of one's own, tensors chosen, tensors that join later."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import onionskin as osk


def _step(model: nn.Module, optimizer: torch.optim.Optimizer, *, width: int = 4) -> torch.Tensor:
    loss: torch.Tensor = model(torch.randn(6, width)).square().mean()
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return loss


def test_two_optimizers_make_one_step_a_round(tmp_path: Path) -> None:
    """As in a GAN, where the critic steps three times for each step of the generator."""
    torch.manual_seed(0)
    g, d = nn.Linear(2, 2), nn.Linear(2, 1)
    og, od = torch.optim.SGD(g.parameters(), lr=0.1), torch.optim.Adam(d.parameters(), lr=0.2)
    critic_gradients = []
    with osk.watch({"g": g, "d": d}, [od, og], run=tmp_path / "run", budget=1, every=1) as run:
        for _ in range(3):
            for _ in range(3):
                od.zero_grad()
                d(g(torch.randn(4, 2)).detach()).mean().backward()
                assert d.weight.grad is not None
                critic_gradients.append(d.weight.grad.clone())
                od.step()
            og.zero_grad()
            d(g(torch.randn(4, 2))).mean().backward()
            og.step()
            run.log(g_loss=1.0)
    recorded = osk.open_run(tmp_path / "run")
    assert [frame.step for frame in recorded.frames] == list(range(10))
    # rounds: critic · critic · critic and generator · critic · …
    assert np.flatnonzero(~np.isnan(recorded.scalars["g_loss"])).tolist() == [3, 6, 9]
    picture = recorded.tensors["gradient/d.weight"].picture(3)
    assert picture is not None  # the critic's own gradient, though the generator's backward went over it afterwards
    np.testing.assert_allclose(picture, critic_gradients[2].numpy(), rtol=1e-3)
    assert recorded.tensors["gradient/g.weight"].picture(2) is None
    assert recorded.tensors["gradient/g.weight"].picture(3) is not None
    assert (recorded.scalars["lr"][1], recorded.scalars["lr/1"][3]) == (0.2, 0.1)


def test_steps_of_ones_own(tmp_path: Path) -> None:
    model = nn.Linear(4, 2)
    run = osk.watch(model, run=tmp_path / "run", budget=1, every=2).start()
    for _ in range(5):
        model(torch.randn(3, 4)).sum().backward()
        with torch.no_grad():
            for p in model.parameters():
                assert p.grad is not None
                p.sub_(0.1 * p.grad)
        run.step()
        run.log(loss=1.0)
    run.close()
    run.close()
    recorded = osk.open_run(tmp_path / "run")
    assert [frame.step for frame in recorded.frames] == [0, 2, 4, 5]
    assert recorded.tensors["weight/weight"].statistic("ratio")[1] > 0


def test_roles_and_names_are_chosen(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 2))
    optimizer = torch.optim.Adam(model.parameters())
    roles = ["weight", "optimizer"]
    with osk.watch(model, optimizer, probes=torch.randn(2, 4), only="2.*", roles=roles, run=tmp_path / "run", budget=1):
        for _ in range(3):
            _step(model, optimizer)
    run = osk.open_run(tmp_path / "run")
    assert set(run.tensors) == {
        "weight/2.weight",
        "weight/2.bias",
        "optimizer/2.weight/exp_avg",
        "optimizer/2.weight/exp_avg_sq",
        "optimizer/2.bias/exp_avg",
        "optimizer/2.bias/exp_avg_sq",
    }
    average = run.tensors["optimizer/2.weight/exp_avg"]
    assert average.picture(0) is None  # before the first step there was none
    picture = average.picture(-1)
    assert picture is not None
    state = optimizer.state[model.get_parameter("2.weight")]["exp_avg"]
    np.testing.assert_allclose(picture, state.numpy(), atol=float(state.abs().max()) / 65_000)


def test_parameters_that_join_later(tmp_path: Path) -> None:
    """A new head in the middle of a training, and one of another shape in its place."""
    model = nn.Sequential(nn.Linear(4, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with osk.watch(model, optimizer, run=tmp_path / "run", budget=1, every=1):
        _step(model, optimizer)
        model.append(nn.Linear(3, 2))
        optimizer.add_param_group({"params": list(model[1].parameters())})
        _step(model, optimizer)
        model[1] = nn.Linear(3, 7)
        optimizer.add_param_group({"params": list(model[1].parameters())})
        _step(model, optimizer)
    run = osk.open_run(tmp_path / "run")
    assert run.tensors["weight/1.weight"].picture(1) is None
    assert run.tensors["weight/1.weight"].picture(2) is not None
    assert run.tensors["weight/1.weight"].picture(3) is None
    assert run.tensors["weight/1.weight#2"].entry.shape == (7, 3)
    picture = run.tensors["weight/1.weight#2"].picture(3)
    assert picture is not None
    np.testing.assert_allclose(picture, model.get_parameter("1.weight").detach().numpy(), atol=1e-4)
    assert run.tensors["weight/0.weight"].picture(0) is not None
    assert run.manifest.model.parameters == 15 + 28


def test_exact_weights_follow_tensors_that_join(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(4, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with osk.watch(model, optimizer, run=tmp_path / "run", budget=1, every=1):
        _step(model, optimizer)
        model.append(nn.Linear(3, 2))
        optimizer.add_param_group({"params": list(model[1].parameters())})
        _step(model, optimizer)
    state = osk.open_run(tmp_path / "run").weights(-1)
    assert all(torch.equal(state[name], value) for name, value in model.state_dict().items())


def test_a_large_model_keeps_no_exact_weights(tmp_path: Path) -> None:
    with osk.watch(nn.Linear(400, 300), run=tmp_path / "run") as recorder:
        recorder.step()
    run = osk.open_run(tmp_path / "run")
    with pytest.raises(osk.OnionskinError, match="its model has 120,300 parameters"):
        run.weights(0)


def test_values_logged_on_the_way_to_the_cpu(tmp_path: Path) -> None:
    """Scalars of a step land in the row of that step, whenever they are handed over."""
    model = nn.Linear(4, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 10, gamma=0.5)
    losses = []
    with osk.watch(model, optimizer, run=tmp_path / "run") as run:
        run.log(accuracy=0.1)
        for step in range(3000):
            loss = _step(model, optimizer)
            run.log(loss=loss, step_twice=2 * step)
            losses.append(loss.item())
            schedule.step()
    recorded = osk.open_run(tmp_path / "run")
    np.testing.assert_array_equal(recorded.scalars["loss"][1:], losses)
    np.testing.assert_array_equal(recorded.scalars["step_twice"][1:], 2 * np.arange(3000))
    np.testing.assert_allclose(recorded.scalars["lr"][1:], 0.1 * 0.5 ** (np.arange(3000) // 10))
    assert (np.diff(recorded.scalars["time"][1:]) > 0).all()
    assert recorded.scalars["accuracy"][0] == 0.1


def test_a_forked_child_records_nothing(tmp_path: Path) -> None:
    """A DataLoader's worker has a copy of the recorder: its steps and its exit are not the training's."""
    model = nn.Linear(4, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    run = osk.watch(model, optimizer, run=tmp_path / "run", budget=1, every=1)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            _step(model, optimizer)
            run.log(loss=1.0)
            run.step()
            run.close()
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    _step(model, optimizer)
    run.close()
    assert [frame.step for frame in osk.open_run(tmp_path / "run").frames] == [0, 1]


def test_frozen_parameters_have_weights_and_no_gradients(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2))
    model[0].requires_grad_(False)
    optimizer = torch.optim.SGD(model[1].parameters(), lr=0.1)
    with osk.watch(model, optimizer, run=tmp_path / "run", budget=1, every=1):
        _step(model, optimizer)
        model[0].requires_grad_(True)  # thawed later, as in fine-tuning
        _step(model, optimizer)
    run = osk.open_run(tmp_path / "run")
    assert run.tensors["gradient/0.weight"].picture(1) is None
    assert run.tensors["gradient/0.weight"].picture(2) is not None
    assert run.tensors["weight/0.weight"].picture(0) is not None
    assert run.manifest.model.trainable == 10


def test_the_room_and_the_function_are_one_name() -> None:
    import onionskin.watch

    assert callable(osk.watch)
    assert callable(onionskin.watch)
