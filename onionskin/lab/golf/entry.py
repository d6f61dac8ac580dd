"""A golf entry: ``NAME.json`` with an architecture, ``NAME.safetensors`` with its weights. Reading it runs nothing.

    {"format": 1, "task": "xor", "who": "you", "layers": [{"kind": "linear", "out": 1, "bias": false}, {"kind": "abs"}]}

Parameters are all values of all tensors, biases and zeros too. Bits are what the weights cost: a value of float32 32,
of float16 16; of int8 as many as hold the tensor's largest in two's complement (1 and −1: two); of uint8 with a second
tensor ``NAME.codebook``, by which each is looked up, as many as number the codebook, and the codebook itself. The
letters of ``words`` cost 8 bits each. The architecture is free, for parameters and for bits: it is what golf is about.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save_file
from torch import Tensor

from onionskin.errors import OnionskinError
from onionskin.lab.golf import architecture

FORMAT: Final = 1
MOST_JSON: Final = 64_000
MOST_BYTES: Final = 1_000_000
_CODEBOOK: Final = ".codebook"
_FLOATS: Final = {torch.float32: 32, torch.float16: 16}


@dataclass(frozen=True)
class Entry:
    """An entry as its files say.

    Attributes:
        name: Of the files.
        task, who: Which task, and who made it.
        layers: The architecture, looked over.
        weights: Tensors by name, in float32, looked up in their codebooks.
        parameters: How many values the weights have.
        distinct: How many different ones.
        bits: What they cost.
    """

    name: str
    task: str
    who: str
    layers: list[dict[str, Any]]
    weights: Mapping[str, Tensor]
    parameters: int
    distinct: int
    bits: int


def read(path: str | Path) -> Entry:
    """Read an entry from either of its two files.

    Raises:
        OnionskinError: A file is missing, too large, damaged, or says something that no entry may say.
    """
    file = Path(path).with_suffix(".json")
    told = _told(file)
    layers = architecture.check(told.get("layers"))
    tensors = _tensors(file.with_suffix(".safetensors"))
    weights = {name: _values(name, tensors) for name in tensors if not name.endswith(_CODEBOOK)}
    if orphans := [n for n in tensors if n.endswith(_CODEBOOK) and tensors.get(n.removesuffix(_CODEBOOK)) is None]:
        raise OnionskinError(f"{file.stem} has '{orphans[0]}' without codes", fix="leave it out")
    values = torch.cat([w.flatten() for w in weights.values()]) if weights else torch.zeros(0)
    letters = sum(len(word.encode()) for layer in layers for word in layer.get("words", ()))
    cost = sum(_bits(name, tensors) for name in weights) + 8 * letters
    return Entry(file.stem, told["task"], told["who"], layers, weights, len(values), len(set(values.tolist())), cost)


def _told(file: Path) -> dict[str, Any]:
    content = _bytes(file, MOST_JSON)
    try:
        told = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise OnionskinError(
            f"{file} is no JSON: {error}", fix="write it as onionskin/lab/golf/entry.py shows"
        ) from error
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise OnionskinError(
            f"{file} is no golf entry of format {FORMAT}", fix='it begins with {"format": 1, "task": …'
        )
    if unknown := sorted(set(told) - {"format", "task", "who", "layers", "note"}):
        raise OnionskinError(f"{file} has '{unknown[0][:40]}'", fix="an entry has format, task, who, layers and note")
    for key in ("task", "who"):
        if not isinstance(told.get(key), str) or not 0 < len(told[key]) <= 80:
            raise OnionskinError(f"{file} does not say its {key}", fix=f'add "{key}": "…", of at most 80 letters')
    return told


def _bytes(file: Path, most: int) -> bytes:
    try:
        if file.stat().st_size > most:
            raise OnionskinError(f"{file} has {file.stat().st_size:,} bytes", fix=f"an entry's has at most {most:,}")
        return file.read_bytes()
    except OSError as error:
        raise OnionskinError(f"{file} cannot be read: {error.strerror}",
                             fix="an entry is NAME.json beside NAME.safetensors") from error  # fmt: skip


def _tensors(file: Path) -> dict[str, Tensor]:
    try:
        tensors = load(_bytes(file, MOST_BYTES))
    except (SafetensorError, KeyError, ValueError, RuntimeError) as error:
        raise OnionskinError(f"{file} is no whole safetensors file: {str(error)[:90]}",
                             fix="save the weights with safetensors.torch.save_file") from error  # fmt: skip
    for name, tensor in tensors.items():
        if tensor.dtype not in (*_FLOATS, torch.int8, torch.uint8):
            raise OnionskinError(
                f"'{name[:40]}' is of {tensor.dtype}", fix="weights are float32, float16, int8 or uint8"
            )
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise OnionskinError(f"'{name[:40]}' has values that are not finite", fix="train again")
    return tensors


def _values(name: str, tensors: Mapping[str, Tensor]) -> Tensor:
    """Return a tensor's values in float32."""
    codes, book = tensors[name], tensors.get(name + _CODEBOOK)
    if codes.dtype != torch.uint8:
        return codes.float()
    if book is None or book.dim() != 1 or not book.is_floating_point() or not 0 < len(book) <= 256:
        raise OnionskinError(f"'{name[:40]}' is of codes, and has no codebook", fix=f"add '{name[:40]}.codebook', (k,)")
    if codes.numel() and int(codes.max()) >= len(book):
        raise OnionskinError(f"'{name[:40]}' has code {int(codes.max())}", fix=f"its codebook has {len(book)} values")
    return book.float()[codes.long()]


