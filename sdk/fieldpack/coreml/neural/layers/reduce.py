"""``reduce``: one number over some of channel, height and width, axes kept; ``ReduceLayerParams``.

``epsilon`` of the sum of logarithms stands for 1e-6 where it is 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from fieldpack.coreml.neural.site import Run, Site
from fieldpack.errors import ModelFileError

_AXES = ((-3, -2, -1), (-2, -1), (-3,), (-2,), (-1,))
_EPSILON = 1e-6
_ARGMAX = 9


def bind(params: Any, site: Site) -> Run:
    epsilon = float(params.epsilon) or _EPSILON
    if not (0 <= params.axis < len(_AXES) and 0 <= params.mode <= _ARGMAX):
        raise ModelFileError(
            "unknown axis or mode", came=[params.axis, params.mode], allowed="0 to 4, 0 to 9"
        )
    axes = _AXES[params.axis]
    if params.mode == _ARGMAX:
        if len(axes) > 1:
            raise ModelFileError("places are counted along one axis", came=list(axes), allowed="C, H or W")
        return lambda x: torch.argmax(x, axes[0], keepdim=True)
    functions: list[Callable[[Tensor], Tensor]] = [
        lambda x: x.sum(axes, keepdim=True),
        lambda x: x.mean(axes, keepdim=True),
        lambda x: _product(x, axes),
        lambda x: torch.log(x + epsilon).sum(axes, keepdim=True),
        lambda x: x.square().sum(axes, keepdim=True),
        lambda x: x.abs().sum(axes, keepdim=True),
        lambda x: x.square().sum(axes, keepdim=True).sqrt(),
        lambda x: x.amax(axes, keepdim=True),
        lambda x: x.amin(axes, keepdim=True),
    ]
    return functions[int(params.mode)]


def _product(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    for axis in axes:
        x = x.prod(axis, keepdim=True)
    return x
