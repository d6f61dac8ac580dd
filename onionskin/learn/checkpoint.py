"""What a stopped training needs to go on as if it had never stopped: one file of tensors and JSON, no code.

Weights, buffers, the optimizer's state, the best weights so far, PyTorch's random numbers, and where the training is.
It lies in the run folder under a name that no reader of runs looks at, and is put in place by one rename. Whatever it
says is looked at before any of it is used: a run folder travels.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from onionskin.errors import OnionskinError
from onionskin.learn.events import BestWeights, Event
from onionskin.learn.loop import Place
from onionskin.recording.arrays import write_atomically

CHECKPOINT: Final = ".checkpoint.safetensors"
_VERSION: Final = "1"

#: No training is described by more characters of JSON.
_MOST_WORDS: Final = 16 * 2**20

#: The type and the shape of a tensor.
Kind = tuple[torch.dtype, tuple[int, ...]]


@dataclass(frozen=True)
class Moment:
    """Everything of a training that moves, between two steps.

    Attributes:
        model, optimizer, schedule: As in the loop.
        place: Where the training is.
        events: By name, what keeps numbers from step to step.
        best: Keeps the best weights.
        asked: What the training was asked for, JSON; a training that was asked for something else is another one.
    """

    model: nn.Module
    optimizer: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler
    place: Place
    events: Mapping[str, Event]
    best: BestWeights
    asked: Mapping[str, Any]

    def save(self, run: Path) -> None:
        """Write it into a run folder. Raises OSError; what was there before then stands."""
        state = self.optimizer.state_dict()
        tensors = {f"model/{name}": tensor for name, tensor in self.model.state_dict().items()}
        tensors |= {f"best/{name}": tensor for name, tensor in self.best.weights.items()}
        for index, values in state["state"].items():
            tensors |= {f"optimizer/{index}/{name}": value for name, value in values.items() if value is not None}
        tensors["random"] = torch.get_rng_state()
        told = {
            "place": asdict(self.place),
            "events": {name: event.state() for name, event in self.events.items()},
            "asked": self.asked,
            "rates": [float(group["lr"]) for group in state["param_groups"]],
            "schedule": self.schedule.last_epoch,
        }
        content = save({name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()},
                       metadata={"version": _VERSION, "training": json.dumps(told)})  # fmt: skip
        write_atomically(run / CHECKPOINT, content)

    def load(self, run: Path) -> None:
        """Take up what a run folder has.

        Raises:
            OnionskinError: There is none, it is damaged, or it is of another training; nothing was changed.
        """
        told, tensors = _read(run / CHECKPOINT, self._kinds())
        _same(told["asked"], self.asked, run)
        random = torch.get_rng_state()
        try:
            epoch, batch, step, schedule = (
                _count(n) for n in (*(told["place"][part] for part in ("epoch", "batch", "step")), told["schedule"])
            )
            state = {"state": self._state(tensors), "param_groups": self._groups(told["rates"])}
            events = {name: _numbers(told["events"][name]) for name in self.events}
            torch.set_rng_state(tensors["random"])  # PyTorch refuses what its generator can never have been in
            self.optimizer.load_state_dict(state)
            for name, event in self.events.items():
                event.load(events[name])
        except (KeyError, TypeError, ValueError, RuntimeError, OverflowError) as error:
            torch.set_rng_state(random)
            raise _damaged(run, f"{type(error).__name__}: {error}".splitlines()[0]) from error
        self.model.load_state_dict(_part(tensors, "model/"))
        self.best.weights = _part(tensors, "best/")
        self.schedule.last_epoch = schedule
        self.place.epoch, self.place.batch, self.place.step = epoch, batch, step

    def _kinds(self) -> dict[str, Kind]:
        """Return every tensor that a checkpoint of this training may have, and how it has to be."""
        state = self.model.state_dict()
        kinds = {f"{part}/{name}": _kind(tensor) for part in ("model", "best") for name, tensor in state.items()}
        flat = [parameter for group in self.optimizer.param_groups for parameter in group["params"]]
        for key, kept in _kept(self.optimizer).items():
            for index, parameter in enumerate(flat):
                kinds[f"optimizer/{index}/{key}"] = _kind(parameter if kept.ndim else kept)
        return kinds | {"random": _kind(torch.get_rng_state())}

    def _state(self, tensors: Mapping[str, Tensor]) -> dict[int, dict[str, Tensor]]:
        """Return the optimizer's state of each parameter. Raises ValueError where some of one is missing."""
        state: dict[int, dict[str, Tensor]] = {}
        for name, tensor in _part(tensors, "optimizer/").items():
            index, _, key = name.partition("/")
            state.setdefault(int(index), {})[key] = tensor
        wanted = _kept(self.optimizer).keys()
        lacking = next((index for index, kept in state.items() if kept.keys() != wanted), None)
        if lacking is not None:
            raise ValueError(f"the optimizer's state of parameter {lacking} is not whole")
        return state

    def _groups(self, rates: Sequence[float]) -> list[dict[str, Any]]:
        """Return the optimizer's own groups with the learning rates of the file, which a schedule has moved."""
        groups = self.optimizer.state_dict()["param_groups"]
        if not all(type(rate) is float and 0 <= rate < math.inf for rate in rates):
            raise ValueError(f"its learning rates are {rates!r}"[:80])
        return [{**group, "lr": rate} for group, rate in zip(groups, rates, strict=True)]


