"""The affine arithmetic at a model's border: real numbers to stored integers and back.

``real = scale * (stored - zero_point)``. TFLite rounds to the nearest integer, but its kernels do not
agree on ties. The reference ``QUANTIZE`` kernel, which also runs on microcontrollers, divides in
float32 and rounds half away from zero (``std::round``): ``quantize`` does exactly that. The optimised
x86 kernel, with XNNPACK and without, multiplies by the float32 reciprocal and rounds half to even
(observed on LiteRT 2.3; a test holds both). The two differ on ties only, up to the last place of the
float32 quotient, and then by one step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fieldpack.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RANGES: dict[str, tuple[int, int]] = {
    "int4": (-8, 7),
    "int8": (-128, 127),
    "uint8": (0, 255),
    "int16": (-32768, 32767),
    "int32": (-(2**31), 2**31 - 1),
}


def quantize(
    array: NDArray[Any],
    scale: float | Sequence[float],
    zero_point: int | Sequence[int],
    dtype: str | np.dtype[Any] | type,
    axis: int = -1,
) -> NDArray[Any]:
    """Stored integers for real numbers: nearest, half away from zero, clamped to the type.

    Parameters
    ----------
    array : ndarray of float
        Real values, any shape; finite.
    scale : float or sequence of float
        Positive step; one, or one per channel along ``axis``.
    zero_point : int or sequence of int
        The stored value that means 0.0; one, or one per channel.
    dtype : str, numpy dtype or type
        ``int4``, ``int8``, ``uint8``, ``int16`` or ``int32``. ``int4`` values come back as int8.
    axis : int
        Channel axis of several scales.

    Returns
    -------
    ndarray
        Same shape, of ``dtype``.

    Raises
    ------
    InputError
        If a value is not finite, the scale is not positive or the type is not a stored one.
    """
    import numpy as np

    name = dtype if isinstance(dtype, str) else np.dtype(dtype).name
    if name not in RANGES:
        raise InputError("This type does not store quantised values", came=name, allowed=", ".join(RANGES))
    lowest, highest = RANGES[name]
    steps, zeros = _parameters(scale, zero_point, np.shape(array), axis)
    scaled = np.asarray(array, dtype=np.float32) / steps
    if not np.isfinite(scaled).all():
        raise InputError("A value to quantise is not finite", allowed="finite numbers")
    exact = scaled.astype(np.float64)
    nearest = np.copysign(np.floor(np.abs(exact) + 0.5), exact)
    stored: NDArray[Any] = np.clip(nearest + zeros, lowest, highest).astype(
        "int8" if name == "int4" else name
    )
    return stored


def dequantize(
    array: NDArray[Any], scale: float | Sequence[float], zero_point: int | Sequence[int], axis: int = -1
) -> NDArray[np.float32]:
    """Real numbers for stored integers: ``scale * (stored - zero_point)`` as float32.

    Parameters
    ----------
    array : ndarray of int
        Stored values, any shape.
    scale, zero_point, axis
        As for ``quantize``.

    Raises
    ------
    InputError
        If the scale is not positive, or its length is not that of the axis.
    """
    import numpy as np

    steps, zeros = _parameters(scale, zero_point, np.shape(array), axis)
    centred = (np.asarray(array).astype(np.int64) - zeros).astype(np.float32)
    return np.asarray(centred * steps, dtype=np.float32)


def _parameters(
    scale: float | Sequence[float], zero_point: int | Sequence[int], shape: tuple[int, ...], axis: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    import numpy as np

    steps = np.asarray(scale, dtype=np.float32).reshape(-1)
    zeros = np.asarray(zero_point, dtype=np.int64).reshape(-1)
    if steps.size == 0 or not (np.isfinite(steps).all() and (steps > 0).all()):
        raise InputError("A quantisation scale is not a positive number", came=scale)
    if zeros.size not in (1, steps.size):
        raise InputError(
            "Scales and zero points do not match",
            came=f"{steps.size} and {zeros.size}",
            allowed="as many of both",
        )
    if steps.size == 1:
        return steps[0].reshape(()), zeros[0].reshape(())
    if not -len(shape) <= axis < len(shape) or shape[axis] != steps.size:
        raise InputError(
            "Per-channel scales do not fit the array",
            came=f"{steps.size} scales for axis {axis} of shape {shape}",
            allowed="one scale per element of that axis",
        )
    along = [1] * len(shape)
    along[axis] = -1
    return steps.reshape(along), np.broadcast_to(zeros, steps.shape).reshape(along)
