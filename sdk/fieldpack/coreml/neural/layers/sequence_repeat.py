"""``sequenceRepeat``: the sequence several times; ``SequenceRepeatLayerParams``; 0 stands for once."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from fieldpack.coreml.neural.layers._shape import axis_of
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops._size import bounded


def bind(params: Any, site: Site) -> Run:
    count = int(params.nRepetitions) or 1

    def run(x: Tensor) -> Tensor:
        axis = axis_of(-5, x.ndim)
        bounded((count, *x.shape))
        return torch.cat([x] * count, axis)

    return run
