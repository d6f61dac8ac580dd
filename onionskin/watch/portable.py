"""Writes the model so that others can run it at any frame: ONNX, with its weights and buffers as inputs.

What runs is the forward that the probes were shown through, followed as before, so that every node of the map puts out
the values that the run keeps of it, under its name. The weights are not in the file: those of any frame are fed to it.

It is made by PyTorch's own TorchScript exporter. The one that follows it (torch.export) gives the same graph and takes
six seconds for a LeNet where this one takes 0.3, which is too much for the end of a training.
"""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Final

import torch
from torch import nn

from onionskin.errors import OnionskinError
from onionskin.recording.manifest import TensorEntry
from onionskin.watch.isolate import isolated
from onionskin.watch.probe import Prober
from onionskin.watch.skeleton import Skeleton
from onionskin.watch.tensors import dtype_name

#: A forward with more nodes than this is a loop in Python: it would take seconds to write.
MOST_NODES: Final = 500

#: What the file may hold besides the weights: constants that the forward made (bytes).
LARGEST_MODEL: Final = 16 * 2**20

#: The version of ONNX's operators: the oldest with layer normalisation, which every runtime of today knows.
OPSET: Final = 17

#: The remedy, where there is none but to know that no more than this is lost.
ALL_THE_SAME: Final = "everything else is recorded all the same"

#: What runs in a browser: others have no kernels there.
_TYPES: Final = frozenset({"float32", "float64", "int64", "int32", "uint8", "int8", "bool"})


def as_onnx(
    probers: Sequence[Prober],
    state: Mapping[str, torch.Tensor],
    weights: Mapping[str, torch.Tensor],
    activations: Sequence[TensorEntry],
) -> bytes:
    """Return the forward of the probes as ONNX; FORMAT.md names its inputs and outputs.

    Args:
        probers: What shows the probes to each model.
        state: The state dict, by the names of the run's exact weights.
        weights: The recorded parameters by name.
        activations: What the run keeps of the nodes.

    Raises:
        OnionskinError: It is too large, or has tensors that a browser cannot hold.
        Exception: Whatever the exporter raises on this model.
    """
    forward = _Forward(probers, state, weights, activations)
    file = io.BytesIO()
    with warnings.catch_warnings(), isolated([]):  # the modules that it runs are made anew, and none is in training
        warnings.simplefilter("ignore")  # the exporter has much to say of what it makes fixed, and of its own age
        tensors = forward.tensors()
        forward(*tensors)
        torch.onnx.export(
            forward,
            tensors,
            file,  # type: ignore[arg-type]  # a path is what the newer exporter takes
            dynamo=False,
            opset_version=OPSET,
            do_constant_folding=False,  # nothing of one frame's weights may be worked out beforehand
            input_names=forward.input_names,
            output_names=forward.output_names,
            dynamic_axes={name: {0: "probes"} for name in forward.growing},
        )
    if file.tell() > LARGEST_MODEL:
        raise OnionskinError(f"it takes {file.tell() / 2**20:,.0f} MiB without its weights", fix=ALL_THE_SAME)
    return file.getvalue()


class _Forward(nn.Module):
    """The forward of all probes as a function of the weights and the inputs.

    Attributes:
        input_names: In the order of what it takes.
        output_names: In the order of what it returned last.
    """

    def __init__(
        self,
        probers: Sequence[Prober],
        state: Mapping[str, torch.Tensor],
        weights: Mapping[str, torch.Tensor],
        activations: Sequence[TensorEntry],
    ) -> None:
        super().__init__()
        self.eval()
        # A tensor that were an attribute of its own would become a part of the file.
        self._calls = tuple((prober, prober.call_on_device()) for prober in probers)
        self._state = (*state.values(),)
        # Copied here: what is copied while the exporter listens would be a part of the graph.
        self._constants = tuple(dict(Skeleton(prober.model).tensors) for prober in probers)
        self._names = {id(parameter): name for name, parameter in weights.items()}
        self._entries = {entry.name: entry for entry in activations}
        self._inputs = [pair for prober, call in self._calls for pair in prober.named_inputs(call)]
        self.input_names = [f"exact/{name}" for name in state] + [f"input/{name}" for name, _ in self._inputs]
        self.output_names: list[str] = []
        for name, tensor in zip(self.input_names, self.tensors(), strict=True):
            if dtype_name(tensor.dtype) not in _TYPES or tensor.layout != torch.strided:
                raise OnionskinError(
                    f"'{name}' is {dtype_name(tensor.dtype)}",
                    fix="a browser runs models in float32 and float64: train in one of them to try it there",
                )

    @property
    def growing(self) -> list[str]:
        """The names of what has the probe as its first axis."""
        count = max(prober.count for prober, _ in self._calls)
        return [f"input/{name}" for name, tensor in self._inputs if tensor.shape[:1] == (count,)] + self.output_names

    def tensors(self) -> tuple[torch.Tensor, ...]:
        """Return what it takes, as it is now: copies, since a forward may count in a buffer."""
        return (*(tensor.detach().clone() for tensor in self._state), *(tensor.clone() for _, tensor in self._inputs))

    def forward(self, *tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return what the run keeps of the outputs and of every node, one row a probe."""
        weights = tensors[: len(self._state)]
        fed = iter(tensors[len(self._state) :])
        in_place_of = {id(own): given for own, given in zip(self._state, weights, strict=True)}
        names = {id(in_place_of[own]): name for own, name in self._names.items() if own in in_place_of}
        found: dict[str, torch.Tensor] = {}
        for (prober, call), constants in zip(self._calls, self._constants, strict=True):
            skeleton = Skeleton(prober.model, {**constants, **in_place_of})
            shown = call.mapped(lambda _: next(fed))
            outputs, _ = prober.follow(skeleton, shown, names, lambda node, output: self._hear(node, output, found))
            for part, kept in prober.kept_outputs(outputs):
                found[f"output/{part.name}"] = _row(kept, math.prod(part.shape[1:]))
        self.output_names = list(found)
        return tuple(found.values())

    def _hear(self, node: str, output: torch.Tensor, found: dict[str, torch.Tensor]) -> None:
        """Keep of a node what the run keeps of it, the first time that it is met."""
        entry, name = self._entries.get(node), f"activation/{node}"
        if entry is None or name in found or tuple(output.shape) != entry.shape or not output.numel():
            return
        if len(found) >= MOST_NODES:
            raise OnionskinError(f"its forward has more than {MOST_NODES:,} nodes", fix=ALL_THE_SAME)
        kept = output if entry.count == entry.size else output[tuple(slice(None, None, n) for n in entry.strides)]
        found[name] = _row(kept, math.prod(entry.kept[1:]))


def _row(tensor: torch.Tensor, width: int) -> torch.Tensor:
    """Return a tensor as one flat row a probe: another one even where it is flat, so that it has its own name.

    As few operations as can be, and no size asked of it: the exporter takes some milliseconds for each.
    """
    row = tensor.reshape(-1, width)
    return row if row.dtype == torch.float32 else row.to(torch.float32)
