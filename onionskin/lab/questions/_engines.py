"""The same network through other engines: compiled by PyTorch, or as ONNX in onnxruntime, in float32 and in int8."""

from __future__ import annotations

import io
import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from onionskin.lab.question import Skip
from onionskin.watch.portable import OPSET

Forward = Callable[[Tensor], Tensor]


def eager(model: nn.Module) -> Forward:
    """Return a network's forward without gradients."""

    def forward(x: Tensor) -> Tensor:
        with torch.no_grad():
            y: Tensor = model(x)
        return y

    return forward


def compiled(model: nn.Module, *examples: Tensor) -> Forward:
    """Return a network compiled for inputs like these, of one shape each. Raises Skip where it cannot be."""
    torch._dynamo.reset()  # what was compiled for another question is not kept from this one by a limit
    made: Any = torch.compile(model, dynamic=False)
    forward = eager(made)
    try:
        with _quiet():
            for x in examples:
                forward(x)
    except Exception as error:
        first = str(error).strip().splitlines()[:1]
        why = f"{type(error).__name__} {' '.join(first)}"
        raise Skip(f"torch.compile failed, which needs a C++ compiler: {why}") from error
    return forward


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep advice away that a learner cannot follow: it is about files that only exist here."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def onnx_of(model: nn.Module, x: Tensor) -> bytes:
    """Return a network as ONNX that takes any number of inputs like this one. Raises Skip where it cannot be."""
    file = io.BytesIO()
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # attention in one operation of PyTorch's own, which ONNX has not
    try:
        with _quiet(), torch.no_grad():  # the exporter has much to say of its own age
            torch.onnx.export(
                model, (x,), file,  # type: ignore[arg-type]  # a path is what the newer exporter takes
                dynamo=False, opset_version=OPSET, input_names=["x"], output_names=["y"],
                dynamic_axes={"x": {0: "n"}, "y": {0: "n"}},
            )  # fmt: skip
    except Exception as error:
        raise Skip(f"it cannot be written as ONNX: {' '.join(str(error).split())[:120]}") from error
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
    return file.getvalue()


def onnxruntime(onnx: bytes, threads: int = 1) -> Forward:
    """Return a forward by onnxruntime on so many threads."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = ort.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])

    def forward(x: Tensor) -> Tensor:
        found: Any = session.run(None, {"x": x.numpy()})[0]
        return torch.from_numpy(found)

    return forward


def int8(onnx: bytes, calibration: Sequence[Tensor] = ()) -> bytes:
    """Return ONNX with weights in int8.

    Args:
        onnx: In float32.
        calibration: Batches whose activations say how uint8 is laid over them (static quantisation); without them each
            forward looks at its own (dynamic), and only matrix products change, since onnxruntime's convolution of
            dynamic integers is slower than none.
    """
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType
    from onnxruntime.quantization import quantize_dynamic as dynamically
    from onnxruntime.quantization import quantize_static as statically

    class Reader(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime is not typed
        def __init__(self) -> None:
            self._batches: Iterator[Tensor] = iter(calibration)

        def get_next(self) -> dict[str, np.ndarray[Any, Any]] | None:
            batch = next(self._batches, None)
            return None if batch is None else {"x": batch.numpy()}

    with tempfile.TemporaryDirectory() as folder, _quiet():
        before, after = Path(folder) / "float.onnx", Path(folder) / "int8.onnx"
        before.write_bytes(onnx)
        if calibration:
            statically(before, after, Reader(), quant_format=QuantFormat.QDQ, per_channel=True,
                            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)  # fmt: skip
        else:
            dynamically(before, after, weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul", "Gemm"])
        return after.read_bytes()
