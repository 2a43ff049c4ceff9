"""``CastLike``: elements in the type of another tensor.

Covers versions 15, 19, 21, 23, 24 and 25 of the operator.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack_converters.onnx_import.casting import cast

VERSIONS = (15, 19, 21, 23, 24, 25)


def run(
    x: Tensor,
    target_type: Tensor,
    *,
    types: tuple[int, ...],
    saturate: int = 1,
    round_mode: str = "up",
) -> Tensor:
    return cast(x, types[1], bool(saturate))


def result_type(types: tuple[int, ...], arguments: dict[str, Any]) -> int:
    return types[1]
