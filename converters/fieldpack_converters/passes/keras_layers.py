"""The layers with weights of a Keras model of either library, as ``weighted_layers`` sees them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from fieldpack_converters.opened_source import Array
from fieldpack_converters.passes.window import Window

_KINDS = ("Dense", "Conv1D", "Conv2D", "DepthwiseConv1D", "DepthwiseConv2D")


@dataclass(frozen=True, slots=True)
class KerasLayer:
    """``Dense``, ``Conv1D``, ``Conv2D`` or a depthwise convolution."""

    name: str
    handle: Any
    groups: int
    window: Window | None
    channels_last: bool

    @property
    def _is_depthwise(self) -> bool:
        return type(self.handle).__name__.startswith("Depthwise")

    def weights(self) -> Array:
        """Keras keeps [*kernel, inputs, outputs], depthwise [*kernel, channels, multiplier]."""
        values = np.array(_kernel(self.handle).numpy(), np.float32)
        if self._is_depthwise:
            values = values.reshape(*values.shape[:-2], 1, -1)
        return np.ascontiguousarray(np.moveaxis(values, (-1, -2), (0, 1)))

    def set_weights(self, weights: Array) -> None:
        values = np.moveaxis(weights, (0, 1), (-1, -2))
        kernel = _kernel(self.handle)
        kernel.assign(values.reshape(tuple(kernel.shape)).astype(np.float32))

    def bias(self) -> Array | None:
        bias = getattr(self.handle, "bias", None)
        return None if bias is None else np.array(bias.numpy(), np.float32)

    def set_bias(self, bias: Array) -> None:
        self.handle.bias.assign(np.asarray(bias, np.float32))


def keras_weighted(model: Any) -> list[KerasLayer]:
    """Layers in the model's order, those of nested models as ``outer/inner``."""
    return [
        KerasLayer(name, layer, _groups(layer), _window(layer), _channels_last(layer))
        for name, layer in leaf_layers(model)
        if type(layer).__name__ in _KINDS and getattr(layer, "built", False)
    ]


def leaf_layers(model: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every layer or operation that is no model itself, with its path of names; shared ones once."""
    seen: set[int] = set()
    for name, layer in _walk(model, prefix):
        if id(layer) not in seen:
            seen.add(id(layer))
            yield name, layer


def _walk(model: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for layer in getattr(model, "operations", None) or model.layers:
        if hasattr(layer, "layers") and isinstance(layer.layers, list | tuple):
            yield from _walk(layer, f"{prefix}{layer.name}/")
        else:
            yield f"{prefix}{layer.name}", layer


def _groups(layer: Any) -> int:
    if type(layer).__name__.startswith("Depthwise"):
        return int(_kernel(layer).shape[-2])
    return int(getattr(layer, "groups", 1))


def _kernel(layer: Any) -> Any:
    """Keras 2 names the kernel of a depthwise convolution after it."""
    kernel = getattr(layer, "depthwise_kernel", None)
    return layer.kernel if kernel is None else kernel


def _channels_last(layer: Any) -> bool:
    return str(getattr(layer, "data_format", "channels_last")) == "channels_last"


def _window(layer: Any) -> Window | None:
    if not hasattr(layer, "kernel_size"):
        return None
    kernel = tuple(int(size) for size in layer.kernel_size)
    padding = str(layer.padding)
    return Window(
        kernel,
        tuple(int(step) for step in layer.strides),
        tuple(int(step) for step in layer.dilation_rate),
        tuple((0, 0) for _ in kernel) if padding == "valid" else padding,
    )
