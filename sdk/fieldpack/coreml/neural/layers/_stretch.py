"""Weights of shape ``[1]``, ``[C]``, ``[1, H, W]`` or ``[C, H, W]`` that stretch over a blob."""

from __future__ import annotations

import math
from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.layers._shape import over_channels
from fieldpack.coreml.neural.site import Site
from fieldpack.errors import ModelFileError

_FULL = 3


def stretched(shape: Any, params: Any, site: Site) -> Tensor:
    """The weight with three axes.

    Raises
    ------
    ModelFileError
        It has another shape.
    """
    sizes = [int(size) for size in shape]
    weight = site.weights(params, [math.prod(sizes)])
    if len(sizes) == 1:
        return over_channels(weight)
    if len(sizes) != _FULL:
        raise ModelFileError(
            "a weight has another rank", came=sizes, allowed="[1], [C], [1, H, W], [C, H, W]"
        )
    return weight.reshape(sizes)
