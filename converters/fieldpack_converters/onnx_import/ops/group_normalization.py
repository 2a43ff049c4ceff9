"""``GroupNormalization``: mean 0 and variance 1 over groups of channels, then scale and bias.

In version 18 scale and bias are by group, later by channel.

Covers versions 18 and 21 of the operator.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (18, 21)


def run(
    x: Tensor,
    scale: Tensor,
    bias: Tensor,
    *,
    num_groups: int,
    opset: int,
    epsilon: float = 1e-5,
    stash_type: int = 1,
) -> Tensor:
    channels = sizes(x)[1]
    if opset >= 21 or num_groups == channels:
        return F.group_norm(x, num_groups, scale, bias, epsilon)
    scale, bias = (
        item.reshape(-1, 1).expand(-1, channels // num_groups).reshape(-1) for item in (scale, bias)
    )
    return F.group_norm(x, num_groups, scale, bias, epsilon)
