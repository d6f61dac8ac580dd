"""What a file from a stranger can do when it is opened: one harmless hostile file a format, opened in a child process.

A pickle is a program: it names functions, and loading it calls them. These files ask for ``open(marker, "w")``: if an
empty marker lies in the temporary folder afterwards, the file ran code of its maker's choice. Formats without objects
get the same bytes in the places where a stranger can put text, or an operation that nobody knows.
"""

from __future__ import annotations

import io
import json
import pickle
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import nn


class Marks:
    """Pickled, this is a call of ``open`` that makes a file, and nothing else."""

    def __init__(self, marker: Path) -> None:
        self._marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what is to be called when it is loaded, and with what."""
        return open, (str(self._marker), "w")


@dataclass(frozen=True)
class Door:
    """A way to open files.

    Attributes:
        write: Called with (path, marker); makes the hostile file.
        open: Called with a path, in the child.
        put_in: What the file has in it.
    """

    write: Callable[[Path, Path], None]
    open: Callable[[Path], object]
    put_in: str


@dataclass(frozen=True)
class Outcome:
    """What became of a hostile file.

    Attributes:
        door: How it was opened.
        put_in: What was in it.
        ran: Whether its code ran.
        is_refused: Whether the loader ended with an error.
    """

    door: str
    put_in: str
    ran: bool
    is_refused: bool


def _write_torch(path: Path, marker: Path) -> None:
    torch.save({"weight": Marks(marker)}, path)


def _write_npz(path: Path, marker: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, weight=np.array([Marks(marker)], object))


def _write_safetensors(path: Path, marker: Path) -> None:
    from safetensors.torch import save_file

    save_file({"weight": torch.zeros(2)}, path, {"note": pickle.dumps(Marks(marker), 0).decode("ascii")})


def _write_gguf(path: Path, marker: Path) -> None:
    from gguf import GGUFWriter

    writer = GGUFWriter(path, "onionskin")
    writer.add_description(pickle.dumps(Marks(marker), 0).decode("ascii"))
    writer.add_tensor("weight", np.zeros(2, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _write_onnx(path: Path, marker: Path) -> None:
    from onnx import TensorProto, helper, save

    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
    node = helper.make_node("Open", ["x"], ["y"], domain="stranger", payload=pickle.dumps(Marks(marker), 0))
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("stranger", 1)]
    graph = helper.make_graph([node], "hostile", values[:1], values[1:])
    save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)


def _write_pt2(path: Path, marker: Path) -> None:
    """Write a network as .pt2, then declare one weight to be a pickle, as the format allows for some tensors."""
    whole, hostile = io.BytesIO(), io.BytesIO()
    torch.export.save(torch.export.export(nn.Linear(1, 1), (torch.zeros(1, 1),)), whole)
    torch.save(Marks(marker), hostile)
    with zipfile.ZipFile(whole) as read, zipfile.ZipFile(path, "w") as write:
        for name in read.namelist():
            content = read.read(name)
            if name.endswith("model_weights_config.json"):
                told = json.loads(content)
                told["config"]["weight"]["use_pickle"] = True
                content, victim = json.dumps(told).encode(), told["config"]["weight"]["path_name"]
                write.writestr(name.replace("model_weights_config.json", victim), hostile.getvalue())
            if not name.endswith("weights/weight_0"):
                write.writestr(name, content)


def _open_safetensors(path: Path) -> object:
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        return file.metadata(), file.get_tensor("weight")


def _open_gguf(path: Path) -> object:
    from gguf import GGUFReader

    reader = GGUFReader(path)
    return [reader.fields[name].contents() for name in reader.fields], reader.tensors[0].data


def _open_onnx(path: Path) -> object:
    import onnxruntime

    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def _open_npz(path: Path, *, allow_pickle: bool = False) -> object:
    with np.load(path, allow_pickle=allow_pickle) as arrays:
        return arrays["weight"]


_PICKLE: Final = "a call of open()"
_TEXT: Final = "the same bytes as a text among its settings"

DOORS: Final[dict[str, Door]] = {
    "pickle": Door(_write_torch, lambda path: torch.load(path, weights_only=False), _PICKLE),
    "state_dict": Door(_write_torch, lambda path: torch.load(path, weights_only=True), _PICKLE),
    "npz": Door(_write_npz, _open_npz, _PICKLE + " in an array of objects"),
    "npz, allow_pickle=True": Door(_write_npz, lambda path: _open_npz(path, allow_pickle=True),
                                   _PICKLE + " in an array of objects"),
    "safetensors": Door(_write_safetensors, _open_safetensors, _TEXT),
    "GGUF": Door(_write_gguf, _open_gguf, _TEXT),
    "ONNX": Door(_write_onnx, _open_onnx, "the same bytes in an operation of an unknown maker"),
    ".pt2": Door(_write_pt2, torch.export.load, _PICKLE + " in place of a weight"),
}  # fmt: skip


@cache
def outcomes() -> tuple[Outcome, ...]:
    """Return what became of every hostile file whose library is here. Costs a start of Python, once a process."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for number, door in enumerate(DOORS.values()):
            try:
                door.write(place / f"{number}.file", place / f"{number}.ran")
            except ModuleNotFoundError:
                continue
        program = "import sys; from onionskin.lab.questions._hostile import open_all; open_all(sys.argv[1])"
        child = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", program, folder],
            check=True, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        refused: dict[str, bool] = json.loads(child.stdout.splitlines()[-1])
        return tuple(
            Outcome(name, door.put_in, (place / f"{number}.ran").exists(), refused[name])
            for number, (name, door) in enumerate(DOORS.items())
            if name in refused
        )


def open_all(folder: str) -> None:
    """Open each file of a folder, and print which ones the loaders refused: the child's part."""
    refused: dict[str, bool] = {}
    for number, (name, door) in enumerate(DOORS.items()):
        path = Path(folder) / f"{number}.file"
        if path.exists():
            try:
                door.open(path)
                refused[name] = False
            except Exception:  # noqa: BLE001 - every loader refuses in its own way
                refused[name] = True
    print(json.dumps(refused))
