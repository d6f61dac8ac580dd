"""Optimizers with clipping and schedules, as every level writes them: the same curve as PyTorch's classes give."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import onionskin as osk
from onionskin.errors import OnionskinError

RECIPES = [
    ("rmsprop:lr=0.0078125,momentum=0.5,centered=True", "clip_norm:max_norm=0.125", "cosine:T_max=10,eta_min=0.001"),
    ("adagrad:lr=0.125,lr_decay=0.5", "clip_value:clip_value=0.0625", "warmup_cosine:warmup=3,total=12,floor=0.125"),
    ("adamax", None, "one_cycle:max_lr=0.25,total_steps=40"),
    ("sgd:lr=0.125,momentum=0.5,nesterov=True", "clip_norm:max_norm=0.5,norm_type=1.0", "step_decay:step_size=3"),
    ("adamw:lr=0.0078125,amsgrad=True", None, "ramp:start_factor=0.5"),
    ("adam", None, "polynomial:total_iters=30"),
    ("sgd:lr=0.125,weight_decay=0.25", None, "cosine_restarts:T_0=3,T_mult=2"),
    ("sgd:lr=0.125", None, "multistep:milestones=(2, 4)"),
    ("sgd:lr=0.125", None, "constant:total_iters=2"),
    ("sgd:lr=0.125", "clip_norm:max_norm=0.125", "exponential:gamma=0.5"),
]


def network() -> tuple[nn.Module, tuple[torch.Tensor, torch.Tensor]]:
    seeded = torch.Generator().manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 3))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=seeded) / 2)
    return model, (torch.randn(8, 3, generator=seeded), torch.randint(0, 3, (8,), generator=seeded))


@pytest.mark.parametrize(("optimizer", "clip", "schedule"), RECIPES)
def test_every_level_steps_as_pytorch_does(optimizer: str, clip: str | None, schedule: str) -> None:
    model, batch = network()
    peeled = osk.peel(model, batch, optimizer=optimizer, clip=clip, schedule=schedule)
    levels = ("line", "loop", "tensors", "backward", "numpy", "scalars")
    for agreement in peeled.check(steps=8, only=levels):
        assert agreement.steps == 8, agreement.level
        assert agreement.loss_gap < 1e-14, agreement.level
        assert agreement.tensor_gap < 1e-13, agreement.level


def test_a_schedule_that_moves_the_momentum_too_is_refused() -> None:
    model, batch = network()
    with pytest.raises(OnionskinError, match="cycle_momentum=True is not peeled"):
        osk.peel(model, batch, schedule="one_cycle:max_lr=0.25,total_steps=40,cycle_momentum=True")
