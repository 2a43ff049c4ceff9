"""Stored weights unpacked with numpy: the ``constexpr_*`` operators of iOS16 and iOS18.

The iOS16 forms carry packed bytes and the ``shape`` of the weight; the iOS18 forms carry tensors of
the rank of the weight, with scales, offsets and palettes for each block. Arithmetic is float32.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.coreml.blob import unpack_bits
from fieldpack.errors import ModelFileError

Array = NDArray[Any]
Arguments = dict[str, Any]


def affine_dequantize(given: Arguments) -> Array:
    """``constexpr_affine_dequantize``: ``scale * (quantized_data - zero_point)`` along ``axis``."""
    data = given["quantized_data"]
    shape = [1] * data.ndim
    shape[int(given["axis"])] = -1
    scale, zero = (
        part if part.ndim == 0 else part.reshape(shape)
        for part in (_float(given["scale"]), _float(given["zero_point"]))
    )
    unpacked: Array = scale * (_float(data) - zero)
    return unpacked


def blockwise_shift_scale(given: Arguments) -> Array:
    """``constexpr_blockwise_shift_scale``: ``scale * (data - offset)``, one scale a block."""
    return _shift_scale(given["data"], given)


def sparse_blockwise_shift_scale(given: Arguments) -> tuple[Array, Array]:
    """``constexpr_sparse_blockwise_shift_scale``: the mask, and the kept values dequantised."""
    mask = given["data_mask"]
    dense = _shift_scale(_spread(given["nonzero_data"], mask), given)
    return mask, dense[mask.astype(bool)]


def cast(given: Arguments) -> Array:
    """``constexpr_cast``: a stored float16 weight as float32."""
    return _float(given["source_val"])


def lut_to_dense(given: Arguments) -> Array:
    """``constexpr_lut_to_dense``: indices replaced by the entries of a palette."""
    lut = given["lut"]
    if "shape" not in given:
        return _look_up(given["indices"], lut, given.get("vector_axis"))
    bits = lut.size.bit_length() - 1
    if not 1 <= bits <= 8 or 2**bits != lut.size:
        raise ModelFileError("A palette has an odd size", came=lut.size, allowed="2, 4, 8, 16, 64 or 256")
    shape = tuple(map(int, given["shape"]))
    found: Array = lut[unpack_bits(given["indices"].view(np.uint8), bits, math.prod(shape))]
    return found.reshape(shape)


def lut_to_sparse(given: Arguments) -> tuple[Array, Array]:
    """``constexpr_lut_to_sparse``: the mask (repeated along ``vector_axis``), and the kept values."""
    mask, lut, axis = given["indices_mask"], given["lut"], given.get("vector_axis")
    dense = _look_up(_spread(given["indices_nonzero_data"], mask), lut, axis)
    if axis is not None and lut.shape[-1] > 1:
        mask = np.repeat(mask, lut.shape[-1], axis=int(axis))
    return mask, dense[mask.astype(bool)]


def sparse_to_dense(given: Arguments) -> Array:
    """``constexpr_sparse_to_dense``: kept values at the ones of the mask, zero elsewhere."""
    mask = given["mask"]
    if "shape" in given:
        shape = tuple(map(int, given["shape"]))
        mask = unpack_bits(mask.view(np.uint8), 1, math.prod(shape)).reshape(shape)
    return _spread(given["nonzero_data"], mask)


#: Operator -> what unpacks it.
UNPACKERS: dict[str, Callable[[Arguments], Any]] = {
    "constexpr_affine_dequantize": affine_dequantize,
    "constexpr_blockwise_shift_scale": blockwise_shift_scale,
    "constexpr_cast": cast,
    "constexpr_lut_to_dense": lut_to_dense,
    "constexpr_lut_to_sparse": lut_to_sparse,
    "constexpr_sparse_blockwise_shift_scale": sparse_blockwise_shift_scale,
    "constexpr_sparse_to_dense": sparse_to_dense,
}


def _float(array: Array) -> Array:
    return array.astype(np.float32)


def _shift_scale(data: Array, given: Arguments) -> Array:
    codes = _float(data)
    if "offset" in given:
        codes = codes - _blocks(_float(given["offset"]), data.shape)
    return _blocks(_float(given["scale"]), data.shape) * codes


def _blocks(parameter: Array, shape: tuple[int, ...]) -> Array:
    """Each element repeated over its block, except where broadcasting does it."""
    for axis, (size, count) in enumerate(zip(shape, parameter.shape, strict=True)):
        if count == 0 or size % count:
            raise ModelFileError(
                "Blocks do not divide the weight", came=parameter.shape, allowed=str(list(shape))
            )
        if count not in (1, size):
            parameter = np.repeat(parameter, size // count, axis=axis)
    return parameter


def _spread(values: Array, mask: Array) -> Array:
    keep = mask.astype(bool)
    if int(keep.sum()) != values.size:
        raise ModelFileError(
            "A sparse weight has another number of values than its mask",
            came=values.size,
            allowed=str(int(keep.sum())),
        )
    dense: Array = np.zeros(mask.shape, values.dtype)
    dense[keep] = values
    return dense


def _look_up(indices: Array, lut: Array, vector_axis: Any) -> Array:
    """``lut`` has one count an axis of the indices, then palette entries, then the vector."""
    if lut.ndim != indices.ndim + 2:
        raise ModelFileError("A palette has another rank", came=lut.shape, allowed=f"rank {indices.ndim + 2}")
    block: Array = np.zeros((1,) * indices.ndim, np.int64)
    for axis, (size, count) in enumerate(zip(indices.shape, lut.shape, strict=False)):
        if count == 0 or size % count:
            raise ModelFileError(
                "Palettes do not divide the weight", came=lut.shape, allowed=str(list(indices.shape))
            )
        shape = [1] * indices.ndim
        shape[axis] = size
        block = block * count + (np.arange(size) // (size // count)).reshape(shape)
    palette, width = lut.shape[-2:]
    if indices.size and int(indices.max()) >= palette:
        raise ModelFileError(
            "An index leaves its palette", came=int(indices.max()), allowed=f"0 to {palette - 1}"
        )
    entries: Array = lut.reshape(-1, width)[block * palette + indices]
    if width == 1:
        return entries[..., 0]
    if vector_axis is None:
        raise ModelFileError("A palette of vectors names no vector_axis", allowed="an axis of the weight")
    axis = int(vector_axis) % indices.ndim
    moved = np.moveaxis(entries, -1, axis + 1)
    return moved.reshape(*indices.shape[:axis], -1, *indices.shape[axis + 1 :])
