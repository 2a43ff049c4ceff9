"""``MelWeightMatrix``: matrix [spectrogram bins, mel bins] of triangles that are even on the mel scale.

Covers version 17 of the operator.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from fieldpack_converters.onnx_import.element_type import torch_type

VERSIONS = (17,)


def run(
    num_mel_bins: int,
    dft_length: int,
    sample_rate: int,
    lower_edge_hertz: float,
    upper_edge_hertz: float,
    *,
    output_datatype: int = 1,
) -> Tensor:
    low, high = (2595 * math.log10(1 + hertz / 700) for hertz in (lower_edge_hertz, upper_edge_hertz))
    step = (high - low) / (num_mel_bins + 2)
    mel = [low + step * place for place in range(num_mel_bins + 2)]
    hertz = [700 * (10 ** (value / 2595) - 1) for value in mel]
    edges = [int((dft_length + 1) * value // sample_rate) for value in hertz]
    matrix = torch.zeros(dft_length // 2 + 1, num_mel_bins, dtype=torch.float64)
    for place in range(num_mel_bins):
        lower, center, higher = edges[place : place + 3]
        if lower == center:
            matrix[center, place] = 1.0
        for row in range(lower, center + 1 if lower != center else center):
            matrix[row, place] = (row - lower) / (center - lower)
        for row in range(center, higher):
            matrix[row, place] = (higher - row) / (higher - center)
    return matrix.to(torch_type(output_datatype, "the result of MelWeightMatrix"))
