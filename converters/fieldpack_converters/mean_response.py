"""The mean over places of a convolution's answer to one input, without bias or activation.

A linear operator's mean answer over samples is its answer to the mean input; the mean over places
then needs only, per kernel element, the mean of the input places that element meets.  That is a
weighted sum, not a convolution: exact at the borders and cheap.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fieldpack_converters.opened_source import Array

CORRECTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
_SAME = 0


def mean_response(operator: str, values: Array, weights: Array, options: Any) -> Array:
    """Mean of W x over places, [output channels], float64.

    Parameters
    ----------
    operator : str
        CONV_2D (weights [O, KH, KW, I/groups]), DEPTHWISE_CONV_2D ([1, KH, KW, C*M]) or
        FULLY_CONNECTED ([O, I]).
    values : ndarray
        The mean input, [1, H, W, I], or [..., I] for FULLY_CONNECTED.
    options : object
        The operator's options in the TFLite schema (strides, dilations, padding).
    """
    if operator == "FULLY_CONNECTED":
        return np.asarray(weights @ values.reshape(-1, weights.shape[1]).mean(axis=0))
    met = met_means(values[0], weights.shape[1:3], options)
    if operator == "DEPTHWISE_CONV_2D":
        multiplier = weights.shape[3] // met.shape[2]
        return np.asarray((weights[0] * np.repeat(met, multiplier, axis=2)).sum(axis=(0, 1)))
    groups = met.shape[2] // weights.shape[3]
    if groups == 1:
        return np.asarray(np.einsum("ohwi,hwi->o", weights, met))
    parts = zip(np.split(weights, groups), np.split(met, groups, axis=2), strict=True)
    return np.concatenate([np.einsum("ohwi,hwi->o", kernel, part) for kernel, part in parts])


def met_means(image: Array, kernel: tuple[int, ...], options: Any) -> Array:
    """[KH, KW, C]: for each kernel element the mean over output places of the input it meets."""
    rows = _met(image.shape[0], kernel[0], options.strideH, options.dilationHFactor, options.padding)
    columns = _met(image.shape[1], kernel[1], options.strideW, options.dilationWFactor, options.padding)
    return np.asarray(np.einsum("ah,hwc,bw->abc", rows, image, columns))


def _met(size: int, kernel: int, stride: int, dilation: int, padding: int) -> Array:
    """[kernel, size]: share of output places at which kernel element k meets input place i."""
    reach = (kernel - 1) * dilation + 1
    if padding == _SAME:
        count = -(-size // stride)
        before = max((count - 1) * stride + reach - size, 0) // 2
    else:
        count = (size - reach) // stride + 1
        before = 0
    shares = np.zeros((kernel, size))
    for element in range(kernel):
        places = np.arange(count) * stride + element * dilation - before
        inside = places[(places >= 0) & (places < size)]
        shares[element, inside] += 1.0 / count
    return shares
