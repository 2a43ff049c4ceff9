"""Fourier transforms as products with real matrices, and the windows that go before them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from fieldpack_converters.onnx_import.element_type import torch_type
from fieldpack_converters.onnx_import.padding import pad_constant
from fieldpack_converters.onnx_import.tracing import sizes


def cosine_window(size: int, periodic: bool, terms: Sequence[float], element_type: int) -> Tensor:
    """sum over k of (-1)^k * terms[k] * cos(2 pi k n / N), N being `size`, or one less when symmetric."""
    period = size if periodic else size - 1
    angle = torch.arange(size, dtype=torch.float64) * (2 * math.pi / max(1, period))
    window = torch.zeros(size, dtype=torch.float64)
    for order, term in enumerate(terms):
        window = window + (-1) ** order * term * torch.cos(order * angle)
    return window.to(torch_type(element_type, "a window"))


def waves(rows: int, length: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """cos and sin of 2 pi k t / length, [rows, length] each."""
    turns = torch.arange(rows).reshape(-1, 1) * torch.arange(length).reshape(1, -1) % length
    angle = turns.to(torch.float64) * (2 * math.pi / length)
    return torch.cos(angle).to(dtype), torch.sin(angle).to(dtype)


def transformed(x: Tensor, axis: int, length: int | None, inverse: bool, onesided: bool) -> Tensor:
    """The transform of `x` [..., 1 or 2] along an axis, cut or filled with zeros to `length`."""
    if inverse and onesided:
        return _real_inverse(x, axis, length)
    size = sizes(x)[axis]
    count = size if length is None else length
    x = pad_constant(x, {axis: (0, count - size)}, 0.0).transpose(axis, -2)
    cos, sin = waves(count // 2 + 1 if onesided else count, count, x.dtype)
    sin = -sin if inverse else sin
    parts = x.unbind(-1)
    real, imaginary = _product(cos, parts[0]), -_product(sin, parts[0])
    if len(parts) == 2:
        real = real + _product(sin, parts[1])
        imaginary = imaginary + _product(cos, parts[1])
    found = torch.stack((real, imaginary), -1) / (count if inverse else 1)
    return found.transpose(axis, -2)


def _real_inverse(x: Tensor, axis: int, length: int | None) -> Tensor:
    """The real signal [..., 1] whose one-sided spectrum `x` [..., 2] is."""
    count = 2 * (sizes(x)[axis] - 1) if length is None else length
    bins = count // 2 + 1
    x = pad_constant(x, {axis: (0, bins - sizes(x)[axis])}, 0.0).transpose(axis, -2)
    cos, sin = waves(bins, count, x.dtype)
    weight = torch.full((bins, 1), 2.0, dtype=x.dtype)
    weight[0] = 1.0
    if count % 2 == 0:
        weight[-1] = 1.0
    real, imaginary = x.unbind(-1)
    signal = _product((cos * weight).T, real) - _product((sin * weight).T, imaginary)
    return (signal / count).unsqueeze(-1).transpose(axis, -2)


def _product(matrix: Tensor, x: Tensor) -> Tensor:
    return torch.matmul(x, matrix.T)


def stft_kernel(window: Tensor | None, length: int | None, onesided: bool, dtype: torch.dtype) -> Tensor:
    """Windowed cosines, then windowed negative sines, as weights of a convolution [2 * bins, 1, length]."""
    count = length if length is not None else (0 if window is None else sizes(window)[0])
    cos, sin = waves(count // 2 + 1 if onesided else count, count, torch.float64)
    shape = torch.ones(count, dtype=torch.float64) if window is None else window.to(torch.float64)
    return (torch.cat((cos, -sin)) * shape).to(dtype).unsqueeze(1)


def complex_frames(signal: Tensor, step: int, window: Tensor | None, length: int | None) -> Tensor:
    """The whole spectrum of the frames of a complex signal [batch, samples, 2]."""
    count = length if length is not None else (0 if window is None else sizes(window)[0])
    starts = range(0, sizes(signal)[1] - count + 1, step)
    frames = torch.stack([signal.narrow(1, start, count) for start in starts], 1)
    if window is not None:
        frames = frames * window.reshape(1, 1, -1, 1)
    return transformed(frames, 2, None, inverse=False, onesided=False)
