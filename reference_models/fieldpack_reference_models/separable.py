"""Layers of small Keras networks: a depthwise-separable block, and the norm with its ReLU6."""

from __future__ import annotations

from typing import Any

BATCH_NORM_MOMENTUM = 0.95


def separable(flow: Any, channels: int, stride: int, name: str) -> Any:
    """Depthwise 3 x 3, then 1 x 1; equal channels at stride 1 get a residual sum."""
    import keras

    entry = flow
    flow = keras.layers.DepthwiseConv2D(3, stride, "same", use_bias=False, name=f"{name}_depthwise")(flow)
    flow = normed(flow, f"{name}_depthwise")
    flow = keras.layers.Conv2D(channels, 1, use_bias=False, name=f"{name}_pointwise")(flow)
    flow = normed(flow, f"{name}_pointwise")
    if stride == 1 and entry.shape[-1] == channels:
        flow = keras.layers.Add(name=f"{name}_sum")([entry, flow])
    return flow


def normed(flow: Any, name: str) -> Any:
    """Batch normalisation and ReLU6."""
    import keras

    flow = keras.layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM, name=f"{name}_norm")(flow)
    return keras.layers.ReLU(6.0, name=f"{name}_relu6")(flow)
