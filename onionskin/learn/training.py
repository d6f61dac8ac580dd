"""One training of a learner: the loop with its events, recorded, interrupted between two steps, resumed to the bit."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

import torch

from onionskin.errors import OnionskinError
from onionskin.learn.checkpoint import CHECKPOINT, Moment
from onionskin.learn.domain import Baseline, Domain
from onionskin.learn.events import Accumulation, BestWeights, Event, Measuring, MixedPrecision
from onionskin.learn.loop import Place, fit
from onionskin.watch import Recorder, watch

#: A checkpoint is written so often (seconds), and never takes more than this share of the time.
CHECKPOINT_SECONDS: Final = 10.0
CHECKPOINT_SHARE: Final = 0.02

PRECISIONS: Final = ("float32", "mixed")

#: What of a plan a person says when a training begins; the seed is the learner's.
PLANNED: Final = ("epochs", "batch", "lr", "weight_decay", "precision", "accumulate", "patience")


@dataclass(frozen=True)
class Progress:
    """Where a training is.

    Attributes:
        step, steps: Optimizer steps that were made, of so many.
        epoch, epochs: Epochs that are over, of so many.
        loss: Of the last batch.
        measured: On the validation set, after the last epoch.
        shown: The measure that decides, for people.
    """

    step: int
    steps: int
    epoch: int
    epochs: int
    loss: float
    measured: Mapping[str, float]
    shown: str


@dataclass(frozen=True)
class Result:
    """How a training ended, with the best weights.

    Attributes:
        run: Where it was recorded, and where the learner was saved; None if it was not recorded.
        measured: On the validation set, by name.
        shown: The measure that decides, for people.
        last: On the validation set after the last epoch. The best weights were chosen by the very measure that they are
            shown with, which flatters them; these were not.
        examples: How many examples it was measured on.
        epoch: After which epoch the best weights were kept.
        epochs: How many there were.
        steps: Optimizer steps in all.
        seconds: What it took, from the first batch on.
        baselines: Simpler models on the same split.
    """

    run: Path | None
    measured: Mapping[str, float]
    shown: str
    last: Mapping[str, float]
    examples: int
    epoch: int
    epochs: int
    steps: int
    seconds: float
    baselines: tuple[Baseline, ...] = field(default=())

    def __str__(self) -> str:
        return f"{self.shown} on {self.examples:,} held-out examples, {self.steps:,} steps in {self.seconds:.0f} s"


@dataclass(frozen=True)
class Plan:
    """What a training is asked for.

    Attributes:
        epochs, batch, lr, weight_decay: As in the domain's recipe.
        seed: Of the order of the examples and of every random number.
        precision: ``float32``, or ``mixed``: forwards in bfloat16.
        accumulate: Batches a step.
        patience: After how many epochs without a better measure to stop; None for never.
    """

    epochs: int
    batch: int
    lr: float
    weight_decay: float
    seed: int
    precision: str = "float32"
    accumulate: int = 1
    patience: int | None = None

    def __post_init__(self) -> None:
        for name, least in (("epochs", 1), ("batch", 1), ("accumulate", 1), ("seed", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise OnionskinError(f"{name}={value!r}", fix=f"give a whole number from {least} on")
        if not (0 < self.lr < math.inf):
            raise OnionskinError(f"lr={self.lr!r}", fix="give a learning rate above 0, such as 0.001; see lr_find()")
        if self.precision not in PRECISIONS:
            raise OnionskinError(f"precision={self.precision!r}", fix=f"give one of {', '.join(PRECISIONS)}")


class Training:
    """A training that is about to run. ``for progress in training: …``, then ``training.result``.

    Args:
        domain: What is trained.
        plan: How.
        run: The run folder to make, or to go on in; None to record nothing.
        resume: Go on with the training that ``run`` holds.
        budget: The share of wall time that recording may take.

    Raises:
        OnionskinError: The plan makes no sense, the folder cannot be made, or there is nothing to go on with.
    """

    def __init__(
        self, domain: Domain, plan: Plan, *, run: Path | None, resume: bool = False, budget: float = 0.1
    ) -> None:
        if not len(domain.train) or not len(domain.valid):
            raise OnionskinError("there are no examples to train on", fix="make the learner from data")
        self.domain, self.plan = domain, plan
        batch = min(plan.batch, len(domain.train))
        self.steps_an_epoch = len(domain.train) // batch // plan.accumulate
        self.steps = plan.epochs * self.steps_an_epoch
        if domain.recipe.threads:
            torch.set_num_threads(domain.recipe.threads)
        torch.manual_seed(plan.seed)
        self._optimizer = domain.optimizer(plan.lr, plan.weight_decay)
        shape = SCHEDULES[domain.recipe.schedule]
        self._schedule = torch.optim.lr_scheduler.LambdaLR(self._optimizer, lambda step: shape(step / self.steps))
        self._place = Place()
        whole = self.steps_an_epoch * plan.accumulate  # batches that make no step are let go
        self._batches = lambda epoch, first: islice(
            domain.batches(epoch, first, size=batch, seed=plan.seed), max(0, whole - first)
        )
        self._measuring = Measuring(self._measure)
        self._best = BestWeights(domain.trained, self._measuring, domain.goal.measure, higher=domain.goal.higher,
                                 patience=plan.patience)  # fmt: skip
        self._events: list[Event] = [self._measuring, self._best]
        if plan.precision == "mixed":
            self._events.append(MixedPrecision())
        if plan.accumulate > 1:
            self._events.append(Accumulation(plan.accumulate, len(domain.train) // batch))
        asked = {"domain": domain.name, "examples": len(domain.train), "settings": domain.settings, **vars(plan)}
        own = domain.events()
        self._events.extend(own.values())
        kept = {"measuring": self._measuring, "best": self._best, **own}
        self._moment = Moment(domain.trained, self._optimizer, self._schedule, self._place, kept, self._best, asked)
        if resume:
            assert run is not None
            self._moment.load(run)
        self.recorder = self._measuring.run = self._record(run, resume=resume, budget=budget)
        for event in own.values():
            event.recorded(self.recorder)
        self._result: Result | None = None

    def _record(self, run: Path | None, *, resume: bool, budget: float) -> Recorder | None:
        if run is None:
            return None
        x, labels = self.domain.probes()
        classes = getattr(self.domain.goal, "classes", ())
        return watch(self.domain.model, self._optimizer, probes=x if len(x) > 1 else x[0], labels=labels,
                     classes=classes, run=run, budget=budget, tags=[self.domain.name],
                     continues=self._place.step if resume else None)  # fmt: skip

    def __iter__(self) -> Generator[Progress, None, None]:
        began = time.perf_counter()
        ended = "stopped"
        try:
            with interruptible() as is_interrupted:
                yield from self._steps(is_interrupted)
            ended = "finished"
        except BaseException as error:
            ended = type(error).__name__
            raise
        finally:
            if self.recorder and ended != "finished":
                self.recorder.close(ended)
        self._end(began)

    def _steps(self, is_interrupted: Callable[[], bool]) -> Iterator[Progress]:
        """Train; a Ctrl-C, or a caller that goes away, is heard between two steps and leaves a checkpoint."""
        saved, price = time.monotonic(), 0.0
        if not self._best.weights:
            self._measuring.epoch_ended(0)
            self._best.epoch_ended(0)
            price, saved = self.keep(), time.monotonic()  # killed a second later, it goes on from here
        d, p = self.domain, self._place
        losses = fit(d.trained, self._optimizer, self._schedule, self._batches, d.goal.loss, epochs=self.plan.epochs,
                     place=p, events=self._events)  # fmt: skip
        for loss in losses:
            if p.batch % self.plan.accumulate:
                continue
            if is_interrupted():
                self.keep()
                raise KeyboardInterrupt
            if time.monotonic() - saved > max(CHECKPOINT_SECONDS, price / CHECKPOINT_SHARE):
                price, saved = self.keep(), time.monotonic()
            measured = self._measuring.measured
            try:  # here, and nowhere else, a step is whole: a second Ctrl-C in the midst of one leaves no checkpoint
                yield Progress(p.step, self.steps, p.epoch, self.plan.epochs, loss, measured, d.goal.shown(measured))
            except BaseException:
                self.keep()
                raise

    def keep(self) -> float:
        """Write a checkpoint where the run is recorded, and return the seconds it took. A full disk is a warning."""
        if self.recorder is None:
            return 0.0
        began = time.monotonic()
        self.recorder.flush()  # what the recording has of these steps is not made again
        try:
            self._moment.save(self.recorder.path)
        except OSError as error:
            fix = "make room on the disk: if stopped, it goes on from the last one that was written"
            self.recorder.warn(f"no checkpoint could be written: {error.strerror}", fix)
        return time.monotonic() - began

    def _measure(self) -> dict[str, float]:
        return self.domain.goal.measured(*self.domain.answered(self.domain.valid))

    def _end(self, began: float) -> None:
        """Close the run with the last weights, and go on with the best ones."""
        if self.recorder:
            self.recorder.close("finished")
        self.domain.trained.load_state_dict(self._best.weights)
        self.domain.model.eval()
        last, measured = dict(self._measuring.measured), self._measure()
        measured |= self.domain.finished(measured)
        seconds = time.perf_counter() - began
        run = self.recorder.path if self.recorder else None
        self._result = Result(
            run=run, measured=measured, shown=self.domain.goal.shown(measured), last=last,
            examples=len(self.domain.valid), epoch=self._best.epoch, epochs=self._place.epoch, steps=self._place.step,
            seconds=seconds, baselines=tuple(self.domain.baselines()),
        )  # fmt: skip

    def forget(self) -> None:
        """Remove the checkpoint of a training that ended, once what it ended with is saved."""
        if self.recorder:
            (self.recorder.path / CHECKPOINT).unlink(missing_ok=True)

    @property
    def result(self) -> Result:
        """How it ended. Raises RuntimeError before that."""
        if self._result is None:
            raise RuntimeError("the training has not ended")
        return self._result


def _one_cycle(done: float) -> float:
    """Return the share of the highest rate after a share of the training (Smith & Topin 2017, arXiv 1708.07120)."""
    if done < 0.25:
        return 0.04 + 0.96 * (1 - math.cos(math.pi * done / 0.25)) / 2
    return max(1e-4, (1 + math.cos(math.pi * (done - 0.25) / 0.75)) / 2)


#: The share of the highest learning rate after a share of the training.
SCHEDULES: Final[Mapping[str, Callable[[float], float]]] = {
    "constant": lambda done: 1.0,
    "linear": lambda done: 1 - done * 63 / 64,
    "cosine": lambda done: (1 + math.cos(math.pi * min(1.0, done))) / 2,
    "one_cycle": _one_cycle,
}


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Let a Ctrl-C wait for the end of a step: yields what tells that one came. A second one is not waited for."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return

    def heard(number: int, frame: Any) -> None:
        asked.set()
        signal.signal(signal.SIGINT, before)

    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, heard)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)
