"""The probes: fixed inputs that the model is shown at every frame, through an isolated forward."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from onionskin.errors import OnionskinError
from onionskin.recording.manifest import ProbeArray, Probes
from onionskin.recording.subgrid import strides
from onionskin.watch.isolate import isolated
from onionskin.watch.skeleton import Skeleton
from onionskin.watch.tensors import dtype_name, joined
from onionskin.watch.trace import Flow, Tracer, named_tensors_in

#: More probes than this are not looked at one by one; the first ones are kept.
MOST_PROBES = 64

#: What one frame keeps of the outputs and of the embedding, all probes together.
MOST_OUTPUT_VALUES = 65_536

#: What the run keeps of the probes' own inputs.
MOST_INPUT_VALUES = 4_194_304

#: An image has sides between these; a smaller "image" is a table.
_IMAGE_SIDE = (4, 4096)


@dataclass(frozen=True)
class Call:
    """The arguments of one forward.

    Attributes:
        args, kwargs: As the model takes them.
        whole: The batch that this is the beginning of, for a model that takes no part of it; None for all there is.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    whole: Call | None = None

    def tensors(self, parameters: Sequence[str] = ()) -> list[tuple[str, torch.Tensor]]:
        """Return its tensors with a name each: ``input`` for the only one, else ``input.<parameter>``.

        Args:
            parameters: What the model's forward calls its positional parameters, as far as that is known.
        """
        if len(self.args) == 1 and not self.kwargs:
            return list(named_tensors_in(self.args[0], "input"))
        numbered = (parameters[i] if i < len(parameters) else str(i) for i in range(len(self.args)))
        named = [*zip(numbered, self.args, strict=True), *self.kwargs.items()]
        return [pair for name, value in named for pair in named_tensors_in(value, f"input.{name}")]

    @property
    def examples(self) -> int:
        """How many examples it holds: the size of the first tensor's first axis."""
        return next((int(t.shape[0]) for _, t in self.tensors() if t.dim()), 1)

    def mapped(self, change: Callable[[torch.Tensor], torch.Tensor]) -> Call:
        """Return the same call with every tensor changed."""
        return Call(_mapped(self.args, change), _mapped(self.kwargs, change))


