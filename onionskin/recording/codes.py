"""Values as 16-bit codes with one scale a tensor and frame.

``value = code * scale``. A linear code was chosen over float16: what moves between two frames is often a
thousandth of a weight, which float16 (11 bits of mantissa) rounds away and a linear code keeps to
1/65,532 of the tensor's largest value. Three codes are kept for what is not finite.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

#: The largest code of a finite value; ±LARGEST stand for the largest magnitude of the tensor in that frame.
LARGEST = 32766
PLUS_INFINITY = 32767
MINUS_INFINITY = -32767
NOT_A_NUMBER = -32768


def encode(
    values: npt.NDArray[np.float32], starts: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.float32]]:
    """Code the kept values of many tensors, laid end to end.

    Args:
        values: (n,) the kept values of all tensors.
        starts: (t,) where each tensor begins in ``values``.
        counts: (t,) how many values each tensor has; may be 0.

    Returns:
        codes: (n,) int16.
        scales: (t,) float32, such that ``codes * scale`` gives the values back; 0 where all values are 0.
    """
    finite = np.isfinite(values)
    all_finite = bool(finite.all())
    safe = values if all_finite else np.where(finite, values, np.float32(0))
    largest = _largest(np.abs(safe), starts, counts)
    scales = largest / np.float32(LARGEST)
    # A tensor whose largest value is below 4e-34 would need a subnormal scale: it is taken for 0.
    usable = scales > np.finfo(np.float32).tiny
    inverses = np.divide(np.float32(1), scales, out=np.zeros_like(scales), where=usable)
    scales = np.where(usable, scales, np.float32(0))
    codes = np.rint(safe * np.repeat(inverses, counts)).astype(np.int16)
    if not all_finite:
        codes[np.isnan(values)] = NOT_A_NUMBER
        codes[np.isposinf(values)] = PLUS_INFINITY
        codes[np.isneginf(values)] = MINUS_INFINITY
    return codes, scales


def decode(codes: npt.NDArray[np.int16], scale: float) -> npt.NDArray[np.float32]:
    """Return the values of one tensor's codes: (n,) float32, with NaN and ±Inf where they were."""
    # Multiplied in float64 and kept in range: the largest finite float32 must not round up to infinity.
    largest = float(np.finfo(np.float32).max)
    values = np.clip(codes * np.float64(scale), -largest, largest).astype(np.float32)
    values[codes == NOT_A_NUMBER] = np.nan
    values[codes == PLUS_INFINITY] = np.inf
    values[codes == MINUS_INFINITY] = -np.inf
    return values


def _largest(
    magnitudes: npt.NDArray[np.float32], starts: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    """Return the largest magnitude of each tensor; 0 for an empty one, which ``reduceat`` cannot express."""
    largest = np.zeros(len(starts), np.float32)
    filled = counts > 0
    if filled.any():
        largest[filled] = np.maximum.reduceat(magnitudes, starts[filled])
    return largest
