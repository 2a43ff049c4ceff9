"""``constexpr_lut_to_sparse``: palettised kept values of a sparse weight, unpacked once, iOS18 operator set.

Gives the mask (repeated along ``vector_axis`` for vectors) and the kept values.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack.coreml.ops._palette import look_up
from fieldpack.coreml.ops._sparse import spread


def run(
    indices_mask: Tensor, indices_nonzero_data: Tensor, lut: Tensor, vector_axis: int | None = None
) -> tuple[Tensor, Tensor]:
    dense = look_up(spread(indices_nonzero_data, indices_mask), lut, vector_axis)
    mask = indices_mask
    if vector_axis is not None and lut.shape[-1] > 1:
        mask = torch.repeat_interleave(mask, lut.shape[-1], dim=vector_axis)
    return mask, dense[mask.bool()]
