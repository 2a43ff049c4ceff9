"""``cropResize``: boxes cut out of ``[1, B, C, H, W]`` and resized linearly; ``CropResizeLayerParams``.

Boxes ``[N, 1, 4, 1, 1]`` are cut out of every picture of the batch, ``[N, 1, 5, 1, 1]`` out of the
one that their first number names.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from fieldpack.coreml.neural.layers._padding import pair
from fieldpack.coreml.neural.layers._sampling import mode_of
from fieldpack.coreml.neural.site import Run, Site
from fieldpack.coreml.ops import crop_resize as ops_crop_resize
from fieldpack.coreml.ops._size import bounded
from fieldpack.errors import ModelFileError

INPUTS = (2, 2)
_RANK = 5
_BOXES = (
    "CORNERS_HEIGHT_FIRST",
    "CORNERS_WIDTH_FIRST",
    "CENTER_SIZE_HEIGHT_FIRST",
    "CENTER_SIZE_WIDTH_FIRST",
)


def bind(params: Any, site: Site) -> Run:
    (height, width), mode = pair(params.targetSize, 1), mode_of(params.mode)
    boxes = _BOXES[params.boxIndicesMode.boxMode]
    scale, normalised = float(params.spatialScale) or 1.0, bool(params.normalizedCoordinates)

    def run(x: Tensor, roi: Tensor) -> Tensor:
        if x.ndim != _RANK or x.shape[0] != 1 or roi.ndim != _RANK:
            raise ModelFileError(
                "blobs of another rank",
                came=[list(x.shape), list(roi.shape)],
                allowed="[1, B, C, H, W], rank 5",
            )
        bounded((roi.shape[0], *x.shape[1:3], height, width))
        return ops_crop_resize.run(
            x[0],
            roi,
            target_height=height,
            target_width=width,
            normalized_coordinates=normalised,
            spatial_scale=scale,
            box_coordinate_mode=boxes,
            sampling_mode=mode,
        )

    return run
