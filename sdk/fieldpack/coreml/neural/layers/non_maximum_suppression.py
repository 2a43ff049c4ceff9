"""``NonMaximumSuppression``: the best boxes that overlap no better one.

Message ``NonMaximumSuppressionLayerParams``.
Inputs: boxes ``[B, N, 4]`` (centre and size), scores ``[B, N, C]``, and where given the three
thresholds. Outputs: boxes, scores, indices (-1 in unused places), and their number.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops import non_maximum_suppression as ops_non_maximum_suppression
from fieldpack.coreml.ops._size import bounded

INPUTS = (2, 5)
OUTPUTS = (1, 4)
WHOLE = True


def bind(params: Any, site: Site) -> Run:
    fixed = (float(params.iouThreshold), float(params.scoreThreshold), float(params.maxBoxes))

    def run(boxes: Tensor, scores: Tensor, *given: Tensor) -> tuple[Tensor, ...]:
        overlap, least, most = (*(float(blob) for blob in given), *fixed[len(given) :])
        bounded((boxes.shape[0], round(most), max(4, scores.shape[2])))
        found = ops_non_maximum_suppression.run(
            boxes, scores, overlap, round(most), least, bool(params.perClassSuppression)
        )
        return found[: site.outputs]

    return run
