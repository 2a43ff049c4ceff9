"""``upsample_bilinear``: the last two axes by a factor, linear in between, iOS15 operator set.

``align_corners`` samples as ``STRICT_ALIGN_CORNERS``, else ``UNALIGN_CORNERS``; ``half_pixel_centers``
of iOS16 set to False without aligned corners samples as ``DEFAULT`` (see ``_grid``).
"""

from __future__ import annotations

import math

from torch import Tensor

from fieldpack.coreml.ops._grid import resize_linear


def run(
    x: Tensor,
    scale_factor_height: float = 1.0,
    scale_factor_width: float = 1.0,
    align_corners: bool = True,
    half_pixel_centers: bool | None = None,
) -> Tensor:
    mode = "STRICT_ALIGN_CORNERS" if align_corners else "UNALIGN_CORNERS"
    if not align_corners and half_pixel_centers is False:
        mode = "DEFAULT"
    height = math.floor(x.shape[-2] * scale_factor_height)
    width = math.floor(x.shape[-1] * scale_factor_width)
    return resize_linear(resize_linear(x, x.ndim - 2, height, mode), x.ndim - 1, width, mode)
