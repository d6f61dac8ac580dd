"""Records a training as it runs: hears the steps, takes frames when they are due and paid for, never raises into it."""

from __future__ import annotations

import atexit
import os
import sys
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Any, Final, Self

import torch
from torch import nn

from onionskin.errors import OnionskinError
from onionskin.health import history_of
from onionskin.recording.arrays import write_atomically
from onionskin.recording.earlier import Earlier
from onionskin.recording.manifest import Budget, Manifest
from onionskin.recording.reader import open_run
from onionskin.recording.status import MODEL_FILE, ModelFile
from onionskin.recording.writer import RunWriter
from onionskin.shown import ShowsItself
from onionskin.watch.background import Background
from onionskin.watch.budget import Pace
from onionskin.watch.camera import About, Camera
from onionskin.watch.ledger import Ledger
from onionskin.watch.logged import Logged
from onionskin.watch.probe import Call
from onionskin.watch.tensors import Choice, is_lazy, parameters

#: What was logged is handed to the writer this often (seconds), which then writes all that it has: nothing is older
#: than this and the time to write it when a training is killed. The promise is two; every write costs two milliseconds.
HAND_OVER_SECONDS: Final = 1.0

#: After so many frames in a row that could not be taken, no more are tried.
MOST_FAILURES: Final = 3

#: One step of sixteen is timed and stands for the others: reading the clock is a fifth of what a step costs.
_UNTIMED: Final = 15

#: The models that are being recorded now, by id, with the path of their run.
_watched: dict[int, Path] = {}

#: Those that record. A child forked from the training (a DataLoader's worker) has their copies, and records nothing.
_open_recorders: weakref.WeakSet[Recorder] = weakref.WeakSet()


def _let_go_in_a_child() -> None:
    for recorder in _open_recorders:
        recorder._is_open = False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go_in_a_child)