def _bits(name: str, tensors: Mapping[str, Tensor]) -> int:
    tensor = tensors[name]
    if tensor.dtype in _FLOATS:
        return tensor.numel() * _FLOATS[tensor.dtype]
    if tensor.dtype == torch.int8:
        largest = max((v if v >= 0 else -v - 1 for v in tensor.flatten().tolist()), default=0)
        return tensor.numel() * (largest.bit_length() + 1)
    book = tensors[name + _CODEBOOK]
    return tensor.numel() * math.ceil(math.log2(len(book))) + len(book) * _FLOATS[book.dtype]


def write(
    path: Path, task: str, who: str, layers: list[dict[str, Any]], tensors: Mapping[str, Tensor], note: str = ""
) -> Path:
    """Write an entry's two files, and return the JSON one.

    Args:
        path: Without a suffix, or with any.
        task, who, layers, note: What the entry says.
        tensors: As they are to be kept: floats, int8, or codes with codebooks.
    """
    told = {"format": FORMAT, "task": task, "who": who, **({"note": note} if note else {}), "layers": layers}
    file = path.with_suffix(".json")
    lines = json.dumps(told, indent=1, ensure_ascii=False)
    file.write_text(lines + "\n", encoding="utf-8")
    save_file(
        {name: tensor.detach().contiguous() for name, tensor in tensors.items()}, path.with_suffix(".safetensors")
    )
    return file


def quantised(weights: Mapping[str, Tensor], bits: int) -> dict[str, Tensor]:
    """Return weights as codes with codebooks of 2^bits values each, by k-means; small tensors stay as float16.

    Source: Han, Mao & Dally (2016), "Deep compression", arXiv 1510.00149, section 3.
    """
    kept: dict[str, Tensor] = {}
    for name, weight in weights.items():
        values, count = weight.detach().flatten(), 2**bits
        if values.numel() * bits + 16 * count >= 16 * values.numel():
            kept[name] = weight.detach().half()
            continue
        book = torch.linspace(float(values.min()), float(values.max()), count)
        for _ in range(50):
            nearest = (values[:, None] - book).abs().argmin(1)
            book = torch.stack([values[nearest == k].mean() if (nearest == k).any() else book[k] for k in range(count)])
        book = book.half()
        kept[name] = (values[:, None] - book.float()).abs().argmin(1).to(torch.uint8).view(weight.shape)
        kept[name + _CODEBOOK] = book
    return kept
