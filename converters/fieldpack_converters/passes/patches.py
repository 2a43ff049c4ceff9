"""The rows that a layer's weight matrix meets: its inputs, cut into windows, a seeded sample of places."""

from __future__ import annotations

from typing import Any

import numpy as np

from fieldpack_converters.opened_source import Array
from fieldpack_converters.passes.weighted_layers import WeightedLayer
from fieldpack_converters.passes.window import Window


def rows_met(layer: WeightedLayer, values: Array, most: int, generator: np.random.Generator) -> Array:
    """Input rows of a layer.

    Parameters
    ----------
    layer : WeightedLayer
        The layer.
    values : ndarray
        Its input [N, ..., I] of a dense layer, [N, I, *space] or [N, *space, I] of a convolution.
    most : int
        Rows taken at most, sampled without repetition.

    Returns
    -------
    ndarray
        float64 [groups, R, K], K ordered as the layer's weights [inputs of a group, *kernel].
    """
    if layer.window is None:
        flat = values.reshape(-1, values.shape[-1])
        return np.asarray(flat[_chosen(len(flat), most, generator)], np.float64)[None]
    images = np.moveaxis(values, -1, 1) if layer.channels_last else values
    windows = _windows(images, layer.window)
    axes = len(layer.window.kernel)
    outer = (windows.shape[0], *windows.shape[2 : 2 + axes])
    picked = np.unravel_index(_chosen(int(np.prod(outer)), most, generator), outer)
    index: Any = (picked[0], slice(None), *picked[1:])
    rows = windows[index]
    grouped = rows.reshape(len(picked[0]), layer.groups, -1)
    return np.ascontiguousarray(np.moveaxis(grouped, 1, 0), np.float64)


def _windows(images: Array, window: Window) -> Array:
    """A view [N, I, *places, *kernel] of padded images [N, I, *space]."""
    axes = tuple(range(2, images.ndim))
    padded = np.pad(images, ((0, 0), (0, 0), *window.pads(images.shape[2:])))
    reach = tuple((k - 1) * d + 1 for k, d in zip(window.kernel, window.dilation, strict=True))
    view: Any = np.lib.stride_tricks.sliding_window_view
    every = view(padded, reach, axis=axes)
    strides = tuple(slice(None, None, step) for step in window.stride)
    dilations = tuple(slice(None, None, step) for step in window.dilation)
    return np.asarray(every[(slice(None), slice(None), *strides, *dilations)])


def _chosen(count: int, most: int, generator: np.random.Generator) -> Array:
    if count <= most:
        return np.arange(count)
    return np.sort(generator.choice(count, most, replace=False))
