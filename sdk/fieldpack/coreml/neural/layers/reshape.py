"""``reshape``: channel, height and width in another form, the axes before kept; ``ReshapeLayerParams``.

Four numbers set the sequence too. ``CHANNEL_LAST`` reads and writes with the channel last.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.site import Run, Site
from fieldpack.errors import ModelFileError

_CHANNEL_LAST = 1
_SEQUENCE = -5


def bind(params: Any, site: Site) -> Run:
    target = [int(size) for size in params.targetShape]
    if len(target) not in (3, 4):
        raise ModelFileError("a shape of another length", came=target, allowed="[C, H, W], [Seq, C, H, W]")
    last = params.mode == _CHANNEL_LAST

    def run(x: Tensor) -> Tensor:
        leading = list(x.shape[:-3])
        if len(target) > 3 and x.ndim >= -_SEQUENCE:
            x, leading[0] = x.transpose(0, 1), target[0]
            leading = leading[::-1]
        channels, height, width = target[-3:]
        if not last:
            y = x.reshape(*leading, channels, height, width)
        else:
            y = x.movedim(-3, -1).reshape(*leading, height, width, channels).movedim(-1, -3)
        return y.transpose(0, 1) if len(target) > 3 and x.ndim >= -_SEQUENCE else y

    return run
