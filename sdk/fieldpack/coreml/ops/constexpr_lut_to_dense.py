"""``constexpr_lut_to_dense``: palettised weights, unpacked once.

iOS16 operator set: ``indices`` is a byte string with ``log2(len(lut))`` bits per element of ``shape``.
iOS18 operator set: ``indices`` has the shape of the weight, ``lut`` as in ``_palette``.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from fieldpack.coreml.blob import unpack_bits
from fieldpack.coreml.ops._palette import look_up
from fieldpack.errors import ModelFileError


def run(
    indices: Tensor, lut: Tensor, shape: tuple[int, ...] | None = None, vector_axis: int | None = None
) -> Tensor:
    if shape is None:
        return look_up(indices, lut, vector_axis)
    bits = int(math.log2(lut.numel())) if lut.numel() else 0
    if not 1 <= bits <= 8 or 2**bits != lut.numel():
        raise ModelFileError("A palette has an odd size", came=lut.numel(), allowed="2, 4, 8, 16, 64 or 256")
    codes = unpack_bits(indices.numpy(), bits, math.prod(shape))
    return lut[torch.from_numpy(codes).long()].reshape(shape)
