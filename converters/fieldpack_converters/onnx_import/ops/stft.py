"""``STFT``: short-time Fourier transform of a real signal: [batch, frames, bins, 2].

A convolution with windowed sines and cosines: converters take no complex numbers.

Covers version 17 of the operator.
"""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import Tensor

from fieldpack_converters.onnx_import.spectrum import complex_frames, stft_kernel
from fieldpack_converters.onnx_import.tracing import sizes

VERSIONS = (17,)


def run(
    signal: Tensor,
    frame_step: int,
    window: Tensor | None = None,
    frame_length: int | None = None,
    *,
    onesided: int = 1,
    kernel: Tensor | None = None,
) -> Tensor:
    if signal.dim() == 3 and sizes(signal)[2] == 2:
        return complex_frames(signal, frame_step, window, frame_length)
    rows = sizes(signal)[0]
    if kernel is None:
        kernel = stft_kernel(window, frame_length, bool(onesided), signal.dtype)
    found = F.conv1d(signal.reshape(rows, 1, -1), kernel, stride=frame_step)
    parts = found.reshape(rows, 2, sizes(kernel)[0] // 2, -1)
    return parts.permute(0, 3, 2, 1)


def prepare(arguments: dict[str, Any]) -> dict[str, Any]:
    """A known window gives the kernel once."""
    window, length = arguments.get("window"), arguments.get("frame_length")
    if not isinstance(window, Tensor) or not window.is_floating_point():
        return arguments
    kernel = stft_kernel(window, length, bool(arguments.get("onesided", 1)), window.dtype)
    return {**arguments, "kernel": kernel}
