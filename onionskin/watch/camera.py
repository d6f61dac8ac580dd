"""Takes the frames: knows the models, their tensors and probes, and reads one moment of them into NumPy."""

from __future__ import annotations

import importlib.util
import math
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from onionskin import __version__
from onionskin.errors import OnionskinError
from onionskin.recording.manifest import STATISTICS, Budget, ExactEntry, Graph, Manifest, Model, TensorEntry
from onionskin.recording.statistics import COLUMN
from onionskin.recording.writer import FrameData
from onionskin.watch import graph
from onionskin.watch.ledger import Ledger
from onionskin.watch.probe import Call, Prober, Shown, describe
from onionskin.watch.sample import Floats, Reading, gather, merge, read
from onionskin.watch.space import InputSpace, suits
from onionskin.watch.tensors import (
    Choice,
    Roster,
    exact_entries,
    is_lazy,
    optimizer_state,
    parameters,
    state_entries,
)
from onionskin.watch.trace import Flow

#: What all activations of one frame may hold, shared by the nodes of the graph: 256 kB as 16 bits.
MOST_ACTIVATION_VALUES = 131_072

#: Of that, what the activation of one node may hold of one probe.
MOST_VALUES_A_PROBE = 4096


@dataclass(frozen=True)
class About:
    """What the user says of a run: its title, the right answer of each probe, a name for each class, its tags."""

    title: str
    labels: tuple[int, ...] = ()
    classes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


