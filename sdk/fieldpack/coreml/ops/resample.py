"""``resample``: a picture read at given ``coordinates`` ``(x, y)``, iOS16 operator set.

``coordinates_mode``: ``unnormalized`` pixels, or ``normalized_zero_to_one`` or
``normalized_minus_one_to_one`` between the outermost centres (``align_corners``) or edges.
"""

from __future__ import annotations

from torch import Tensor

from fieldpack.coreml.ops._sample import pixel_places, sample
from fieldpack.errors import ModelFileError

_MODES = ("unnormalized", "normalized_zero_to_one", "normalized_minus_one_to_one")


def run(
    x: Tensor,
    coordinates: Tensor,
    sampling_mode: str,
    padding_mode: str,
    padding_value: float,
    coordinates_mode: str,
    align_corners: bool,
) -> Tensor:
    if coordinates_mode not in _MODES:
        raise ModelFileError(
            "A coordinates mode is not known", came=coordinates_mode, allowed=", ".join(_MODES)
        )
    columns, rows = coordinates.float().unbind(-1)
    if coordinates_mode == "normalized_zero_to_one":
        columns, rows = columns * 2 - 1, rows * 2 - 1
    if coordinates_mode != "unnormalized":
        columns = pixel_places(columns, x.shape[3], align_corners)
        rows = pixel_places(rows, x.shape[2], align_corners)
    return sample(x, columns, rows, sampling_mode, padding_mode, padding_value)
