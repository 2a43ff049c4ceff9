"""``BatchNormalization``: (x - mean) / sqrt(variance + epsilon) * scale + bias by channel.

In training mode mean and variance are the input's, and the running ones are returned too.

Covers versions 9, 14 and 15 of the operator.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

VERSIONS = (9, 14, 15)


def run(
    x: Tensor,
    scale: Tensor,
    bias: Tensor,
    mean: Tensor,
    variance: Tensor,
    *,
    outputs: int,
    epsilon: float = 1e-5,
    momentum: float = 0.9,
    training_mode: int = 0,
) -> tuple[Tensor, ...]:
    kind = x.dtype
    scale, bias = scale.to(kind), bias.to(kind)
    if not training_mode:
        return (F.batch_norm(x, mean.to(kind), variance.to(kind), scale, bias, False, 0.0, epsilon),)
    axes = [0, *range(2, x.dim())]
    seen, spread = x.mean(axes), x.var(axes, unbiased=False)
    normal = F.batch_norm(x, seen, spread, scale, bias, False, 0.0, epsilon)
    running = [old * momentum + new * (1 - momentum) for old, new in ((mean, seen), (variance, spread))]
    return (normal, *running)[: max(1, outputs)]