class Camera:
    """Reads the models at one moment.

    Args:
        models: The models by name; a single one has the empty name.
        calls: The probes of each model that has some.
        choice: Which tensors are wanted.
        ledger: Where to say what could not be read.
    """

    def __init__(
        self, models: Mapping[str, nn.Module], calls: Mapping[str, Call], choice: Choice, ledger: Ledger
    ) -> None:
        self._models = models
        self._probers = [Prober(models[name], name, call) for name, call in calls.items()]
        self._ledger = ledger
        self._choice = choice
        self._space: InputSpace | None = None
        self._roster = Roster(models, choice)
        self._optimizers: Sequence[torch.optim.Optimizer] = ()
        self._before: Floats | None = None
        self._early: list[tuple[Sequence[int], Reading]] = []
        self._exact: tuple[ExactEntry, ...] = ()

    def add_probes(self, calls: Mapping[str, Call]) -> tuple[list[Flow], str]:
        """Show probes from now on, where there were none. Returns what :meth:`look` returns."""
        self._probers = [Prober(self._models[name], name, call) for name, call in calls.items()]
        return self._follow()

    def look(self, optimizers: Sequence[torch.optim.Optimizer]) -> tuple[list[Flow], str]:
        """Learn the tensors and the graph. Returns what the probes showed, and why they did not show all."""
        self._optimizers = optimizers
        self._roster.update(optimizers)
        self._exact = exact_entries(state_entries(self._models))
        if self._roster.unreadable:
            (name, kind), *more = self._roster.unreadable.items()
            others = f" and {len(more)} more" if more else ""
            self._ledger.warn(
                f"the values of '{name}'{others} cannot be read ({kind}) and are not recorded",
                "put the model on a device before watching it, or leave such tensors out with only=…",
            )
            if not self._roster.weights:
                self._probers.clear()
        return self._follow()

    def arrange(self, entries: Sequence[TensorEntry]) -> None:
        """Keep the tensors in the order of an earlier recording of the model."""
        self._roster.arrange(entries)

    def inputs(self) -> list[npt.NDArray[Any]]:
        """Return the arrays of the probes' inputs, in the manifest's order."""
        return [array for prober in self._probers for _, array in prober.inputs()]

    def manifest(
        self,
        flows: Sequence[Flow],
        partial: str,
        *,
        budget: Budget,
        about: About,
    ) -> Manifest:
        """Describe the run."""
        weights = list(parameters(self._models).values())
        sizes = [0 if is_lazy(p) else p.numel() for p in weights]
        return Manifest(
            model=Model(
                type=" + ".join(type(model).__name__ for model in self._models.values()),
                parameters=sum(sizes),
                trainable=sum(size for size, p in zip(sizes, weights, strict=True) if p.requires_grad),
            ),
            title=about.title,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            tags=about.tags,
            software={
                "onionskin": __version__,
                "python": platform.python_version(),
                "torch": str(torch.__version__),
                "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
            },
            budget=budget,
            tensors=self._roster.entries,
            graph=self._graph(flows, partial),
            probes=describe(self._probers, about.labels, about.classes),
            exact=self._exact,
            space=None if self._space is None else self._space.entry,
        )

    def _graph(self, flows: Sequence[Flow], partial: str) -> Graph:
        try:
            return graph.build(self._models, flows, self._names(), partial)
        except Exception as error:  # noqa: BLE001  a map that cannot be drawn must not cost the recording
            reason = f"the map could not be drawn: {type(error).__name__}: {error}"
            self._ledger.warn(reason, "everything else is recorded; please report this with the model")
            return Graph(partial=reason)

    def model(self) -> bytes | None:
        """Return the model as ONNX; None without exact weights to feed to it, without probes, or without ``onnx``.

        Raises:
            Exception: It cannot be written so.
        """
        if not self._exact or not self._probers or importlib.util.find_spec("onnx") is None:
            return None
        from onionskin.watch.portable import as_onnx  # here: a training does not wait for what its end needs

        state = state_entries(self._models)
        return as_onnx(self._probers, state, self._roster.weights, self._roster.of_role("activation"))

    def newcomers(self, manifest: Manifest) -> Manifest | None:
        """Return a new manifest when tensors have joined since ``manifest``, else None."""
        if not self._roster.update(self._optimizers):
            return None
        self._exact = self._exact and exact_entries(state_entries(self._models))
        count = sum(p.numel() for p in parameters(self._models).values() if not is_lazy(p))
        model = Model(manifest.model.type, count, manifest.model.trainable)
        changes = {"model": model, "tensors": self._roster.entries, "exact": self._exact}
        return Manifest(**{**vars(manifest), **changes})

    def prepare(self) -> None:
        """Keep the weights as they are before the coming step, for the ratio of the update to the weight."""
        self._early.clear()
        entries = self._roster.of_role("weight")
        self._before, _ = gather(entries, [self._roster.weights.get(entry.name) for entry in entries])

    def read_gradients_of(self, optimizer: torch.optim.Optimizer) -> None:
        """Read the gradients of one optimizer of several, before they are zeroed for the next one."""
        own = {id(p) for group in optimizer.param_groups for p in group["params"]}
        entries = self._roster.of_role("gradient")
        positions = [i for i, e in enumerate(entries) if id(self._roster.weights.get(e.name)) in own]
        chosen = [entries[i] for i in positions]
        self._early.append((positions, read(chosen, [self._gradient(entry.name) for entry in chosen])))

    def take(self, step: int, now: float) -> FrameData:
        """Read everything at this moment into a frame. Whatever cannot be read is left out, with a warning."""
        readings = self._read_tensors()
        shown, heard = self._show()
        activations = self._read_activations(heard)
        if activations is not None:
            readings["activation"] = activations
        before, self._before = self._before, None
        self._early.clear()
        outputs = [s.outputs for s in shown if s.outputs is not None]
        return FrameData(
            step=step,
            time=now,
            values={role: reading.values for role, reading in readings.items()},
            present={role: reading.present for role, reading in readings.items()},
            measured={role: reading.measured for role, reading in readings.items()},
            before=before,
            outputs=np.concatenate(outputs) if outputs else None,
            embedding=next((s.embedding for s in shown if s.embedding is not None), None),
            exact=self._read_exact(),
            space=self._survey(),
        )

    # ------------------------------------------------------------------ parts of a frame

    def _read_tensors(self) -> dict[str, Reading]:
        state = (
            dict(optimizer_state(self._roster.weights, self._optimizers)) if self._roster.of_role("optimizer") else {}
        )
        look_up: dict[str, Callable[[str], torch.Tensor | None]] = {
            "weight": self._roster.weights.get,
            "gradient": self._gradient,
            "optimizer": state.get,
        }
        readings = {}
        for role, find in look_up.items():
            entries = self._roster.of_role(role)
            if role == "gradient" and self._early:
                readings[role] = merge(entries, self._early)
            elif entries:
                readings[role] = read(entries, [find(entry.name) for entry in entries])
        return readings

    def _gradient(self, name: str) -> torch.Tensor | None:
        parameter = self._roster.weights.get(name)
        return None if parameter is None else parameter.grad

    def _follow(self) -> tuple[list[Flow], str]:
        """Show the probes once, to learn the graph and the size of every activation."""
        seen: dict[str, tuple[tuple[int, ...], torch.dtype]] = {}
        flows: list[Flow] = []
        reason = "" if self._probers else "there are no probes: the modules stand in the order of their definition"
        for prober in list(self._probers):
            puts_out: dict[str, tuple[tuple[int, ...], torch.dtype]] = {}
            try:
                flows.append(self._first_showing(prober, puts_out).flow)
                seen |= puts_out
            except Exception as error:  # noqa: BLE001  the user's model, on inputs that may not fit it
                reason = self._give_up(prober, error)
        level = _fair_share([shape for shape, _ in seen.values()])
        for node, (shape, dtype) in seen.items():
            self._roster.add_activation(node, shape, dtype, level)
        self._lay_out_space()
        return flows, reason

    def _lay_out_space(self) -> None:
        """Learn which maps the input space of the first model with two inputs has."""
        prober = next(filter(suits, self._probers), None) if self._choice.space else None
        if prober is None:
            return
        try:
            self._space = InputSpace(prober, self._names(), self._choice)
        except Exception as error:  # noqa: BLE001  as above: a model may take its probes, and no other number of them
            self._give_up_space(error)

    def _survey(self) -> Floats | None:
        """Show the model the grid of its input space, where it has one."""
        if self._space is None:
            return None
        try:
            return self._space.read(self._names())
        except Exception as error:  # noqa: BLE001  as above
            self._space = None
            self._give_up_space(error)
            return None

    def _give_up_space(self, error: Exception) -> None:
        what = error.what if isinstance(error, OnionskinError) else f"{type(error).__name__}: {error}".splitlines()[0]
        fix = error.fix if isinstance(error, OnionskinError) else "all else is recorded; space=False leaves it out"
        self._ledger.warn(f"the input space is not recorded: {what}", fix)

    def _first_showing(self, prober: Prober, puts_out: dict[str, tuple[tuple[int, ...], torch.dtype]]) -> Shown:
        """Show the probes; where a part of a batch does not fit the model (a kept hidden state), show all of it."""

        def heard(node: str, output: torch.Tensor) -> None:
            if output.layout == torch.strided and not output.is_complex():
                puts_out.setdefault(node, (tuple(output.shape), output.dtype))

        try:
            return prober.show(self._names(), heard)
        except Exception:
            if prober.call.whole is None:
                raise
            puts_out.clear()
            prober.call = prober.call.whole
            return prober.show(self._names(), heard)

    def _show(self) -> tuple[list[Shown], dict[str, tuple[torch.Tensor, float]]]:
        """Show the probes. Returns what came out, and the kept values of every activation with its dead share."""
        entries = {entry.name: entry for entry in self._roster.of_role("activation")}
        heard_of: dict[str, tuple[torch.Tensor, float]] = {}

        def heard(node: str, output: torch.Tensor) -> None:
            entry = entries.get(node)
            if entry is None or node in heard_of or tuple(output.shape) != entry.shape:
                return
            cut = tuple(slice(None, None, step) for step in entry.strides)
            kept = output[cut].reshape(-1).to(torch.float32, copy=True)
            heard_of[node] = (kept, _dead_share(output) if _has_zeros(kept) else 0.0)

        shown = []
        for prober in list(self._probers):
            try:
                shown.append(prober.show(self._names(), heard))
            except Exception as error:  # noqa: BLE001  as above
                self._give_up(prober, error)
        return shown, heard_of

    def _read_activations(self, heard: Mapping[str, tuple[torch.Tensor, float]]) -> Reading | None:
        entries = self._roster.of_role("activation")
        if not entries or not heard:
            return None
        parts = [heard[e.name][0].cpu().numpy() if e.name in heard else np.zeros(e.count, np.float32) for e in entries]
        measured = np.full((len(entries), len(STATISTICS)), np.nan, np.float32)
        measured[:, COLUMN["dead"]] = [heard[e.name][1] if e.name in heard else np.nan for e in entries]
        present = np.array([entry.name in heard for entry in entries])
        return Reading(np.concatenate(parts), present, measured)

    def _give_up(self, prober: Prober, error: Exception) -> str:
        """Stop showing probes that the model does not take, and say so once."""
        self._probers.remove(prober)
        first_line = str(error).splitlines()[0] if str(error) else ""
        reason = error.what if isinstance(error, OnionskinError) else f"{type(error).__name__}: {first_line}"
        fix = error.fix if isinstance(error, OnionskinError) else "give probes that model(*probes) accepts in eval mode"
        self._ledger.warn(f"no activations are recorded: showing the probes failed: {reason}", fix)
        return f"showing the probes failed: {reason}"

    def _read_exact(self) -> dict[str, npt.NDArray[Any]]:
        if not self._exact:
            return {}
        state = state_entries(self._models)
        rows = {}
        for array in sorted({entry.array for entry in self._exact}):
            parts = [_exact_values(state.get(e.name), e) for e in self._exact if e.array == array]
            rows[array] = np.concatenate(parts)
        return rows

    def _names(self) -> dict[int, str]:
        return {id(parameter): name for name, parameter in self._roster.weights.items()}


