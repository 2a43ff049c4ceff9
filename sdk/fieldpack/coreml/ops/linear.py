"""``linear``: ``y = x @ weight.T + bias`` on the last axis, iOS15 operator set; iOS17 lets types differ."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def run(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    if x.is_floating_point() == weight.is_floating_point():
        return F.linear(x, weight, bias)
    return F.linear(x.float(), weight.float(), None if bias is None else bias.float())
