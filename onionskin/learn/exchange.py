"""A model as ONNX, with its weights in it, and what onnxruntime makes of that beside what PyTorch does.

The file answers as a person wants it: probabilities for classes and labels, a number in its own unit. PyTorch's
TorchScript exporter makes it, as it makes the one in a run (``onionskin/watch/portable.py`` says why).
"""

from __future__ import annotations

import copy
import io
import warnings
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from onionskin.errors import OnionskinError
from onionskin.learn.domain import Portable, Rows
from onionskin.learn.goals import Goal
from onionskin.learn.goals.any_of import AnyOf
from onionskin.learn.goals.number import Number
from onionskin.learn.goals.one_of import OneOf
from onionskin.watch.portable import OPSET

#: How far two computations of one number may be apart: of numbers above 1, as a share of them. Twenty roundings of
#: float32 on the way through a deep network are a hundredth of it.
TOLERANCE: Final = 1e-4

_OTHERWISE: Final = "take another architecture with model=…, or hand over learner.save() for PyTorch"

#: So many examples are compared at once.
_BATCH: Final = 64


class Answering(nn.Module):
    """A model that gives what a person wants to know, and not what its loss is computed from."""

    def __init__(self, model: nn.Module, goal: Goal) -> None:
        super().__init__()
        self.model, self._goal = model, goal

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its outputs."""
        if isinstance(self._goal, OneOf | AnyOf):
            return ("probabilities",)
        return ("value",) if isinstance(self._goal, Number) else ("output",)

    def forward(self, *inputs: Tensor) -> Any:
        """Return probabilities (n, classes), a number (n,) in its own unit, or what the model gives."""
        outputs = self.model(*inputs)
        if isinstance(self._goal, OneOf):
            return outputs.softmax(1)
        if isinstance(self._goal, AnyOf):
            return torch.sigmoid(outputs)
        if isinstance(self._goal, Number):
            plain = outputs.reshape(-1) * self._goal.deviation + self._goal.mean
            return plain.exp() if self._goal.log else plain
        return outputs


def as_onnx(portable: Portable, answering: Answering, rows: Rows) -> bytes:
    """Return a model as ONNX that takes any number of examples.

    Args:
        portable: The model, and what it takes.
        answering: The same with its answers.
        rows: Some examples, to follow through it.

    Raises:
        OnionskinError: onnx is not installed, or no exporter takes this model.
    """
    try:
        import onnx  # noqa: F401  the exporter asks for it at its end, and says less
    except ModuleNotFoundError as error:
        raise OnionskinError(
            "ONNX is written by onnx, which is not installed", fix="pip install 'onionskin[learn]'"
        ) from error
    arrays = portable.arrays(rows[:2])
    axes = {
        name: {0: "examples", **{axis: f"{name}{axis}" for axis in portable.growing.get(name, ())}}
        for name in portable.inputs
    }
    file = io.BytesIO()
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # the exporter has much to say of what it makes fixed, and of its own age
            torch.onnx.export(
                _written_out(answering).eval(),
                arrays,
                file,  # type: ignore[arg-type]  # a path is what the newer exporter takes
                dynamo=False,
                opset_version=OPSET,
                input_names=list(portable.inputs),
                output_names=list(answering.names),
                dynamic_axes=axes | {name: {0: "examples"} for name in answering.names},
            )
    except Exception as error:
        raise OnionskinError(f"this model cannot be written as ONNX: {_first_line(error)}", fix=_OTHERWISE) from error
    return file.getvalue()


class Attention(nn.Module):
    """PyTorch's attention written out: as it is, the exporter would keep the number of examples that it saw."""

    def __init__(self, own: nn.MultiheadAttention) -> None:
        super().__init__()
        self.own = own

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        **_: Any,
    ) -> tuple[Tensor, None]:
        """Return what :class:`torch.nn.MultiheadAttention` does, with the batch first, and no weights."""
        own = self.own
        weights, biases = own.in_proj_weight.chunk(3), own.in_proj_bias.chunk(3)
        given = (query, key, value)
        q, k, v = (self._heads(functional.linear(x, w, b)) for x, w, b in zip(given, weights, biases, strict=True))
        scores = q @ k.transpose(-2, -1) * own.head_dim**-0.5  # (n, heads, t, s)
        if attn_mask is not None:
            masked = scores.masked_fill(attn_mask, -torch.inf) if attn_mask.dtype == torch.bool else scores + attn_mask
            scores = masked
        if key_padding_mask is not None:
            scores = scores.masked_fill(key_padding_mask[:, None, None, :], -torch.inf)
        return own.out_proj((scores.softmax(-1) @ v).transpose(1, 2).flatten(2)), None

    def _heads(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], x.shape[1], self.own.num_heads, self.own.head_dim).transpose(1, 2)


