"""``sliceDynamic``: begin, end and step on every axis, given as inputs; ``SliceDynamicLayerParams``.

Inputs: blob, begin, end, step, begin mask, end mask, squeeze mask; those that are missing are
parameters.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.layers._shape import sizes_of
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops import slice_by_index as ops_slice_by_index

INPUTS = (2, 7)


def bind(params: Any, site: Site) -> Run:
    ends, strides = tuple(params.endIds), tuple(params.strides)
    masks = (tuple(params.beginMasks), tuple(params.endMasks), tuple(params.squeezeMasks))

    def run(x: Tensor, begin: Tensor, *more: Tensor) -> Tensor:
        given = [sizes_of(blob) for blob in more]
        end = given[0] if given else ends
        stride = given[1] if len(given) > 1 else strides
        kept = [
            tuple(map(bool, given[2 + n])) if len(given) > 2 + n else mask for n, mask in enumerate(masks)
        ]
        return ops_slice_by_index.run(
            x, sizes_of(begin), end, stride or None, *(mask or None for mask in kept)
        )

    return run
