"""The formats that a network is kept in: how each is written from a network in memory, and opened again from its file.

Formats that hold tensors alone need the architecture's own code. It is built on the meta device, which draws no random
weights, and takes the tensors that were read as its own (``assign=True``).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

Run = Callable[[Tensor], Tensor]
Build = Callable[[], nn.Module]


@dataclass(frozen=True)
class Format:
    """A format.

    Attributes:
        write: Called with (model, example, path).
        open: Called with (path, build); gives what answers an input.
        needs: Libraries, by the names that they are imported by.
        holds: What is in a file.
        opened_by: What else opens it.
    """

    write: Callable[[nn.Module, Tensor, Path], None]
    open: Callable[[Path, Build], Run]
    needs: tuple[str, ...]
    holds: str
    opened_by: str

    @property
    def is_tensors(self) -> bool:
        """Whether a file has tensors alone, so that the architecture must come from elsewhere."""
        return self.holds.startswith(("tensors by name", "arrays by name"))


def built_on_meta(build: Build) -> nn.Module:
    """Return a network whose tensors have shapes and no values."""
    with torch.device("meta"):
        return build()


def _built(build: Build, state: Mapping[str, Tensor]) -> Run:
    """Return the network with these tensors in it, as it answers."""
    model = built_on_meta(build)
    model.load_state_dict(state, assign=True)
    return _answering(model.eval())


def _answering(model: nn.Module) -> Run:
    def run(x: Tensor) -> Tensor:
        with torch.inference_mode():
            answer: Tensor = model(x)
        return answer

    return run


def _write_pickle(model: nn.Module, example: Tensor, path: Path) -> None:
    torch.save(model, path)


def _open_pickle(path: Path, build: Build) -> Run:
    return _answering(torch.load(path, weights_only=False))


def _write_state_dict(model: nn.Module, example: Tensor, path: Path) -> None:
    torch.save(model.state_dict(), path)


def _open_state_dict(path: Path, build: Build) -> Run:
    return _built(build, torch.load(path, weights_only=True, mmap=True))


def _write_safetensors(model: nn.Module, example: Tensor, path: Path) -> None:
    from safetensors.torch import save_file

    save_file(model.state_dict(), path)


def _open_safetensors(path: Path, build: Build) -> Run:
    from safetensors.torch import load_file

    return _built(build, load_file(path))


def _write_npz(model: nn.Module, example: Tensor, path: Path) -> None:
    arrays: dict[str, Any] = {name: value.numpy() for name, value in model.state_dict().items()}
    with path.open("wb") as file:  # to a path, NumPy appends an ending of its own
        np.savez(file, **arrays)


def _open_npz(path: Path, build: Build) -> Run:
    with np.load(path) as arrays:
        return _built(build, {name: torch.from_numpy(arrays[name]) for name in arrays.files})


def _write_gguf(model: nn.Module, example: Tensor, path: Path) -> None:
    from gguf import GGUFWriter

    writer = GGUFWriter(path, "onionskin")
    for name, value in model.state_dict().items():
        writer.add_tensor(name, np.atleast_1d(value.numpy()))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _open_gguf(path: Path, build: Build) -> Run:
    from gguf import GGUFReader

    state = {tensor.name: _tensor(tensor.data) for tensor in GGUFReader(path).tensors}
    shapes = {name: value.shape for name, value in built_on_meta(build).state_dict().items()}
    return _built(build, {name: value.reshape(shapes[name]) for name, value in state.items()})


def _tensor(array: npt.NDArray[Any]) -> Tensor:
    return torch.from_numpy(np.array(array))  # a copy: the reader's map of the file cannot be written to


def _write_onnx(model: nn.Module, example: Tensor, path: Path) -> None:
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the exporter has much to say of its own age
        torch.onnx.export(model, (example,), path, dynamo=False, input_names=["x"], output_names=["logits"])


def _open_onnx(path: Path, build: Build) -> Run:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda x: torch.from_numpy(session.run(None, {"x": x.numpy()})[0])


def _write_pt2(model: nn.Module, example: Tensor, path: Path) -> None:
    with path.open("wb") as file:
        torch.export.save(torch.export.export(model, (example,)), file)


def _open_pt2(path: Path, build: Build) -> Run:
    with path.open("rb") as file:
        return _answering(torch.export.load(file).module())


#: By the name that the answer calls it by.
FORMATS: Final[Mapping[str, Format]] = {
    "pickle": Format(
        _write_pickle, _open_pickle, (), "any Python objects, as calls to be made",
        "Python with the same classes at the same place, and nothing else",
    ),
    "state_dict": Format(
        _write_state_dict, _open_state_dict, (), "tensors by name, in a pickle that is read by a list of allowed calls",
        "PyTorch",
    ),
    "safetensors": Format(
        _write_safetensors, _open_safetensors, ("safetensors",), "tensors by name behind a JSON header",
        "PyTorch, JAX, TensorFlow, NumPy, Rust, JavaScript, Swift; a few lines in any language that has JSON",
    ),
    "ONNX": Format(
        _write_onnx, _open_onnx, ("onnx", "onnxruntime"), "tensors and the graph of operations",
        "onnxruntime from C, C++, C#, Java, JavaScript, Rust and in browsers; TensorRT, OpenVINO and other converters",
    ),
    ".pt2": Format(
        _write_pt2, _open_pt2, (), "tensors and PyTorch's own graph of operations",
        "PyTorch of about the same version, and what it compiles (AOTInductor, ExecuTorch)",
    ),
    "GGUF": Format(
        _write_gguf, _open_gguf, ("gguf",), "tensors by name, also in 2 to 8 bits, and settings",
        "llama.cpp and what is built on it, for the architectures that they know; readers of its tensors",
    ),
    "npz": Format(
        _write_npz, _open_npz, (), "arrays by name in a ZIP file", "NumPy, and readers in C++, Julia, R, Rust"
    ),
}  # fmt: skip
