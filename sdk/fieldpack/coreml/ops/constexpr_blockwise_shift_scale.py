"""``constexpr_blockwise_shift_scale``: ``scale * (data - offset)`` block by block, iOS18 operator set.

Stored weights, unpacked once. ``scale`` and ``offset`` have the rank of ``data``; a block spans
``data.shape[i] / scale.shape[i]`` cells on axis ``i``.
"""

from __future__ import annotations

from torch import Tensor

from fieldpack.coreml.ops._affine import blockwise


def run(data: Tensor, scale: Tensor, offset: Tensor | None = None) -> Tensor:
    codes = data.to(scale.dtype)
    if offset is not None:
        codes = codes - blockwise(offset, data).to(scale.dtype)
    return blockwise(scale, data) * codes
