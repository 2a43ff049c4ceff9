"""``CastLike``: elements in the type of another tensor.

Covers versions 15, 19, 21, 23, 24 and 25 of the operator.
"""

from __future__ import annotations

from torch import Tensor

from fieldpack_converters.onnx_import.casting import cast

VERSIONS = (15, 19, 21, 23, 24, 25)


def run(x: Tensor, target_type: Tensor, *, saturate: int = 1, round_mode: str = "up") -> Tensor:
    return cast(x, target_type.dtype, bool(saturate))
