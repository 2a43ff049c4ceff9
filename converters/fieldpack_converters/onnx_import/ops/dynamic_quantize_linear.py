"""``DynamicQuantizeLinear``: uint8 steps of the range that the tensor itself has, zero in it.

Covers version 11 of the operator.
"""

from __future__ import annotations

import torch
from torch import Tensor

VERSIONS = (11,)


def run(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    low = torch.clamp(x.amin(), max=0.0)
    scale = (torch.clamp(x.amax(), min=0.0) - low) / 255.0
    zero = torch.clamp(torch.round(-low / scale), 0.0, 255.0)
    steps = torch.clamp(torch.round(x / scale) + zero, 0.0, 255.0)
    return steps.to(torch.uint8), scale, zero.to(torch.uint8)