class Recorder(ShowsItself):
    """One training being recorded. Made by :func:`onionskin.watch`; use it in a ``with``, or close it at the end.

    Attributes:
        path: The run folder.
    """

    def __init__(
        self,
        models: Mapping[str, nn.Module],
        optimizers: Sequence[torch.optim.Optimizer],
        calls: Mapping[str, Call],
        *,
        path: Path,
        budget: Budget,
        choice: Choice,
        about: About,
        notices: Sequence[tuple[str, str]] = (),
        after: Earlier | None = None,
    ) -> None:
        self.path = path
        self._ledger = Ledger() if after is None else Ledger.after(after)
        self._charge = _Charge(self)
        self._budget = budget
        self._pace = Pace(budget.asked, budget.every)
        self._models = dict(models)
        self._camera = Camera(self._models, calls, choice, self._ledger)
        self._about = about
        self._optimizers: list[torch.optim.Optimizer] = []
        self._handles: list[Any] = []
        self._step = after.step if after else 0
        self._after = after
        self._round: set[int] = set()
        self._is_armed = False
        self._rates: dict[str, object] = {}
        self._logged = Logged(self._ledger.began, self._step + 1)
        self._due_step, self._alarm, self._next_hand_over = 0, 0.0, 0.0
        self._last_frame_step = -1
        self._failures = 0
        self._is_open = True
        self._manifest: Manifest | None = None
        self._background: Background | None = None
        for what, fix in notices:
            self._ledger.warn(what, fix)
        for optimizer in optimizers:
            self.add_optimizer(optimizer)
        atexit.register(self._at_exit)
        _open_recorders.add(self)
        if not any(is_lazy(p) for p in parameters(self._models).values()):
            try:
                self._begin()  # a lazy module has no weights before its first forward: it begins with the first step
            except BaseException:
                self._let_go()
                raise

    # ------------------------------------------------------------------ what the training calls

    def start(self) -> Self:
        """Return the recorder itself: recording begins when it is made."""
        return self

    def step(self) -> None:
        """Tell the recorder that a step was made, where no PyTorch optimizer makes them. Never raises."""
        if self._is_open:
            self._end_round()

    def log(self, **scalars: float | torch.Tensor) -> None:
        """Record numbers of this step: floats, or tensors with one value, on any device. Never waits, never raises.

        Log after the step, as the documentation's example does: a value is filed under the last step made.
        """
        if not self._is_open:
            return
        step = self._step + 1 if self._round else self._step
        began = 0.0 if step & _UNTIMED else perf_counter()
        for name, value in scalars.items():
            try:
                if isinstance(value, torch.Tensor) and not value.is_cpu:
                    self._logged.add_later(name, step, _on_its_way(value))
                else:
                    self._logged.add(name, step, float(value.item() if isinstance(value, torch.Tensor) else value))
            except (TypeError, ValueError, RuntimeError):
                self._cannot_log(name, value)
        if began:
            self._ledger.steps += (_UNTIMED + 1) * (perf_counter() - began)

    def warn(self, what: str, fix: str) -> None:
        """Say once that something went less well than asked, and write it into the run. Never raises."""
        self._ledger.warn(what, fix)

    def add_optimizer(self, optimizer: torch.optim.Optimizer) -> None:
        """Hear the steps of one more optimizer.

        With several (a GAN has two), one recorded step is one round: it ends when one that has stepped steps again.

        Raises:
            OnionskinError: It is no PyTorch optimizer.
        """
        check_optimizer(optimizer)
        if any(known is optimizer for known in self._optimizers):
            return
        self._optimizers.append(optimizer)
        for handle in self._handles:
            handle.remove()
        if len(self._optimizers) == 1:
            self._handles = [optimizer.register_step_post_hook(self._after_only_step)]
        else:
            self._handles = [each.register_step_post_hook(self._after_step) for each in self._optimizers]
            self._handles += [each.register_step_pre_hook(self._before_step) for each in self._optimizers]

    def add_probes(self, calls: Mapping[str, Call]) -> None:
        """Show these probes from now on, where there were none. Never raises."""
        if not self._is_open or self._manifest is None or self._manifest.probes.count:
            return
        with self._charge:
            began = perf_counter()
            with torch.no_grad():
                flows, partial = self._camera.add_probes(calls)
                described = self._camera.manifest(flows, partial, budget=self._budget, about=self._about)
            self._manifest = replace(described, created=self._manifest.created)
            assert self._background is not None
            self._background.describe(self._manifest, self._camera.inputs())
            self._ledger.setup += perf_counter() - began

    @property
    def parameter_ids(self) -> set[int]:
        """The ids of the parameters that are recorded."""
        return {id(parameter) for parameter in parameters(self._models).values()}

    @property
    def last_frame_step(self) -> int:
        """The step of the last frame that was taken; −1 before the first."""
        return self._last_frame_step

    @property
    def last_heard(self) -> float:
        """When the last step was made, by ``time.perf_counter`` (seconds)."""
        return self._logged.times[-1] if self._logged.times else self._next_hand_over

    def flush(self) -> None:
        """Write what was recorded so far, and return when it is on the disk or was refused. Never raises."""
        if self._is_open and self._background:
            with self._charge:
                self._hand_over()
                self._background.flush()

    def close(self, ended: str = "finished") -> None:
        """Take the last frame, write everything, and let go of the model. Never raises; closing twice is fine."""
        if not self._is_open:
            return
        self._let_go()
        with self._charge:
            if self._round:
                self._end_round()
            if self._background and self._step != self._last_frame_step:
                self._take_frame()
        try:
            self._keep_model()
        finally:  # a Ctrl-C in between ends the program, and not before the run is whole
            with self._charge:
                self._close_run(ended)

    def _let_go(self) -> None:
        self._is_open = False
        _open_recorders.discard(self)
        atexit.unregister(self._at_exit)
        for handle in self._handles:
            handle.remove()
        for model in self._models.values():
            if _watched.get(id(model)) == self.path:
                _watched.pop(id(model))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close("finished" if kind is None else kind.__name__)

    def _where(self) -> str:
        return str(self.path)

    def __repr__(self) -> str:
        return f"<recording {self.path}, step {self._step}>"

    # ------------------------------------------------------------------ hearing steps

    def _after_only_step(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        """The hook of a training with one optimizer. It runs on every step, with cold caches: it is kept short."""
        now = perf_counter()
        self._step = step = self._step + 1
        self._logged.times.append(now)
        if optimizer.param_groups[0].get("lr") is not self._rates.get("lr"):
            self._note_rate(optimizer, "lr", step)
        if step >= self._due_step or now >= self._alarm:
            with self._charge:
                self._look()
        elif not step & _UNTIMED:
            self._ledger.steps += (_UNTIMED + 1) * (perf_counter() - now)

    def _before_step(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        if id(optimizer) in self._round:  # the round is over: this one has stepped in it
            self._end_round()

    def _after_step(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        """The hook of a training with several optimizers."""
        with self._charge:
            self._round.add(id(optimizer))
            position = next(i for i, known in enumerate(self._optimizers) if known is optimizer)
            self._note_rate(optimizer, f"lr/{position}" if position else "lr", self._step + 1)
            if self._is_armed and self._is_open:
                self._camera.read_gradients_of(optimizer)

    def _end_round(self) -> None:
        """One step is over, of several optimizers or told by ``step()``."""
        with self._charge:
            now = perf_counter()
            self._step += 1
            self._round.clear()
            self._logged.times.append(now)
            if self._step >= self._due_step or now >= self._alarm:
                self._look()

    def _note_rate(self, optimizer: torch.optim.Optimizer, name: str, step: int) -> None:
        """Keep the learning rate, where it has changed."""
        rate = optimizer.param_groups[0].get("lr")
        if rate is None or (rate is self._rates.get(name) and not isinstance(rate, torch.Tensor)):
            return
        self._rates[name] = rate
        if isinstance(rate, torch.Tensor):
            self._logged.add_later(name, step, _on_its_way(rate))
        else:
            self._logged.hold(name, step, float(rate))

    def _look(self) -> None:
        """Take the frame that was prepared for this step, prepare the next if it is due, hand over what was logged."""
        if not self._is_open:
            return
        self._ledger.step = self._step
        if self._background is None:
            self._begin_late()
        elif self._is_armed:
            self._take_frame()
        if perf_counter() >= self._next_hand_over:
            self._next_hand_over = perf_counter() + HAND_OVER_SECONDS
            self._hand_over()
        self._plan()

    def _plan(self) -> None:
        """Prepare a frame at the next step if it is due and can be paid, and set when to look again."""
        step, seconds = self._pace.next(self._step, self._ledger.spent)
        affordable = self._ledger.began + seconds
        self._due_step, self._alarm = sys.maxsize, self._next_hand_over
        if self._failures >= MOST_FAILURES or self._background is None:
            return
        is_next = self._step + 1 >= step or self._pace.is_late(self._ledger.now())
        if not is_next:
            self._due_step = step - 1  # a frame is prepared one step ahead
        elif perf_counter() >= affordable:
            self._arm()
            self._due_step = self._step + 1
        elif self._budget.every:
            self._pace.refuse(self._step + 1)
            self._due_step = self._step + 1
        else:
            self._alarm = min(self._alarm, affordable)

    def _arm(self) -> None:
        """Prepare a frame at the next step."""
        began = perf_counter()
        with torch.no_grad():
            self._camera.prepare()
        self._is_armed = True
        self._ledger.frames += perf_counter() - began

    def _cannot_log(self, name: str, value: object) -> None:
        if isinstance(value, torch.Tensor):
            shown = f"a tensor of shape {tuple(value.shape)} and type {value.dtype}"
        else:
            shown = repr(value)[:60]
        self._ledger.warn(f"log({name}=…) was given {shown}", "log numbers, or tensors with one value: loss.mean()")

    def _hand_over(self) -> None:
        if self._background:
            self._background.log(self._logged)
            self._logged = self._logged.next()

    # ------------------------------------------------------------------ frames

    def _begin(self) -> None:
        """Describe the model, make the run folder, and take the first frame."""
        began = perf_counter()
        with torch.no_grad():
            flows, partial = self._camera.look(self._optimizers)
            if self._after:
                self._camera.arrange(self._after.manifest.tensors)
            self._manifest = self._camera.manifest(flows, partial, budget=self._budget, about=self._about)
            writer = self._open()
        self._manifest = writer.manifest
        self._background = Background(writer, self._ledger)
        if self._after and self._after.frames:
            self._background.remember(history_of(open_run(self.path)))
            last = self._after.frames[-1]
            self._last_frame_step = last.step
            self._pace.took(last.step, last.time, last.cost)
        self._background.start()
        self._warn_of_another()
        self._ledger.setup += perf_counter() - began
        if self._last_frame_step < 0:
            self._take_frame()
        self._plan()

    def _open(self) -> RunWriter:
        """Make the run folder, or cut the one that this recording goes on with."""
        assert self._manifest is not None
        if self._after:
            return self._after.go_on(self._manifest, self._camera.inputs(), self._ledger.status())
        writer = RunWriter(self.path, self._manifest, probe_inputs=self._camera.inputs())
        writer.write_status(self._ledger.status())
        return writer

    def _begin_late(self) -> None:
        if self._failures < MOST_FAILURES:
            self._failures = MOST_FAILURES  # tried once: a path that cannot be made will not be made a step later
            self._begin()
            self._failures = 0

    def _warn_of_another(self) -> None:
        for name, model in self._models.items():
            if id(model) in _watched:
                self._ledger.warn(
                    f"the model {name or type(model).__name__} is being recorded already, to {_watched[id(model)]}",
                    "close the first recording before the second: each takes its own share of the time",
                )
            _watched[id(model)] = self.path

    def _take_frame(self) -> None:
        """Take one frame now, and hand it to the writer."""
        assert self._background is not None
        assert self._manifest is not None
        began = perf_counter()
        self._is_armed = False
        try:
            with torch.no_grad():
                changed = self._camera.newcomers(self._manifest)
                if changed:
                    self._manifest = changed
                    self._background.describe(changed)
                frame = self._camera.take(self._step, self._ledger.now())
            self._failures = 0
        except Exception:
            self._failures += 1
            raise
        finally:
            cost = perf_counter() - began
            self._ledger.frames += cost
        if not self._background.add_frame(frame, cost):
            self._ledger.drop("they came faster than they could be written", self._step)
        self._last_frame_step = self._step
        self._pace.took(self._step, self._ledger.now(), cost + self._background.seconds_a_frame)

    # ------------------------------------------------------------------ closing

    def _keep_model(self) -> None:
        """Write the model, so that the page can run it. The training is over: what it takes is said, not charged."""
        if self._background is None or self._step == 0:
            return
        began = perf_counter()
        try:
            content = self._camera.model()
            if content is not None:
                write_atomically(self.path / MODEL_FILE, content)
                self._ledger.model = ModelFile(len(content), perf_counter() - began)
        except OnionskinError as error:
            self._model_not_kept(error.what, error.fix)
        except Exception as error:  # noqa: BLE001  there are models that no exporter takes
            first_line = (str(error).splitlines() or [""])[0]
            self._model_not_kept(f"{type(error).__name__}: {first_line}", "everything else is recorded all the same")
        self._ledger.afterwards += perf_counter() - began

    def _model_not_kept(self, why: str, fix: str) -> None:
        self._ledger.warn(f"the model was not kept as {MODEL_FILE}, so the page cannot run it: {why}", fix)

    def _close_run(self, ended: str) -> None:
        if self._background is None:
            return
        if self._step == 0:
            self._ledger.warn(
                f"no step was heard while {self.path} was recorded",
                "pass the optimizer to osk.watch(model, optimizer), or call run.step() after each step",
            )
        pace = self._pace
        never_came = pace.refused_last > self._step
        if pace.refused > never_came:
            last = min(pace.refused_last, self._step)
            self._ledger.drop("over the budget", pace.refused_first, pace.refused - never_came, last)
        self._hand_over()
        self._background.finish(ended)

    def _at_exit(self) -> None:
        self.close("the program ended")

    def failed(self, error: Exception) -> None:
        """Say once that recording met its own mistake; the training goes on."""
        self._ledger.warn(
            f"recording step {self._step} failed: {type(error).__name__}: {error}",
            "the training is not affected; please report this with the model",
        )


def check_optimizer(optimizer: object) -> None:
    """Raise OnionskinError unless the steps of this optimizer can be heard."""
    if not hasattr(optimizer, "register_step_post_hook"):
        raise OnionskinError(
            f"{type(optimizer).__name__} is no torch.optim.Optimizer: its steps cannot be heard",
            fix="leave it out and call run.step() after each of its steps",
        )


def _on_its_way(value: torch.Tensor) -> torch.Tensor:
    """Return a copy of a value that an accelerator may still be computing. Raises ValueError when it is not one number.

    The copy is made in the stream's own order: the training may change its tensor in place.
    """
    if value.numel() != 1 or value.is_complex():
        raise ValueError
    return value.detach().clone()


class _Charge:
    """Charges the time spent inside to the recorder, and keeps its mistakes from the training."""

    __slots__ = ("_before", "_began", "_recorder")

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._began = self._before = 0.0

    def __enter__(self) -> None:
        ledger = self._recorder._ledger
        self._before = ledger.setup + ledger.frames
        self._began = perf_counter()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: object) -> bool:
        ledger = self._recorder._ledger
        elapsed = perf_counter() - self._began
        ledger.steps += elapsed - (ledger.setup + ledger.frames - self._before)
        if isinstance(error, Exception):
            self._recorder.failed(error)
            return True
        return False
