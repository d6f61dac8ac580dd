"""What a stopped training needs to go on as if it had never stopped: one file of tensors and JSON, no code.

Weights, buffers, the optimizer's state, the best weights so far, PyTorch's random numbers, and where the training is.
It lies in the run folder under a name that no reader of runs looks at, and is put in place by one rename.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
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
        numbers: dict[str, dict[str, Any]] = {}
        for index, values in state["state"].items():
            for name, value in values.items():
                if isinstance(value, Tensor):
                    tensors[f"optimizer/{index}/{name}"] = value
                else:
                    numbers.setdefault(str(index), {})[name] = value
        tensors["random"] = torch.get_rng_state()
        told = {
            "place": asdict(self.place),
            "events": {name: event.state() for name, event in self.events.items()},
            "asked": self.asked,
            "groups": state["param_groups"],
            "numbers": numbers,
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
        tensors, told = _read(run / CHECKPOINT)
        _same(told["asked"], self.asked, run)
        parts = {"model": {}, "best": {}, "optimizer": {}}  # type: dict[str, dict[str, Tensor]]
        for name, tensor in tensors.items():
            part, _, rest = name.partition("/")
            parts.setdefault(part, {})[rest] = tensor
        state: dict[int, dict[str, Any]] = {int(index): dict(values) for index, values in told["numbers"].items()}
        for name, tensor in parts["optimizer"].items():
            index, _, key = name.partition("/")
            state.setdefault(int(index), {})[key] = tensor
        try:
            self.model.load_state_dict(parts["model"])
            self.optimizer.load_state_dict({"state": state, "param_groups": told["groups"]})
        except (RuntimeError, ValueError) as error:
            raise _damaged(run, str(error).splitlines()[0]) from error
        self.schedule.last_epoch = told["schedule"]
        self.place.epoch, self.place.batch, self.place.step = (told["place"][n] for n in ("epoch", "batch", "step"))
        for name, event in self.events.items():
            event.load(told["events"][name])
        self.best.weights = parts["best"]
        torch.set_rng_state(tensors["random"])


def step_of(run: Path) -> int:
    """Return the optimizer step that a run's checkpoint was written at. Raises OnionskinError where there is none."""
    return int(_read(run / CHECKPOINT)[1]["place"]["step"])


def asked_of(run: Path) -> dict[str, Any]:
    """Return what the stopped training of a run was asked for. Raises OnionskinError where there is none."""
    return dict(_read(run / CHECKPOINT)[1]["asked"])


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    if not path.is_file():
        raise OnionskinError(f"{path.parent} has no training to go on with: it ended, or is no run of `train`",
                             fix="leave out --resume to begin a new training")  # fmt: skip
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            told = json.loads(metadata.get("training", "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  it is no dict
        if metadata.get("version") != _VERSION:
            raise OnionskinError(f"{path} is of version {metadata.get('version')}, this reads {_VERSION}",
                                 fix="go on with the version of Onionskin that began the training")  # fmt: skip
        missing = {"place", "events", "asked", "groups", "numbers", "schedule"} - set(told)
    except (SafetensorError, OSError, ValueError) as error:
        raise _damaged(path.parent, str(error)) from error
    if missing or "random" not in tensors:
        raise _damaged(path.parent, f"it lacks {', '.join(sorted(missing)) or 'random'}")
    return tensors, told


def _same(had: Mapping[str, Any], asked: Mapping[str, Any], run: Path) -> None:
    wrong = next((name for name in sorted({*had, *asked}) if had.get(name) != asked.get(name)), None)
    if wrong is not None:
        was, now = had.get(wrong), asked.get(wrong)
        raise OnionskinError(f"the training in {run} was begun with {wrong}={was!r}, not {now!r}",
                             fix="resume with what it was begun with, or begin a new one without --resume")  # fmt: skip


def _damaged(run: Path, why: str) -> OnionskinError:
    return OnionskinError(f"the checkpoint of {run} cannot be used: {why}", fix="begin a new training without --resume")
