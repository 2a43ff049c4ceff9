"""``embedding``: rows of a table at the places that the input names; ``EmbeddingLayerParams``.

Input ``[..., 1, 1, 1]``, output ``[..., C_out, 1, 1]``; the table is stored as ``[C_out, rows]``.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.layers._table import look_up
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.errors import ModelFileError

_LEAST_RANK = 4


def bind(params: Any, site: Site) -> Run:
    shape = [int(params.outputChannels), int(params.inputDim)]
    table = site.weights(params.weights, shape)
    bias = site.weights(params.bias, shape[:1]) if params.hasBias else None

    def run(x: Tensor) -> Tensor:
        if x.ndim < _LEAST_RANK or x.shape[-3:] != (1, 1, 1):
            raise ModelFileError(
                "the blob holds no single places", came=list(x.shape), allowed="[..., 1, 1, 1]"
            )
        return look_up(x[..., 0, 0, 0], table, bias)[..., None, None]

    return run