def _fair_share(shapes: Sequence[tuple[int, ...]]) -> int:
    """Return how many values of a probe each node may keep, so that all fit: small ones leave room for large ones."""
    sizes = sorted((math.prod(shape[1:]), shape[0]) for shape in shapes if shape)
    left, probes = MOST_ACTIVATION_VALUES, sum(count for _, count in sizes)
    for size, count in sizes:
        if size * probes > left:
            return max(16, min(left // probes, MOST_VALUES_A_PROBE))
        left, probes = left - size * count, probes - count
    return MOST_VALUES_A_PROBE


def _has_zeros(kept: torch.Tensor) -> bool:
    """A first look that spares convolutions and linear layers, which put out no exact zeros, the full one."""
    return bool(np.count_nonzero(kept.numpy()) < kept.numel()) if kept.is_cpu else True


def _dead_share(output: torch.Tensor) -> float:
    """Return the share of units (channels, features) that put out exactly 0 on every probe and place.

    The unit axis is 1 for (n, c, h, w) and the last one otherwise.
    """
    if output.dim() < 2 or not output.numel():
        return float("nan")
    axis = 1 if output.dim() in (4, 5) else output.dim() - 1
    fires = output.ne(0).movedim(axis, 0).flatten(1).any(1)
    return 1.0 - float(fires.float().mean())


def _exact_values(tensor: torch.Tensor | None, entry: ExactEntry) -> npt.NDArray[Any]:
    """Return one entry of the state dict as numbers of its row; NaN where it is gone or has another shape."""
    if tensor is None or tuple(tensor.shape) != entry.shape:
        return np.full(entry.count, np.nan, entry.array)
    values = torch.view_as_real(tensor.detach().resolve_conj()) if tensor.is_complex() else tensor.detach()
    numbers: npt.NDArray[Any] = values.reshape(-1).to(getattr(torch, entry.array)).cpu().numpy()
    return numbers
