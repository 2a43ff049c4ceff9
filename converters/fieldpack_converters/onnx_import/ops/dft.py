"""``DFT``: discrete Fourier transform along an axis; real or complex [.., 1 or 2], one-sided or whole.

A product with the matrix of sines and cosines: converters take no complex numbers.

Covers versions 17 and 20 of the operator.
"""

from __future__ import annotations

from torch import Tensor

from fieldpack_converters.onnx_import.spectrum import transformed

VERSIONS = (17, 20)


def run(
    x: Tensor,
    dft_length: int | None = None,
    axis: int | None = None,
    *,
    opset: int,
    inverse: int = 0,
    onesided: int = 0,
) -> Tensor:
    place = (axis if axis is not None else (1 if opset < 20 else -2)) % x.dim()
    return transformed(x, place, dft_length, bool(inverse), bool(onesided))
