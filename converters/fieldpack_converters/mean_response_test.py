"""The mean response against a convolution written out in loops."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from fieldpack_converters.mean_response import mean_response
from fieldpack_converters.opened_source import Array


def convolved(image: Array, weights: Array, options: SimpleNamespace) -> Array:
    """[H', W', O] by the definition; weights [O, KH, KW, I]."""
    kernel, stride, dilation = weights.shape[1:3], options.strideH, options.dilationHFactor
    counts, before = [], []
    for size, width in zip(image.shape[:2], kernel, strict=True):
        reach = (width - 1) * dilation + 1
        count = -(-size // stride) if options.padding == 0 else (size - reach) // stride + 1
        counts.append(count)
        before.append(max((count - 1) * stride + reach - size, 0) // 2 if options.padding == 0 else 0)
    answer = np.zeros((*counts, weights.shape[0]))
    for row, column, a, b in np.ndindex(*counts, *kernel):
        y = row * stride + a * dilation - before[0]
        x = column * stride + b * dilation - before[1]
        if 0 <= y < image.shape[0] and 0 <= x < image.shape[1]:
            answer[row, column] += weights[:, a, b, :] @ image[y, x]
    return answer


def options(stride: int, padding: int, dilation: int = 1) -> SimpleNamespace:
    return SimpleNamespace(
        strideH=stride, strideW=stride, dilationHFactor=dilation, dilationWFactor=dilation, padding=padding
    )


@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (1, 2), (3, 1)])
def test_convolution(stride: int, padding: int, dilation: int) -> None:
    generator = np.random.default_rng(1)
    image, weights = generator.standard_normal((7, 9, 4)), generator.standard_normal((5, 3, 2, 4))
    settings = options(stride, padding, dilation)
    expected = convolved(image, weights, settings).mean(axis=(0, 1))
    assert mean_response("CONV_2D", image[None], weights, settings) == pytest.approx(expected)


def test_depthwise_convolution_with_a_multiplier() -> None:
    generator = np.random.default_rng(2)
    image, weights = generator.standard_normal((6, 6, 3)), generator.standard_normal((1, 3, 3, 6))
    dense = np.zeros((6, 3, 3, 3))
    for channel in range(6):
        dense[channel, :, :, channel // 2] = weights[0, :, :, channel]
    expected = convolved(image, dense, options(2, 0)).mean(axis=(0, 1))
    assert mean_response("DEPTHWISE_CONV_2D", image[None], weights, options(2, 0)) == pytest.approx(expected)


def test_grouped_convolution() -> None:
    generator = np.random.default_rng(4)
    image, weights = generator.standard_normal((5, 5, 4)), generator.standard_normal((6, 3, 3, 2))
    dense = np.zeros((6, 3, 3, 4))
    dense[:3, :, :, :2], dense[3:, :, :, 2:] = weights[:3], weights[3:]
    expected = convolved(image, dense, options(1, 0)).mean(axis=(0, 1))
    assert mean_response("CONV_2D", image[None], weights, options(1, 0)) == pytest.approx(expected)


def test_fully_connected() -> None:
    generator = np.random.default_rng(5)
    values, weights = generator.standard_normal((1, 4)), generator.standard_normal((3, 4))
    assert mean_response("FULLY_CONNECTED", values, weights, None) == pytest.approx(weights @ values[0])
