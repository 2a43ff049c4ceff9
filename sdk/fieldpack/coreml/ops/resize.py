"""``resize``: the last ``resized_dims`` axes to the last sizes of ``shape``, iOS17 operator set.

A size of 0 keeps the axis. ``LINEAR`` interpolates, ``NEAREST_NEIGHBOR`` takes the nearest cell
(modes: ``_grid``).
"""

from __future__ import annotations

from torch import Tensor

from fieldpack.coreml.ops._grid import resize_linear, resize_nearest
from fieldpack.errors import ModelFileError

_KINDS = {"LINEAR": resize_linear, "NEAREST_NEIGHBOR": resize_nearest}


def run(
    x: Tensor,
    shape: tuple[int, ...],
    resized_dims: int,
    interpolation_mode: str = "LINEAR",
    sampling_mode: str = "DEFAULT",
) -> Tensor:
    if interpolation_mode not in _KINDS:
        raise ModelFileError("Unknown interpolation mode", came=interpolation_mode, allowed=", ".join(_KINDS))
    for back in range(resized_dims, 0, -1):
        axis = x.ndim - back
        x = _KINDS[interpolation_mode](x, axis, shape[-back] or x.shape[axis], sampling_mode)
    return x
