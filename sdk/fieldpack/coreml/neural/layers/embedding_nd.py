"""``embeddingND``: rows of a table at the places that the input names; ``EmbeddingNDLayerParams``.

Input ``[..., 1]``, output ``[..., C]``; the table is stored as ``[C, rows]``.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.layers._table import look_up
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.errors import ModelFileError


def bind(params: Any, site: Site) -> Run:
    shape = [int(params.embeddingSize), int(params.vocabSize)]
    table = site.weights(params.weights, shape)
    bias = site.weights(params.bias, shape[:1]) if params.hasBias else None

    def run(x: Tensor) -> Tensor:
        if x.shape[-1] != 1:
            raise ModelFileError("the blob holds no single places", came=list(x.shape), allowed="[..., 1]")
        return look_up(x[..., 0], table, bias)

    return run
