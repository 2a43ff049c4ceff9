"""``topK``: the greatest or least elements along an axis, and their places; ``TopKLayerParams``.

How many is a parameter, or a second input. Of equal elements the first comes first.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from fieldpack.coreml.neural.layers._shape import axis_of, sizes_of
from fieldpack.coreml.neural.site import Run, Site

INPUTS = (1, 2)
OUTPUTS = (1, 2)


def bind(params: Any, site: Site) -> Run:
    def run(x: Tensor, given: Tensor | None = None) -> tuple[Tensor, ...]:
        axis = axis_of(params.axis, x.ndim)
        count = int(params.K) if given is None else sizes_of(given)[0]
        values, indices = torch.sort(x, dim=axis, descending=not params.useBottomK, stable=True)
        return (values.narrow(axis, 0, count), indices.narrow(axis, 0, count))[: site.outputs]

    return run
