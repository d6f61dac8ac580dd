"""Ways to write a network's weights with fewer bytes, and to read them again.

Weights (tensors of two and more dimensions) are coded; biases, norms and their averages are few, and stay float32.
Every code makes the very bytes that would lie in a file, and the weights are read back from these bytes.

Sources: int8 for each output channel, Jacob et al. (2017), arXiv 1712.05877; 16 values found by k-means, pruning and
packing, Han, Mao & Dally (2015), "Deep compression", arXiv 1510.00149; groups of 32 with a scale, llama.cpp's Q4_0.
"""

# Shapes: o output channels, i inputs of each, g groups of 32 values.

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Array = npt.NDArray[np.float32]

#: So many values share a scale where there are 4 bits for each.
GROUP: Final = 32


@dataclass(frozen=True)
class Code:
    """A way to write weights.

    Attributes:
        write: From weights, (o, i), to bytes.
        read: From these bytes and the shape to weights, (o, i).
        pruned: Which share of all weights is set to 0 first, the smallest.
        packed: How all bytes are packed at last: ``gzip``, ``zstd``, or empty.
        needs: Libraries.
    """

    write: Callable[[Array], bytes]
    read: Callable[[bytes, tuple[int, int]], Array]
    pruned: float = 0.0
    packed: str = ""
    needs: tuple[str, ...] = ()


def coded(state: Mapping[str, Tensor], code: Code) -> tuple[int, dict[str, Tensor]]:
    """Return how many bytes a network's tensors are in a code, and the tensors as they are read again."""
    least = _threshold(state, code.pruned)
    written: list[bytes] = []
    again: dict[str, Tensor] = {}
    for name, value in state.items():
        if value.ndim < 2 or not value.is_floating_point():
            written.append(value.numpy().tobytes())
            again[name] = value
            continue
        weights = value.numpy().reshape(len(value), -1)
        weights = np.where(np.abs(weights) < least, np.float32(0), weights)
        written.append(code.write(weights))
        again[name] = torch.from_numpy(code.read(written[-1], weights.shape).reshape(value.shape))
    return len(_packed(b"".join(written), code.packed)), again


def _threshold(state: Mapping[str, Tensor], share: float) -> float:
    """Return below which size a weight is among the smallest share of all weights."""
    if not share:
        return 0.0
    sizes = torch.cat([value.abs().flatten() for value in state.values() if value.ndim >= 2])
    return float(sizes.kthvalue(max(1, round(share * len(sizes)))).values)


def _packed(content: bytes, how: str) -> bytes:
    if how == "gzip":
        return gzip.compress(content, 6)
    if how == "zstd":
        import pyarrow

        return bytes(pyarrow.compress(content, codec="zstd", asbytes=True))
    return content


# ---------------------------------------------------------------------- as they are


def write_float32(w: Array) -> bytes:
    """Write four bytes a weight."""
    return w.tobytes()


def read_float32(content: bytes, shape: tuple[int, int]) -> Array:
    """Read what :func:`write_float32` wrote."""
    return np.frombuffer(content, np.float32).reshape(shape).copy()


def write_planes(w: Array) -> bytes:
    """Write the first bytes of all weights, then the second ones, …: bytes that are alike lie together."""
    return np.ascontiguousarray(w.reshape(-1).view(np.uint8).reshape(-1, 4).T).tobytes()


def read_planes(content: bytes, shape: tuple[int, int]) -> Array:
    """Read what :func:`write_planes` wrote."""
    planes = np.frombuffer(content, np.uint8).reshape(4, -1)
    return np.ascontiguousarray(planes.T).view(np.float32).reshape(shape)


def write_float16(w: Array) -> bytes:
    """Write IEEE's 16 bits: 5 for the exponent, 10 for the fraction."""
    return w.astype(np.float16).tobytes()


def read_float16(content: bytes, shape: tuple[int, int]) -> Array:
    """Read what :func:`write_float16` wrote."""
    return np.frombuffer(content, np.float16).astype(np.float32).reshape(shape)


def write_bfloat16(w: Array) -> bytes:
    """Write the upper half of 32 bits, rounded to the nearest: 8 for the exponent, 7 for the fraction."""
    bits = w.reshape(-1).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16).tobytes()


def read_bfloat16(content: bytes, shape: tuple[int, int]) -> Array:
    """Read what :func:`write_bfloat16` wrote."""
    halves = np.frombuffer(content, np.uint16).astype(np.uint32)
    return (halves << 16).view(np.float32).reshape(shape)


# ---------------------------------------------------------------------- whole numbers with a scale


def write_int8_tensor(w: Array) -> bytes:
    """Write whole numbers from −127 to 127 and one scale for all."""
    scale = np.float32(np.abs(w).max() / 127 or 1.0)
    return scale.tobytes() + np.round(w / scale).astype(np.int8).tobytes()


def read_int8_tensor(content: bytes, shape: tuple[int, int]) -> Array:
    """Read what :func:`write_int8_tensor` wrote."""
    whole = np.frombuffer(content, np.int8, offset=4).reshape(shape)
    return whole.astype(np.float32) * np.frombuffer(content, np.float32, 1)


