"""``constexpr_sparse_blockwise_shift_scale``: quantised kept values of a sparse weight, iOS18 operator set.

Gives the mask and ``scale * (value - offset)`` for the kept values, blocks as in the dense form.
"""

from __future__ import annotations

from torch import Tensor

from fieldpack.coreml.ops._affine import blockwise
from fieldpack.coreml.ops._sparse import spread


def run(
    data_mask: Tensor, nonzero_data: Tensor, scale: Tensor, offset: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    codes = spread(nonzero_data, data_mask).to(scale.dtype)
    if offset is not None:
        codes = codes - blockwise(offset, codes).to(scale.dtype)
    return data_mask, (blockwise(scale, codes) * codes)[data_mask.bool()]
