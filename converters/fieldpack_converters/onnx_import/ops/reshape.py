"""``Reshape``: the same elements in another shape.

0 keeps a size (unless ``allowzero``), -1 takes what is left.

Covers versions 5, 13, 14, 19, 21, 23, 24 and 25 of the operator.
"""

from __future__ import annotations

from torch import Tensor

from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (5, 13, 14, 19, 21, 23, 24, 25)


def run(x: Tensor, shape: tuple[int, ...], *, allowzero: int = 0) -> Tensor:
    known = sizes(x)
    wanted = [known[place] if size == 0 and not allowzero else size for place, size in enumerate(shape)]
    return x.reshape(wanted)