def write_int8_channel(w: Array) -> bytes:
    """Write whole numbers from −127 to 127 and a scale for each output channel."""
    scale_o = np.abs(w).max(1) / np.float32(127)
    scale_o[scale_o == 0] = 1
    return bytes(scale_o.tobytes() + np.round(w / scale_o[:, None]).astype(np.int8).tobytes())


def read_int8_channel(content: bytes, shape: tuple[int, int]) -> Array:
    """Read what :func:`write_int8_channel` wrote."""
    scale_o = np.frombuffer(content, np.float32, shape[0])
    whole = np.frombuffer(content, np.int8, offset=4 * shape[0]).reshape(shape)
    return whole.astype(np.float32) * scale_o[:, None]


def write_int4_groups(w: Array) -> bytes:
    """Write whole numbers from −7 to 7, two in a byte, and 16 bits of scale for each 32: 4.5 bits a weight."""
    padded = np.zeros(-(-w.size // GROUP) * GROUP, np.float32)
    padded[: w.size] = w.reshape(-1)
    groups = padded.reshape(-1, GROUP)  # (g, 32)
    scale_g = (np.abs(groups).max(1) / 7).astype(np.float16)
    divisor = np.where(scale_g == 0, 1, scale_g).astype(np.float32)
    whole = np.clip(np.round(groups / divisor[:, None]), -7, 7).astype(np.int8) + 8
    nibbles = whole.astype(np.uint8).reshape(-1)
    return bytes(scale_g.tobytes() + (nibbles[::2] | nibbles[1::2] << 4).tobytes())


def read_int4_groups(content: bytes, shape: tuple[int, int]) -> Array:
    """Read what :func:`write_int4_groups` wrote."""
    size = shape[0] * shape[1]
    groups = -(-size // GROUP)
    scale_g = np.frombuffer(content, np.float16, groups).astype(np.float32)
    whole = _nibbles(content[2 * groups :]).astype(np.float32).reshape(groups, GROUP) - 8
    return (whole * scale_g[:, None]).reshape(-1)[:size].reshape(shape)


def _nibbles(content: bytes) -> npt.NDArray[np.uint8]:
    both = np.frombuffer(content, np.uint8)
    return np.stack([both & 15, both >> 4], 1).reshape(-1)


# ---------------------------------------------------------------------- a codebook


def write_codebook(w: Array) -> bytes:
    """Write which of 16 values each weight is nearest to, two in a byte; the values are found by k-means."""
    values = _k_means(w.reshape(-1), 16)
    nearest = np.searchsorted((values[1:] + values[:-1]) / 2, w.reshape(-1)).astype(np.uint8)
    if len(nearest) % 2:
        nearest = np.append(nearest, np.uint8(0))
    return values.tobytes() + (nearest[::2] | nearest[1::2] << 4).tobytes()


def read_codebook(content: bytes, shape: tuple[int, int]) -> Array:
    """Read what :func:`write_codebook` wrote."""
    values = np.frombuffer(content, np.float32, 16)
    return values[_nibbles(content[64:])[: shape[0] * shape[1]]].reshape(shape)


def _k_means(x: Array, count: int, rounds: int = 20, most: int = 50_000) -> Array:
    """Return the middles of clusters of numbers, sorted: evenly spaced at first, as suits weights (section 3.2)."""
    seen = np.sort(x[:: -(-len(x) // most)])
    middles = np.linspace(x.min(), x.max(), count, dtype=np.float32)
    sums = np.concatenate([[0.0], np.cumsum(seen, dtype=np.float64)])
    for _ in range(rounds):
        ends = np.concatenate([[0], np.searchsorted(seen, (middles[1:] + middles[:-1]) / 2), [len(seen)]])
        sizes = np.diff(ends)
        means = (sums[ends[1:]] - sums[ends[:-1]]) / np.maximum(sizes, 1)
        middles = np.sort(np.where(sizes > 0, means, middles)).astype(np.float32)
    return middles


_WHOLE: Final = (write_float32, read_float32)
_CHANNEL: Final = (write_int8_channel, read_int8_channel)

#: By the name that the answer calls it by.
CODES: Final[Mapping[str, Code]] = {
    "float32": Code(*_WHOLE),
    "float32, gzip": Code(*_WHOLE, packed="gzip"),
    "float32, zstd": Code(*_WHOLE, packed="zstd", needs=("pyarrow",)),
    "float32 in byte planes, gzip": Code(write_planes, read_planes, packed="gzip"),
    "float16": Code(write_float16, read_float16),
    "bfloat16": Code(write_bfloat16, read_bfloat16),
    "int8 per tensor": Code(write_int8_tensor, read_int8_tensor),
    "int8 per channel": Code(*_CHANNEL),
    "int8 per channel, gzip": Code(*_CHANNEL, packed="gzip"),
    "4 bits, codebook": Code(write_codebook, read_codebook),
    "4 bits, groups of 32": Code(write_int4_groups, read_int4_groups),
    "50 % pruned, gzip": Code(*_WHOLE, pruned=0.5, packed="gzip"),
    "80 % pruned, gzip": Code(*_WHOLE, pruned=0.8, packed="gzip"),
    "90 % pruned, gzip": Code(*_WHOLE, pruned=0.9, packed="gzip"),
    "50 % pruned, int8, gzip": Code(*_CHANNEL, pruned=0.5, packed="gzip"),
}
