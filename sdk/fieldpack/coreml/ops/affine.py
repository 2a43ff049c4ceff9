"""``affine``: a picture read at linearly transformed positions, iOS16 operator set.

Output ``(x, y)`` reads the input at ``(a0 x + a1 y + a2, b0 x + b1 y + b2)``, both within -1 .. 1.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack.coreml.ops._sample import pixel_places, sample
from fieldpack.coreml.ops._size import bounded
from fieldpack.errors import ModelFileError


def run(
    x: Tensor,
    transform_matrix: Tensor,
    output_height: int,
    output_width: int,
    sampling_mode: str,
    padding_mode: str,
    padding_value: float,
    coordinates_mode: str,
    align_corners: bool,
) -> Tensor:
    if coordinates_mode != "normalized_minus_one_to_one":
        raise ModelFileError(
            "A coordinates mode is not known", came=coordinates_mode, allowed="normalized_minus_one_to_one"
        )
    bounded((x.shape[0] * x.shape[1], output_height, output_width))
    size = [x.shape[0], x.shape[1], output_height, output_width]
    matrix = transform_matrix.reshape(-1, 2, 3).expand(x.shape[0], 2, 3)
    grid = torch.nn.functional.affine_grid(matrix, size, align_corners=align_corners)
    columns = pixel_places(grid[..., 0], x.shape[3], align_corners)
    rows = pixel_places(grid[..., 1], x.shape[2], align_corners)
    return sample(x, columns, rows, sampling_mode, padding_mode, padding_value)
