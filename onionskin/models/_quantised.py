"""The codes in which GGUF files keep weights: whole numbers of a few bits, with a scale for each block.

Source: the layouts of llama.cpp's ``ggml-common.h``; the K codes are those of its pull request 1684.
"""

# Shapes: n blocks, of b bytes or v values.

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Kind:
    """A code: ``block`` values are kept in ``size`` bytes, and ``read`` makes (n, v) values of (n, b) bytes."""

    name: str
    block: int
    size: int
    read: Callable[[Bytes], Floats]

    def bytes_for(self, count: int) -> int:
        """Return how many bytes so many values take, whole blocks of them."""
        return count // self.block * self.size

    def decode(self, coded: Bytes) -> Floats:
        """Return the values, in a row."""
        # Damaged scales may be infinite; what such a model says is its own affair, but it is said without warnings.
        with np.errstate(over="ignore", invalid="ignore"):
            return self.read(coded.reshape(-1, self.size)).reshape(-1)


def _halves(x: Bytes) -> Floats:
    """Read 16-bit numbers: (n, 2 k) bytes to (n, k)."""
    return np.ascontiguousarray(x).view("<f2").astype(np.float32)


def _nibbles(x: Bytes) -> Bytes:
    """Read the lower four bits of all bytes, then the upper four: (n, b) to (n, 2 b)."""
    return np.concatenate([x & 15, x >> 4], axis=1)


def _fifth_bits(x: Bytes) -> Bytes:
    """Read 32 bits, the lowest first, each worth 16: (n, 4) bytes to (n, 32)."""
    bits: Bytes = np.unpackbits(x, axis=1, bitorder="little") << np.uint8(4)
    return bits


def _f32(x: Bytes) -> Floats:
    return x.view("<f4").astype(np.float32)


def _bf16(x: Bytes) -> Floats:
    """The upper half of a 32-bit number."""
    return (x.view("<u2").astype(np.uint32) << 16).view(np.float32)


def _q4_0(x: Bytes) -> Floats:
    return _halves(x[:, :2]) * (_nibbles(x[:, 2:]).astype(np.float32) - 8)


def _q4_1(x: Bytes) -> Floats:
    return _halves(x[:, :2]) * _nibbles(x[:, 4:]).astype(np.float32) + _halves(x[:, 2:4])


def _q5_0(x: Bytes) -> Floats:
    return _halves(x[:, :2]) * ((_nibbles(x[:, 6:]) | _fifth_bits(x[:, 2:6])).astype(np.float32) - 16)


def _q5_1(x: Bytes) -> Floats:
    whole = _nibbles(x[:, 8:]) | _fifth_bits(x[:, 4:8])
    return _halves(x[:, :2]) * whole.astype(np.float32) + _halves(x[:, 2:4])


def _q8_0(x: Bytes) -> Floats:
    return _halves(x[:, :2]) * np.ascontiguousarray(x[:, 2:]).view(np.int8).astype(np.float32)


def _q4_k(x: Bytes) -> Floats:
    """256 values in 8 parts, each with a scale and a least value of 6 bits, which share a scale each."""
    s = x[:, 4:16]
    # Of the first four parts bytes 0 to 7 hold the lower bits; of the last four they keep the upper two.
    scales = np.concatenate([s[:, :4] & 63, (s[:, 8:] & 15) | (s[:, :4] >> 6 << 4)], axis=1)  # (n, 8)
    least = np.concatenate([s[:, 4:8] & 63, (s[:, 8:] >> 4) | (s[:, 4:8] >> 6 << 4)], axis=1)
    whole = _nibbles(x[:, 16:].reshape(-1, 32)).reshape(-1, 8, 32).astype(np.float32)
    d, m = _halves(x[:, :2]) * scales, _halves(x[:, 2:4]) * least
    found: Floats = d[:, :, None] * whole - m[:, :, None]
    return found.reshape(-1, 256)


def _q6_k(x: Bytes) -> Floats:
    """256 values of 6 bits: lower four in nibbles, upper two in a plane of their own; 16 scales of 8 bits."""
    lower = _nibbles(x[:, :128].reshape(-1, 64)).reshape(-1, 2, 4, 32)  # (n, halves, quarters, 32)
    upper = x[:, 128:192].reshape(-1, 2, 1, 32) >> np.array([0, 2, 4, 6], np.uint8)[:, None] & 3
    whole = (lower | upper << 4).astype(np.float32) - 32
    scales = _halves(x[:, 208:]) * np.ascontiguousarray(x[:, 192:208]).view(np.int8).astype(np.float32)  # (n, 16)
    return (whole.reshape(-1, 16, 16) * scales[:, :, None]).reshape(-1, 256)


#: By their code in the file.
KINDS = {
    0: Kind("F32", 1, 4, _f32),
    1: Kind("F16", 1, 2, _halves),
    2: Kind("Q4_0", 32, 18, _q4_0),
    3: Kind("Q4_1", 32, 20, _q4_1),
    6: Kind("Q5_0", 32, 22, _q5_0),
    7: Kind("Q5_1", 32, 24, _q5_1),
    8: Kind("Q8_0", 32, 34, _q8_0),
    12: Kind("Q4_K", 256, 144, _q4_k),
    14: Kind("Q6_K", 256, 210, _q6_k),
    30: Kind("BF16", 1, 2, _bf16),
}