def _mapped(value: Any, change: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    if isinstance(value, torch.Tensor):
        return change(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_mapped(item, change) for item in value))
    if isinstance(value, (list, tuple)):
        return type(value)(_mapped(item, change) for item in value)
    if isinstance(value, dict):
        return {key: _mapped(item, change) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changes = {f.name: _mapped(getattr(value, f.name), change) for f in dataclasses.fields(value) if f.init}
        return dataclasses.replace(value, **changes)
    return value


def as_call(probes: Any) -> Call:
    """Return the call that shows the probes: a tensor is ``model(x)``, a tuple ``model(*p)``, a dict ``model(**p)``."""
    if isinstance(probes, Call):
        call = probes
    elif isinstance(probes, Mapping):
        call = Call((), dict(probes))
    else:
        call = Call(tuple(probes) if isinstance(probes, (list, tuple)) else (probes,), {})
    if not call.tensors():
        raise OnionskinError(
            f"the probes hold no tensor: {type(probes).__name__}",
            fix="give a batch of inputs: probes=x[:8], a tuple for several inputs, a dict for named ones",
        )
    return call


def first_few(call: Call, most: int) -> Call:
    """Return a copy of the first few examples of a batch; of all of it where its tensors do not agree on its size."""
    sizes = {t.shape[0] if t.dim() else 0 for _, t in call.tensors()}
    end = most if len(sizes) == 1 and 0 not in sizes else None
    return call.mapped(lambda t: t[:end].detach().clone() if t.dim() else t.detach().clone())


@dataclass
class Shown:
    """What one showing of the probes gave.

    Attributes:
        outputs: (n,) float32, as laid out by ``Prober.describe``; None when the model gave none.
        embedding: (n,) float32, or None.
        flow: What the forward showed of the graph.
    """

    outputs: npt.NDArray[np.float32] | None
    embedding: npt.NDArray[np.float32] | None
    flow: Flow


class Prober:
    """Shows one model its probes.

    Args:
        model: The user's model, unwrapped.
        prefix: Its name in the run.
        call: The probes.
    """

    def __init__(self, model: nn.Module, prefix: str, call: Call) -> None:
        self.model = model
        self.prefix = prefix
        self.call = call
        self._parameters = _positional_parameters(model)
        self._outputs: list[tuple[ProbeArray, tuple[slice, ...]]] | None = None
        self._embedding: ProbeArray | None = None

    @property
    def count(self) -> int:
        """How many probes there are."""
        return self.call.examples

    def show(self, names: Mapping[int, str], heard: Callable[[str, torch.Tensor], None]) -> Shown:
        """Run the probes through the model's skeleton.

        Args:
            names: The recorded name of each parameter, by ``id``.
            heard: Called with each graph node and what it puts out.

        Raises:
            Exception: Whatever the model raises on these probes.
            NotIsolatedError: The model cannot be shown anything without the training noticing.
        """
        outputs, tracer = self.run(names, heard)
        if self._outputs is None:
            self._lay_out(outputs, tracer.embedding)
        return Shown(self._flat_outputs(outputs), self._flat_embedding(tracer.embedding), tracer.flow)

    def run(
        self, names: Mapping[int, str], heard: Callable[[str, torch.Tensor], None]
    ) -> tuple[list[tuple[str, torch.Tensor]], Tracer]:
        """Run the call through a skeleton, as :meth:`show` does. Returns what came out by name, and its tracer."""
        skeleton = Skeleton(self.model)
        with isolated(list(skeleton.copies.values())):
            return self.follow(skeleton, self.call_on_device(), names, heard)

    def follow(
        self, skeleton: Skeleton, call: Call, names: Mapping[int, str], heard: Callable[[str, torch.Tensor], None]
    ) -> tuple[list[tuple[str, torch.Tensor]], Tracer]:
        """Run a call through a skeleton of the model. Returns the outputs by name, and what was seen on the way."""
        tracer = Tracer(skeleton.module, self.prefix, names, heard, skeleton.constants)
        tracer.start(call.tensors(self._parameters))
        with tracer:
            output = skeleton.module(*call.args, **call.kwargs)
        outputs = list(named_tensors_in(output, "output"))
        tracer.finish(outputs)
        return outputs, tracer

    def kept_outputs(self, outputs: Iterable[tuple[str, torch.Tensor]]) -> list[tuple[ProbeArray, torch.Tensor]]:
        """Return of a forward's outputs what the run keeps of them, each with its part of a row."""
        found = {joined(self.prefix, name): tensor for name, tensor in outputs}
        return [(part, found[part.name][cut]) for part, cut in self._outputs or () if part.name in found]

    def inputs(self) -> list[tuple[ProbeArray, npt.NDArray[Any]]]:
        """Return the probes' inputs for the manifest, thinned where they are very large."""
        found = []
        for name, tensor in self.call.tensors(self._parameters):
            values = _plain(tensor)
            steps = (
                (1, *strides(values.shape[1:], max(1, MOST_INPUT_VALUES // max(1, len(values)))))
                if values.dim()
                else ()
            )
            values = values[tuple(slice(None, None, step) for step in steps)]
            array = values.cpu().numpy()
            is_image = _is_image(tensor)
            found.append((ProbeArray(joined(self.prefix, name), array.shape, array.dtype.name, 0, is_image), array))
        return found

    def named_inputs(self, call: Call) -> list[tuple[str, torch.Tensor]]:
        """Return the tensors of a call of this model, by the names that they have in the run."""
        return [(joined(self.prefix, name), tensor) for name, tensor in call.tensors(self._parameters)]

    def described_outputs(self, offset: int) -> tuple[ProbeArray, ...]:
        """Return the parts of a row of outputs, this model's beginning at ``offset``."""
        return tuple(dataclasses.replace(part, offset=offset + part.offset) for part, _ in self._outputs or ())

    @property
    def embedding(self) -> ProbeArray | None:
        """The part of a row of the embedding; None when no linear layer ran."""
        return self._embedding

    def call_on_device(self) -> Call:
        """Return the probes where the model is."""
        device = next((p.device for p in self.model.parameters()), None)
        return self.call if device is None else self.call.mapped(lambda t: t.to(device))

    def _lay_out(self, outputs: Iterable[tuple[str, torch.Tensor]], embedding: torch.Tensor | None) -> None:
        self._outputs, offset = [], 0
        tensors = [(name, t) for name, t in outputs if t.dim() and not t.is_complex() and t.layout == torch.strided]
        for name, tensor in tensors:
            most = MOST_OUTPUT_VALUES // max(1, len(tensors) * tensor.shape[0])
            steps = (1, *strides(tensor.shape[1:], max(1, most)))
            cut = tuple(slice(None, None, step) for step in steps)
            shape = tuple(tensor[cut].shape)
            part = ProbeArray(joined(self.prefix, name), shape, dtype_name(tensor.dtype), offset)
            self._outputs.append((part, cut))
            offset += int(np.prod(shape))
        rows = _embedded(embedding)
        if rows is not None and 0 < rows.numel() <= MOST_OUTPUT_VALUES:
            self._embedding = ProbeArray(self.prefix or "embedding", tuple(rows.shape), "float32")

    def _flat_outputs(self, outputs: Iterable[tuple[str, torch.Tensor]]) -> npt.NDArray[np.float32] | None:
        found = dict(outputs)
        parts = []
        for part, cut in self._outputs or ():
            tensor = found.get(part.name.removeprefix(f"{self.prefix}.") if self.prefix else part.name)
            values = None if tensor is None or tensor.dim() != len(cut) else tensor[cut]
            if values is None or tuple(values.shape) != part.shape:
                parts.append(np.full(int(np.prod(part.shape)), np.nan, np.float32))
            else:
                parts.append(values.reshape(-1).to(torch.float32).cpu().numpy())
        return np.concatenate(parts) if parts else None

    def _flat_embedding(self, embedding: torch.Tensor | None) -> npt.NDArray[np.float32] | None:
        if self._embedding is None:
            return None
        rows = _embedded(embedding)
        if rows is None or tuple(rows.shape) != self._embedding.shape:
            return np.full(int(np.prod(self._embedding.shape)), np.nan, np.float32)
        values: npt.NDArray[np.float32] = rows.reshape(-1).cpu().numpy()
        return values


def _positional_parameters(model: nn.Module) -> list[str]:
    """Return what a model's forward calls its positional parameters; empty where that cannot be told."""
    try:
        parameters = inspect.signature(model.forward).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def _embedded(tensor: torch.Tensor | None) -> torch.Tensor | None:
    """Return one row a probe out of the input of the last linear layer; positions in between are averaged."""
    if tensor is None or tensor.dim() < 2:
        return None
    rows = tensor.to(torch.float32)
    return rows if rows.dim() == 2 else rows.flatten(1, -2).mean(1)


def describe(probers: Iterable[Prober], labels: Iterable[int], classes: Iterable[str]) -> Probes:
    """Return the manifest's account of the probes of all models, laid end to end."""
    outputs: tuple[ProbeArray, ...] = ()
    inputs: tuple[ProbeArray, ...] = ()
    embedding = None
    count = 0
    for prober in probers:
        offset = sum(int(np.prod(part.shape)) for part in outputs)
        outputs += prober.described_outputs(offset)
        inputs += tuple(array for array, _ in prober.inputs())
        embedding = embedding or prober.embedding
        count = max(count, prober.count)
    return Probes(count, inputs, outputs, embedding, tuple(labels), tuple(classes))


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    """Return a probe's input in a type that every reader knows."""
    tensor = tensor.to_dense() if tensor.layout != torch.strided else tensor
    if tensor.is_complex():
        tensor = torch.view_as_real(tensor.resolve_conj())
    if tensor.dtype in (torch.float16, torch.bfloat16):
        return tensor.to(torch.float32)
    return tensor.to(torch.uint8) if tensor.dtype == torch.bool else tensor


def _is_image(tensor: torch.Tensor) -> bool:
    """Return whether a batch can be looked at: (n, c, h, w) or (n, h, w) with sensible sides and 1, 3 or 4 channels."""
    if tensor.dim() not in (3, 4) or tensor.dtype in (torch.int32, torch.int64):
        return False
    low, high = _IMAGE_SIDE
    sides = all(low <= side <= high for side in tensor.shape[-2:])
    return sides and (tensor.dim() == 3 or tensor.shape[1] in (1, 3, 4))
