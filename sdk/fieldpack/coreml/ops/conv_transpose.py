"""``conv_transpose``: transposed convolution over 1 to 3 spatial axes, iOS15 operator set.

Every input cell adds ``x[n, c, p] * weight[c, o, k]`` to the output cell ``p * stride + k * dilation``.
The full result has ``(size - 1) * stride + (k - 1) * dilation + 1`` cells per axis; then

* ``valid`` keeps it, ``custom`` cuts ``pad`` before and after,
* ``same`` keeps ``size * stride`` cells, the odd surplus cell cut after,
* ``output_shape`` fixes the kept size; cells beyond the full result hold the bias alone.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from fieldpack.coreml.ops._size import bounded
from fieldpack.errors import ModelFileError

_CONVOLUTIONS = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


def run(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    pad: tuple[int, ...] | None = None,
    output_shape: tuple[int, ...] | None = None,
    pad_type: str = "valid",
    strides: tuple[int, ...] | None = None,
    dilations: tuple[int, ...] | None = None,
    groups: int = 1,
) -> Tensor:
    rank = x.ndim - 2
    strides = strides or (1,) * rank
    dilations = dilations or (1,) * rank
    spans = ((k - 1) * d + 1 for k, d in zip(weight.shape[2:], dilations, strict=True))
    sizes = ((n - 1) * s + span for n, s, span in zip(x.shape[2:], strides, spans, strict=True))
    bounded((x.shape[0] * weight.shape[1] * groups, *sizes))
    bounded(output_shape or ())
    y = _CONVOLUTIONS[rank](x, weight, None, strides, 0, 0, groups, dilations)
    for axis in range(rank):
        full, size = y.shape[2 + axis], x.shape[2 + axis]
        wanted = output_shape[2 + axis] if output_shape else None
        before, keep = _cut(pad_type, pad, axis, full, size * strides[axis], wanted)
        y = y.narrow(2 + axis, before, min(keep, full - before))
        if keep > full - before:
            y = F.pad(y, [0, 0] * (rank - 1 - axis) + [0, keep - (full - before)])
    return y if bias is None else y + bias.reshape(-1, *(1,) * rank)


def _cut(
    pad_type: str, pad: tuple[int, ...] | None, axis: int, full: int, same: int, wanted: int | None
) -> tuple[int, int]:
    """First kept cell and number of kept cells on one axis."""
    if pad_type == "custom" and pad:
        before, after = pad[2 * axis], pad[2 * axis + 1]
        return before, full - before - after if wanted is None else wanted
    if pad_type == "same":
        keep = same if wanted is None else wanted
        return max(0, full - keep) // 2, keep
    if pad_type in ("valid", "custom"):
        return 0, full if wanted is None else wanted
    raise ModelFileError("Unknown pad_type", came=pad_type, allowed="valid, custom, same")
