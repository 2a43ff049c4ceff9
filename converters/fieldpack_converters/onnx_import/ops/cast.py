"""``Cast``: elements in another type.

Floats become integers towards zero. ``saturate`` and ``round_mode`` matter for 8-bit floats only.

Covers versions 9, 13, 19, 21, 23, 24, 25 and 28 of the operator.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack_converters.onnx_import.casting import cast

VERSIONS = (9, 13, 19, 21, 23, 24, 25, 28)


def run(x: Tensor, *, to: int, saturate: int = 1, round_mode: str = "up") -> Tensor:
    return cast(x, to, bool(saturate))


def result_type(types: tuple[int, ...], arguments: dict[str, Any]) -> int:
    return int(arguments["to"])
