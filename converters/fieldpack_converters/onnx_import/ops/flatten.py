"""``Flatten``: a matrix: the axes before ``axis`` by those from it on.

Covers versions 9, 11, 13, 21, 23, 24 and 25 of the operator.
"""

from __future__ import annotations

import math

from torch import Tensor

from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (9, 11, 13, 21, 23, 24, 25)


def run(x: Tensor, *, axis: int = 1) -> Tensor:
    shape = sizes(x)
    place = axis if axis >= 0 else axis + len(shape)
    return x.reshape(math.prod(shape[:place]), math.prod(shape[place:]))
