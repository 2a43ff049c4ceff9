"""``ReduceSumSquare``: sum of the squares over axes.

The axes are an attribute or an input; none means all, or nothing with ``noop_with_empty_axes``.

Covers versions 1, 11, 13 and 18 of the operator.
"""

from __future__ import annotations

from torch import Tensor

from fieldpack_converters.onnx_import.reduction import reduced_axes

VERSIONS = (1, 11, 13, 18)


def run(
    x: Tensor, axes: tuple[int, ...] | None = None, *, keepdims: int = 1, noop_with_empty_axes: int = 0
) -> Tensor:
    places = reduced_axes(x, axes, bool(noop_with_empty_axes))
    kept = bool(keepdims)
    return (x * x).sum(places, keepdim=kept).to(x.dtype) if places else x * x
