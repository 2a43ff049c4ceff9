"""``Upsample``: larger by nearest or linear sampling; the old form of ``Resize``.

Covers versions 7, 9 and 10 of the operator.
"""

from __future__ import annotations

from torch import Tensor

from fieldpack_converters.onnx_import.sampling import Sampling, axis_plans, resized

VERSIONS = (7, 9, 10)


def run(x: Tensor, scales: tuple[float, ...], *, mode: str = "nearest") -> Tensor:
    rule = Sampling(mode=mode, coordinates="asymmetric", nearest="floor")
    return resized(x, axis_plans(x, None, scales, None, None, "stretch", rule), rule)
