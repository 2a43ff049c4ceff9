"""``sliceStatic``: begin, end and step on every axis; ``SliceStaticLayerParams``.

Negative places count from the end, masks drop a bound or the axis, steps may be negative.
"""

from __future__ import annotations

from typing import Any

from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops import slice_by_index as ops_slice_by_index


def bind(params: Any, site: Site) -> Run:
    begin, end, stride = tuple(params.beginIds), tuple(params.endIds), tuple(params.strides)
    masks = (tuple(params.beginMasks), tuple(params.endMasks), tuple(params.squeezeMasks))
    return lambda x: ops_slice_by_index.run(x, begin, end, stride or None, *(mask or None for mask in masks))
