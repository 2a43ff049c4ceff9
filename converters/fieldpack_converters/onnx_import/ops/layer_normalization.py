"""``LayerNormalization``: mean 0 and variance 1 over the last axes from ``axis`` on, then scale and bias.

Also gives mean and 1 / standard deviation where they are asked for.

Covers version 17 of the operator.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (17,)


def run(
    x: Tensor,
    scale: Tensor,
    bias: Tensor | None = None,
    *,
    outputs: int,
    axis: int = -1,
    epsilon: float = 1e-5,
    stash_type: int = 1,
) -> tuple[Tensor, ...]:
    shape = sizes(x)
    first = axis % len(shape)
    if sizes(scale) == shape[first:] and (bias is None or sizes(bias) == shape[first:]):
        normal = F.layer_norm(x, shape[first:], scale, bias, epsilon)
    else:
        normal = F.layer_norm(x, shape[first:], None, None, epsilon) * scale
        normal = normal if bias is None else normal + bias
    if outputs == 1:
        return (normal,)
    axes = list(range(first, len(shape)))
    mean = x.mean(axes, keepdim=True)
    variance = ((x - mean) ** 2).mean(axes, keepdim=True)
    return (normal, mean, torch.rsqrt(variance + epsilon))[:outputs]