def asked_of(run: Path) -> dict[str, Any]:
    """Return what the stopped training of a run was asked for. Raises OnionskinError where there is none."""
    return dict(_told(run / CHECKPOINT)["asked"])


def _read(path: Path, kinds: Mapping[str, Kind]) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return the words and the tensors of a checkpoint, which has to have just those of the training."""
    told = _told(path)
    tensors = {}
    try:
        with safe_open(path, "pt") as file:
            for name in file.keys():  # noqa: SIM118  it is no dict
                if name not in kinds:
                    raise _damaged(path.parent, f"'{name}' is nothing of this training")
                tensors[name] = file.get_tensor(name)
    except (SafetensorError, OSError) as error:
        raise _damaged(path.parent, str(error)) from error
    lacks = next((name for name in kinds if name not in tensors and not name.startswith("optimizer/")), None)
    if lacks:
        raise _damaged(path.parent, f"it lacks '{lacks}'")
    wrong = next((name for name, tensor in tensors.items() if _kind(tensor) != kinds[name]), None)
    if wrong:
        has = "{} of shape {}".format(*_kind(tensors[wrong]))
        raise _damaged(path.parent, f"'{wrong}' is {has}, not {'{} of shape {}'.format(*kinds[wrong])}")
    return told, tensors


def _told(path: Path) -> dict[str, Any]:
    """Return the words of a checkpoint: whatever they say, the fields are there and of their kind."""
    if not path.is_file():
        raise OnionskinError(f"{path.parent} has no training to go on with: it ended, or is no run of `train`",
                             fix="leave out --resume to begin a new training")  # fmt: skip
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
        text = metadata.get("training", "")
        told = json.loads(text) if len(text) <= _MOST_WORDS else None
    except (SafetensorError, OSError, ValueError, RecursionError) as error:
        raise _damaged(path.parent, str(error)) from error
    if metadata.get("version") != _VERSION:
        raise OnionskinError(f"{path} is of version {metadata.get('version')}, this reads {_VERSION}",
                             fix="go on with the version of Onionskin that began the training")  # fmt: skip
    kinds = {"place": dict, "events": dict, "asked": dict, "rates": list, "schedule": int}
    wrong = next((n for n, kind in kinds.items() if not isinstance(told, dict) or type(told.get(n)) is not kind), None)
    if wrong or told is None:
        raise _damaged(path.parent, f"its '{wrong}' is missing")
    try:
        _count(told["place"]["step"])
    except (KeyError, ValueError) as error:
        raise _damaged(path.parent, f"it says of no step that it is at it ({error})") from error
    return dict(told)


def _kept(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return what an optimizer keeps of a parameter, by a step of another one of its kind with a parameter of (1,)."""
    parameter = nn.Parameter(torch.zeros(1))
    parameter.grad = torch.zeros(1)
    another = type(optimizer)([{**optimizer.param_groups[0], "params": [parameter]}])  # type: ignore[call-arg]
    another.step()
    return {name: value for name, value in another.state[parameter].items() if isinstance(value, Tensor)}


def _kind(tensor: Tensor) -> Kind:
    return tensor.dtype, tuple(tensor.shape)


def _part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _count(value: object) -> int:
    if type(value) is not int or not 0 <= value < 2**53:
        raise ValueError(f"{value!r} is no count"[:80])
    return value


def _numbers(state: Mapping[str, Any]) -> dict[str, float]:
    wrong = next((name for name, value in state.items() if type(value) not in (int, float)), None)
    if wrong is not None:
        raise ValueError(f"{wrong} is {state[wrong]!r}"[:80])
    return dict(state)


def _same(had: Mapping[str, Any], asked: Mapping[str, Any], run: Path) -> None:
    """Raise OnionskinError unless a training was asked for the same as the one before."""
    now = json.loads(json.dumps(asked))
    wrong = next((name for name in sorted({*had, *now}) if had.get(name) != now.get(name)), None)
    if wrong is not None:
        was, is_now = (f"{part.get(wrong)!r}"[:80] for part in (had, now))
        raise OnionskinError(f"the training in {run} was begun with {wrong}={was}, not {is_now}",
                             fix="resume with what it was begun with, or begin a new one without --resume")  # fmt: skip


def _damaged(run: Path, why: str) -> OnionskinError:
    return OnionskinError(f"the checkpoint of {run} cannot be used: {why}", fix="begin a new training without --resume")
