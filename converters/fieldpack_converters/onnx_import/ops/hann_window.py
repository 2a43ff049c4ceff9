"""``HannWindow``: Hann window of a size, periodic or symmetric.

Covers version 17 of the operator.
"""

from __future__ import annotations

from torch import Tensor

from fieldpack_converters.onnx_import.spectrum import cosine_window

VERSIONS = (17,)


def run(size: int, *, output_datatype: int = 1, periodic: int = 1) -> Tensor:
    return cosine_window(size, bool(periodic), (0.5, 0.5), output_datatype)
