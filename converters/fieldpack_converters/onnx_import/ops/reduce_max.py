"""``ReduceMax``: largest element over axes.

The axes are an attribute or an input; none means all, or nothing with ``noop_with_empty_axes``.

Covers versions 1, 11, 12, 13, 18 and 20 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack_converters.onnx_import.reduction import lowest, reduced_axes
from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (1, 11, 12, 13, 18, 20)


def run(
    x: Tensor, axes: tuple[int, ...] | None = None, *, keepdims: int = 1, noop_with_empty_axes: int = 0
) -> Tensor:
    places = reduced_axes(x, axes, bool(noop_with_empty_axes))
    kept = bool(keepdims)
    if 0 in (sizes(x)[place] for place in places):
        return torch.full_like(x.sum(places, keepdim=kept), lowest(x.dtype), dtype=x.dtype)
    if x.dtype == torch.bool:
        return x.to(torch.uint8).amax(places, keepdim=kept).to(torch.bool) if places else x
    return torch.amax(x, places, keepdim=kept) if places else x
