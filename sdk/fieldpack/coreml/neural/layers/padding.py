"""``padding``: height and width widened by a number, by reflection or by the edge. ``PaddingLayerParams``."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import Tensor

from fieldpack.coreml.neural.layers._padding import borders
from fieldpack.coreml.neural.layers._shape import batched
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops._size import bounded
from fieldpack.errors import ModelFileError

_MODES = {"constant": "constant", "reflection": "reflect", "replication": "replicate"}


def bind(params: Any, site: Site) -> Run:
    (top, bottom), (left, right) = borders(params.paddingAmounts)
    kind = params.WhichOneof("PaddingType")
    if kind not in _MODES:
        raise ModelFileError("no padding is chosen", came=kind, allowed=", ".join(_MODES))
    value = float(params.constant.value) if kind == "constant" else 0.0

    def run(x: Tensor) -> Tensor:
        bounded((*x.shape[:-2], x.shape[-2] + top + bottom, x.shape[-1] + left + right))
        y = F.pad(batched(x), [left, right, top, bottom], _MODES[kind], value)
        return y.reshape(*x.shape[:-3], *y.shape[-3:])

    return run
