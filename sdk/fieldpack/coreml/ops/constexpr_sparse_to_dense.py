"""``constexpr_sparse_to_dense``: stored weights with zeros left out, unpacked once.

iOS16 operator set: ``mask`` is a byte string with one bit per element of ``shape``, lowest first.
iOS18 operator set: ``mask`` has the shape of the weight. A set bit takes the next of ``nonzero_data``.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from fieldpack.coreml.blob import unpack_bits
from fieldpack.coreml.ops._sparse import spread


def run(nonzero_data: Tensor, mask: Tensor, shape: tuple[int, ...] | None = None) -> Tensor:
    if shape is None:
        return spread(nonzero_data, mask)
    bits = torch.from_numpy(unpack_bits(mask.numpy(), 1, math.prod(shape)))
    return spread(nonzero_data, bits.reshape(shape))