def _is_plain(own: nn.MultiheadAttention) -> bool:
    is_of_one = bool(own._qkv_same_embed_dim) and own.in_proj_bias is not None
    return is_of_one and own.bias_k is None and not own.add_zero_attn


def _written_out(model: nn.Module) -> nn.Module:
    """Return a copy whose attention is written out, where it can be."""
    copied = copy.deepcopy(model)
    for module in [*copied.modules()]:
        for name, inner in module.named_children():
            if isinstance(inner, nn.MultiheadAttention) and inner.batch_first and _is_plain(inner):
                setattr(module, name, Attention(inner))
    return copied


@dataclass(frozen=True)
class Compared:
    """What onnxruntime and PyTorch make of the same examples.

    Attributes:
        examples: How many.
        largest: The largest difference of two numbers, of numbers above 1 as a share of them.
        others: How many examples have another answer.
        first: The number of the first of these, -1 for none.
    """

    examples: int
    largest: float
    others: int
    first: int = -1

    @property
    def is_equal(self) -> bool:
        """Whether every answer is the same, and every number within :data:`TOLERANCE`."""
        return self.others == 0 and self.largest <= TOLERANCE


def compared(onnx: bytes, portable: Portable, answering: Answering, rows: Rows) -> Compared:
    """Ask the file and the model about examples, one alone and the others in batches.

    Raises:
        OnionskinError: onnxruntime is not installed, or does not run the file.
    """
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise OnionskinError(
            "the file is tried in onnxruntime, which is not installed", fix="pip install 'onionskin[learn]'"
        ) from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    largest, others, first = 0.0, 0, -1
    try:
        session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
        for part in [rows[:1], *(rows[i : i + _BATCH] for i in range(1, len(rows), _BATCH))]:
            arrays = portable.arrays(part)
            with torch.no_grad():
                ours = _numbers(answering.eval()(*arrays))
            feeds = {name: array.numpy() for name, array in zip(portable.inputs, arrays, strict=True)}
            known = {each.name for each in session.get_inputs()}
            theirs = [
                np.asarray(each, np.float64)
                for each in session.run(None, {n: a for n, a in feeds.items() if n in known})
            ]
            for mine, other in zip(ours, theirs, strict=True):
                largest = max(largest, _apart(mine, other))
            wrong = np.flatnonzero(_answers(ours[0], answering) != _answers(theirs[0], answering))
            if len(wrong) and first < 0:
                first = int(part[wrong[0]])
            others += len(wrong)
    except Exception as error:
        raise OnionskinError(f"onnxruntime does not run the file: {_first_line(error)}", fix=_OTHERWISE) from error
    return Compared(len(rows), largest, others, first)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _numbers(outputs: Any) -> list[npt.NDArray[np.float64]]:
    return [each.double().numpy() for each in (outputs if isinstance(outputs, tuple | list) else [outputs])]


def _apart(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    """Return the largest difference; infinite where only one of them is a number."""
    if a.shape != b.shape:
        return float("inf")
    with np.errstate(invalid="ignore"):  # of infinities
        apart = np.abs(a - b) / np.maximum(1.0, np.abs(a))
    apart[(a == b) | (np.isnan(a) & np.isnan(b))] = 0
    return float(np.nan_to_num(apart, nan=np.inf).max(initial=0.0))


def _answers(numbers: npt.NDArray[np.float64], answering: Answering) -> npt.NDArray[Any]:
    """Return the answer of each example as one thing that can be compared."""
    if answering.names != ("probabilities",):
        return np.zeros(len(numbers))  # numbers are compared as such
    if isinstance(answering._goal, OneOf):
        best: npt.NDArray[Any] = numbers.argmax(1)
        return best
    yes: npt.NDArray[Any] = np.array([row.tobytes() for row in numbers > 0.5])
    return yes
